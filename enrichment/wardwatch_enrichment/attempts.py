"""Through which services of a device its weaknesses are reached, and who usually calls those.

The sensor watches just these, and tells of each new caller (zeek-scripts/attempts): an attempt at
what is reached there, as far as it can be told from outside. What the caller does is not seen.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.links import is_link_local
from wardwatch_enrichment.model import Event
from wardwatch_enrichment.preconditions import Need, preconditions
from wardwatch_enrichment.surroundings import DAY, Surroundings

NOTE = "Wardwatch::Attempt"
LEARNT = DAY  # so long a device is known before a caller is told to be new
PEERS = 500  # with more there is hardly anybody who could be new
IDS = 32
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_EVERYBODY = {"0.0.0.0/0", "::/0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service of a device with the weaknesses reached through it, and its usual callers."""

    host: str
    proto: str
    port: int
    device: str
    ids: tuple[str, ...]
    peers: tuple[str, ...]


def targets(around: Surroundings, cves: Iterable[str]) -> Iterator[Target]:
    """Yield what is to be watched at a device that has some weaknesses."""
    device = around.device
    if around.now - device.first_seen < LEARNT:
        return
    rows = [row for row in around.of("service") if row.state == "accepted"]
    reached: defaultdict[str, set[str]] = defaultdict(set)
    for cve in cves:
        for at in _ports(cve, rows):
            reached[at].add(cve)
    hosts = [ip for ip in device.ips if not is_link_local(ip)]
    for at, ids in sorted(reached.items()):
        proto, _, port = at.partition("/")
        usual = {p for row in rows if f"{row.proto}/{row.port}" == at for p in row.peers}
        if usual & _EVERYBODY or len(usual) > PEERS or proto not in ("tcp", "udp"):
            continue
        for host in hosts:
            yield Target(
                host=host,
                proto=proto,
                port=int(port),
                device=device.id,
                ids=tuple(sorted(ids)[:IDS]),
                peers=tuple(sorted(usual)),
            )


def _ports(cve: str, rows: Iterable[Exposure]) -> Iterator[str]:
    """Yield the ports that an attacker needs, by number or as the service was seen at them."""
    for need in _services(cve):
        yield from (port for port in need.ports if not port.endswith("*"))
        names = set(need.names)
        yield from (f"{row.proto}/{row.port}" for row in rows if names & set(row.services))


@cache
def _services(cve: str) -> tuple[Need, ...]:
    entry = preconditions().get(cve)
    todo, found = list(entry.needs if entry else ()), []
    while todo:
        need = todo.pop()
        todo += need.any
        if need.kind == "service":
            found.append(need)
    return tuple(found)


def signatures(told: str) -> list[str]:
    """Return a signature for each weakness that a notice names; anything else in it is passed over.

    What a sensor's text says is not to be believed: only numbers are taken out of it.
    """
    return [f"{NOTE} {cve}" for cve in _CVE.findall(told[:1000])[:IDS]]


def tried(events: Iterable[Event], since: float) -> frozenset[str]:
    """Return the vulnerabilities at which there were attempts on the device of some events."""
    return frozenset(
        event.signature.removeprefix(f"{NOTE} ")
        for event in events
        if event.signature.startswith(f"{NOTE} ")
        and event.direction == "inbound"
        and event.last_seen >= since
    )
