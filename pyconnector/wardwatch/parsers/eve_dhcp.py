"""Suricata ``dhcp`` records: the client's MAC, its name and, in extended ones, its vendor class.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-dhcp
A lease keeps its time, as in ``dhcp.log``. What a client says of itself stands in its request, and
which address it got in the answer to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address, hardware_address

LOG = "eve_dhcp"
SCOPED = False  # who gets a lease here is ours

NONE = (None, "", "0.0.0.0")  # noqa: S104  nothing is bound


class Dhcp(msgspec.Struct, gc=False, omit_defaults=True):
    """One message."""

    id: int = 0
    dhcp_type: str = ""
    client_mac: str | None = None
    assigned_ip: str | None = None
    client_ip: str | None = None
    hostname: str | None = None
    vendor_class_identifier: str | None = None


class Row(Record, gc=False, tag="dhcp"):
    """The columns used here."""

    dhcp: Dhcp = msgspec.field(default_factory=Dhcp)

    @property
    def granted(self) -> str:
        """The address that the server grants with this message; empty where it grants none."""
        said = self.dhcp
        return (
            said.assigned_ip or ""
            if said.dhcp_type == "ack" and said.assigned_ip not in NONE
            else ""
        )

    @property
    def held(self) -> str:
        """The address that the client says to have."""
        return "" if self.dhcp.client_ip in NONE else self.dhcp.client_ip or ""

    @property
    def transaction(self) -> tuple[str | None, int]:
        """What a request and its answer share."""
        return self.dhcp.client_mac, self.dhcp.id


def _leases(rows: list[Row]) -> dict[Part, Row]:
    return {(row.ts, row.granted, row.dhcp.client_mac): row for row in rows if row.granted}


def _lease(part: Part) -> Iterator[Statement]:
    _, held, chaddr = part
    if mac := hardware_address(chaddr):
        yield Statement(address(held), "dhcp.mac", mac, mac=mac)


def _cards(rows: list[Row]) -> dict[Part, Row]:
    granted = {row.transaction: row.granted for row in rows if row.granted}
    asked = {row.transaction for row in rows if row.dhcp.dhcp_type == "request"}
    cards: dict[Part, Row] = {}
    for row in rows:
        said, held = row.dhcp, row.granted
        if said.dhcp_type in ("request", "inform"):
            held = granted.get(row.transaction) or row.held
        elif row.transaction in asked:  # what the server gives back counts only without a request
            continue
        if held:
            cards[held, said.client_mac, said.hostname, said.vendor_class_identifier] = row
    return cards


def _card(part: Part) -> Iterator[Statement]:
    held, chaddr, host_name, vendor_class = part
    for field, value in (("dhcp.host_name", host_name), ("dhcp.vendor_class", vendor_class)):
        if value and (text := value.rstrip("\0")):
            yield Statement(address(held), field, text, mac=hardware_address(chaddr))


VIEWS = (
    View(parts=_leases, host=attrgetter("granted"), states=_lease),
    View(parts=_cards, host=attrgetter("src_ip"), states=_card),
)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield who got an address, and whether it had none before: then its link has come up."""
    for row in rows:
        if row.granted:
            yield (row.granted, row.dhcp.client_mac, not row.held), None, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield that the client uses DHCP, and that its link came up (RFC 2131: ciaddr)."""
    host, chaddr, is_up = part
    host, mac = address(host), hardware_address(chaddr)
    yield Shown(host, "uses", value="dhcp", mac=mac)
    if is_up:
        yield Shown(host, "coverage", value="link_up_dhcp", mac=mac)
