"""Zeek ``conn.log``: which hosts there are; with mac-logging and vlan-logging, their MAC and VLAN.

https://docs.zeek.org/en/lts/scripts/base/protocols/conn/main.zeek.html
A frame's MAC may be a router's. It is the host's own where the packet cannot have been routed:
link-local addresses, link-scope multicast and the limited broadcast.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.parsers import Part, Statement, View, Vlan, address, hardware_address

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
    vlan: Vlan | None = None
    uid: str | None = None


def endpoint(part: Part) -> Iterator[Statement]:
    """Yield what a host, its frames' MAC and its VLAN state of an end of a connection."""
    host, frame_mac, vlan = part
    host = address(host)
    yield Statement(host, "conn.active", "yes", vlan=vlan)
    if mac := hardware_address(frame_mac):
        yield Statement(host, "conn.frame_mac", mac, vlan=vlan)
    if vlan is not None:
        yield Statement(host, "conn.vlan", str(vlan), vlan=vlan)


def _originators(rows: list[Row]) -> dict[Part, Row]:
    return {(row.orig_h, row.orig_l2_addr, row.vlan): row for row in rows}


def _responders(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.resp_h, row.resp_l2_addr, row.vlan): row for row in rows if row.conn_state in ANSWERED
    }


def _neighbours(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.orig_h, row.orig_l2_addr, row.vlan): row
        for row in rows
        if row.resp_h.startswith(ON_LINK)
    }


def neighbour(part: Part) -> Iterator[Statement]:
    """Yield the same of an end whose packet cannot have been routed: the MAC is its own."""
    host, frame_mac, vlan = part
    if mac := hardware_address(frame_mac):
        yield Statement(address(host), "conn.mac", mac, mac=mac, vlan=vlan)


VIEWS = (
    View(parts=_originators, host=attrgetter("orig_h"), states=endpoint),
    View(parts=_responders, host=attrgetter("resp_h"), states=endpoint),
    View(parts=_neighbours, host=attrgetter("orig_h"), states=neighbour),
)
