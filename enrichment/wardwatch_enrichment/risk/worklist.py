"""A plan of work: what removes the most risk for the least effort, over all devices.

Each step is the best of those that are left once the steps before it are done, so that what the
first few remove adds up. A gain is never guessed: the devices are judged again by the engine. As
no step can remove more than all that is left on its devices, few have to be worked out.
"""

from __future__ import annotations

import heapq
import shlex
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from wardwatch_enrichment.mitigation.flows import Flow
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import actions, cutting, simulation
from wardwatch_enrichment.risk.candidates import (
    Candidate,
    Known,
    candidates,
    every,
    texts,
)  # fmt: skip
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.cutting import Cut
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.rating import URGENCY, Rated
from wardwatch_enrichment.risk.simulation import Engine, Sums, is_open
from wardwatch_enrichment.risk.tasks import Task, earliest, unit
from wardwatch_enrichment.risk.tells import tells
from wardwatch_enrichment.supposed import Supposed

LIMIT = 10
_LEAST = 0.05  # what is less shows as 0.0


class WorkList(NamedTuple):
    """The tasks in their order, what would tell more, and the sums before and after all tasks.

    `accepted` are findings of accepted risk, which are in none of it.
    """

    tasks: tuple[Task, ...]
    tells: tuple[Task, ...]
    before: Sums
    after: Sums
    accepted: int = 0

    def beside(self, rest: Sums, accepted: int) -> WorkList:
        """Return it with sums of all: `rest` is on devices on which nothing is to be done."""
        before, after = self.before.plus(rest), self.after.plus(rest)
        return self._replace(before=before, after=after, accepted=accepted)


def tasks(known: Iterable[Known], engine: Engine, limit: int = LIMIT) -> tuple[Task, ...]:
    """Return what to do first, and behind it what would tell more."""
    made = worklist(known, engine, limit)
    return (*made.tasks, *made.tells)


def worklist(known: Iterable[Known], engine: Engine, limit: int = LIMIT) -> WorkList:
    """Return a plan of work of so many tasks, with what it comes to."""
    devices = list(known)
    before = simulation.sums(rated for _, rated in every(devices))
    plan = _Plan(devices, engine)
    made = tuple(plan.tasks(limit))
    after = simulation.sums(rated for found in plan.now.values() for rated in found)
    told = enumerate(tells(devices)[:limit], len(made) + 1)
    ranked = (replace(one, rank=rank) for rank, one in told)
    return WorkList(made, tuple(ranked), before, after)


class _Plan:
    """The devices as they are once some tasks are done.

    A heap keeps for each candidate the most that it can still remove for its effort.
    """

    def __init__(self, known: Sequence[Known], engine: Engine) -> None:
        self._engine = engine
        self._known = {one.around.device.id: one for one in known}
        self.now: dict[str, Sequence[Rated]] = {
            key: tuple(filter(is_open, one.rated)) for key, one in self._known.items()
        }
        self._done: defaultdict[str, Supposed] = defaultdict(Supposed)
        self._changed: Counter[str] = Counter()
        self._spared: dict[tuple[str, ...], list[str]] = {}
        self._all = {one.key: one for one in candidates(known)}

    def tasks(self, limit: int) -> Iterable[Task]:
        """Yield the best tasks, each counted on what those before it leave."""
        heap = [(-self._most(one), key, -1) for key, one in self._all.items()]
        heapq.heapify(heap)
        rank = 0
        while heap and rank < limit:
            _, key, stamp = heapq.heappop(heap)
            candidate = self._all[key]
            now = sum(self._changed[device] for device in candidate.devices)
            if stamp == now:
                rank += 1
                yield self._take(candidate, rank)
            elif (worth := self._worth(candidate)) is not None:
                heapq.heappush(heap, (-worth, key, now))

    def _most(self, candidate: Candidate) -> float:
        """Return what it could remove at most for its effort: all that is there."""
        scores = [sum(r.risk.score for r in self.now[device]) for device in candidate.devices]
        best = max(scores, default=0.0) if candidate.each else sum(scores)
        return best / max(candidate.effort, 1)

    def _worth(self, candidate: Candidate) -> float | None:
        """Return what it removes for its effort; None for nothing to speak of."""
        left = self._outcomes(candidate)
        gain = sum(_total(self.now[device]) - _total(found) for device, found in left.items())
        return gain / candidate.cost(len(left)) if gain >= _LEAST else None

    def _outcomes(self, candidate: Candidate) -> dict[str, list[Rated]]:
        """Return what is left on each device where it removes something."""
        found: dict[str, list[Rated]] = {}
        for device in self._allowed(candidate):
            left = self._then(device, candidate)
            if _total(left) < _total(self.now[device]):
                found[device] = left
        return found

    def _allowed(self, candidate: Candidate) -> list[str]:
        """Return the devices at which it cuts no alarm and no therapy, and holds."""
        if candidate.key not in self._spared:
            self._spared[candidate.key] = [
                device
                for device in candidate.devices
                if cutting.cut(self._known[device].around, candidate.what).forbidden
            ]
        spared = set(self._spared[candidate.key])
        return [
            device
            for device in candidate.devices
            if device not in spared and self._holds(candidate, device)
        ]

    def _holds(self, candidate: Candidate, device: str) -> bool:
        """Tell whether it keeps out who was seen: a rule at the border meets no neighbour."""
        if candidate.way != "block":
            return True
        return not cutting.cut(self._known[device].around, candidate.what).near

    def _then(self, device: str, candidate: Candidate) -> list[Rated]:
        """Return what is open on a device once this is done, too."""
        one = self._known[device]
        what = self._done[device] | candidate.what
        found = simulation.simulated(one.around, one.rated, what, self._engine)
        counted = {rated.finding.id for rated in one.rated}
        return [rated for rated in found if is_open(rated) and rated.finding.id in counted]

    def _take(self, candidate: Candidate, rank: int) -> Task:
        """Do it, and return the task."""
        step = _Step([], [], [])
        for device, left in self._outcomes(candidate).items():
            then = {rated.finding.id: rated for rated in left}
            touched = [r for r in self.now[device] if _moves(r, then.get(r.finding.id))]
            step.before.extend(touched)
            step.after.extend(then[r.finding.id] for r in touched if r.finding.id in then)
            step.devices.append(self._known[device].around.device)
            self.now[device] = tuple(left)
            self._done[device] |= candidate.what
            self._changed[device] += 1
        return self._task(candidate, rank, step)

    def _cut(self, candidate: Candidate, device: str) -> Cut:
        """Return what it does to flows: the service that it is about is not let through."""
        found = cutting.cut(self._known[device].around, candidate.what)
        if not candidate.what.zone:
            return found
        shut = self._done[device].blocked
        carried = [flow for flow in found.carried if not _is_at(flow, shut)]
        ended = [flow for flow in carried if _is_at(flow, candidate.ports)]
        left = tuple(flow for flow in carried if flow not in ended)
        return found._replace(ended=(*found.ended, *ended), carried=left)

    def _task(self, candidate: Candidate, rank: int, step: _Step) -> Task:
        cuts = [self._cut(candidate, device.id) for device in step.devices]
        ended = _merged(flow for one in cuts for flow in one.ended)
        grave = any(cutting.is_grave(rated.case.factors) for rated in step.before)
        spared = self._spared.get(candidate.key, ())
        return Task(
            rank=rank,
            way=candidate.way,
            action=_typed(candidate, step.devices[0]),
            text=texts(candidate, len(step.devices)),
            **candidate.where._asdict(),
            devices=tuple(map(unit, step.devices)),
            findings=tuple(rated.finding.id for rated in step.before),
            vulnerabilities=tuple(dict.fromkeys(r.finding.vulnerability for r in step.before)),
            removed=_total(step.before) - _total(step.after),
            effort=candidate.cost(len(step.devices)),
            lifted=_lifted(step.before, step.after),
            cut=ended,
            carried=_merged(flow for one in cuts for flow in one.carried),
            watched="" if ended else cutting.told(cuts),
            agree=cutting.AGREE if candidate.agree or grave else "",
            due_days=earliest(step.before),
            sources=tuple(candidate.sources),
            spared=tuple(unit(self._known[device].around.device) for device in spared),
        )


class _Step(NamedTuple):
    """What a task does: the findings that it touches, as they are and as they will be."""

    devices: list[Device]
    before: list[Rated]
    after: list[Rated]


def _is_at(flow: Flow, ports: Container[str]) -> bool:
    return flow.direction == "in" and flow.port in ports and flow.never is None


def _total(found: Iterable[Rated]) -> float:
    return sum(rated.risk.score for rated in found)


def _moves(before: Rated, after: Rated | None) -> bool:
    return after is None or before.risk != after.risk


def _lifted(before: Iterable[Rated], after: Iterable[Rated]) -> Mapping[Label, tuple[int, int]]:
    one = Counter(rated.risk.label for rated in before)
    other = Counter(rated.risk.label for rated in after)
    return {label: (one[label], other[label]) for label in URGENCY if one[label] != other[label]}


def _merged(found: Iterable[Flow]) -> tuple[Flow, ...]:
    """Return the flows of several devices, those with the same peer and port as one."""
    known: dict[tuple[str, str, str], Flow] = {}
    for flow in found:
        key = (flow.direction, flow.peer, flow.port)
        count = known[key].count if key in known else 0
        known[key] = replace(flow, count=flow.count + count)
    return tuple(sorted(known.values(), key=lambda one: (one.never is None, -one.count, one.peer)))


def _typed(candidate: Candidate, device: Device) -> str:
    """Return what `wardwatch simulate` takes to try it; empty where that cannot."""
    what = actions.words(candidate.what)
    try:
        actions.parsed(shlex.split(what))
    except actions.ActionError:
        return ""
    if candidate.what.configured:
        return ""
    ward, subnet = KEYS["ward"](device), KEYS["subnet"](device)
    group = {"site": device.site, "ward": ward, "subnet": None if ward else subnet}
    group["model"] = KEYS["model"](device)
    group["type"] = None if group["model"] else device.type
    group["device"] = None if device.model or device.type else device.id
    told = (f"--{key} {shlex.quote(text)}" for key, text in group.items() if text)
    return " ".join([what, *told])
