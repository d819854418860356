"""Zeek ``dhcp.log``: the client's MAC, name and, where the script adds it, vendor class.

https://docs.zeek.org/en/lts/scripts/base/protocols/dhcp/main.zeek.html
Time is part of the part: who held an address when must not be blurred.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Statement, View, address, hardware_address

LOG = "dhcp"
SCOPED = True


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


def _part(row: Row) -> tuple[Any, ...]:
    granted = row.msg_types is None or "ACK" in row.msg_types
    return (
        row.ts,
        row.assigned_addr or row.client_addr if granted else row.client_addr,
        *_card(row),
    )


_card = attrgetter("mac", "host_name", "client_fqdn", "client_software")


def _client(part: tuple[Any, ...]) -> Iterator[Statement]:
    _, held, chaddr, host_name, client_fqdn, vendor_class = part
    if not held or held == "0.0.0.0":  # noqa: S104  an address on the wire, nothing is bound
        return
    host, mac = address(held), hardware_address(chaddr)
    if mac:
        yield Statement(host, "dhcp.mac", mac, mac=mac)
    named = {
        "dhcp.host_name": host_name,
        "dhcp.client_fqdn": client_fqdn,
        "dhcp.vendor_class": vendor_class,
    }
    for field, value in named.items():
        if value:
            yield Statement(host, field, value, mac=mac)


VIEWS = (View(part=_part, states=_client),)
