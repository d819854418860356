"""Zeek ``dhcp.log``: the client's MAC, name and, where the script adds it, vendor class.

https://docs.zeek.org/en/lts/scripts/base/protocols/dhcp/main.zeek.html
A lease keeps its time: who held an address when must not be blurred.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.parsers import Part, Statement, View, address, hardware_address

LOG = "dhcp"
SCOPED = False  # who gets a lease here is ours


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    mac: str | None = None
    assigned_addr: str | None = None
    client_addr: str | None = None
    host_name: str | None = None
    client_fqdn: str | None = None
    client_software: str | None = None
    msg_types: list[str] | None = None
    uids: list[str] | None = None

    @property
    def uid(self) -> str | None:
        """The first of the connections that the exchange took."""
        return self.uids[0] if self.uids else None

    @property
    def held(self) -> str:
        """The address that the client has now; empty where it got none."""
        said = {"ACK", "INFORM"} if self.msg_types is None else {*self.msg_types}
        held = self.assigned_addr if "ACK" in said else None
        if said & {"ACK", "INFORM"}:
            held = held or self.client_addr
        return "" if held in (None, "0.0.0.0") else held  # noqa: S104  nothing is bound


def _leases(rows: list[Row]) -> dict[Part, Row]:
    return {(row.ts, row.held, row.mac): row for row in rows if row.held}


def _lease(part: Part) -> Iterator[Statement]:
    _, held, chaddr = part
    if mac := hardware_address(chaddr):
        yield Statement(address(held), "dhcp.mac", mac, mac=mac)


def _cards(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.held, row.mac, row.host_name, row.client_fqdn, row.client_software): row
        for row in rows
        if row.held
    }


def _card(part: Part) -> Iterator[Statement]:
    held, chaddr, host_name, client_fqdn, vendor_class = part
    named = {
        "dhcp.host_name": host_name,
        "dhcp.client_fqdn": client_fqdn,
        "dhcp.vendor_class": vendor_class,
    }
    for field, value in named.items():
        if value:
            yield Statement(address(held), field, value, mac=hardware_address(chaddr))


VIEWS = (
    View(parts=_leases, host=attrgetter("held"), states=_lease),
    View(parts=_cards, host=attrgetter("held"), states=_card),
)
