"""Zeek ``conn.log``: which hosts there are; with mac-logging and vlan-logging, their MAC and VLAN.

https://docs.zeek.org/en/lts/scripts/base/protocols/conn/main.zeek.html
A frame's MAC may be a router's. It is the host's own where the packet cannot have been routed:
link-local addresses, link-scope multicast and the limited broadcast.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Statement, View, address, hardware_address

LOG = "conn"
SCOPED = True

# States in which the responder itself sent something that only the responder sends. A rejection
# (REJ) is missing on purpose: a firewall answers like that, too.
ANSWERED = frozenset({"SF", "S1", "S2", "S3", "RSTO", "RSTR", "RSTRH", "SHR"})
ON_LINK = ("224.0.0.", "255.255.255.255", "ff02:", "fe80:", "169.254.")


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    orig_h: str = msgspec.field(name="id.orig_h")
    resp_h: str = msgspec.field(name="id.resp_h")
    conn_state: str | None = None
    orig_l2_addr: str | None = None
    resp_l2_addr: str | None = None
    vlan: int | None = None
    uid: str | None = None


def _endpoint(host: str, frame_mac: str | None, vlan: int | None) -> Iterator[Statement]:
    host = address(host)
    yield Statement(host, "conn.active", "yes", vlan=vlan)
    if mac := hardware_address(frame_mac):
        yield Statement(host, "conn.frame_mac", mac, vlan=vlan)
    if vlan is not None:
        yield Statement(host, "conn.vlan", str(vlan), vlan=vlan)


def _originator(part: tuple[Any, ...]) -> Iterator[Statement]:
    host, mac, vlan = part
    return _endpoint(host, mac, vlan)


def _responder(part: tuple[Any, ...]) -> Iterator[Statement]:
    host, mac, vlan, state = part
    if state in ANSWERED:
        yield from _endpoint(host, mac, vlan)


def _on_link(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.resp_h.startswith(ON_LINK)]


def _neighbour(part: tuple[Any, ...]) -> Iterator[Statement]:
    host, frame_mac, vlan = part
    if mac := hardware_address(frame_mac):
        host = address(host)
        yield Statement(host, "conn.mac", mac, mac=mac, vlan=vlan)


VIEWS = (
    View(
        host=attrgetter("orig_h"),
        part=attrgetter("orig_h", "orig_l2_addr", "vlan"),
        states=_originator,
    ),
    View(
        host=attrgetter("resp_h"),
        part=attrgetter("resp_h", "resp_l2_addr", "vlan", "conn_state"),
        states=_responder,
    ),
    View(
        host=attrgetter("orig_h"),
        part=attrgetter("orig_h", "orig_l2_addr", "vlan"),
        states=_neighbour,
        choose=_on_link,
    ),
)
