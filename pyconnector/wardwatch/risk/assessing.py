"""A site's findings kept up to date: only the devices are judged again that can have changed.

Once a day, and when feeds, facts, figures or what the sensors saw as a whole change, it is all of
them. What is kept is the same as if all were judged each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set

from wardwatch.risk import due, findings, risks
from wardwatch.risk.due import Clocks, Shared, Watch
from wardwatch.risk.recording import Recorded, Recording, Tally
from wardwatch.risk.site import Site
from wardwatch.store import Store
from wardwatch.store.touched import EVERY
from wardwatch_enrichment.presence import runs
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.surroundings import DAY, Surroundings


class Assessing:
    """One site, for as long as a process follows it. `judged` counts devices, `whole` all rounds
    over all of them.
    """

    def __init__(self, store: Store, site: str, decided: Policy) -> None:
        self._store, self._site, self._decided = store, site, decided
        self._watch = Watch()
        self._tallies: dict[str, Tally] = {}
        self._lights: dict[str, int] = {}
        self._shared: Shared | None = None
        self._clocks = Clocks(0.0)
        self._common: list[float] = []
        self.judged = self.whole = 0

    def round(self, now: float) -> Iterator[Recorded | None]:
        """Judge what is due and keep what changed, a part at a time; the last part is the result.

        A round that was not finished is begun anew. Raises `RecordingError`.
        """
        findings.read(self._store)
        latest, names = self._store.touched(self._site)
        place = _Noting(self._store, self._site, now)
        shared = due.shared(place, self._decided.digest())
        clocks = Clocks(now, runs(place.sensors, now))
        lights = due.lights(place)
        ids = self._due(place, shared, clocks, lights, names)
        run = Recording(self._store, self._site, now, self._decided, self._tallies)
        self._forget(lights.keys(), ids)
        self._shared = None  # until it is finished
        place.note = self._noting(clocks)
        rater = risks.rater(place, self._decided)
        for _ in run.keep(risks.appraised(rater, findings.judged(place, ids))):
            yield None
        run.close(lambda device_id: device_id in ids or device_id not in lights)
        done = run.finish()
        with self._store.transaction():
            self._store.untouch(self._site, latest)
        self._shared, self._clocks, self._lights = shared, clocks, lights
        self._common = sorted(due.common(place, clocks.sensors))
        self.judged += len(ids)
        yield done

    def _due(
        self,
        place: Site,
        shared: Shared,
        clocks: Clocks,
        lights: dict[str, int],
        names: set[str],
    ) -> set[str]:
        every = lights.keys()
        spans = self._clocks.until(clocks)
        another_day = clocks.now // DAY * DAY >= self._clocks.now
        back = clocks.now < self._clocks.now
        passed = any(start <= at <= end for start, end in spans for at in self._common)
        if shared != self._shared or another_day or back or passed or EVERY in names:
            self.whole += 1
            return set(every)
        found = {one for one, light in lights.items() if self._lights.get(one) != light}
        found |= names & every
        found.update(d.id for d in place.slight if not names.isdisjoint(d.ips))
        found.update(self._watch.calling(names))
        found.update(self._watch.passed(spans))
        return found & every

    def _noting(self, clocks: Clocks) -> Callable[[Surroundings], None]:
        """Return what notes when a device is due by time alone; at midnight all of them are."""
        start, end = clocks.first, clocks.now // DAY * DAY + DAY
        return lambda around: self._watch.note(around, start, end)

    def _forget(self, present: Set[str], ids: Set[str]) -> None:
        """Forget what is judged anew, and what is gone."""
        for device_id in self._watch.known - present:
            self._watch.drop(device_id)
        for device_id in ids | (self._tallies.keys() - present):
            self._tallies.pop(device_id, None)


class _Noting(Site):
    """A site that lets know of each device that is looked at."""

    note: Callable[[Surroundings], None]

    def arounds(self, ids: Iterable[str]) -> Iterator[Surroundings]:
        """Yield devices with their evidence, each after it was noted."""
        for around in super().arounds(ids):
            self.note(around)
            yield around
