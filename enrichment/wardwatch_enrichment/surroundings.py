"""What is known of a device's place in the network: what it offers, to whom, and how well we see.

The evidence is that of one device, as held at the addresses that were its own at the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Answer, Exposure
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.preconditions import Need
from wardwatch_enrichment.presence import GAP, Run, lost, runs, why
from wardwatch_enrichment.supposed import Supposed

DAY = 86_400.0
LIFE = 30 * DAY  # how long evidence speaks
SILENCE = 14 * DAY  # how long the sensor must have been watching before silence says anything
FLOWS = 50  # or a link-up: so much must have been seen of a device that is said to be silent
LOSS = 0.01
ANYWHERE = "anywhere"  # the zone of callers of whom not even a prefix was kept
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_ON_LINK = "link_up_arp"  # the others may come from beyond a router
_LINK_UPS = ("link_up_arp", "link_up_dhcp", "link_up_dad", "link_up_router_solicitation", "boot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How well a device was watched until now: for how long without a gap, and what was seen.

    `since` is when that began with all the sensors that see it now, `last_seen` when it was last
    seen itself; `link_up` is the last one since, `on_link` the last that its own link alone shows.
    """

    since: float
    until: float
    last_seen: float
    flows: int
    link_up: float | None
    on_link: float | None
    sensors: tuple[str, ...]

    def speaks(self, now: float) -> bool:
        """Tell whether silence says anything."""
        long = self.until - self.since >= SILENCE and now - self.until <= GAP
        there = now - self.last_seen <= SILENCE
        return long and there and (self.link_up is not None or self.flows >= FLOWS)


class Caller(NamedTuple):
    """Who reached a device: an address or prefix, its zones, whether it lies in a subnet of the
    device's own and was accepted, when at last.
    """

    peer: str
    zones: frozenset[str]
    near: bool
    accepted: bool
    time: float


def _everywhere(_: str) -> str:
    return "somewhere"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The evidence around one device at a time (epoch seconds).

    `rows` are its own, `calls` those of others that name it among their callers, `sensors` those
    of each sensor about itself. `zone_of` tells the zone of an address by the site's plan.
    `supposed` is what a simulation takes for done.
    """

    device: Device
    now: float
    rows: tuple[Exposure, ...] = ()
    calls: tuple[Exposure, ...] = ()
    sensors: Mapping[str, tuple[Exposure, ...]] = field(default_factory=dict)
    handling: tuple[Fact, ...] = ()
    boundaries: Boundaries = field(default_factory=lambda: Boundaries(()))
    zone_of: Callable[[str], str] = _everywhere
    supposed: Supposed | None = None
    # Many vulnerabilities ask the same.
    answered: dict[Need, Answer] = field(default_factory=dict, compare=False)
    judged: dict[tuple[tuple[Need, ...], str | None], Any] = field(
        default_factory=dict, compare=False
    )

    def of(self, kind: str) -> Iterator[Exposure]:
        """Yield the rows of a kind that are not too old to speak."""
        return (r for r in self.rows if r.kind == kind and self.now - r.last_seen <= LIFE)

    def zones(self, rows: Iterable[Exposure], *, surely: bool = False) -> frozenset[str]:
        """Return from which zones somebody called; `surely` leaves out what may be another one.

        Of many callers only prefixes are kept, which may lie in several zones.
        """
        found: set[str] = set()
        for peer in {peer for row in rows for peer in row.peers}:
            zones = self.zones_at(peer)
            if not surely or (len(zones) == 1 and ANYWHERE not in zones):
                found |= zones
        return frozenset(found)

    def zones_at(self, peer: str) -> frozenset[str]:
        """Return in which zones an address lies, or a prefix may."""
        if peer in _EVERYWHERE:
            return frozenset((ANYWHERE,))
        return frozenset(map(self.zone_of, _in(peer)))

    def is_near(self, peer: str) -> bool:
        """Tell whether an address or prefix lies in a subnet of the device's own."""
        own = (f"{ip}/{64 if ':' in ip else 24}" for ip in self.device.ips)
        return any(is_within(peer, subnet) for subnet in own)

    @cached_property
    def shown(self) -> frozenset[str | None]:
        """What it was seen to show of how it authenticates and what it uses, whenever that was."""
        return frozenset(row.value for row in self.rows if row.kind in ("auth", "uses"))

    @cached_property
    def callers(self) -> frozenset[str]:
        """The zones from which anybody called this device."""
        called = (r for r in self.of("peers") if r.value == "from")
        accepted = (r for r in self.of("service") if r.state == "accepted")
        return self.zones((*called, *accepted))

    @cached_property
    def reached_by(self) -> tuple[Caller, ...]:
        """All that reached the device; that it refused them itself is proof, too."""
        rows = [r for r in self.of("peers") if r.value == "from"]
        rows += [r for r in self.of("service") if r.state == "accepted" or r.by == "device"]
        where = {
            peer: (self.zones_at(peer), self.is_near(peer)) for row in rows for peer in row.peers
        }
        return tuple(
            Caller(peer, *where[peer], row.state == "accepted", row.last_seen)
            for row in rows
            for peer in row.peers
        )

    @cached_property
    def called(self) -> frozenset[str]:
        """The addresses of its own at which anybody called it."""
        called = (r.host for r in self.of("peers") if r.value == "from")
        accepted = (r.host for r in self.of("service") if r.state == "accepted")
        return frozenset((*called, *accepted))

    @cached_property
    def let_in(self) -> frozenset[tuple[str, int]]:
        """The ports at which it was reached from beyond its own subnets: (protocol, number)."""
        return frozenset(
            (row.proto or "", row.port)
            for row in self.of("service")
            if row.state == "accepted" and row.port is not None
            if any(not self.is_near(peer) for peer in row.peers)
        )

    @cached_property
    def link_ups(self) -> tuple[float, ...]:
        """When its link came up, or it was switched on, the last of each day."""
        return tuple(sorted(r.last_seen for r in self.of("coverage") if r.value in _LINK_UPS))

    @cached_property
    def renewed(self) -> float:
        """When it was last another than before: switched on, or with other software."""
        return max((*self.link_ups, self.new_software))

    @cached_property
    def new_software(self) -> float:
        """Since when it has the software that it has, if there was other before; else 0."""
        versions = [a for a in self.device.attributes if a.name == "software_versions"]
        first = min((a.first_seen for a in versions), default=0.0)
        changed = (a.first_seen for a in versions if a.current and a.first_seen > first)
        return max(changed, default=0.0)

    @cached_property
    def watched(self) -> Watched | None:
        """How it was watched; None where a sensor that sees it does not tell of itself.

        Each of them may see what the others do not, so that all must have been there.
        """
        seen = self._seen_by
        present = {sensor: self._runs[sensor] for sensor in seen if sensor in self._runs}
        if not present or len(present) < len(seen):
            return None
        # A sensor that was there before it saw it was not watching it before.
        since = max(
            seen[sensor][0] if seen[sensor][0] - run.since > GAP else run.since
            for sensor, run in present.items()
        )
        since = max(since, self.new_software)  # what was before tells of other software
        flows: dict[str, int] = dict.fromkeys(seen, 0)
        for row in self.of("coverage"):
            if row.value == "flows" and row.first_seen >= since:
                flows[row.sensor] = flows.get(row.sensor, 0) + row.count
        ups = [r for r in self.of("coverage") if r.value in _LINK_UPS and r.last_seen >= since]
        on_link = (r.last_seen for r in ups if r.value == _ON_LINK)
        return Watched(
            since=since,
            until=min(run.until for run in present.values()),
            last_seen=max(end for _, end in seen.values()),
            flows=max(flows.values()),
            link_up=max((r.last_seen for r in ups), default=None),
            on_link=max(on_link, default=None),
            sensors=tuple(sorted(seen)),
        )

    @cached_property
    def _seen_by(self) -> dict[str, tuple[float, float]]:
        """Return the sensors that see it of late, with when each first and last did."""
        seen: dict[str, tuple[float, float]] = {}
        for row in self.rows:
            start, end = seen.get(row.sensor, (row.first_seen, row.last_seen))
            seen[row.sensor] = min(start, row.first_seen), max(end, row.last_seen)
        return {name: span for name, span in seen.items() if self.now - span[1] <= LIFE}

    @cached_property
    def _runs(self) -> dict[str, Run]:
        return runs(self.sensors, self.now)

    @cached_property
    def silent(self) -> dict[str, float]:
        """The sensors that saw it of late and have fallen silent since, with since when."""
        present = ((name, self._runs.get(name)) for name in self._seen_by)
        return {name: run.until for name, run in present if run and run.is_silent(self.now)}

    @property
    def is_covered(self) -> bool:
        """Whether a sensor sees it now."""
        return self.watched is not None and len(self.silent) < len(self._seen_by)

    def bears(self, row: Exposure) -> bool:
        """Tell whether a row still proves the contrary: its sensor has been there ever since.

        One that never told of itself cannot be missed.
        """
        run = self._runs.get(row.sensor)
        return run is None or run.bears(row, self.now)

    def lapsed(self, rows: Iterable[Exposure]) -> str:
        """Return why rows prove the contrary no more; empty where they do, or never did."""
        return why(self._runs, {row.sensor for row in rows if not self.bears(row)}, self.now)

    def loss(self, start: float, end: float) -> float | None:
        """Return which share the worst of its sensors did not capture on its worst day.

        `start` and `end` are in seconds; the days that they touch count. None is not known.
        """
        shares = []
        for sensor in {row.sensor for row in self.rows if _touches(row, start, end)}:
            days: defaultdict[int, dict[str, int]] = defaultdict(dict)
            for row in self.sensors.get(sensor, ()):
                if row.value and _touches(row, start, end):
                    of_day = days[int(row.last_seen // DAY)]
                    of_day[row.value] = of_day.get(row.value, 0) + row.count
            told = [d for d in days.values() if "sensor" in d and d.keys() & {"gaps", "dropped"}]
            if not told:
                return None
            shares += [lost(d) for d in told]
        return max(shares, default=None)


def _touches(row: Exposure, start: float, end: float) -> bool:
    return row.last_seen >= start - DAY and row.first_seen <= end + DAY


@lru_cache(maxsize=1 << 16)
def _in(peer: str) -> tuple[str, ...]:
    """Return an address as it is, and of a prefix some that lie in it: at both ends, and amid."""
    if "/" not in peer:
        return (peer,)
    network = ip_network(peer)
    step = max(network.num_addresses // 16, 1)
    return (*(str(network[at]) for at in range(0, network.num_addresses, step)), str(network[-1]))


@lru_cache(maxsize=1 << 16)
def is_within(peer: str, subnet: str) -> bool:
    """Tell whether an address or prefix lies in a subnet."""
    inner, outer = ip_network(peer), ip_network(subnet, strict=False)
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
