"""With whom a device talks where it should not: readably across zones, or with the internet.

Zones are the site's own plan; what is not in it is in no zone, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from wardwatch_enrichment.fact_checks import ZONES
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.surroundings import LIFE, Surroundings

_Network = IPv4Network | IPv6Network
_ENCRYPTED = {"ssl", "tls"}


def crossing(around: Surroundings, names: Iterable[str]) -> Iterator[tuple[Exposure, str, str]]:
    """Yield readable sessions of some protocols with peers of another zone: row, peer, zone."""
    found = list(readable(around, names))
    own = _own_zone(around) if found else None
    if own is None:
        return
    for row, peer in found:
        if (zone := _zone(peer, around)) and zone != own:
            yield row, peer, zone


def readable(around: Surroundings, names: Iterable[str]) -> Iterator[tuple[Exposure, str]]:
    """Yield with whom a device itself speaks some protocols readably: row, peer."""
    wanted = set(names)
    served = ((row, row.peers) for row in around.of("service"))
    called = ((r, (r.host,)) for r in around.calls if around.now - r.last_seen <= LIFE)
    for row, peers in (*served, *called):
        services = set(row.services)
        if row.state == "accepted" and services & wanted and not services & _ENCRYPTED:
            yield from ((row, peer) for peer in peers)


def outside(around: Surroundings) -> Iterator[tuple[Exposure, str]]:
    """Yield whom on the internet a device calls: row, peer."""
    for row in around.of("peers"):
        if row.value == "to":
            for peer in row.peers:
                if ip_network(peer).is_global and _zone(peer, around) == "internet":
                    yield row, peer


def _own_zone(around: Surroundings) -> str | None:
    """Return the zone that all addresses of a device lie in."""
    ips = [ip for ip in around.device.ips if not ip_address(ip).is_link_local]
    zones = {_zone(ip, around) for ip in ips}
    return zones.pop() if len(zones) == 1 else None


def _zone(peer: str, around: Surroundings) -> str | None:
    """Return the zone of an address, or of all of a prefix; None for one outside the plan."""
    network: _Network = ip_network(peer)
    zones = {around.zone_of(str(network[0])), around.zone_of(str(network[-1]))}
    zone = zones.pop()
    return zone if not zones and zone in ZONES else None
