"""Which devices have to be judged anew: by news of them, by what is shared with others, by time.

Time alone changes a verdict only at a moment that is a known span away from something that was
seen: `SPANS`. Between two looks it is enough to ask which of these moments went by; both for the
clock, and for the sensors' last signs of life, up to which silence is counted.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wardwatch.risk.site import Site, callees
from wardwatch.store.touched import at_services
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.presence import GAP, Run, lost, runs
from wardwatch_enrichment.risk.threats import attempted
from wardwatch_enrichment.subjects import subjects
from wardwatch_enrichment.surroundings import DAY, LIFE, LOSS, SILENCE, Surroundings

SPANS = (0.0, GAP, SILENCE, LIFE - 1, LIFE, LIFE + DAY)
_Spans = list[tuple[float, float]]


class Shared(NamedTuple):
    """What all verdicts of a site hang on: another one, and every device is judged anew."""

    policy: str
    data: tuple[Any, ...]
    attempted: frozenset[str]
    sensors: tuple[Any, ...]


def shared(place: Site, policy: str) -> Shared:
    """Return what a site has in common now."""
    known = runs(place.sensors, place.now)
    sensors = (
        (name, run.since, run.away, run.is_silent(place.now), _quality(place.sensors[name]))
        for name, run in sorted(known.items())
    )
    tried = attempted(place.store.signatures(place.name, place.now - LIFE))
    return Shared(policy, place.store.data_state(place.name), tried, tuple(sensors))


def _quality(rows: Iterable[Any]) -> tuple[Any, ...]:
    """Return from which day on a sensor told what it lost, and on which days it did not, or much.

    The latest day is not named: that there is one more good one changes nothing.
    """
    days: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if row.value:
            of_day = days[int(row.last_seen // DAY)]
            of_day[row.value] = of_day.get(row.value, 0) + row.count
    told = {d: by for d, by in days.items() if "sensor" in by and by.keys() & {"gaps", "dropped"}}
    if not told:
        return ()
    first, last = min(told), max(told)
    missing = tuple(day for day in range(first, last) if day not in told)
    bad = (d for d, by in sorted(told.items()) if lost(by) >= LOSS)
    return first, missing, tuple(bad)


def lights(place: Site) -> dict[str, int]:
    """Return a digest of what others have to do with each device, by its id."""
    versions = {token: hash(known) for token, known in place.fleet.items()}
    return {device.id: _light(place, device, versions) for device in place.slight}


def _light(place: Site, device: Device, versions: Mapping[str, int]) -> int:
    tokens = {token for one in subjects(device) for token in one.tokens}
    seen = tuple(sorted((token, versions.get(token)) for token in tokens))
    alike = (place.fleet_of(device), place.only(device))
    return hash((device, place.told_of(device), seen, alike, place.on_link(device)))


@dataclass(slots=True)
class Clocks:
    """The time, and up to when each sensor has told of itself."""

    now: float
    sensors: dict[str, Run] = field(default_factory=dict)

    def until(self, later: Clocks) -> _Spans:
        """Return the spans of time that went by until later ones, both ends included."""
        pairs = [(self.now, later.now)]
        pairs += [
            (run.until, later.sensors[name].until)
            for name, run in self.sensors.items()
            if name in later.sensors
        ]
        return [(start, end) for start, end in pairs if end > start]

    @property
    def first(self) -> float:
        """The earliest of them that can still go on: one that is silent begins anew."""
        going = (run.until for run in self.sensors.values() if not run.is_silent(self.now))
        return min((self.now, *going))


class Watch:
    """What must be known of each device to tell when it is due again."""

    def __init__(self) -> None:
        self._moments: dict[str, array[float]] = {}
        self._called: dict[str, set[str]] = {}
        self._callers: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, around: Surroundings, start: float, end: float) -> None:
        """Keep what a device was judged by; moments only between two times."""
        self.drop(around.device.id)
        found = {at for at in _moments(around) if start <= at <= end}
        self._moments[around.device.id] = array("d", sorted(found))
        called = callees(around.rows)
        self._called[around.device.id] = called
        for ip in called:
            self._callers[ip].add(around.device.id)

    def drop(self, device_id: str) -> None:
        """Forget a device."""
        self._moments.pop(device_id, None)
        for ip in self._called.pop(device_id, ()):
            self._callers[ip].discard(device_id)
            if not self._callers[ip]:
                del self._callers[ip]

    @property
    def known(self) -> Set[str]:
        """The devices that were judged."""
        return self._moments.keys()

    def calling(self, names: Set[str]) -> Iterator[str]:
        """Yield the devices that call a service of which there is news."""
        for ip, callers in self._callers.items():
            if at_services(ip) in names:
                yield from callers

    def passed(self, spans: _Spans) -> Iterator[str]:
        """Yield the devices that had a moment within one of the spans."""
        for device_id, moments in self._moments.items():
            if any(_is_within(moments, start, end) for start, end in spans):
                yield device_id


def _is_within(moments: array[float], start: float, end: float) -> bool:
    at = bisect_left(moments, start)
    return at < len(moments) and moments[at] <= end


def _moments(around: Surroundings) -> Iterator[float]:
    """Yield when time alone can change what is found on a device."""
    seen = {at for row in around.rows for at in (row.first_seen, row.last_seen)}
    seen.update(row.last_seen for row in around.calls)
    seen.update(event.last_seen for event in around.device.events)
    for attribute in around.device.attributes:
        seen.update((attribute.first_seen, attribute.last_seen))
    return (at + span for at in seen for span in SPANS)


def common(place: Site, known: Mapping[str, Run]) -> Iterator[float]:
    """Yield when time alone can change what is found anywhere: by the sensors, by the facts."""
    for run in known.values():
        yield from (run.until + GAP, run.since + SILENCE, run.since + LIFE - 1)
    for rows in place.sensors.values():  # of one whose clock is ahead
        yield from (at for row in rows for at in (row.first_seen, row.last_seen) if at > place.now)
    yield from (at + LIFE for at in place.told_at)
