"""Who talks with a device, by the exposure evidence, and which of that must never be cut.

What carries alarms or therapy is listed in ``mitigations.yaml`` under `never`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

from wardwatch_enrichment.content import data
from wardwatch_enrichment.device_types import lineage
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.surroundings import LIFE, Surroundings

ANY = "any port"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A device with one peer at one port, as seen within 30 days.

    `peer` is an address, or a prefix where there are many. `port` is the device's own for `in`,
    the peer's for `out`. `never` names the alarm or therapy flow that it is.
    """

    direction: Literal["in", "out"]
    peer: str
    port: str
    services: tuple[str, ...] = ()
    count: int = 0
    last_seen: float = 0.0
    never: str | None = None
    log: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """A kind of flow that carries alarms or therapy; `types` limits it to kinds of devices."""

    name: str
    ports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@cache
def never() -> tuple[Never, ...]:
    """Return what must never be cut."""
    texts = ("ports", "names", "to", "types")
    return tuple(
        Never(name=entry["name"], **{key: tuple(entry.get(key, ())) for key in texts})
        for entry in data("mitigations.yaml")["never"]
    )


@lru_cache(maxsize=1 << 16)
def kept(port: str, services: frozenset[str], peer: str | None, type_: str | None) -> str | None:
    """Return which alarm or therapy flow a port, what is recognised there, or a peer stands for."""
    kinds = set(lineage(type_ or ""))
    for one in never():
        if one.types and not kinds & set(one.types):
            continue
        if port in one.ports or services & set(one.names) or (one.to and _within(peer, one.to)):
            return one.name
    return None


def flows(around: Surroundings) -> tuple[Flow, ...]:
    """Return the flows of a device, each once, with the latest line that shows it."""
    found: dict[tuple[str, str, str], Flow] = {}
    for flow in _seen(around):
        key = (flow.direction, flow.peer, flow.port)
        known = found.get(key)
        found[key] = _joined(known, flow) if known else flow
    type_ = around.device.type
    return tuple(
        replace(flow, never=kept(flow.port, frozenset(flow.services), flow.peer, type_))
        for _, flow in sorted(found.items())
    )


def ports_of(services: Sequence[Need], seen: Sequence[Flow]) -> set[str]:
    """Return at which ports services are: where they were seen, else where they should be."""
    known = {port for need in services for port in need.ports if not port.endswith("*")}
    names = {name for need in services for name in need.names}
    inward = [flow for flow in seen if flow.direction == "in"]
    there = {f.port for f in inward if f.port in known or names & set(f.services)}
    return there or known


def toward(seen: Sequence[Flow], ports: Sequence[str]) -> tuple[Flow, ...]:
    """Return the flows to some ports of the device."""
    return tuple(flow for flow in seen if flow.direction == "in" and flow.port in ports)


def _seen(around: Surroundings) -> Iterator[Flow]:
    for row in around.of("service"):
        if row.state == "accepted":
            yield from (_flow("in", peer, row) for peer in row.peers)
    known = set()
    for row in around.calls:
        known.add(row.host)
        if row.state == "accepted" and around.now - row.last_seen <= LIFE:
            yield _flow("out", row.host, row)
    for row in around.of("peers"):
        if row.value == "to":
            yield from (_flow("out", peer, row) for peer in row.peers if peer not in known)


def _flow(direction: Literal["in", "out"], peer: str, row: Exposure) -> Flow:
    return Flow(
        direction=direction,
        peer=peer,
        port=ANY if row.port is None else f"{row.proto}/{row.port}",
        services=row.services,
        count=row.count,
        last_seen=row.last_seen,
        log=row.log,
        line=row.line,
    )


def _joined(one: Flow, other: Flow) -> Flow:
    latest = max(one, other, key=lambda flow: flow.last_seen)
    services = tuple(sorted({*one.services, *other.services}))
    return replace(latest, services=services, count=one.count + other.count)


def _within(peer: str | None, networks: Iterable[str]) -> bool:
    if peer is None:
        return False
    inner: IPv4Network | IPv6Network = ip_network(peer)
    return any(inner.overlaps(outer) for outer in map(ip_network, networks))
