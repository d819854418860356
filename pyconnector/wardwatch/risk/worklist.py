"""The plan of work over one or all sites. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wardwatch.decisions import deciding
from wardwatch.risk import findings
from wardwatch.risk.simulate import Bench
from wardwatch.store import Store
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.mitigation import words
from wardwatch_enrichment.mitigation.flows import flows
from wardwatch_enrichment.mitigation.measures import Mitigation, mitigations
from wardwatch_enrichment.risk.candidates import DEVICES, Known, is_above
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.simulation import Engine, Sums, is_open, sums
from wardwatch_enrichment.risk.worklist import LIMIT, WorkList, worklist
from wardwatch_enrichment.surroundings import Surroundings

_Memo = dict[tuple[object, ...], tuple[Mitigation, ...]]


def of_sites(
    store: Store, sites: Iterable[str], now: float, decided: Policy, limit: int = LIMIT
) -> WorkList:
    """Return what to do first at some sites."""
    engines: dict[str, Engine] = {}
    known: list[Known] = []
    aside = _Aside()
    for site in sites:
        bench = Bench(store, site, now, decided)
        ids = {device.id for device in bench.place.slight}
        engines[site] = bench.engine(ids)
        known += _known(bench, ids, aside)

    def advised(around: Surroundings) -> Iterable[Finding]:
        return engines[around.device.site].advised(around)

    def rate(around: Surroundings, found: Iterable[Finding]) -> Sequence[Rated]:
        return engines[around.device.site].rate(around, found)

    made = worklist(known, Engine(advised=advised, rate=rate), limit)
    return made.beside(aside.rest, aside.accepted)


@dataclass(slots=True)
class _Aside:
    """What is no work: on devices where nothing is to be done, and what is accepted."""

    rest: Sums = field(default_factory=Sums)
    accepted: int = 0


def _known(bench: Bench, ids: Iterable[str], aside: _Aside) -> Iterator[Known]:
    """Yield the devices on which something is to be done; what is accepted does not count."""
    memo, decided = _Memo(), deciding.by_finding(bench.place.store, bench.place.name)
    for around, found in bench.judged(ids):
        rated = tuple(bench.rater.rate(around, found))
        if decided:
            now, every = bench.place.now, rated
            rated = tuple(r for r in every if not deciding.standing_of(r, decided, now).accepted)
            aside.accepted += sum(is_open(r) for r in every) - sum(is_open(r) for r in rated)
        if any(map(is_above, rated)):
            yield Known(around, rated, _measures(bench, around, rated, memo))
        else:
            aside.rest = aside.rest.plus(sums(rated))


def _measures(
    bench: Bench, around: Surroundings, rated: Iterable[Rated], memo: _Memo
) -> Mapping[str, Sequence[Mitigation]]:
    """Return what can be done about findings, worded for all devices of the same kind.

    It depends on the device by what it offers and to whom, which many share.
    """
    device, found = around.device, {}
    offers = frozenset((f.direction, f.port, f.services, f.never) for f in flows(around))
    told = tuple(fact.line for fact in around.handling if fact.kind == "patch")
    for one in filter(is_above, rated):
        about, factors = one.finding, one.case.factors
        kind = (device.manufacturer, device.model, device.type, device.device_class, offers, told)
        key = (*kind, factors, about.vulnerability, about.affected)
        if key not in memo:
            entry, cwes = findings.entry_of(about), bench.cwes(about)
            made = mitigations(about, around, entry, cwes=cwes, factors=factors)
            memo[key] = tuple(_general(measure, words.named(device)) for measure in made)
        found[about.id] = memo[key]
    return found


def _general(measure: Mitigation, name: str) -> Mitigation:
    """Return a measure without what is of this device alone."""
    return replace(measure, do=measure.do.replace(name, DEVICES), text="", allow=(), cut=())
