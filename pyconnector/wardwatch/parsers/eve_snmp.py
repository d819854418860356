"""Suricata ``snmp`` records: who answers, and who shows a community, which is a password, in clear.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-snmp
Neither the community nor a user is kept. What an agent says of its system is not in them: they hold
the names of variables, not their values.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_snmp"
SCOPED = True

IN_CLEAR = "credentials_in_clear"
SHOWN = "shown"
# What an agent sends back; all else goes to it, or to who takes traps in.
ANSWERS = ("response", "report")


class Snmp(msgspec.Struct, gc=False, omit_defaults=True):
    """One message; of a community only whether there is one."""

    pdu_type: str | None = None
    community: str | None = None

    def __post_init__(self) -> None:
        self.community = SHOWN if self.community else None


class Row(Record, gc=False, tag="snmp"):
    """The columns used here. The source is who sent the message."""

    proto: str = ""
    src_port: int | None = None
    dest_port: int | None = None
    snmp: Snmp = msgspec.field(default_factory=Snmp)

    @property
    def answers(self) -> bool:
        """Whether an agent sent it."""
        return self.snmp.pdu_type in ANSWERS


def _offers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.src_ip, row.proto.lower(), row.src_port): row
        for row in rows
        if row.answers and row.src_port is not None
    }


def _offered(part: Part) -> Iterator[Statement]:
    host, proto, port = part
    yield Statement(address(host), "exposure.service", f"{proto}/{port} snmp")


VIEWS = (View(parts=_offers, host=attrgetter("src_ip"), states=_offered),)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield who takes a community in clear, and who sends it."""
    for row in rows:
        if row.snmp.community and row.snmp.pdu_type:
            client, server, port = row.src_ip, row.dest_ip, row.dest_port
            if row.answers:
                client, server, port = row.dest_ip, row.src_ip, row.src_port
            yield (server, row.proto.lower(), port), client, row
            yield (client, None, None), server, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield that a community goes in clear."""
    host, proto, port = part
    yield Shown(address(host), "auth", proto, port, value=IN_CLEAR, services=("snmp",))
