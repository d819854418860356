"""Suricata ``rdp`` records: what a remote desktop's client calls itself, and how it must log in.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-rdp
The build is written as the name of a system, so it is no claim here. Cookies name users.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_rdp"
SCOPED = True

# As Zeek's side names what the server chose (MS-RDPBCGR 2.2.1.2.1) or demanded (2.2.1.2.2).
PROTOCOLS = {
    "rdp": "rdp_standard",
    "ssl": "rdp_tls",
    "hybrid": "rdp_nla",
    "rds_tls": "rdp_rdstls",
    "hybrid_ex": "rdp_nla",
}
DEMANDS = {1: "rdp_tls", 5: "rdp_nla"}
EPHEMERAL = 32_768  # from here on ports are clients' rather than servers'


class Client(msgspec.Struct, gc=False, omit_defaults=True):
    """What the client says."""

    client_name: str | None = None


class Rdp(msgspec.Struct, gc=False, omit_defaults=True):
    """One message."""

    client: Client | None = None
    protocol: str | None = None
    error_code: int | None = None


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


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield what servers answered, where the ports tell which side is the server."""
    for row in rows:
        value = PROTOCOLS.get(row.rdp.protocol or "") or DEMANDS.get(row.rdp.error_code or 0)
        ends = sorted([(row.src_port or 0, row.src_ip), (row.dest_port or 0, row.dest_ip)])
        if value and 0 < ends[0][0] < EPHEMERAL <= ends[1][0]:
            port, server = ends[0]
            yield (server, port, value), ends[1][1], row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield how a server lets clients log in."""
    server, port, value = part
    yield Shown(address(server), "auth", "tcp", port, value=value, services=("rdp",))
