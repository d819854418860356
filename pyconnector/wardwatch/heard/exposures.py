"""From rows to what they show of how hosts are exposed, fast: what is shown again adds a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol, cast

from wardwatch.heard.claims import LINE_BYTES, WayBack, rows_in_order, seconds
from wardwatch.parsers import Exposed, Interval, Parser, Part, Shown, address
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch.store.exposure import DAY, About, Gathered, Spanned
from wardwatch_enrichment.finding import SENSOR

PARTS_PER_BATCH = 100_000  # most are addresses on the internet that a site talks to
TIMES_PER_BATCH = 500_000
MOST = 1 << 53  # a sensor counts no more; sums of it fit into the database
PORTS = range(1 << 16)

_COLUMNS = len(About._fields) - 1  # that a row is about, before what it says


class Showing(Protocol):
    """What a parser of a log has beyond others, if its rows show how hosts are exposed."""

    def exposed(self, rows: list[Any], /) -> Iterator[Exposed]: ...

    def exposures(self, part: Part, /) -> Iterator[Shown]: ...


@dataclass(slots=True)
class _Heard:
    """When rows with one part were, who was at the other end, and what both go into.

    A part that shows nothing that is wanted goes into nothing; `wrong` says what is wrong with it.
    """

    into: list[tuple[Gathered, bool]] = field(default_factory=list)  # and whether it has peers
    times: list[float] = field(default_factory=list)
    peers: set[str | None] = field(default_factory=lambda: {None})
    wrong: str = ""


_MUTE = _Heard()


class Exposures:
    """What one log's rows since the last batch show of the site's own hosts and of the sensor."""

    def __init__(self, parser: Parser, scope: Scope) -> None:
        self._showing = cast("Showing", parser)
        self._scope = scope if parser.SCOPED else None
        self._heard: defaultdict[int, dict[Part, _Heard]] = defaultdict(dict)
        self._found: dict[About, Gathered] = {}
        self._parts = self._times = 0

    @property
    def is_full(self) -> bool:
        """Whether a batch is due."""
        return self._parts > PARTS_PER_BATCH or self._times > TIMES_PER_BATCH

    def listen(self, block: Block) -> list[tuple[int, str]]:
        """Take in a block; returns the rows that were wrong as (line number, reason)."""
        wrong: dict[int, str] = {}
        rows = rows_in_order(block.rows, wrong)
        lines = WayBack(block)
        for day, of_day in _by_day(rows):
            self._listen(day, of_day, lines, wrong)
        self._times += len(rows)
        return [(lines.number(row_id), reason) for row_id, reason in wrong.items()]

    def take(self) -> dict[About, Gathered]:
        """Hand over what was gathered since the last batch."""
        for heard in self._heard.values():
            for known in heard.values():
                peers = {address(peer) for peer in known.peers if peer} if known.into else ()
                for gathered, has_peers in known.into:
                    gathered.times.append(known.times)
                    if has_peers:
                        gathered.peers.update(peers)
        found = self._found
        self._found = {}
        self._heard.clear()
        self._parts = self._times = 0
        return found

    def _listen(self, day: int, rows: list[Any], lines: WayBack, wrong: dict[int, str]) -> None:
        heard = self._heard[day]
        for part, peer, row in self._showing.exposed(rows):
            known = heard.get(part)
            if known is None:
                known = heard[part] = self._hear(part, row, lines)
                self._parts += 1
            if not known.into:
                if known.wrong:
                    wrong[id(row)] = known.wrong
            elif peer in known.peers or self._is_peer(peer, known, row, wrong):
                times = known.times
                if times and row.ts < times[0]:
                    self._hear_earlier(known, row, lines)
                times.append(row.ts)

    def _is_peer(self, peer: str | None, known: _Heard, row: Any, wrong: dict[int, str]) -> bool:
        """Note a new peer, if it is an address."""
        try:
            address(str(peer))
        except ValueError as error:
            wrong[id(row)] = str(error)
            return False
        known.peers.add(peer)
        return True

    def _hear_earlier(self, known: _Heard, row: Any, lines: WayBack) -> None:
        for gathered, _ in known.into:
            _note_line(gathered, row, row.ts, lines)

    def _hear(self, part: Part, row: Any, lines: WayBack) -> _Heard:
        try:
            if self._scope and part[0] != SENSOR and not self._scope.covers(part[0]):
                return _MUTE
            shown = [
                (one, _in_seconds(one.interval, one.kind) if one.interval else None)
                for one in self._showing.exposures(part)
                if _is_sound(one)
            ]
        except ValueError as error:
            return _Heard(wrong=str(error))
        heard = _Heard()
        for one, interval in shown:
            since = interval.first if interval else row.ts
            about = About._make((int(since // DAY), *one[:_COLUMNS]))
            gathered = self._found.get(about)
            if gathered is None:
                gathered = self._found[about] = Gathered()
            gathered.services.update(one.services)
            gathered.peers.update(one.peers)
            _note_line(gathered, row, since, lines)
            if interval:
                gathered.intervals.append(interval)
            else:
                heard.into.append((gathered, one.kind != "coverage"))
        return heard


def _is_sound(shown: Shown) -> bool:
    """Tell that the numbers are such as there can be; raises `ValueError` where they are not."""
    if shown.port is not None and shown.port not in PORTS:
        raise ValueError(f"not a port: {shown.port}")
    if shown.interval and max(shown.interval[2:]) > MOST:
        raise ValueError("counts more than there can be")
    return True


def _in_seconds(interval: Interval, kind: str) -> Spanned:
    first, last = seconds(interval.first), seconds(interval.last)
    if last < first:
        raise ValueError(f"last is before first: {last}")
    if kind == "coverage" and last - first > DAY:  # else a sensor would seem to be there until then
        raise ValueError(f"a sensor's clock was set while it counted: {last}")
    return Spanned(first, last, *interval[2:])


def _by_day(rows: list[Any]) -> Iterable[tuple[int, list[Any]]]:
    """Yield rows in order of time by the day that they are of, most often all of one."""
    if not rows:
        return []
    first, last = int(rows[0].ts // DAY), int(rows[-1].ts // DAY)
    if first == last:
        return [(first, rows)]
    return [(day, list(group)) for day, group in groupby(rows, lambda row: int(row.ts // DAY))]


def _note_line(gathered: Gathered, row: Any, since: float, lines: WayBack) -> None:
    """Keep the line of a row that says so since then, if none does since before."""
    if since < gathered.line_since:
        gathered.line_since = since
        gathered.line = lines.text(row)[:LINE_BYTES].decode(errors="backslashreplace")
