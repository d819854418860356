"""``iomt_asset.log``, written by zeek-scripts/frameworks/asset: claims, ready as they are."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Statement, View, address, hardware_address

LOG = "iomt_asset"
SCOPED = False  # the sensor has chosen


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    host: str
    field: str
    value: str
    mac: str | None = None
    vlan: int | None = None
    subject: str | None = None
    uid: str | None = None


def _claim(part: tuple[Any, ...]) -> Iterator[Statement]:
    _, host, field, value, mac, vlan, subject = part
    yield Statement(address(host), field, value, hardware_address(mac), vlan, subject)


# With its time, because a claim that binds an address to a MAC must keep it; the sensor has
# already thrown away the repetitions.
_COLUMNS = attrgetter("ts", "host", "field", "value", "mac", "vlan", "subject")
VIEWS = (View(part=_COLUMNS, states=_claim),)
