"""Where Kibana is, and its error: apart, so that commands without it start fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class KibanaError(Exception):
    """Kibana cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KibanaSettings:
    """Where Kibana is: its address, with its base path if it has one, and the id of a space.

    It asks Elasticsearch who somebody is, so user and API key are those of `[elasticsearch]`.
    `report` is the web address of a report, or of the folder of its device pages, to link to.
    """

    url: str = "http://localhost:5601"
    space: str | None = None
    ca_file: Path | None = None
    report: str | None = None
