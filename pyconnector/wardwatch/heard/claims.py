"""From rows to claims, fast: what is said again only moves a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import msgspec

from wardwatch.parsers import Parser, Part, Statement, View
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block, Lines
from wardwatch_enrichment.model import Claim, Observation

PARTS_PER_BATCH = 200_000  # distinct parts kept in memory before a batch is due
MUTE_REMEMBERED = 100_000  # most are addresses on the internet that a site talks to
LINE_BYTES = 4_096  # how much of a log line is kept as evidence
VALUE_CHARACTERS = 256
_LATEST = 4_102_444_800.0  # the year 2100: a later time is a damaged one
_MILLISECONDS = 1e11  # Zeek can write times so; as seconds this were the year 5138

_by_time = attrgetter("ts")


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
        rows = rows_in_order(block.rows, wrong)
        lines = WayBack(block)
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
            ear.clear()

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
    """One view of the rows: `heard` maps a part to what it states.

    A part that states nothing that is wanted maps to why: an empty text where its host is not the
    site's own, else what is wrong with it.
    """

    def __init__(self, view: View, scope: Scope | None) -> None:
        self._view, self._scope = view, scope
        self.heard: dict[Part, _Heard | str] = {}

    def clear(self) -> None:
        """Forget what was handed over; of what states nothing, as little as memory asks for."""
        mute: dict[Part, _Heard | str] = {
            part: why for part, why in self.heard.items() if isinstance(why, str)
        }
        self.heard = mute if len(mute) < MUTE_REMEMBERED else {}

    def listen(self, rows: list[Any], lines: WayBack) -> dict[int, str]:
        """Take in rows in order of time; returns why rows are wrong, by their `id()`."""
        if not rows:
            return {}
        latest = self._view.parts(rows)
        news = self._move_times(latest, rows[0].ts)
        if not news:
            return {}
        rows = rows[::-1]
        earliest = self._view.parts(rows)
        for part in news:
            self._hear(part, earliest[part], latest[part].ts, lines)
        wrong = {part: why for part in news if isinstance(why := self.heard[part], str)}
        # Which rows have a part is for the view to tell: it is asked for one row at a time.
        return {
            id(row): wrong[part]
            for row in (rows if wrong else ())
            for part in self._view.parts([row])
            if part in wrong
        }

    def _move_times(self, latest: dict[Part, Any], block_start: float) -> list[Part]:
        """Note when known parts were last said; returns the parts that need more than that."""
        news = []
        heard = self.heard
        for part, row in latest.items():
            known = heard.get(part)
            if known is None:
                if self._is_ours(row):
                    news.append(part)
                else:
                    heard[part] = ""
            elif type(known) is _Heard:
                if row.ts > known.last:  # noqa: PLR1730  max() costs a call for each of a million
                    known.last = row.ts
                if block_start < known.first:
                    news.append(part)
            elif known:
                news.append(part)
        return news

    def _is_ours(self, row: Any) -> bool:
        try:
            return self._scope is None or self._scope.covers(self._view.host(row))
        except ValueError:
            return True  # so that what it states is looked at, and found wrong

    def _hear(self, part: Part, first: Any, last: float, lines: WayBack) -> None:
        known = self.heard.get(part)
        if isinstance(known, _Heard):
            if first.ts < known.first:
                known.first, known.line, known.uid = first.ts, lines.text(first), first.uid
        elif known is None:
            try:
                states = list(self._view.states(part))
            except ValueError as error:
                self.heard[part] = str(error)
            else:
                line = lines.text(first) if states else b""
                self.heard[part] = _Heard(states, first.ts, last, line, first.uid)


class WayBack:
    """The way from a row back to its line, made only where something asks for it."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._lines: Lines | None = None
        self._at: dict[int, int] = {}

    def _find(self, row_id: int) -> tuple[int, bytes]:
        if self._lines is None:
            self._lines = self._block.lines()
            self._at = {id(row): at for at, row in enumerate(self._block.rows)}
        return self._lines[self._at[row_id]]

    def text(self, row: Any) -> bytes:
        """The line of a row."""
        return self._find(id(row))[1]

    def number(self, row_id: int) -> int:
        """The number of the line of a row, given by its `id()`."""
        return self._find(row_id)[0]


def lines_of(block: Block, wrong: dict[int, str]) -> list[tuple[int, str]]:
    """Return line number and reason of the rows that are wrong, given by their `id()`."""
    lines = WayBack(block)
    return [(lines.number(row_id), reason) for row_id, reason in wrong.items()]


def rows_in_order(rows: list[Any], wrong: dict[int, str]) -> list[Any]:
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
            row.ts = seconds(row.ts)
        except ValueError as error:
            wrong[id(row)] = str(error)
        else:
            good.append(row)
    return sorted(good, key=_by_time)


def seconds(ts: float | str) -> float:
    """Turn any of Zeek's times (seconds, milliseconds, ISO 8601) into seconds."""
    if isinstance(ts, str):
        moment = msgspec.convert(ts, datetime)
        ts = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    elif ts > _MILLISECONDS:
        ts /= 1000
    if not 0.0 < ts < _LATEST:
        raise ValueError(f"ts is no time: {ts}")
    return ts


def _bounded(text: str) -> str:
    return text if len(text) <= VALUE_CHARACTERS else text[:VALUE_CHARACTERS]
