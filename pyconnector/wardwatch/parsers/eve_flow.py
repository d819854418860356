"""Suricata ``flow`` records: hosts, their services, and what the identity rules read in the flow.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-flow
What the rules read they put into variables, whose names tell field and side.
A frame's MAC is the host's own where the packet cannot have been routed, as in ``conn.log``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.eve import Record
from wardwatch.flowvars import CLIENT, SERVER, dissector, ours, statements
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address, hardware_address
from wardwatch.parsers.conn import ON_LINK, endpoint, neighbour
from wardwatch_enrichment.finding import SENSOR

LOG = "eve_flow"
SCOPED = True

SYN, RST, ACK = 0x02, 0x04, 0x10
SYN_ACK = SYN | ACK
NOBODY = ("0.0.0.0", "::")  # noqa: S104  the sources of hosts that have no address yet
THE_SENSOR: Part = (SENSOR, "")
RELATED = ("accepted", "answered", "amid")
MANY = re.compile(r"(?P<broadcast>255\.255\.255\.255$)|(?P<multicast>2(2[4-9]|3\d)\.|ff..:)")
EPHEMERAL = 32_768  # from here on ports are clients' rather than servers'
# The ports of data connections are agreed upon in others, and differ each time.
UNNAMED = (None, "failed", "ftp-data")
# As Zeek calls the protocols that Suricata calls otherwise.
NAMES = {"tls": "ssl", "dcerpc": "dce_rpc", "krb5": "krb", "bittorrent-dht": "bittorrent"}


class Flow(msgspec.Struct, gc=False, omit_defaults=True):
    """How the flow went."""

    start: float | str
    pkts_toclient: int = 0
    state: str = ""


class Tcp(msgspec.Struct, gc=False, omit_defaults=True):
    """The flags of all packets to the server, and to the client."""

    tcp_flags_ts: str = "0"
    tcp_flags_tc: str = "0"

    def __post_init__(self) -> None:
        int(self.tcp_flags_ts, 16)  # where it is no number, the record is wrong
        int(self.tcp_flags_tc, 16)


class Metadata(msgspec.Struct, gc=False, omit_defaults=True):
    """What rules kept; what others than the identity rules did is let go at once."""

    flowvars: list[dict[str, Any]] = []

    def __post_init__(self) -> None:
        self.flowvars = ours(self.flowvars)


class Ether(msgspec.Struct, gc=False, omit_defaults=True):
    """The hardware addresses, where Suricata is told to write them."""

    src_macs: list[str] = []
    dest_macs: list[str] = []


class Row(Record, gc=False, tag="flow"):
    """The columns used here. The source is who began; its time is when."""

    flow: Flow = msgspec.field(default_factory=lambda: Flow(start=0.0))
    proto: str = ""
    src_port: int | None = None
    dest_port: int | None = None
    app_proto: str | None = None
    tcp: Tcp | None = None
    ether: Ether | None = None
    metadata: Metadata | None = None

    def __post_init__(self) -> None:
        self.ts = self.flow.start or self.ts  # it is written when the flow is over

    @property
    def src_mac(self) -> str | None:
        """The one hardware address that the client's packets came from."""
        return self.ether.src_macs[0] if self.ether and len(self.ether.src_macs) == 1 else None

    @property
    def dest_mac(self) -> str | None:
        """The one that they went to."""
        return self.ether.dest_macs[0] if self.ether and len(self.ether.dest_macs) == 1 else None

    @property
    def answered(self) -> bool:
        """Whether the responder itself sent what only a responder sends."""
        if self.proto == "TCP":
            flags = self.tcp.tcp_flags_tc if self.tcp else "0"
            return int(flags, 16) & SYN_ACK == SYN_ACK
        # An ICMP error counts as a packet to the client, and leaves the flow a new one.
        return self.proto == "UDP" and self.flow.pkts_toclient > 0 and self.flow.state != "new"

    @property
    def accepted(self) -> bool:
        """Whether this shows a service: a UDP flow may have been seen from amid it on."""
        if not self.answered or self.dest_port is None or self.app_proto == "ftp-data":
            return False
        return (
            self.proto == "TCP" or self.dest_port < EPHEMERAL or (self.src_port or 0) >= EPHEMERAL
        )

    @property
    def outcome(self) -> str:
        """What became of it: answered, accepted (by a service), refused, or nothing that is seen.

        It is amid where its start was not seen: then it is not known who called whom.
        """
        if self.answered:
            return "accepted" if self.accepted else "answered"
        if self.proto != "TCP" or self.tcp is None:
            return ""
        called, back = int(self.tcp.tcp_flags_ts, 16), int(self.tcp.tcp_flags_tc, 16)
        if not called & SYN:
            return "amid" if called & ACK and back & ACK else ""
        # Who has acknowledged something was not refused, but its answer was not captured.
        return "refused" if back & RST and not called & ACK and self.dest_port is not None else ""

    @property
    def service(self) -> str | None:
        """What is spoken, as far as Suricata or one of our rules recognised it."""
        if self.app_proto not in UNNAMED:
            return NAMES.get(self.app_proto or "", self.app_proto)
        return dissector(self.metadata.flowvars) if self.metadata else None

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """What the identity rules kept."""
        kept = self.metadata.flowvars if self.metadata else ()
        return tuple(variable for one in kept for variable in one.items())


def _originators(rows: list[Row]) -> dict[Part, Row]:
    return {(row.src_ip, row.src_mac, row.outer_vlan): row for row in rows}


def _responders(rows: list[Row]) -> dict[Part, Row]:
    return {(row.dest_ip, row.dest_mac, row.outer_vlan): row for row in rows if row.answered}


def _neighbours(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.src_ip, row.src_mac, row.outer_vlan): row
        for row in rows
        if row.ether and row.dest_ip.startswith(ON_LINK)
    }


def _offers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.dest_ip, row.proto.lower(), row.dest_port, row.service): row
        for row in rows
        if row.accepted
    }


def _offered(part: Part) -> Iterator[Statement]:
    host, proto, port, service = part
    value = " ".join(filter(None, (f"{proto}/{port}", service)))
    yield Statement(address(host), "exposure.service", value)


def _clients_kept(rows: list[Row]) -> dict[Part, Row]:
    return {(row.src_ip, CLIENT, row.variables): row for row in rows if row.metadata}


def _servers_kept(rows: list[Row]) -> dict[Part, Row]:
    return {(row.dest_ip, SERVER, row.variables): row for row in rows if row.metadata}


def _kept(part: Part) -> Iterator[Statement]:
    host, end, variables = part
    for side, field, value, subject in statements(variables):
        said = hardware_address(value) if field.endswith(".mac") else value
        if side == end and said:
            yield Statement(address(host), field, said, subject=subject)


_client, _server = attrgetter("src_ip"), attrgetter("dest_ip")
VIEWS = (
    View(parts=_originators, host=_client, states=endpoint),
    View(parts=_responders, host=_server, states=endpoint),
    View(parts=_neighbours, host=_client, states=neighbour),
    View(parts=_offers, host=_server, states=_offered),
    View(parts=_clients_kept, host=_client, states=_kept),
    View(parts=_servers_kept, host=_server, states=_kept),
)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield of both ends of each flow what they are to each other, and what was called."""
    for row in rows:
        yield THE_SENSOR, None, row
        source, target, outcome = row.src_ip, row.dest_ip, row.outcome
        is_dns = row.app_proto == "dns"
        called = (row.proto, row.dest_port)
        if many := MANY.match(target):
            yield (source, CLIENT, many.lastgroup, called, is_dns), target, row
        else:
            relation = "with" if outcome == "amid" else "to"
            is_peer = outcome in RELATED or row.proto == "UDP"
            yield (source, CLIENT, relation if is_peer else None, None, is_dns), target, row
        if outcome:
            is_told = outcome in ("accepted", "refused")
            told = (called, row.service) if is_told else (None, None)
            yield (target, SERVER, outcome, *told), source, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield what flows show of an end; who sent a refusal, their records do not say."""
    host, end, *rest = part
    if part == THE_SENSOR:
        yield Shown(SENSOR, "coverage", value="sensor")
    elif host not in NOBODY:
        yield from (_calling if end == CLIENT else _called)(address(host), *rest)


def _calling(host: str, relation: str | None, called: Part | None, is_dns: bool) -> Iterator[Shown]:
    yield Shown(host, "coverage", value="flows")
    if called:
        proto, port = called if called[0] in ("TCP", "UDP") else ("", None)
        yield Shown(host, "uses", proto.lower() or None, port, value=relation)
    elif relation:
        yield Shown(host, "peers", value=relation)
    if is_dns:
        yield Shown(host, "uses", value="dns")
    if ":" in host:
        yield Shown(host, "uses", value="ipv6")


def _called(host: str, outcome: str, called: Part | None, service: str | None) -> Iterator[Shown]:
    if called:
        proto, port = called
        services = (service,) if service else ()
        yield Shown(host, "service", proto.lower(), port, outcome, services=services)
    if outcome == "refused":  # it need not have been the host that answered
        return
    yield Shown(host, "coverage", value="flows")
    yield Shown(host, "peers", value="with" if outcome == "amid" else "from")
    if ":" in host:
        yield Shown(host, "uses", value="ipv6")
