"""Suricata ``rdp`` records: what a remote desktop's client calls itself. Cookies name users.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-rdp
The build is written as the name of a system, so it is no claim here.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Part, Statement, View, address

LOG = "eve_rdp"
SCOPED = True


class Client(msgspec.Struct, gc=False, omit_defaults=True):
    """What the client says."""

    client_name: str | None = None


class Rdp(msgspec.Struct, gc=False, omit_defaults=True):
    """One message."""

    client: Client | None = None


class Row(Record, gc=False, tag="rdp"):
    """The columns used here. The source is who sent the packet at hand, which may be either."""

    src_port: int | None = None
    dest_port: int | None = None
    rdp: Rdp = msgspec.field(default_factory=Rdp)

    @property
    def client_ip(self) -> str:
        """Who calls: the side with the higher port."""
        return self.src_ip if (self.src_port or 0) > (self.dest_port or 0) else self.dest_ip


def _clients(rows: list[Row]) -> dict[Part, Row]:
    return {(row.client_ip, row.rdp.client.client_name): row for row in rows if row.rdp.client}


def _client(part: Part) -> Iterator[Statement]:
    host, name = part
    if name:
        yield Statement(address(host), "rdp.client_name", name)


VIEWS = (View(parts=_clients, host=attrgetter("client_ip"), states=_client),)
