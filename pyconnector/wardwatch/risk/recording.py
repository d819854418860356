"""What is found of a site, kept over time: new states of findings, what moved them, what closed.

All of a run is one transaction. The same store at the same time writes nothing a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from wardwatch.risk import provenance, risks
from wardwatch.risk.risks import Appraised, Found
from wardwatch.store import Store
from wardwatch.store.history import Assessed
from wardwatch_enrichment.finding import POSTURE, SETTLED
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import dates, moves, scoring
from wardwatch_enrichment.risk.case import Clock, Label
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import DECIDING, URGENCY, Rated
from wardwatch_enrichment.risk.records import Quoted, State
from wardwatch_enrichment.surroundings import LIFE

_PROOFS = 8  # that are kept of a finding, the deciding ones first
_SENTENCE, _LINE = 400, 2048  # characters of each


class RecordingError(Exception):
    """A run cannot be kept; the message says why, and what to do."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """What a run came to: open findings by label, and how many are new, closed or moved."""

    site: str
    labels: Counter[Label] = field(default_factory=Counter)
    new: int = 0
    closed: int = 0
    moved: int = 0
    uncovered: int = 0

    def __str__(self) -> str:
        """Return a line for a person."""
        known = ", ".join(f"{self.labels[one]} {one}" for one in URGENCY if self.labels[one])
        told = f"{self.labels.total()} findings{f', {known}' if known else ''}"
        return f"Site {self.site}: {told}; {self.new} new, {self.moved} moved, {self.closed} closed"


def record(store: Store, site: str, now: float, decided: Policy) -> Recorded:
    """Work out all findings of a site and keep what changed; raises `RecordingError`."""
    with store.transaction():
        last = store.last_run(site)
        if last and now < last.at:
            raise RecordingError(
                f"site {site}: was recorded until {_moment(last.at)}, which is later than now; "
                "nothing was recorded; check the clock"
            )
        return _Run(store, site, now, decided, last).record()


def dated(store: Store, found: Iterable[Found], now: float, decided: Policy) -> list[Found]:
    """Return findings with their dates; for what nobody has recorded yet they begin now."""
    told = []
    for device, rated in found:
        known = _before(store, device)
        told.append((device, tuple(_dated(one, known, now, decided) for one in rated)))
    return told


def _dated(rated: Rated, known: _Before, now: float, decided: Policy) -> Rated:
    return replace(rated, clock=_clock(rated, known.of(rated), now, decided))


def _clock(rated: Rated, before: State | None, now: float, decided: Policy) -> Clock | None:
    """Return the dates of a finding by its last state; None where it is settled."""
    if rated.finding.affected in SETTLED:
        return None
    risk, since = rated.risk, _began(before, rated, now)
    date = dates.due(since, risk.label, risk.due_days, decided.figures)
    return Clock(since=since[risk.label], due=date)


class _Before(NamedTuple):
    """The last states on a device by finding, and of the devices that became one with it."""

    own: Mapping[str, State]
    former: Mapping[str, State]

    def of(self, rated: Rated) -> State | None:
        """Return the last state of a finding."""
        finding = rated.finding
        return self.own.get(finding.id) or self.former.get(finding.vulnerability)


def _before(store: Store, device: Device) -> _Before:
    own: dict[str, State] = {}
    former: dict[str, State] = {}
    for state in store.last_states(device.site, {device.id, *device.former_ids}):
        if state.device_id == device.id:
            own[state.finding] = state
        elif state.began:  # the one that is due first
            known = former.get(state.vulnerability)
            first = min((s for s in (known, state) if s), key=lambda s: s.due or float("inf"))
            former[state.vulnerability] = first
    return _Before(own, former)


def _began(before: State | None, rated: Rated, now: float) -> dict[Label, float]:
    return dates.began(before.began if before else {}, rated.risk.label, now)


class _Run:
    """One run over a site, inside a transaction."""

    def __init__(
        self, store: Store, site: str, now: float, decided: Policy, last: Assessed | None
    ) -> None:
        self._store, self._site, self._now, self._decided = store, site, now, decided
        self._last = last
        self._taken = store.taken_since(last.at) if last else set()
        self._known = store.open_findings(site)
        self.done = Recorded(site=site)

    def record(self) -> Recorded:
        """Keep what changed, and return what the run came to."""
        number, changed = self._store.next_run(), 0
        for one in risks.of_site(self._store, self._site, self._now, self._decided):
            states = [replace(state, run=number) for state in self._states(one)]
            self._store.put_states(states)
            changed += len(states)
        gone = [replace(state, run=number) for state in self._gone()]
        self._store.put_states(gone)
        self._keep(number, changed + len(gone))
        return self.done

    def _keep(self, number: int, changed: int) -> None:
        """Keep the run itself; one without anything new once a day."""
        run = Assessed(
            number=number,
            site=self._site,
            at=self._now,
            model=str(self._decided.figures["model"]),
            policy=self._decided.digest(),
            figures=self._decided.own,
            versions=provenance.versions(self._store),
            devices=self._store.device_count(self._site),
            findings=self.done.labels.total(),
            labels={label: self.done.labels[label] for label in URGENCY},
            uncovered=self.done.uncovered,
        )
        last = self._last
        same = last is not None and replace(run, number=last.number, at=last.at) == last
        today = last is not None and int(last.at // dates.DAY) == int(self._now // dates.DAY)
        if changed or not (same and today):
            self._store.put_run(run)

    def _states(self, one: Appraised) -> Iterator[State]:
        """Yield the states of a device's findings that are other than before."""
        before = _before(self._store, one.device)
        open_ = [r for r in one.rated if r.finding.affected not in SETTLED]
        self.done.labels.update(rated.risk.label for rated in open_)
        self.done.uncovered += bool(open_) and not open_[0].case.covered
        for rated in one.rated:
            self._known.pop(rated.finding.id, None)
            own, known = before.own.get(rated.finding.id), before.of(rated)
            clock = _clock(rated, known, self._now, self._decided)
            if own is None and clock is not None:
                self.done.new += 1
                yield self._state(one, rated, known, self._came(one.device, rated, known))
            elif own is not None and _shown(own) != _seen(rated, clock):
                yield self._changed(own, one, rated)

    def _state(self, one: Appraised, rated: Rated, before: State | None, moved: str) -> State:
        finding, risk = rated.finding, rated.risk
        closed = _closed(rated) if finding.affected in SETTLED else None
        clock = _clock(rated, before, self._now, self._decided)
        return State(
            finding=finding.id,
            device_id=one.device.id,
            site=self._site,
            vulnerability=finding.vulnerability,
            title=finding.title,
            at=self._now,
            label=risk.label,
            score=risk.score,
            safety=risk.safety,
            effectiveness=risk.effectiveness,
            data=risk.data,
            affected=finding.affected,
            verdict=finding.verdict,
            zone=scoring.zone_of(rated.case),
            reason=rated.reason,
            moved=moved,
            due=clock.due if clock else None,
            closed=closed,
            evidence=tuple(_quoted(rated)),
            called=called(one.device),
            case=rated.case,
            began=_began(before, rated, self._now) if clock else {},
            software=one.device.software_versions,
            advisories=tuple(dict.fromkeys(match.advisory for match in finding.matches)),
        )

    def _changed(self, own: State, one: Appraised, rated: Rated) -> State:
        state = self._state(one, rated, own, "")
        self.done.closed += own.closed is None and state.closed is not None
        self.done.new += own.closed is not None and state.closed is None
        self.done.moved += own.closed is None and state.closed is None
        return replace(state, moved=moves.moved(own, state, rated, self._decided.figures))

    def _came(self, device: Device, rated: Rated, former: State | None) -> str:
        """Return why a finding is there for the first time."""
        if self._last is None:
            return "first record of this site"
        if former:
            return f"device {former.device_id} became one with this"
        if device.first_seen > self._last.at:
            return "new device"
        new = [m.advisory for m in rated.finding.matches if m.advisory in self._taken]
        if new:
            return f"new advisory: {new[0]}"
        return f"new evidence: {rated.evidence}" if rated.finding.is_posture else moves.ANEW

    def _gone(self) -> Iterator[State]:
        """Yield the states of what was open and that nothing tells of any more."""
        ids = sorted(set(self._known.values()))
        for device_id in ids:
            for state in self._store.last_states(self._site, [device_id], every=False):
                if state.finding in self._known:
                    why = self._why_gone(state)
                    self.done.closed += 1
                    yield replace(state, at=self._now, closed=why, moved=why, due=None, began={})

    def _why_gone(self, state: State) -> str:
        device = self._store.device(state.device_id)
        if device is None:
            return "the device is no longer in the inventory"
        if device.id != state.device_id:
            return f"the device became one with {device.id}"
        if not state.vulnerability.startswith(POSTURE):
            return "no advisory names this device any more"
        days = int(LIFE // dates.DAY)
        return f"nothing was seen of it in the last {days} days, or it no longer holds"


def called(device: Device) -> str:
    """Return what a person calls a device."""
    named = " ".join(filter(None, (device.manufacturer, device.model)))
    return named or device.hostname or next(iter(device.ips), "")


def _shown(state: State) -> tuple[object, ...]:
    """Return what a state is told apart by; all else is not worth a row."""
    if state.closed is not None:
        return ("closed",)
    score = round(state.score, 1)
    return (state.label, score, state.verdict, state.affected, state.zone, state.due)


def _seen(rated: Rated, clock: Clock | None) -> tuple[object, ...]:
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


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
