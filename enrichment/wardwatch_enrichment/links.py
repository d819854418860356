"""Who held which address when: from sightings of a MAC with an address, proven on the link."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address

from wardwatch_enrichment.model import Binding, Observation

HOUR = 3_600.0
LEASE = 86_400.0  # seconds; the common default of DHCP servers
WEEK = 7 * LEASE
ROUTED_SUBNETS = 3  # a MAC that answers in so many subnets without DHCP is a router's,
ROUTED_ADDRESSES = 9  # or for so many IPv4 addresses, as a proxy does; so the sensor judges, too
_VIRTUAL = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f")  # VRRP, HSRP
UNPROVEN = 0.6  # confidence in an address that was only seen, never tied to a MAC
SURE_ENOUGH = 0.4  # an address that was only seen, up to a day before or after
_CONFIDENCE = {"dhcp.mac": 0.95, "arp.mac": 0.9, "conn.mac": 0.85}


def sighting(ip: str, mac: str, source: str, start: float, end: float) -> Binding:
    """Return one sighting of `mac` at `ip`, as trusted as its `source` (a field name)."""
    return Binding(
        ip=ip, mac=mac, start=start, end=end, source=source, confidence=_CONFIDENCE[source]
    )


def proves_link(claim: Observation) -> bool:
    """Tell whether a claim ties its host's address to a MAC; one about a subject never does."""
    return claim.field in _CONFIDENCE and claim.subject is None


def coalesce(sightings: Iterable[Binding]) -> list[Binding]:
    """Join the sightings of one address that follow each other with no other MAC between them."""
    joined: list[Binding] = []
    for seen in sorted(_split(list(sightings)), key=_order):
        if joined and joined[-1].mac == seen.mac:
            last = joined[-1]
            best = max(last, seen, key=lambda s: (s.confidence, s.source))
            joined[-1] = replace(
                last,
                end=max(last.end, seen.end),
                source=best.source,
                confidence=best.confidence,
            )
        else:
            joined.append(seen)
    return joined


def condense(sightings: Iterable[Binding]) -> list[Binding]:
    """Join the sightings of one address that say the same within an hour.

    However they are divided and in whatever order they come, the same ones are left.
    """
    alike: defaultdict[tuple[str, str], list[Binding]] = defaultdict(list)
    for seen in sorted(sightings, key=_order):
        spans = alike[(seen.mac or "", seen.source)]
        if spans and seen.start <= spans[-1].end + HOUR:
            spans[-1] = replace(spans[-1], end=max(spans[-1].end, seen.end))
        else:
            spans.append(seen)
    return sorted((seen for spans in alike.values() for seen in spans), key=_order)


def _split(sightings: list[Binding]) -> Iterator[Binding]:
    """Take a span apart where another MAC was seen inside it: its two ends are all that is sure."""
    ordered = sorted(sightings, key=_order)
    starts = [seen.start for seen in ordered]
    for seen in ordered:
        inside = ordered[bisect_right(starts, seen.start) : bisect_left(starts, seen.end)]
        if any(other.mac != seen.mac for other in inside):
            yield replace(seen, end=seen.start)
            yield replace(seen, start=seen.end)
        else:
            yield seen


def _order(seen: Binding) -> tuple[float, float, str, str]:
    return seen.start, seen.end, seen.mac or "", seen.source


class Addresses:
    """The bindings of one site, ready to be asked."""

    def __init__(self, sightings: Iterable[Binding]) -> None:
        seen = list(sightings)
        self.routers = _routers(seen)
        by_ip: defaultdict[str, list[Binding]] = defaultdict(list)
        for sighting in seen:
            if sighting.mac not in self.routers:
                by_ip[sighting.ip].append(sighting)
        self._by_ip = {ip: coalesce(held) for ip, held in by_ip.items()}
        self._by_mac: defaultdict[str, list[str]] = defaultdict(list)
        for ip in self._by_ip:
            for mac in self.macs_of(ip):
                self._by_mac[mac].append(ip)

    def of(self, ip: str) -> list[Binding]:
        """Return the bindings of an address, oldest first."""
        return self._by_ip.get(ip, [])

    def holder(self, ip: str, at: float) -> Binding | None:
        """Return the binding in force at a time, or None where that cannot be told.

        In force is one that covers the time, the last one before for as long as a lease usually
        lasts, or for a week around it the only one there ever was.
        """
        held = self.of(ip)
        covering = [binding for binding in held if binding.start <= at <= binding.end]
        if covering:
            return max(covering, key=lambda binding: (binding.start, -binding.end))
        if len(held) == 1:
            near = held[0].start - WEEK <= at <= held[0].end + WEEK
            return held[0] if near else None
        before = [binding for binding in held if at - LEASE <= binding.end < at]
        return max(before, key=lambda binding: binding.end) if before else None

    def latest(self, ip: str) -> Binding | None:
        """Return the binding that was seen last, None where there never was one."""
        return max(self.of(ip), key=lambda binding: binding.end, default=None)

    def only_of(self, mac: str) -> list[str]:
        """Return the addresses that no other MAC was ever tied to."""
        return [ip for ip in self._by_mac.get(mac, ()) if self.macs_of(ip) == {mac}]

    def macs_of(self, ip: str) -> set[str]:
        """Return every MAC that an address was ever tied to."""
        return {binding.mac for binding in self.of(ip) if binding.mac}


def _routers(sightings: list[Binding]) -> frozenset[str]:
    # DHCP names the client itself, wherever it roams; a frame names only its last hop
    leased = {(seen.mac, seen.ip) for seen in sightings if seen.source == "dhcp.mac"}
    subnets: defaultdict[str, set[str]] = defaultdict(set)
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for seen in sightings:
        if seen.mac and (seen.mac, seen.ip) not in leased and not is_link_local(seen.ip):
            subnets[seen.mac].add(_subnet(seen.ip))
            if ":" not in seen.ip:
                addresses[seen.mac].add(seen.ip)
    return frozenset(
        mac
        for mac, found in subnets.items()
        if len(found) >= ROUTED_SUBNETS
        or len(addresses[mac]) >= ROUTED_ADDRESSES
        or mac.startswith(_VIRTUAL)
    )


@lru_cache(maxsize=1 << 16)
def is_link_local(ip: str) -> bool:
    """Tell whether an address has a meaning on its own link alone."""
    return ip_address(ip).is_link_local


@lru_cache(maxsize=1 << 16)
def by_number(ip: str) -> tuple[int, int]:
    """Return the key that sorts addresses as people count."""
    address = ip_address(ip)
    return address.version, int(address)


def _subnet(ip: str) -> str:
    """Return the first 24 bits of an IPv4 address, the first 64 of an IPv6 address."""
    packed = ip_address(ip).packed
    return packed[: 3 if len(packed) == 4 else 8].hex()


@dataclass(frozen=True, slots=True)
class Holder:
    """A device that can have held an address at a time: how sure that is (0 to 1), and why."""

    device_id: str
    binding: Binding
    confidence: float
    reason: str


def confidence_at(binding: Binding, at: float) -> tuple[float, str]:
    """Return how sure it is that a binding still or already held at a time, and why."""
    if binding.start <= at <= binding.end:
        return binding.confidence, "seen at this address before and after that time"
    gap = at - binding.end if at > binding.end else binding.start - at
    side = "last seen before" if at > binding.end else "first seen after"
    if gap <= HOUR:
        return binding.confidence * 0.9, f"{side} that time, within an hour"
    if gap <= LEASE:
        return binding.confidence * 0.7, f"{side} that time, within a day"
    return binding.confidence * 0.3, f"{side} that time, more than a day apart"


def holders(held: Iterable[tuple[str, Binding]], at: float) -> list[Holder]:
    """Return which devices can have held an address at a time, the likeliest first.

    `held` are (device id, binding). Where several can, the one that came last before the time has
    the address, and the others are unlikely.
    """
    found = []
    for device_id, binding in held:
        confidence, reason = confidence_at(binding, at)
        found.append(Holder(device_id, binding, confidence, reason))
    found.sort(key=lambda holder: _likelihood(holder, at), reverse=True)
    best: dict[str, Holder] = {}
    for holder in found:
        best.setdefault(holder.device_id, holder)
    likeliest = list(best.values())
    return likeliest[:1] + [
        replace(other, confidence=other.confidence * 0.5) for other in likeliest[1:]
    ]


def sure_holder(held: Iterable[tuple[str, Binding]], at: float) -> str | None:
    """Return the id of the device that held an address at a time, None where that is not sure."""
    found = (Holder(device_id, bound, *confidence_at(bound, at)) for device_id, bound in held)
    likeliest = max(found, key=lambda holder: _likelihood(holder, at), default=None)
    sure = likeliest is not None and likeliest.confidence >= SURE_ENOUGH
    return likeliest.device_id if likeliest and sure else None


def _likelihood(holder: Holder, at: float) -> tuple[float, float]:
    binding = holder.binding
    if binding.start <= at <= binding.end:
        return 1.0, binding.start
    return holder.confidence - 1.0, -min(abs(at - binding.start), abs(at - binding.end))
