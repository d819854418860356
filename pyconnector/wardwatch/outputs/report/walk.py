"""The work list as people carry it through the wards: one page for each, the most urgent first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wardwatch_enrichment.risk.tasks import Task

WARDS, TASKS = 80, 30  # so much is printed; what is left out is said
FIRST = 5  # tasks whose sum is told


class Ward(NamedTuple):
    """A ward with its tasks in their order; `more` is how many are left out."""

    site: str
    name: str
    tasks: tuple[Task, ...]
    devices: int
    more: int


class Walk(NamedTuple):
    """All wards with something to do, how many are left out, and what the first tasks remove."""

    wards: tuple[Ward, ...]
    more: int
    first: tuple[float, ...]


def walk(tasks: Iterable[Task]) -> Walk:
    """Return the wards, that of the most urgent task first."""
    found: defaultdict[tuple[str, str], list[Task]] = defaultdict(list)
    ranked = sorted(tasks, key=lambda one: one.rank)
    for task in ranked:
        found[task.site, task.place].append(task)
    wards = [_ward(place, known) for place, known in found.items()]
    first = tuple(task.removed for task in ranked if task.removed)[:FIRST]
    return Walk(tuple(wards[:WARDS]), max(len(wards) - WARDS, 0), first)


def _ward(place: tuple[str, str], tasks: list[Task]) -> Ward:
    units = {unit.id for task in tasks for unit in task.devices}
    return Ward(*place, tuple(tasks[:TASKS]), len(units), max(len(tasks) - TASKS, 0))


def before_after(lifted: Mapping[str, tuple[int, int]]) -> str:
    """Say what becomes of the labels of a task's findings."""
    return ", ".join(f"{label} {a} \N{RIGHTWARDS ARROW} {b}" for label, (a, b) in lifted.items())
