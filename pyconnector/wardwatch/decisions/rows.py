"""Decisions from a table: all of them, or none; what is there already is not added again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from wardwatch.decisions import deciding
from wardwatch.decisions.deciding import KINDS, DecisionError, Target, Wrong
from wardwatch.documents.device import iso_time
from wardwatch.outputs.decisions import COLUMNS, cells
from wardwatch.sources.decisions import DecisionFileError, Row
from wardwatch_enrichment.risk.records import Decision

_FILLED = ("owner", "status", "comment", "why", "until")
_SHOWN = 20  # mistakes that are printed
_TIMES: Mapping[str, Callable[[str], float]] = {"until": deciding.ending, "at": deciding.moment}


class Taken(NamedTuple):
    """What a table adds, how many of its rows are there already, and how many decide nothing."""

    made: list[Decision]
    known: int
    blank: int


class Told(NamedTuple):
    """Against what rows are checked: who reads them in and when, and for how long at most."""

    targets: Mapping[str, Target]
    who: str
    now: float
    longest: int


def take(rows: Iterable[Row], known: Iterable[Decision], told: Told) -> Taken:
    """Return what the rows of a table add; raises `DecisionFileError` with all that is wrong."""
    already, made, wrong = _Already(known), [], []
    seen = blank = 0
    for row in rows:
        if not any(row.cells.get(name) for name in ("kind", *_FILLED)):
            blank += 1
            continue
        try:
            asked = _cleaned(row, told)
            if asked in already:
                seen += 1
                continue
            one = _decision(asked, told)
        except _RowError as error:
            wrong += [f"{row.place}: {column}: {why}" for column, why in error.wrong]
        else:
            made.append(one)
            already.add(one, asked)
    if wrong:
        raise DecisionFileError(
            "\n".join(wrong[:_SHOWN]) + f"\n{len(wrong)} mistakes; nothing was taken"
        )
    return Taken(made, seen, blank)


class _RowError(Exception):
    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = list(wrong)


class _Asked(NamedTuple):
    """A row as it is compared: its texts, and its times as they are exported."""

    cells: Mapping[str, str]
    until: float | None
    at: float | None

    @property
    def says(self) -> tuple[str, ...]:
        return tuple(self.cells[name] for name in COLUMNS if name not in _REST)


_REST = ("device", "vulnerability", "at")


class _Already:
    """The decisions that there are. Without a time, a row is there if it was said last."""

    def __init__(self, known: Iterable[Decision]) -> None:
        self._exact: set[tuple[str, ...]] = set()
        self._last: dict[tuple[str, str], tuple[str, ...]] = {}
        self._notes: set[tuple[str, ...]] = set()
        for one in known:
            self._put(cells(one))

    def _put(self, told: Mapping[str, str]) -> None:
        says = _Asked(told, None, None).says
        self._exact.add((*says, told["at"]))
        self._last[told["finding"], told["kind"]] = says
        if told["kind"] == "note":
            self._notes.add(says)

    def add(self, one: Decision, asked: _Asked) -> None:
        """Count a decision of this table among those that there are."""
        self._put({**cells(one), "finding": asked.cells["finding"]})

    def __contains__(self, asked: _Asked) -> bool:
        if at := asked.cells["at"]:
            return (*asked.says, at) in self._exact
        last = self._last.get((asked.cells["finding"], asked.cells["kind"]))
        return asked.says == last or asked.says in self._notes


def _cleaned(row: Row, told: Told) -> _Asked:
    """Return the cells of a row in one spelling."""
    found, times, wrong = {}, {}, []
    for name in COLUMNS:
        try:
            found[name] = deciding.line(row.cells.get(name) or "")
            if name in _TIMES and found[name]:
                times[name] = _TIMES[name](found[name])
        except ValueError as error:
            wrong.append((name, str(error)))
    if wrong:
        raise _RowError(wrong)
    found["kind"] = found["kind"].casefold()
    if not found["who"] and found["kind"] != "accept":
        found["who"] = told.who
    spelt = {name: iso_time(value) for name, value in times.items()}
    return _Asked({**found, **spelt}, times.get("until"), times.get("at"))


def _decision(asked: _Asked, told: Told) -> Decision:
    """Return what a row decides; raises `_RowError`."""
    given = asked.cells
    kind = next((one for one in KINDS if one == given["kind"]), None)
    if kind is None:
        raise _RowError([("kind", f"{given['kind']!r} is none of {', '.join(KINDS)}")])
    try:
        about = deciding.target(told.targets, given["finding"])
    except DecisionError as error:
        raise _RowError([("finding", f"{given['finding'] or 'empty'}: {error}")]) from None
    one = deciding.decision(
        about,
        kind,
        who=given["who"],
        at=told.now if asked.at is None else asked.at,
        why=given["why"],
        owner=given["owner"],
        status=given["status"],
        comment=given["comment"],
        until=asked.until,
    )
    wrong = [*_others(given, about), *deciding.objections(one, about, told.now, told.longest)]
    if wrong:
        raise _RowError(wrong)
    return one


def _others(given: Mapping[str, str], about: Target) -> Iterator[Wrong]:
    """Yield what a row says of its finding that is of another one: its cells were moved."""
    if given["device"] not in ("", about.device.id, *about.device.former_ids):
        yield "device", f"the finding is of {about.device.id}, not of {given['device']}"
    finding = about.rated.finding
    if given["vulnerability"] not in ("", finding.vulnerability):
        yield (
            "vulnerability",
            f"the finding is of {finding.vulnerability}, not of {given['vulnerability']}",
        )
