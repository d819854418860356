"""``iomt_asset.log``, written by zeek-scripts/frameworks/asset: claims, ready as they are."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.parsers import Part, Statement, View, Vlan, address, hardware_address

LOG = "iomt_asset"
SCOPED = False  # the sensor has chosen


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    host: str
    field: str
    value: str
    mac: str | None = None
    vlan: Vlan | None = None
    subject: str | None = None
    uid: str | None = None


def _claims(rows: list[Row]) -> dict[Part, Row]:
    # A claim that binds an address to a MAC keeps its time: who held it when must not be blurred.
    return {
        (
            row.ts if row.field.endswith(".mac") else None,
            *(row.host, row.field, row.value, row.mac, row.vlan, row.subject),
        ): row
        for row in rows
    }


def _claim(part: Part) -> Iterator[Statement]:
    _, host, field, value, mac, vlan, subject = part
    if field.endswith(".mac"):
        value = hardware_address(value) or ""
    if value:
        yield Statement(address(host), field, value, hardware_address(mac), vlan, subject)


VIEWS = (View(parts=_claims, host=attrgetter("host"), states=_claim),)
