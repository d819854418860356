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


_columns = attrgetter("host", "field", "value", "mac", "vlan", "subject")


def _part(row: Row) -> tuple[Any, ...]:
    # A claim that binds an address to a MAC keeps its time: who held it when must not be blurred.
    return (row.ts if row.field.endswith(".mac") else None, *_columns(row))


VIEWS = (View(host=attrgetter("host"), part=_part, states=_claim),)
