"""From how far away a device is reached: the worst zone that is proven, and what proves it.

*Allow-listed* and *isolated* need a proven boundary: imported rules that shut everybody else out,
or refusals of the network itself. That few callers were seen is silence, and makes a shared
clinical network at best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple

from wardwatch_enrichment.boundaries import Closed
from wardwatch_enrichment.fact_checks import ZONES
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.reachable import REFUSALS, SOURCES
from wardwatch_enrichment.supposed import Supposed
from wardwatch_enrichment.surroundings import ANYWHERE, LIFE, Caller, Surroundings

_Network = IPv4Network | IPv6Network
_BOUNDED = ("allowlisted", "isolated")
_EVERY: tuple[_Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_NOTHING = Supposed()
_FEW = 16  # addresses of a network that is still a list of peers


class Reached(NamedTuple):
    """The zone from which a device is reached, whether its boundary is proven, and why."""

    zone: str
    boundary_proven: bool
    reason: str


def zone(
    around: Surroundings,
    reached_from: Iterable[str] | None = None,
    *,
    ports: tuple[str, ...] = (),
    sanctioned: Iterable[str] = (),
) -> Reached:
    """Return from where a service of a device is reached.

    `reached_from` are the zones whose callers the service accepted, None where any service will
    do; `ports` are its ports, like tcp/23; `sanctioned` are the public networks that the device
    may call.
    """
    what = around.supposed or _NOTHING
    if what.zone:
        made = _moved(around, what, what.zone)
    else:
        place = _Place(around, None if reached_from is None else frozenset(reached_from), ports)
        known = _EVERY if what.sealed else tuple(map(ip_network, sanctioned))
        made = place.open(known) or place.bounded()
    listed = bool(ports) and what.allowed.issuperset(ports) and made.zone != "isolated"
    if listed and not _neighbours(around, ports):
        return Reached("allowlisted", True, "simulated: only listed peers reach it")
    return made


def _neighbours(around: Surroundings, ports: tuple[str, ...]) -> bool:
    """Tell whether its own network was let in there, which no list at the border keeps out."""
    rows = (row for row in around.of("service") if row.state == "accepted")
    there = (row for row in rows if f"{row.proto}/{row.port}" in ports)
    return any(around.is_near(peer) for row in there for peer in row.peers)


def _moved(around: Surroundings, what: Supposed, name: str) -> Reached:
    """Return the zone that a device is moved to: whom others reach is listed, and not isolated."""
    told = "simulated: it is moved there"
    for row in around.of("service") if name == "isolated" else ():
        open_ = row.state == "accepted" and f"{row.proto}/{row.port}" not in what.blocked
        if far := next((p for p in row.peers if open_ and not around.is_near(p)), None):
            name = "allowlisted"
            told = f"{told}, and those from outside whom it served are let through ({far})"
            break
    return Reached(name, name in _BOUNDED, told)


class _Place:
    """A device in its network, with those that reached it from outside of its subnets."""

    def __init__(
        self, around: Surroundings, reached: frozenset[str] | None, ports: tuple[str, ...]
    ) -> None:
        self._around, self._reached, self._ports = around, reached, ports
        self._own = [around.zone_of(ip) for ip in around.device.ips]

    def open(self, sanctioned: tuple[_Network, ...]) -> Reached | None:
        """Return the worst zone of those that nothing keeps out; None where none is seen."""
        for name, reason in (
            ("internet_in", self._from_internet()),
            ("guest", self._among("guest")),
            ("internet_out", self._to_internet(sanctioned)),
            ("enterprise", self._among("enterprise") or self._public()),
            ("unknown", self._unplanned()),
        ):
            if reason:
                return Reached(name, False, reason)
        return None

    def bounded(self) -> Reached:
        """Return the zone of a device that only clinical networks reach, as far as is seen."""
        proof = self._proof
        if proof and set(self._own) == {"isolated"} and not self._callers:
            return Reached("isolated", True, f"an isolated segment by the plan; {proof}")
        if proof and self._alone:
            return Reached("allowlisted", True, f"only listed peers reach it; {proof}")
        if not proof and not self._speaks:
            told = "no sensor has seen it for long enough, and no boundary is proven"
            return Reached("unknown", False, told)
        if proof:
            told = f"its own network is shared, or not seen for long enough; {proof}"
        elif "isolated" in self._own:
            told = "the plan calls its network isolated, but nothing proves the boundary"
        else:
            told = "only clinical callers were seen, which proves no boundary"
        return Reached("clinical_shared", proof is not None, told)

    @cached_property
    def _speaks(self) -> bool:
        watched = self._around.watched
        return watched is not None and watched.speaks(self._around.now)

    @cached_property
    def _alone(self) -> bool:
        """Whether nobody of its own subnets called it, though that would have been seen."""
        near = any(caller.near for caller in self._around.reached_by)
        return self._speaks and not near

    @cached_property
    def _outside(self) -> tuple[Caller, ...]:
        return tuple(caller for caller in self._around.reached_by if not caller.near)

    @cached_property
    def _closed(self) -> Closed | None:
        """The imported rules that shut the device off, unless somebody came in against them."""
        around = self._around
        asked = self._ports or (None,)
        lists = [around.boundaries.closed(around.device.ips, port) for port in asked]
        shut = [one for one in lists if one]
        if len(shut) < len(lists):
            return None
        oldest = min(shut, key=lambda one: one.fact.at)
        made = Closed(oldest.fact, tuple(network for one in shut for network in one.admitted))
        if around.now - made.fact.at > LIFE:
            return None
        broken = any(c.time > made.fact.at and not made.admits(c.peer) for c in self._outside)
        return None if broken else made

    @cached_property
    def _callers(self) -> tuple[Caller, ...]:
        """Those from outside that still can, by the rules that were imported since."""
        closed = self._closed
        return tuple(c for c in self._outside if closed is None or closed.admits(c.peer))

    def _from_internet(self) -> str | None:
        asked = self._reached is None or "internet" in self._reached
        for caller in self._callers:
            if asked and caller.accepted and "internet" in caller.zones:
                return f"a caller from the internet was accepted ({caller.peer})"
        return self._let_in("internet")

    def _among(self, name: str) -> str | None:
        """Return why a zone reaches it: it is there itself, somebody called, or is let in."""
        if name in self._own:
            return f"it is in the {name} network itself"
        for caller in self._callers:
            if name in caller.zones:
                return f"it was reached from the {name} network ({caller.peer})"
        return self._let_in(name)

    def _let_in(self, name: str) -> str | None:
        for network in self._wide():
            if self._around.zone_of(str(network[0])) == name:
                return f"its boundary lets in {network}, which is {name}"
        return None

    def _wide(self) -> Iterator[_Network]:
        """Yield the networks that its boundary lets in and that are no list of peers."""
        for network in self._closed.admitted if self._closed else ():
            if network.num_addresses > _FEW and not self._around.is_near(str(network)):
                yield network

    def _to_internet(self, sanctioned: tuple[_Network, ...]) -> str | None:
        for caller in self._callers:
            if "internet" in caller.zones:
                return f"the internet reaches it, though not this service ({caller.peer})"
        for row in self._around.of("peers"):
            for peer in row.peers if row.value in ("to", "with") else ():
                network = ip_network(peer)
                known = any(_inside(network, one) for one in sanctioned)
                if known or network.is_multicast or self._around.is_near(peer):
                    continue
                if "internet" in self._around.zones_at(peer):
                    return f"it calls a public host that nobody sanctioned ({peer})"
        return None

    def _public(self) -> str | None:
        return "it has a public address" if "internet" in self._own else None

    def _unplanned(self) -> str | None:
        """Return of which network the plan does not say what it is."""
        for ip, name in zip(self._around.device.ips, self._own, strict=True):
            if name not in ZONES and not (self._proof and self._alone):
                return f"the plan does not say what the network of {ip} is"
        for caller in self._callers:
            few = self._closed is not None and ip_network(caller.peer).num_addresses <= _FEW
            if not few and not caller.zones <= set(ZONES):
                return f"it was reached from {caller.peer}, of which the plan says nothing"
        for network in self._wide():
            if self._around.zone_of(str(network[0])) not in ZONES:
                return f"its boundary lets in {network}, of which the plan says nothing"
        return None

    @cached_property
    def _proof(self) -> str | None:
        """Return what proves a boundary."""
        if self._closed:
            fact = self._closed.fact
            rule = fact.values.get("enforced_by", "") or "an imported rule"
            return f"{rule} shuts out all others ({fact.source}:{fact.line})"
        rows = [row for row in self._around.of("service") if self._is_reject(row)]
        told = [(row, peer) for row in rows for peer in row.peers if self._tells(peer)]
        count = sum(row.count for row in rows if any(row is one for one, _ in told))
        if count < REFUSALS or len({peer for _, peer in told}) < SOURCES:
            return None
        zones = sorted({zone for row, peer in told for zone in self._around.zones_at(peer)})
        return f"the network itself refused {count} connections from {', '.join(zones)}"

    def _is_reject(self, row: Exposure) -> bool:
        right = not self._ports or f"{row.proto}/{row.port}" in self._ports
        refused = row.state == "refused" and row.by == "network"
        return refused and right and self._around.bears(row)

    def _tells(self, peer: str) -> bool:
        """Tell whether a refusal says that nearer ones are kept out, too: no guest's does."""
        zones = self._around.zones_at(peer)
        far = zones & {"internet", "guest", ANYWHERE}
        return bool(zones) and not far and not self._around.is_near(peer)


def _inside(inner: _Network, outer: _Network) -> bool:
    same = inner.version == outer.version
    return same and inner.subnet_of(outer)  # type: ignore[arg-type]  # of one version
