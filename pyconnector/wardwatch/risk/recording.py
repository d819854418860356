"""What is found of a site, kept over time: new states of findings, what moved them, what closed.

The findings are worked out outside of transactions, and kept a few devices at a time, so that
nobody waits long for the database. A kill in between loses nothing: what was not kept differs
from what is there the next time, too. The same store at the same time writes nothing a second
time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from wardwatch.risk import provenance, risks, states
from wardwatch.risk.risks import Appraised, Found
from wardwatch.store import Store
from wardwatch.store.history import Assessed
from wardwatch_enrichment.finding import POSTURE, SETTLED
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import dates, moves
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import URGENCY, Rated
from wardwatch_enrichment.risk.records import State
from wardwatch_enrichment.surroundings import LIFE

AT_ONCE = 50  # devices whose findings are kept in one transaction


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


class Tally(NamedTuple):
    """What is open on a device: how many by urgency, and whether no sensor sees it."""

    counts: tuple[int, ...]
    uncovered: bool


def record(store: Store, site: str, now: float, decided: Policy) -> Recorded:
    """Work out all findings of a site and keep what changed; raises `RecordingError`."""
    run = Recording(store, site, now, decided, {})
    for _ in run.keep(risks.of_site(store, site, now, decided)):
        pass
    run.close(lambda _: True)
    return run.finish()


def dated(store: Store, found: Iterable[Found], now: float, decided: Policy) -> list[Found]:
    """Return findings with their dates; for what nobody has recorded yet they begin now."""
    told = []
    for device, rated in found:
        known = states.before(store, device)
        told.append((device, tuple(_dated(one, known, now, decided) for one in rated)))
    return told


def _dated(rated: Rated, known: states.Before, now: float, decided: Policy) -> Rated:
    return replace(rated, clock=states.clock(rated, known.of(rated), now, decided))


class Recording:
    """One run over a site, or over some of its devices; `tallies` are of all, by their ids."""

    def __init__(
        self,
        store: Store,
        site: str,
        now: float,
        decided: Policy,
        tallies: MutableMapping[str, Tally],
    ) -> None:
        self._store, self._site, self._now, self._decided = store, site, now, decided
        self._tallies = tallies
        self._last = last = store.last_run(site)
        # Where it is more, the clock was ahead then: to wait for that would keep old verdicts.
        if last and last.at - dates.DAY <= now < last.at:
            raise RecordingError(
                f"site {site}: was recorded until {_moment(last.at)}, which is later than now; "
                "nothing was recorded; check the clock"
            )
        self._taken = store.taken_since(last.at) if last else set()
        self._known = store.open_findings(site)
        self._number: int | None = None
        self._changed = 0
        self.done = Recorded(site=site)

    def keep(self, found: Iterable[Appraised]) -> Iterator[int]:
        """Keep what changed, a part at a time; yields how many devices were in each."""
        rest = iter(found)
        while some := list(islice(rest, AT_ONCE)):
            with self._store.transaction():
                self._put(state for one in some for state in self._states(one))
            yield len(some)

    def close(self, is_due: Callable[[str], bool]) -> None:
        """Close what was open on devices that were due, and that nothing tells of any more."""
        ids = sorted({device_id for device_id in self._known.values() if is_due(device_id)})
        for at in range(0, len(ids), AT_ONCE):
            with self._store.transaction():
                self._put(self._gone(ids[at : at + AT_ONCE]))

    def finish(self) -> Recorded:
        """Keep the run itself; one without anything new once a day."""
        for tally in self._tallies.values():
            self.done.labels.update(dict(zip(URGENCY, tally.counts, strict=True)))
            self.done.uncovered += tally.uncovered
        with self._store.transaction():
            self._keep_run()
        return self.done

    def _put(self, found: Iterable[State]) -> None:
        new = [replace(state, run=self._run_number()) for state in found]
        self._store.put_states(new)
        self._changed += len(new)

    def _run_number(self) -> int:
        if self._number is None:
            self._number = self._store.next_run()
        return self._number

    def _keep_run(self) -> None:
        run = Assessed(
            number=self._run_number(),
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
        if self._changed or not (same and today):
            self._store.put_run(run)

    def _states(self, one: Appraised) -> Iterator[State]:
        """Yield the states of a device's findings that are other than before."""
        before = states.before(self._store, one.device)
        open_ = [r for r in one.rated if r.finding.affected not in SETTLED]
        counts = Counter(rated.risk.label for rated in open_)
        uncovered = bool(open_) and not open_[0].case.covered
        self._tallies[one.device.id] = Tally(tuple(counts[label] for label in URGENCY), uncovered)
        for rated in one.rated:
            self._known.pop(rated.finding.id, None)
            own, known = before.own.get(rated.finding.id), before.of(rated)
            clock = states.clock(rated, known, self._now, self._decided)
            if own is None and clock is not None:
                self.done.new += 1
                state = states.state(one, rated, known, self._now, self._decided)
                yield replace(state, moved=self._came(one.device, rated, known))
            elif own is not None and states.shown(own) != states.seen(rated, clock):
                yield self._moved(own, one, rated)

    def _moved(self, own: State, one: Appraised, rated: Rated) -> State:
        state = states.state(one, rated, own, self._now, self._decided)
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

    def _gone(self, ids: Iterable[str]) -> Iterator[State]:
        """Yield the states of what was open and that nothing tells of any more."""
        for state in list(self._store.last_states(self._site, ids, every=False)):
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


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
