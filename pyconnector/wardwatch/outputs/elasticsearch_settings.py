"""Where Elasticsearch is, and its error: apart, so that commands without it start fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_INDEX = "logs-iomt_assets"


class ElasticsearchError(Exception):
    """Elasticsearch cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticsearchSettings:
    """Where the server is and how to prove who we are. Holds no secret, only where one lies.

    `url` is one address or several of the same cluster, separated by commas. The environment
    variables that the client names win over `api_key_file` and `password_file`. `lifecycle_policy`
    is an ILM policy of the server for the history, in place of the retention of our templates.
    """

    url: str = "https://localhost:9200"
    ca_file: Path | None = None
    api_key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    index: str = DEFAULT_INDEX
    verify: bool = True
    lifecycle_policy: str | None = None
