"""``iomt_exposure.log``, written by zeek-scripts/frameworks/exposure: what services hosts offer.

The other rows are evidence for verdicts and state nothing of a device's identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.parsers import Part, Statement, View, address, hardware_address

LOG = "iomt_exposure"
SCOPED = False  # the sensor has chosen


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    host: str
    kind: str
    mac: str | None = None
    proto: str | None = None
    port: int | None = None
    service: str | None = None
    state: str | None = None
    uid: str | None = None


def _offers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.host, row.mac, row.proto, row.port, row.service): row
        for row in rows
        if row.kind == "service" and row.state == "accepted"
    }


def _offered(part: Part) -> Iterator[Statement]:
    host, mac, proto, port, service = part
    if proto is None or port is None:
        raise ValueError("a service row without proto and port")
    value = " ".join(filter(None, (f"{proto}/{port}", service)))
    yield Statement(address(host), "exposure.service", value, hardware_address(mac))


VIEWS = (View(parts=_offers, host=attrgetter("host"), states=_offered),)
