"""From rows to claims, fast: what is said again only moves a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Parser, Statement, View
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch_enrichment.model import Claim, Observation

PARTS_PER_BATCH = 50_000  # distinct parts kept in memory before a batch is due
LINE_BYTES = 4_096  # how much of a log line is kept as evidence
VALUE_CHARACTERS = 256
_LATEST = 4_102_444_800.0  # the year 2100: a later time is a damaged one
_MILLISECONDS = 1e11  # Zeek can write times so; as seconds this were the year 5138
_IRRELEVANT = "irrelevant"

_by_time = attrgetter("ts")

Part = tuple[Any, ...]


@dataclass(slots=True)
class _Heard:
    """What one distinct part states, when it was first and last said, and its first line."""

    states: list[Statement]
    first: float
    last: float
    line: bytes
    uid: str | None


class Hearing:
    """The distinct parts of one log's rows since the last batch."""

    def __init__(self, parser: Parser, *, site: str, sensor: str, scope: Scope) -> None:
        self._parser, self._site, self._sensor = parser, site, sensor
        self._ears = [_Ear(view, scope if parser.SCOPED else None) for view in parser.VIEWS]

    @property
    def is_full(self) -> bool:
        """Whether a batch is due."""
        return sum(len(ear.heard) for ear in self._ears) > PARTS_PER_BATCH

    def listen(self, block: Block) -> list[tuple[int, str]]:
        """Take in a block; returns the rows that were wrong as (line number, reason)."""
        wrong: dict[int, str] = {}
        rows = _in_order(block.rows, wrong)
        lines = _Lines(block)
        for ear in self._ears:
            wrong |= ear.listen(rows, lines)
        return [(lines.number(row_id), reason) for row_id, reason in wrong.items()]

    def claims(self) -> Iterator[Claim]:
        """Hand over what was heard since the last batch."""
        for ear in self._ears:
            for known in ear.heard.values():
                if isinstance(known, _Heard):
                    for said in known.states:
                        yield Claim(first=self._observation(said, known), last_seen=known.last)
            ear.heard.clear()

    def _observation(self, said: Statement, known: _Heard) -> Observation:
        return Observation(
            ts=known.first,
            site=self._site,
            sensor=self._sensor,
            log=self._parser.LOG,
            uid=known.uid,
            host=said.host,
            mac=said.mac,
            vlan=said.vlan,
            subject=_bounded(said.subject) if said.subject else None,
            field=_bounded(said.field),
            value=_bounded(said.value),
            line=known.line[:LINE_BYTES].decode(errors="backslashreplace"),
        )


class _Ear:
    """One view of the rows. `heard` maps a part to what it states, or to why it states nothing."""

    def __init__(self, view: View, scope: Scope | None) -> None:
        self._view, self._scope = view, scope
        self.heard: dict[Part, _Heard | str] = {}

    def listen(self, rows: list[Any], lines: _Lines) -> dict[int, str]:
        """Take in rows in order of time; returns why rows are wrong, by their `id()`."""
        part_of = self._view.part
        if self._view.wanted:
            rows = list(filter(self._view.wanted, rows))
        # In order of time, so that of equal parts the last row stays, and reversed the first.
        latest = dict(zip(map(part_of, rows), rows, strict=True))
        earliest: dict[Part, Any] = {}
        bad: dict[Part, str] = {}
        for part, row in latest.items():
            known = self.heard.get(part)
            if type(known) is _Heard:
                known.last = max(known.last, row.ts)
                if rows[0].ts >= known.first:
                    continue
            elif known is _IRRELEVANT:
                continue
            if not earliest:
                earliest = dict(zip(map(part_of, reversed(rows)), reversed(rows), strict=True))
            now = self._hear(part, earliest[part], row.ts, lines)
            if isinstance(now, str) and now is not _IRRELEVANT:
                bad[part] = now
        if not bad:
            return {}
        return {id(row): bad[part] for row in rows if (part := part_of(row)) in bad}

    def _hear(self, part: Part, first: Any, last: float, lines: _Lines) -> _Heard | str:
        known = self.heard.get(part)
        if isinstance(known, str):
            return known
        if known:
            if first.ts < known.first:
                known.first, known.line, known.uid = first.ts, lines.text(first), first.uid
            return known
        try:
            states = [said for said in self._view.states(part) if self._is_ours(said)]
        except ValueError as error:
            self.heard[part] = str(error)
        else:
            self.heard[part] = (
                _Heard(states, first.ts, last, lines.text(first), first.uid)
                if states
                else _IRRELEVANT
            )
        return self.heard[part]

    def _is_ours(self, said: Statement) -> bool:
        return self._scope is None or self._scope.covers(said.host)


class _Lines:
    """The way from a row back to its line, made only where something asks for it."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._lines: list[tuple[int, bytes]] | None = None
        self._at: dict[int, int] = {}

    def _find(self, row_id: int) -> tuple[int, bytes]:
        if self._lines is None:
            self._lines = self._block.lines()
            self._at = {id(row): at for at, row in enumerate(self._block.rows)}
        return self._lines[self._at[row_id]]

    def text(self, row: Any) -> bytes:
        return self._find(id(row))[1]

    def number(self, row_id: int) -> int:
        return self._find(row_id)[0]


def _in_order(rows: list[Any], wrong: dict[int, str]) -> list[Any]:
    """Return the rows by time, the times as seconds; those without a time go into `wrong`."""
    try:
        ordered = sorted(rows, key=_by_time)
        if not ordered or (ordered[0].ts > 0.0 and ordered[-1].ts < _LATEST):
            return ordered
    except TypeError:  # some times are text
        pass
    good = []
    for row in rows:
        try:
            row.ts = _seconds(row.ts)
        except ValueError as error:
            wrong[id(row)] = str(error)
        else:
            good.append(row)
    return sorted(good, key=_by_time)


def _seconds(ts: float | str) -> float:
    """Turn any of Zeek's times (seconds, milliseconds, ISO 8601) into seconds."""
    if isinstance(ts, str):
        ts = msgspec.convert(ts, datetime).timestamp()
    elif ts > _MILLISECONDS:
        ts /= 1000
    if not 0.0 < ts < _LATEST:
        raise ValueError(f"ts is no time: {ts}")
    return ts


def _bounded(text: str) -> str:
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS]
