"""What is known of a device's place in the network: what it offers, to whom, and how well we see.

The evidence is that of one device, as held at the addresses that were its own at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_network

from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.model import Device

DAY = 86_400.0
LIFE = 30 * DAY  # how long evidence speaks
SILENCE = 14 * DAY  # how long the sensor must have been watching before silence says anything
GAP = DAY  # a sensor that was away for longer has missed what there was
FLOWS = 50  # or a link-up: so much must have been seen of a device that is said to be silent
LOSS = 0.01
_LINK_UPS = ("link_up_arp", "link_up_dhcp", "link_up_dad", "link_up_router_solicitation", "boot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """How well a device was watched until now: for how long without a gap, and what was seen.

    `since` is when that began; `link_up` is the last one since.
    """

    since: float
    until: float
    flows: int
    link_up: float | None
    sensors: tuple[str, ...]

    def speaks(self, now: float) -> bool:
        """Tell whether silence says anything."""
        long = self.until - self.since >= SILENCE and now - self.until <= GAP
        return long and (self.link_up is not None or self.flows >= FLOWS)


def _everywhere(_: str) -> str:
    return "somewhere"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The evidence around one device at a time (epoch seconds).

    `rows` are its own, `calls` those of others that name it among their callers, `sensors` those
    of each sensor about itself. `zone_of` tells the zone of an address by the site's plan.
    """

    device: Device
    now: float
    rows: tuple[Exposure, ...] = ()
    calls: tuple[Exposure, ...] = ()
    sensors: Mapping[str, tuple[Exposure, ...]] = field(default_factory=dict)
    handling: tuple[Fact, ...] = ()
    boundaries: Boundaries = field(default_factory=lambda: Boundaries(()))
    zone_of: Callable[[str], str] = _everywhere

    def of(self, kind: str) -> Iterator[Exposure]:
        """Yield the rows of a kind that are not too old to speak."""
        return (r for r in self.rows if r.kind == kind and self.now - r.last_seen <= LIFE)

    def zones(self, rows: Iterable[Exposure]) -> frozenset[str]:
        """Return from which zones somebody called."""
        peers = {peer for row in rows for peer in row.peers}
        return frozenset(self.zone_of(str(ip_network(peer)[0])) for peer in peers)

    @cached_property
    def callers(self) -> frozenset[str]:
        """The zones from which anybody called this device."""
        called = (r for r in self.of("peers") if r.value == "from")
        accepted = (r for r in self.of("service") if r.state == "accepted")
        return self.zones((*called, *accepted))

    @cached_property
    def link_ups(self) -> tuple[float, ...]:
        """When its link came up, or it was switched on, the last of each day."""
        return tuple(sorted(r.last_seen for r in self.of("coverage") if r.value in _LINK_UPS))

    @cached_property
    def renewed(self) -> float:
        """When it was last another than before: switched on, or with other software."""
        versions = [a for a in self.device.attributes if a.name == "software_versions"]
        changed = [a.first_seen for a in versions if a.current] if len(versions) > 1 else []
        return max((*self.link_ups, *changed), default=0.0)

    @cached_property
    def watched(self) -> Watched | None:
        """How it was watched; None where no sensor that sees it tells of itself."""
        seeing = {row.sensor for row in self.rows}
        beats = sorted(
            (r.first_seen, r.last_seen)
            for sensor in seeing
            for r in self.sensors.get(sensor, ())
            if r.value == "sensor"
        )
        if not beats:
            return None
        since, until = beats[0]
        for start, end in beats[1:]:
            if start - until > GAP:
                since = start
            until = max(until, end)
        flows = sum(
            r.count for r in self.of("coverage") if r.value == "flows" and r.first_seen >= since
        )
        ups = [at for at in self.link_ups if at >= since]
        return Watched(
            since=since,
            until=until,
            flows=flows,
            link_up=max(ups, default=None),
            sensors=tuple(sorted(seeing & self.sensors.keys())),
        )

    def loss(self, start: float, end: float) -> float | None:
        """Return which share was not captured of what passed its sensors; None for not known.

        `start` and `end` are in seconds; the days that they touch count.
        """
        counted: dict[str, int] = {}
        for sensor in {row.sensor for row in self.rows}:
            for row in self.sensors.get(sensor, ()):
                if row.value and row.last_seen >= start - DAY and row.first_seen <= end + DAY:
                    counted[row.value] = counted.get(row.value, 0) + row.count
        if "sensor" not in counted:
            return None
        return max(_share(counted, "gaps", "acks"), _share(counted, "dropped", "packets"))


def _share(counted: Mapping[str, int], lost: str, seen: str) -> float:
    if not counted.get(lost):
        return 0.0
    return counted[lost] / max(counted.get(seen, 0), counted[lost])
