"""Zeek ``software.log``: the version string that a host announced.

https://docs.zeek.org/en/lts/scripts/base/frameworks/software/main.zeek.html
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Statement, View, address

LOG = "software"
SCOPED = True


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    host: str
    software_type: str | None = None
    unparsed_version: str | None = None
    uid: str | None = None


def _announced(part: tuple[Any, ...]) -> Iterator[Statement]:
    host, software_type, version = part
    if version:
        kind = software_type or "UNKNOWN"
        yield Statement(address(host), "software.version", f"{kind} {version}")


VIEWS = (
    View(
        host=attrgetter("host"),
        part=attrgetter("host", "software_type", "unparsed_version"),
        states=_announced,
    ),
)
