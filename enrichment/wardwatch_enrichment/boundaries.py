"""What the boundaries of a site let through, by the rows that it exported of its firewalls.

A list answers with its first row that fits. It counts for a device only where one of its rows
names a network of the device's: where a list is applied does not stand in it. A row with a
condition may or may not decide, so that it never proves anything, and hides what comes after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from wardwatch_enrichment.facts import Fact

_Network = IPv4Network | IPv6Network
_WIDEST = 8  # bits that a network must have at least to be one's own
_UNREAD = ((-1, -1),)
# What a rule is about that names one of them: of others nobody knows what they stand for.
_PROTOCOLS = frozenset((
    "tcp", "udp", "icmp", "icmp6", "icmpv6", "ipv6-icmp", "igmp", "esp", "ah", "ahp", "gre", "ospf",
    "eigrp", "pim", "vrrp", "sctp",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    fact: Fact
    source: _Network | None
    target: _Network | None
    protocol: str
    ports: tuple[tuple[int, int], ...]

    def covers(self, network: _Network | None) -> bool:
        """Tell whether all of a network is its target; None stands for all addresses."""
        return _within(network, self.target)

    def asks(self, proto: str, port: int) -> bool:
        """Tell whether it is about a port."""
        right = self.protocol in ("", "ip", "any", proto)
        return right and (not self.ports or any(low <= port <= high for low, high in self.ports))

    def may_ask(self, proto: str, port: int) -> bool:
        """Tell whether it may be about a port: what cannot be read in it may say so."""
        right = self.protocol == proto or self.protocol not in _PROTOCOLS
        unread = self.ports == _UNREAD
        return right and (
            not self.ports or unread or any(low <= port <= high for low, high in self.ports)
        )


class Closed(NamedTuple):
    """Lists that keep all out but those that they name: the oldest row that says so, and those."""

    fact: Fact
    admitted: tuple[_Network, ...]

    def admits(self, peer: str) -> bool:
        """Tell whether an address or a prefix is let in."""
        return any(_within(ip_network(peer), network) for network in self.admitted)


class Boundaries:
    """The boundary facts of one site, ready to be asked."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._lists: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
        for fact in sorted(facts, key=lambda f: (f.source, f.line)):
            if fact.kind == "boundary":
                key = (fact.source, fact.values.get("enforced_by", ""))
                self._lists[key].append(_row(fact))

    def denied(
        self, ips: Iterable[str], proto: str, port: int, let_in: Iterable[tuple[str, int]] = ()
    ) -> Fact | None:
        """Return the row that keeps everybody from a port of a device; None where none does.

        All of its addresses must be kept. `let_in` are the ports at which it was reached from
        elsewhere: a list that denies one of them does not stand before all of its callers.
        """
        if not self._lists:
            return None
        found = [self._denied(ip_network(ip), proto, port, tuple(let_in)) for ip in ips]
        return found[0] if found and all(found) else None

    def closed(self, ips: Iterable[str], port: str | None = None) -> Closed | None:
        """Return what keeps all out of a device but those that it names; None where nothing does.

        `port` is like tcp/23, None stands for all. Each of the addresses must be kept.
        """
        if not self._lists:
            return None
        facts: list[Fact] = []
        admitted: list[_Network] = []
        for host in map(ip_network, ips):
            named = [r for r in self._lists.values() if any(_names(row, host) for row in r)]
            found = [_shut(rows, host, port) for rows in named]
            shut = [fact for fact, _ in found if fact]
            if not shut or any(None in sources for _, sources in found):
                return None
            facts += shut
            admitted += [source for _, sources in found for source in sources if source]
        return Closed(min(facts, key=lambda f: f.at), tuple(admitted)) if facts else None

    def _denied(
        self, host: _Network, proto: str, port: int, let_in: tuple[tuple[str, int], ...]
    ) -> Fact | None:
        kept = None
        for rows in self._lists.values():
            if not any(_names(row, host) for row in rows):
                continue
            row = _first(rows, host, proto, port)
            if row and row.fact.values["action"] == "permit":
                return None  # another way in
            if row and not any(_denies(rows, host, *passed) for passed in let_in):
                kept = kept or row.fact
        return kept


def _names(row: _Row, host: _Network) -> bool:
    return row.target is not None and row.target.prefixlen >= _WIDEST and row.covers(host)


def _denies(rows: Iterable[_Row], host: _Network, proto: str, port: int) -> bool:
    row = _first(rows, host, proto, port)
    return row is not None and row.fact.values["action"] == "deny"


def _first(rows: Iterable[_Row], host: _Network, proto: str, port: int) -> _Row | None:
    """Return the row that denies a port to all, or one before it that lets somebody through."""
    for row in rows:
        permits = row.fact.values["action"] == "permit"
        if not row.covers(host) or not (row.may_ask if permits else row.asks)(proto, port):
            continue
        if permits:
            return row
        if row.fact.values.get("condition"):
            continue  # it may not decide
        if row.source is None or (not row.source.prefixlen and row.source.version == host.version):
            return row
    return None


def _shut(
    rows: Iterable[_Row], host: _Network, port: str | None
) -> tuple[Fact | None, list[_Network | None]]:
    """Return the row with which a list shuts, and whom it lets in before; None for everybody."""
    proto, _, number = (port or "").partition("/")
    admitted: list[_Network | None] = []
    for row in rows:
        if not row.covers(host):
            continue
        anybody = row.source is None or not row.source.prefixlen
        if row.fact.values["action"] == "permit":
            if not port or row.may_ask(proto, int(number)):
                admitted.append(None if anybody else row.source)
            continue
        every = row.protocol in ("", "ip", "any") and not row.ports
        decides = row.asks(proto, int(number)) if port else every
        if decides and anybody and not row.fact.values.get("condition"):
            return row.fact, admitted
    return None, admitted


def _within(inner: _Network | None, outer: _Network | None) -> bool:
    if outer is None or inner is None:
        return outer is None
    if inner.version != outer.version:
        return False
    return inner.subnet_of(outer)  # type: ignore[arg-type]  # of one version


def _row(fact: Fact) -> _Row:
    values = fact.values
    return _Row(
        fact=fact,
        source=_network(values["from"]),
        target=_network(values["to"]),
        protocol=values.get("protocol", "").casefold(),
        ports=_ports(values.get("port", "")),
    )


def _network(text: str) -> _Network | None:
    return None if text == "any" else ip_network(text)


def _ports(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of a list of ports; one that cannot be read fits none."""
    found = []
    for part in filter(None, text.replace(" ", "").split(",")):
        low, _, high = part.partition("-")
        if not low.isdigit() or (high and not high.isdigit()):
            return _UNREAD
        found.append((int(low), int(high or low)))
    return tuple(found)
