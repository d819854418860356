"""Zeek's rows the moment they are written, and what its logs are for where some are missing.

Rows are taken in the order in which Zeek wrote them, or counting goes wrong: after a gap they wait
until the logs have brought what lies in it. A log brings again what came live; that counts once.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from wardwatch import parsers
from wardwatch.config import Config
from wardwatch.heard.listening import UNFORESEEN, Listening
from wardwatch.parsers import Parser
from wardwatch.running.following import LIVE, Taken
from wardwatch.running.telling import Telling
from wardwatch.scope import Scope
from wardwatch.sources.files import Place
from wardwatch.sources.growing import Mark
from wardwatch.sources.lines import blocks
from wardwatch.sources.zeek_websocket import Feed, Peer, Row
from wardwatch.store import Store
from wardwatch_enrichment.surroundings import DAY

LOGS = ("dhcp", "iomt_asset", "iomt_exposure", "notice")
SETTLE = 5.0  # seconds after which what Zeek wrote can be read in its logs
WAITING = 200_000  # rows that wait for the logs; with more it is another gap
GAPS = 10  # the latest, that are kept for `status`


@dataclass(slots=True, kw_only=True)
class Told:
    """What is said of the live feed. Times are seconds since the epoch.

    `since` is when it was connected, `heard` when Zeek was last heard. Of each gap it is kept from
    when to when it was, how many rows are missing as far as that is known, and whether the logs
    brought them. `watched` is how many services the sensor was told to watch.
    """

    url: str
    since: float | None = None
    trouble: str | None = None
    heard: float | None = None
    rows: int = 0
    bad_rows: int = 0
    waits: bool = False
    watched: int | None = None
    gaps: list[dict[str, float | None]] = field(default_factory=list)


class Live:
    """The live feed of one sensor, into the store."""

    def __init__(self, store: Store, config: Config, url: str) -> None:
        run, site = config.run, config.site
        self._store, self._site, self._sensor = store, site.name, site.sensor
        self._scope = Scope(site.networks)
        self._parsers = {log: known for log, known in parsers.load().items() if log in LOGS}
        self.feed = Feed(
            Peer(
                url=url,
                ca=run.live_ca,
                name=run.live_name,
                certificate=run.live_certificate,
                key=run.live_key,
            )
        )
        mark = store.marks(self._site, self._sensor).get(LIVE)
        self._run, self._number = (mark.header.decode(), mark.place.offset) if mark else ("", 0)
        before = (store.health(self._site) or {}).get("live") or {}
        self._told = Told(
            url=url, heard=before.get("heard") if mark else None, gaps=before.get("gaps", [])
        )
        self._kept: list[Row] = []
        self._gap_at: float | None = None
        self._telling = Telling(store, self._site, self.feed, url) if run.tell_sensor else None
        self.feed.start()

    def told(self) -> dict[str, object]:
        """Return how it is."""
        told, feed = self._told, self.feed
        told.since, told.trouble, told.waits = feed.since, feed.trouble, self._gap_at is not None
        if self._telling:
            told.watched = self._telling.targets
        return asdict(told)

    def problems(self, now: float) -> list[str]:
        """Return what a person has to know for as long as it is so."""
        told = [
            f"{_missed(gap)}; what was said then was not seen"
            for gap in self._told.gaps
            if gap["filled"] is False and now - (gap["to"] or 0.0) < DAY
        ]
        if self.feed.trouble and self.feed.since is None:
            told.append(f"{self.feed.trouble}; it is tried again")
        return [f"live feed {self._told.url}: {text}" for text in told]

    def turn(self) -> None:
        """Tell the sensor what to watch, where that is due."""
        if self._telling:
            self._telling.turn()

    def take(self, taken: Taken, looked: float, *, logs: bool) -> None:
        """Take in what came since the last time, and add to `taken` what that was.

        `looked` is when the look at the logs began, by a clock that nobody sets, that brought what
        is in `taken`; without `logs` nothing fills a gap.
        """
        for row in self.feed.take():
            self._hear(row)
        if self._gap_at is not None:
            fill = logs and not taken.unread
            if fill and (taken.behind or looked < self._gap_at + SETTLE):
                return
            self._over(filled=fill)
        if self._kept:
            self._commit(taken)

    def _hear(self, row: Row) -> None:
        """Take note of a row or a beat, and whether rows are missing before it."""
        is_row = bool(row.log)
        expected = self._number + is_row
        if row.run == self._run and row.number < expected:
            return  # heard before
        if row.run != self._run or row.number > expected:
            self._miss(row, row.number - expected if row.run == self._run else None)
        elif len(self._kept) >= WAITING:
            self._miss(row, len(self._kept))
            self._kept.clear()
        self._run, self._number = row.run, row.number
        self._told.heard = time.time()
        if is_row:
            self._kept.append(row)

    def _miss(self, row: Row, rows: int | None) -> None:
        """Begin a gap. What was kept of before stays: the logs have it, too, and it counts once."""
        self._gap_at = time.monotonic()
        if self._told.heard is None and row.number == 0:
            return  # the very beginning of both
        gap = {"from": self._told.heard, "to": time.time(), "rows": rows, "filled": None}
        self._told.gaps = [*self._told.gaps, gap][-GAPS:]

    def _over(self, *, filled: bool) -> None:
        self._gap_at = None
        for gap in self._told.gaps:
            if gap["filled"] is None:
                gap["filled"] = filled

    def _commit(self, taken: Taken) -> None:
        """Put what is kept into the store, with how far the feed is taken."""
        heard = Listening(self._parsers, site=self._site, sensor=self._sensor, scope=self._scope)
        bad = 0
        try:
            for log, lines in _by_log(self._kept, self._parsers).items():
                good = _good(lines)
                bad += len(lines) - len(good)
                for name, block in blocks(good, log, self._parsers) if good else ():
                    bad += len(heard.listen(name, block))
            heard.commit(self._store, self._mark())
        except UNFORESEEN as error:
            bad = len(self._kept)
            taken.problems.append(
                f"live feed: {bad} rows cannot be taken in ({type(error).__name__}): report this "
                "as a bug"
            )
        if bad:
            taken.problems.append(f"live feed: {bad} of {len(self._kept)} rows were not used")
        self._told.rows += len(self._kept)
        self._told.bad_rows += bad
        taken.rows += len(self._kept) - bad
        taken.bad_rows += bad
        self._kept = []

    def _mark(self) -> Mark:
        place = Place(self._number)
        return Mark(identity=LIVE, path=self._told.url, place=place, header=self._run.encode())


def _missed(gap: Mapping[str, float | None]) -> str:
    began = f"from {_moment(gap['from'])} " if gap["from"] else ""
    rows = f"{gap['rows']:.0f} rows are" if gap["rows"] else "rows may be"
    return f"{rows} missing {began}until {_moment(gap['to'] or 0.0)}"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(" ", "seconds").removesuffix("+00:00")


def _by_log(rows: list[Row], known: Mapping[str, Parser]) -> dict[str, list[str]]:
    """Return the lines of each log that somebody reads."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.log in known:
            lines[row.log].append(row.line)
    return lines


def _good(lines: list[str]) -> list[bytes]:
    """Return the lines that can be JSON."""
    good = (line for line in lines if line.startswith("{") and "\n" not in line)
    return [line.encode(errors="replace") for line in good]
