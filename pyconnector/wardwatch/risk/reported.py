"""What the HTML report tells of risks: of each device, of the sites, and what it rests on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from wardwatch.decisions import deciding
from wardwatch.outputs.report.given import Appraisal, Given, Source
from wardwatch.risk import findings, recording, risks, worklist
from wardwatch.risk.ages import Ages
from wardwatch.risk.risks import Appraised
from wardwatch.risk.site import Site
from wardwatch.store import Store
from wardwatch_enrichment import hours
from wardwatch_enrichment.facts import Covered, Facts
from wardwatch_enrichment.finding import SETTLED
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import Standing
from wardwatch_enrichment.surroundings import Surroundings

TASKS = 60  # of the work list, and as many that would tell more
_MEASURED = 6  # the worst findings of a device, whose measures are told


def given(
    store: Store, devices: Iterable[Device], now: float, decided: Policy, zone: tzinfo = UTC
) -> Given:
    """Return what is told of devices, which are all of their sites; `zone` is of their clocks."""
    known: defaultdict[str, list[Device]] = defaultdict(list)
    for device in devices:
        known[device.site].append(device)
    told = _Told(store, now, decided, zone)
    for name in sorted(known):
        told.take(name, known[name])
    plan = worklist.of_sites(store, sorted(known), now, decided, TASKS)
    return Given(
        appraised=told.appraised,
        factors=told.weights,
        measures=told.measures,
        standings=told.standings,
        hours=told.hours,
        unwatched=told.unwatched,
        plan=told.plan,
        outside=told.outside,
        tasks=(*plan.tasks, *plan.tells),
        sources=[Source(feed.name, feed.newest, feed.taken) for feed in store.feeds()],
        old=[str(one) for one in Ages(store, now).every],
        figures=decided.figures,
        own=[one.name for one in decided.changed()],
    )


class _Told:
    """What is told so far, of devices and findings by their ids."""

    def __init__(self, store: Store, now: float, decided: Policy, zone: tzinfo) -> None:
        self._store, self._now, self._decided, self._zone = store, now, decided, zone
        self.appraised: dict[str, Appraisal] = {}
        self.weights: dict[str, Factors] = {}
        self.measures: dict[str, Sequence[Mitigation]] = {}
        self.standings: dict[str, Standing] = {}
        self.hours: dict[str, str] = {}
        self.unwatched: set[str] = set()
        self.plan: list[Covered] = []
        self.outside: Counter[str] = Counter()

    def take(self, name: str, devices: Sequence[Device]) -> None:
        """Take what is told of a site and its devices."""
        found: list[Rated] = []
        for one in risks.of_site(self._store, name, self._now, self._decided):
            self._rated(one)
            found += one.rated
        self.standings |= deciding.standings(self._store, name, self._now, found)
        place = Site(self._store, name, self._now)
        weigh = risks.weigher(place)
        for around in place.arounds(d.id for d in devices if d.id not in self.appraised):
            self.weights[around.device.id] = weigh(around).factors
            self._around(around)
        plan, outside = Facts(self._store.facts(name)).coverage(devices)
        self.plan += plan
        self.outside.update(outside if plan else {})

    def _rated(self, one: Appraised) -> None:
        """Take a device with findings; its surroundings are not kept."""
        (_, rated), *_ = recording.dated(
            self._store, [(one.device, one.rated)], self._now, self._decided
        )
        open_ = [r for r in rated if r.finding.affected not in SETTLED][:_MEASURED]
        self.appraised[one.device.id] = Appraisal(rated, one.whole)
        self.weights[one.device.id] = rated[0].case.factors
        self.measures |= findings.measures(self._store, one.around, open_)
        self._around(one.around)

    def _around(self, around: Surroundings) -> None:
        key, seen = around.device.id, hours.hours(around, self._zone)
        if not around.is_covered:
            self.unwatched.add(key)
        if seen:
            self.hours[key] = hours.sentence(seen)
