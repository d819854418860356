"""A state of a finding, as it is kept: made of what the finding comes to, and compared by that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from wardwatch.risk.risks import Appraised
from wardwatch.store import Store
from wardwatch_enrichment.finding import SETTLED
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import dates, scoring
from wardwatch_enrichment.risk.case import Clock, Label
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import DECIDING, Rated
from wardwatch_enrichment.risk.records import Quoted, State

_PROOFS = 8  # that are kept of a finding, the deciding ones first
_SENTENCE, _LINE = 400, 2048  # characters of each


def clock(rated: Rated, before: State | None, now: float, decided: Policy) -> Clock | None:
    """Return the dates of a finding by its last state; None where it is settled."""
    if rated.finding.affected in SETTLED:
        return None
    risk, since = rated.risk, _began(before, rated, now)
    date = dates.due(since, risk.label, risk.due_days, decided.figures)
    return Clock(since=since[risk.label], due=date)


class Before(NamedTuple):
    """The last states on a device by finding, and of the devices that became one with it."""

    own: Mapping[str, State]
    former: Mapping[str, State]

    def of(self, rated: Rated) -> State | None:
        """Return the last state of a finding."""
        finding = rated.finding
        return self.own.get(finding.id) or self.former.get(finding.vulnerability)


def before(store: Store, device: Device) -> Before:
    """Return what is kept of a device's findings."""
    own: dict[str, State] = {}
    former: dict[str, State] = {}
    for state in store.last_states(device.site, {device.id, *device.former_ids}):
        if state.device_id == device.id:
            own[state.finding] = state
        elif state.began:  # the one that is due first
            known = former.get(state.vulnerability)
            first = min((s for s in (known, state) if s), key=lambda s: s.due or float("inf"))
            former[state.vulnerability] = first
    return Before(own, former)


def _began(before: State | None, rated: Rated, now: float) -> dict[Label, float]:
    return dates.began(before.began if before else {}, rated.risk.label, now)


def state(one: Appraised, rated: Rated, before: State | None, now: float, decided: Policy) -> State:
    """Return what a finding comes to now; what moved it is not told yet."""
    finding, risk = rated.finding, rated.risk
    dated = clock(rated, before, now, decided)
    return State(
        finding=finding.id,
        device_id=one.device.id,
        site=one.device.site,
        vulnerability=finding.vulnerability,
        title=finding.title,
        at=now,
        label=risk.label,
        score=risk.score,
        safety=risk.safety,
        effectiveness=risk.effectiveness,
        data=risk.data,
        affected=finding.affected,
        verdict=finding.verdict,
        zone=scoring.zone_of(rated.case),
        reason=rated.reason,
        moved="",
        due=dated.due if dated else None,
        closed=_closed(rated) if finding.affected in SETTLED else None,
        evidence=tuple(_quoted(rated)),
        called=called(one.device),
        case=rated.case,
        began=_began(before, rated, now) if dated else {},
        software=one.device.software_versions,
        advisories=tuple(dict.fromkeys(match.advisory for match in finding.matches)),
        wording=finding.wording,
    )


def called(device: Device) -> str:
    """Return what a person calls a device."""
    named = " ".join(filter(None, (device.manufacturer, device.model)))
    return named or device.hostname or next(iter(device.ips), "")


def shown(state: State) -> tuple[object, ...]:
    """Return what a state is told apart by; all else is not worth a row."""
    if state.closed is not None:
        return ("closed",)
    score = round(state.score, 1)
    return (state.label, score, state.verdict, state.affected, state.zone, state.due)


def seen(rated: Rated, clock: Clock | None) -> tuple[object, ...]:
    """Return the same of a finding as it is."""
    if clock is None:
        return ("closed",)
    finding, risk = rated.finding, rated.risk
    zone, score = scoring.zone_of(rated.case), round(risk.score, 1)
    return (risk.label, score, finding.verdict, finding.affected, zone, clock.due)


def _closed(rated: Rated) -> str:
    finding = rated.finding
    wording = finding.wording or finding.affected.replace("_", " ")
    return f"{wording}: {rated.evidence}"[:_SENTENCE]


def _quoted(rated: Rated) -> Iterator[Quoted]:
    """Yield what a finding rests on: the grounds of its answers, and its advisory."""
    answers = sorted(rated.finding.answers, key=lambda one: DECIDING.index(one.truth))
    grounds = [ground for answer in answers for ground in answer.grounds]
    for ground in grounds[:_PROOFS]:
        sentence, line = ground.sentence[:_SENTENCE], ground.line[:_LINE]
        yield Quoted(sentence=sentence, log=ground.log or ground.kind, line=line)
    for match in rated.finding.matches[:1]:
        place = f"{match.publisher} {match.advisory}"[:_LINE]
        yield Quoted(sentence=match.reason[:_SENTENCE], line=place)
