"""Zeek ``software.log``: the version string that a host announced.

https://docs.zeek.org/en/lts/scripts/base/frameworks/software/main.zeek.html
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.parsers import Part, Statement, View, address

LOG = "software"
SCOPED = True


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    host: str
    software_type: str | None = None
    unparsed_version: str | None = None
    uid: str | None = None


def _announcements(rows: list[Row]) -> dict[Part, Row]:
    return {(row.host, row.software_type, row.unparsed_version): row for row in rows}


def _announced(part: Part) -> Iterator[Statement]:
    host, software_type, version = part
    if version:
        kind = software_type or "UNKNOWN"
        yield Statement(address(host), "software.version", f"{kind} {version}")


VIEWS = (View(parts=_announcements, host=attrgetter("host"), states=_announced),)
