"""How risk went over time: scores of groups day by day, what moved them, how long it took.

All from the states that were kept; a day without a change has no point.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import mean, median
from typing import Literal

from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.dates import DAY
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.rating import CANNOT_TELL, URGENCY
from wardwatch_enrichment.risk.records import State

NEEDS_ACTION: tuple[Label, ...] = ("Act", "Attend")
_Ended = Literal["mitigated", "otherwise", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A group after the changes of a day; `at` is the time of the last of them.

    `labels` counts what is open, `opened` and `closed` what came and went on that day, closed ones
    under the label that they had. `moved` counts what brought the changes about.
    """

    at: float
    score: float
    labels: Mapping[Label, int]
    opened: Mapping[Label, int]
    closed: Mapping[Label, int]
    moved: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long findings that needed action stayed so, in days, by the most urgent label they had.

    `mitigated` is of how many `mean` and `median` tell: fixed, not affected, or proven out of
    reach. `otherwise` counts those that ended without that, `open` those that still last.
    """

    label: Label
    mitigated: int
    mean: float | None
    median: float | None
    otherwise: int
    open: int


@dataclass(slots=True)
class _Day:
    """What changed in a group in one day."""

    opened: Counter[Label] = field(default_factory=Counter)
    closed: Counter[Label] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    devices: set[str] = field(default_factory=set)
    at: float = 0.0


class _Group:
    """The open findings of a group as they are after the states read so far."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._open: defaultdict[str, dict[str, State]] = defaultdict(dict)
        self._scores: dict[str, float] = {}
        self._labels: Counter[Label] = Counter()

    def take(self, state: State, day: _Day) -> None:
        """Lay a new state over the last one of its finding."""
        before = self._open[state.device_id].pop(state.finding, None)
        if before is not None:
            self._labels[before.label] -= 1
        if state.closed is None:
            self._open[state.device_id][state.finding] = state
            self._labels[state.label] += 1
            day.opened[state.label] += before is None
        elif before is not None:
            day.closed[before.label] += 1
        day.moved[state.moved] += 1
        day.devices.add(state.device_id)
        day.at = state.at

    def after(self, day: _Day) -> Point:
        """Return the group as it is after a day."""
        for device in day.devices:
            known = (state.score for state in self._open[device].values())
            self._scores[device] = scoring.fold(known, self._figures)
        return Point(
            at=day.at,
            score=scoring.fold(self._scores.values(), self._figures),
            labels=_counted(self._labels),
            opened=_counted(day.opened),
            closed=_counted(day.closed),
            moved=dict(sorted(day.moved.items(), key=lambda one: (-one[1], one[0]))),
        )


def points(
    states: Iterable[State],
    group: Callable[[State], str | None],
    figures: Figures | None = None,
) -> dict[str | None, list[Point]]:
    """Return how each group went, day by day (UTC); `states` are in the order in which they came.

    A group of one device has that device's score, a larger one its devices' together.
    """
    figures = model() if figures is None else figures
    known: dict[str | None, _Group] = {}
    found: defaultdict[str | None, list[Point]] = defaultdict(list)
    for _, of_day in groupby(states, key=lambda state: int(state.at // DAY)):
        days: dict[str | None, _Day] = {}
        for state in of_day:
            name = group(state)
            whole = known.setdefault(name, _Group(figures))
            whole.take(state, days.setdefault(name, _Day()))
        for name, day in days.items():
            found[name].append(known[name].after(day))
    return dict(found)


def times(states: Iterable[State]) -> list[Times]:
    """Return how long it took, by label; `states` are in the order in which they came."""
    by_finding: defaultdict[str, list[State]] = defaultdict(list)
    for state in states:
        by_finding[state.finding].append(state)
    took: defaultdict[Label, list[float]] = defaultdict(list)
    ended: Counter[tuple[Label, _Ended]] = Counter()
    for known in by_finding.values():
        for label, how, seconds in _periods(known):
            ended[label, how] += 1
            if how == "mitigated":
                took[label].append(seconds / DAY)
    return [
        Times(
            label=label,
            mitigated=len(took[label]),
            mean=mean(took[label]) if took[label] else None,
            median=median(took[label]) if took[label] else None,
            otherwise=ended[label, "otherwise"],
            open=ended[label, "open"],
        )
        for label in NEEDS_ACTION
    ]


def _periods(states: Iterable[State]) -> Iterator[tuple[Label, _Ended, float]]:
    """Yield each time that a finding needed action: its label, how that ended, how long it was.

    What cannot be told for a while goes on.
    """
    since: float | None = None
    worst: Label = NEEDS_ACTION[-1]
    for state in states:
        if state.closed is None and state.label in NEEDS_ACTION:
            if since is None:
                since, worst = state.began.get(state.label, state.at), state.label
            worst = min(worst, state.label, key=URGENCY.index)
        elif since is not None and (state.closed is not None or state.label != CANNOT_TELL):
            yield worst, "mitigated" if _is_mitigated(state) else "otherwise", state.at - since
            since = None
    if since is not None:
        yield worst, "open", 0.0


def _is_mitigated(state: State) -> bool:
    """Tell whether it is proven that nothing can come of it; that nobody names it is no proof."""
    if state.closed is not None:
        return state.affected in ("fixed", "not_affected")
    return state.label == "Track" and state.verdict == "not_exploitable"


def _counted(labels: Counter[Label]) -> dict[Label, int]:
    return {label: labels[label] for label in URGENCY if labels[label]}
