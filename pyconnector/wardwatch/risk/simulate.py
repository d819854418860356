"""What would become of the devices of a site if something were done. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from wardwatch.risk import findings, risks
from wardwatch.risk.site import Judged, Site
from wardwatch.store import Store
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.matching import Index
from wardwatch_enrichment.mitigation.measures import is_grave
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import simulation
from wardwatch_enrichment.risk.cutting import Cut, cut
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import DeviceRisk, Rater
from wardwatch_enrichment.risk.simulation import Effect, Engine
from wardwatch_enrichment.supposed import Supposed
from wardwatch_enrichment.surroundings import Surroundings


class Simulated(NamedTuple):
    """A device, what would become of its findings and of its own score, and of its flows.

    `grave`: people have to agree first, whatever is open on it.
    """

    around: Surroundings
    effects: tuple[Effect, ...]
    before: DeviceRisk
    after: DeviceRisk
    cut: Cut
    grave: bool

    @property
    def device(self) -> Device:
        """The device as it is."""
        return self.around.device


class Bench:
    """One site with all that is needed to judge its devices, as they are and as they might be."""

    def __init__(self, store: Store, site: str, now: float, decided: Policy) -> None:
        self.place = Site(store, site, now)
        self.rater: Rater = risks.rater(self.place, decided)
        self._weigh = risks.weigher(self.place)
        self._index: Index | None = None

    def engine(self, ids: Iterable[str]) -> Engine:
        """Return what judges some of the devices."""
        store, wanted = self.place.store, set(ids)
        known = findings.advisories(store, self.place.tokens(wanted))
        self._index = Index(known, self.place.fleet)
        assessment = Assessment(self._index, cache(store.statements))
        return Engine(advised=assessment.findings, rate=self.rater.rate)

    def cwes(self, finding: Finding) -> tuple[str, ...]:
        """Return the weakness classes that its advisory names."""
        about = self._index.about if self._index else {}
        for match in finding.matches[:1]:
            if known := about.get((match.publisher, match.advisory, match.vulnerability)):
                return known[1].cwes
        return ()

    def judged(self, ids: Iterable[str]) -> Iterator[Judged]:
        """Yield the devices for which an engine was made, also those with nothing open."""
        rest = set(ids)
        if self._index is not None:
            for one in self.place.judge(set(rest), self._index, with_posture=True):
                rest.discard(one.around.device.id)
                yield one
        yield from (Judged(around, ()) for around in self.place.arounds(rest))

    def simulated(self, ids: Iterable[str], what: Supposed) -> Iterator[Simulated]:
        """Yield what would become of some devices if something were done to all of them."""
        wanted = frozenset(ids)
        engine = self.engine(wanted)
        for around, found in self.judged(wanted):
            rated = self.rater.rate(around, found)
            made = simulation.effects(around, rated, what, engine)
            whole = self.rater.whole(simulation.after(made))
            grave = is_grave(around, self._weigh(around).factors)
            yield Simulated(around, made, self.rater.whole(rated), whole, cut(around, what), grave)
