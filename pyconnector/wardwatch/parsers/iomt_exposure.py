"""``iomt_exposure.log``, written by zeek-scripts/frameworks/exposure: what services hosts offer.

All rows are exposure; only the services state something of a device, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Annotated

import msgspec

from wardwatch.parsers import (
    Exposed,
    Interval,
    Part,
    Shown,
    Statement,
    View,
    address,
    hardware_address,
    network,
)

LOG = "iomt_exposure"
SCOPED = False  # the sensor has chosen

HIGHEST_PORT = 65_535
OTHERS = "other"  # the value of the row for all that are over the sensor's limit


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
    first: float | str | None = None
    last: float | str | None = None
    by: str | None = None
    count: Annotated[int, msgspec.Meta(ge=0)] = 1
    clients: Annotated[int, msgspec.Meta(ge=0)] = 0
    peers: list[str] = []
    value: str | None = None
    missed_bytes: Annotated[int, msgspec.Meta(ge=0)] = 0


def _offers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.host, row.mac, row.proto, row.port, row.service): row
        for row in rows
        if row.kind == "service" and row.state == "accepted" and row.value != OTHERS
    }


def _offered(part: Part) -> Iterator[Statement]:
    host, mac, proto, port, service = part
    if proto is None or port is None:
        raise ValueError("a service row without proto and port")
    value = " ".join(filter(None, (f"{proto}/{port}", service)))
    yield Statement(address(host), "exposure.service", value, hardware_address(mac))


VIEWS = (View(parts=_offers, host=attrgetter("host"), states=_offered),)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield all of each row but when it was written."""
    for row in rows:
        about = (row.host, row.kind, row.proto, row.port, row.state, row.by, row.value, row.mac)
        first = row.ts if row.first is None else row.first
        last = row.ts if row.last is None else row.last
        told = (row.service, tuple(row.peers), row.count, row.clients, row.missed_bytes)
        yield (*about, first, last, *told), None, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield what a row shows."""
    host, kind, proto, port, state, by, value, mac, first, last, *told = part
    service, peers, count, clients, missed_bytes = told
    if kind == "service" and (proto is None or port is None) and value != OTHERS:
        raise ValueError("a service row without proto and port")
    if port is not None and not 0 <= port <= HIGHEST_PORT:
        raise ValueError(f"not a port: {port}")
    yield Shown(
        host=address(host),
        kind=kind,
        proto=proto,
        port=port,
        state=state,
        by=by,
        value=value,
        mac=hardware_address(mac),
        services=tuple(service.split(",")) if service else (),
        peers=tuple(network(peer) if "/" in peer else address(peer) for peer in peers),
        interval=Interval(first, last, count, clients, missed_bytes),
    )
