"""How hosts are exposed, as sensors saw it: one row for each fact at a host on one day."""

from __future__ import annotations

import json
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from wardwatch.store.touched import JUDGED, Touched
from wardwatch_enrichment.finding import SENSOR, Exposure

DAY, HOUR = 86_400, 3_600
DAYS_KEPT = 90
# Of one host, day, kind and state; so none fills up the room of the services that it accepts.
ROWS = 300
EXPOSURES = 10_000_000  # some 8 GB
OTHER = "other"  # the value of the row that stands for what is over the limit, as on the sensor
PEERS, PREFIXES = 16, 100
EVERYWHERE = {"0.0.0.0/0", "::/0"}
SERVICES = 16
TEXT_CHARACTERS = 256
MOST = 1 << 60  # fits into the database

_KEY = """site = ? AND host = ? AND day = ? AND kind = ? AND state = ? AND proto = ? AND port = ?
    AND refuser = ? AND value = ? AND mac = ? AND sensor = ? AND log = ?"""
_GROUP = "site = ? AND host = ? AND day = ? AND kind = ? AND state = ?"
_GROUP_COLUMNS = 5
_SAID = tuple(Exposure.__annotations__)
_COLUMNS = ", ".join("refuser" if name == "by" else name for name in _SAID)
_ORDER = "host, day, kind, proto, port, state, refuser, value, mac, sensor, log"

_Key = tuple[str | int, ...]


class Spanned(NamedTuple):
    """What was so from `first` to `last`: how many times, for how many, with how much missed."""

    first: float
    last: float
    times: int
    clients: int = 0
    missed_bytes: int = 0


class About(NamedTuple):
    """What a row is about, apart from where it is from."""

    day: int
    host: str
    kind: str
    proto: str | None = None
    port: int | None = None
    state: str | None = None
    by: str | None = None
    value: str | None = None
    mac: str | None = None


@dataclass(slots=True)
class Gathered:
    """What one batch says about it: lists of times at which it was so, and intervals summed up.

    `line` is the first that says so, `line_since` from when on it does.
    """

    times: list[list[float]] = field(default_factory=list)
    intervals: list[Spanned] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    peers: set[str] = field(default_factory=set)
    line: str = ""
    line_since: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What changes in a row of the table, in its order."""

    first_seen: float
    last_seen: float
    count: int
    clients: int
    missed_bytes: int
    services: str
    peers: str
    line: str
    hours: int


_CHANGING = tuple(_Row.__annotations__)


class Exposures(Touched):
    """The part of the store that keeps exposure. `dropped` counts what was over a limit."""

    _db: sqlite3.Connection
    dropped: int
    days_kept: int = DAYS_KEPT
    _exposure_count: int | None = None

    def add_exposures(
        self, site: str, sensor: str, log: str, found: Mapping[About, Gathered]
    ) -> None:
        """Add what a batch says; inside a transaction.

        What lies between the first and the last time of a row that is there was counted before: a
        file may be read again. So parts of a day that come in disorder are counted less often than
        they are, never more often.
        """
        if not found:
            return
        oldest = self._forget_exposures(site, max(about.day for about in found))
        rooms: dict[_Key, int] = {}
        for about, gathered in found.items():
            if about.day < oldest:
                self.dropped += 1
                continue
            key = _key(site, sensor, log, about)
            known = self._exposure(key)
            if known is None and (other := self._seated(key, rooms)) != key:
                self.dropped += 1
                key, known = other, self._exposure(other)
            self._put_exposure(key, known, gathered)
        self.touch_at(site, {(about.host, about.kind) for about in found})

    def exposures(
        self, site: str, hosts: Iterable[str] | None = None, since: float | None = None
    ) -> list[Exposure]:
        """Return what was seen at a site's hosts, or at some, not only before a time; in order."""
        given: list[object] = [site, SENSOR, since or 0.0]
        wanted = "site = ? AND host != ? AND last_seen >= ?"
        if hosts is not None:  # a reader has no tables of its own to list them in
            wanted += " AND host IN (SELECT told.value FROM json_each(?) AS told)"
            given.append(json.dumps(sorted(hosts)))
        query = f"SELECT {_COLUMNS} FROM exposure WHERE {wanted} ORDER BY {_ORDER}"  # noqa: S608
        return [_made(*row) for row in self._db.execute(query, given)]

    def ipv6_on_link(self, site: str, since: float) -> dict[str, Exposure]:
        """Return, by proven hardware address, that a link-local address was last used."""
        query = f"""SELECT {_COLUMNS}, max(last_seen) FROM exposure WHERE site = ?
            AND host >= 'fe80:' AND host < 'fe80;' AND kind = 'uses' AND value = 'ipv6'
            AND mac != '' AND last_seen >= ? GROUP BY mac ORDER BY mac"""  # noqa: S608  constant
        found = (_made(*row[:-1]) for row in self._db.execute(query, (site, since)))
        return {str(row.mac): row for row in found}

    def coverage(self, site: str) -> list[Exposure]:
        """Return what the sensors of a site tell of themselves, in order."""
        query = f"""SELECT {_COLUMNS} FROM exposure WHERE site = ? AND host = ?
            ORDER BY day, sensor, {_ORDER}"""  # noqa: S608  constant
        return [_made(*row) for row in self._db.execute(query, (site, SENSOR))]

    def _exposure(self, key: _Key) -> _Row | None:
        query = f"SELECT {', '.join(_CHANGING)} FROM exposure WHERE {_KEY}"  # noqa: S608
        row = self._db.execute(query, key).fetchone()
        return _Row(**dict(zip(_CHANGING, row, strict=True))) if row else None

    def _seated(self, key: _Key, rooms: dict[_Key, int]) -> _Key:
        """Return the key, or where there is no more room the one of the row for all others."""
        group = key[:_GROUP_COLUMNS]
        if group not in rooms:
            query = f"SELECT count(*) FROM exposure WHERE {_GROUP}"  # noqa: S608  constant
            (rooms[group],) = self._db.execute(query, group).fetchone()
        if rooms[group] < ROWS:
            rooms[group] += 1
            return key
        return (*group, "", -1, "", OTHER, "", *key[-2:])

    def _put_exposure(self, key: _Key, known: _Row | None, gathered: Gathered) -> None:
        joined = _joined(known, gathered, int(key[2]), str(key[3]))
        row = tuple(getattr(joined, name) for name in _CHANGING)
        if known is not None and joined != known:
            changes = ", ".join(f"{name} = ?" for name in _CHANGING)
            self._db.execute(f"UPDATE exposure SET {changes} WHERE {_KEY}", (*row, *key))  # noqa: S608
        elif known is None and self._have_room_for_exposure(int(key[2])):
            places = ", ".join("?" * (len(key) + len(row)))
            self._db.execute(f"INSERT INTO exposure VALUES ({places})", (*key, *row))  # noqa: S608

    def _have_room_for_exposure(self, day: int) -> bool:
        """Make room by letting go of the oldest day; what is newer is worth more."""
        if self._exposure_count is None:
            (self._exposure_count,) = self._db.execute("SELECT count(*) FROM exposure").fetchone()
        while self._exposure_count >= EXPOSURES:
            (oldest,) = self._db.execute("SELECT min(day) FROM exposure").fetchone()
            if oldest is None or oldest >= day:
                self.dropped += 1
                return False
            gone = self._db.execute("DELETE FROM exposure WHERE day = ?", (oldest,)).rowcount
            self.dropped += gone
            self._exposure_count -= gone
        self._exposure_count += 1
        return True

    def _forget_exposures(self, site: str, newest: int) -> int:
        """Delete a site's rows that are too old by now, and return the oldest day that is kept."""
        query = "SELECT day FROM exposure WHERE site = ? ORDER BY day DESC LIMIT 1"
        known = self._db.execute(query, (site,)).fetchone()
        # A sensor whose clock is ahead must not have the evidence of the present deleted.
        tomorrow = int(time.time() // DAY) + 1
        oldest = min(max(newest, *(known or (newest,))), tomorrow) - self.days_kept
        gone = "DELETE FROM exposure WHERE day < ? AND site = ?"
        deleted = self._db.execute(gone, (oldest, site)).rowcount
        if self._exposure_count is not None:
            self._exposure_count -= deleted
        if deleted and self.days_kept <= JUDGED:
            self.touch_all(site)
        return oldest


def _key(site: str, sensor: str, log: str, about: About) -> _Key:
    return (
        site, about.host, about.day, _text(about.kind), _text(about.state), _text(about.proto),
        -1 if about.port is None else about.port, _text(about.by), _text(about.value),
        _text(about.mac), sensor, log,
    )  # fmt: skip


def _text(value: str | None) -> str:
    return (value or "")[:TEXT_CHARACTERS]


def _joined(known: _Row | None, new: Gathered, day: int, kind: str) -> _Row:
    """Return a row with what a batch adds to it."""
    start, end = (known.first_seen, known.last_seen) if known else (float("inf"), -float("inf"))
    # What is there twice in a batch was written twice: a sensor sent old lines again.
    times = {at for some in new.times for at in some if not start <= at <= end}
    spans = {s for s in new.intervals if not (start <= s.first and s.last <= end)}
    services = {*new.services, *(known.services.split(",") if known else ())} - {""}
    peers = {*new.peers, *(known.peers.split() if known else ())}
    clients = [known.clients if known else 0, *(span.clients for span in spans)]
    if kind in ("service", "auth"):  # of other kinds the peers need not have called
        clients.append(sum("/" not in peer for peer in peers))
    is_earlier = known is None or new.line_since < start
    return _Row(
        first_seen=min([start, *times, *(span.first for span in spans)]),
        last_seen=max([end, *times, *(span.last for span in spans)]),
        count=min(
            (known.count if known else 0) + len(times) + sum(span.times for span in spans), MOST
        ),
        clients=max(clients),
        missed_bytes=min(
            (known.missed_bytes if known else 0) + sum(s.missed_bytes for s in spans), MOST
        ),
        services=",".join(sorted(services)[:SERVICES]),
        peers=" ".join(bounded(peers)),
        line=new.line if is_earlier or known is None else known.line,
        hours=(known.hours if known else 0) | (_hours(new, day) if kind == "coverage" else 0),
    )


def _hours(new: Gathered, day: int) -> int:
    """Return the hours of its day in which it was so, a bit each.

    Of an interval only its ends are sure.
    """
    found = {int(at // HOUR) for span in new.intervals for at in (span.first, span.last)}
    for times in new.times:
        ordered, at = sorted(times), 0  # fast, as they come nearly in order
        while at < len(ordered):
            hour = int(ordered[at] // HOUR)
            found.add(hour)
            at = bisect_left(ordered, (hour + 1) * HOUR, at)
    return sum(1 << hour - day * 24 for hour in found if 0 <= hour - day * 24 < 24)


def bounded(peers: Iterable[str]) -> list[str]:
    """Return addresses and prefixes in order; of too many addresses the prefixes of the last.

    What is kept does not depend on the order in which they came.
    """
    every = sorted(set(peers))
    addresses = [peer for peer in every if "/" not in peer]
    if len(addresses) == len(every) <= PEERS:
        return every
    prefixes = {peer for peer in every if "/" in peer} | {_prefix(p) for p in addresses[PEERS:]}
    wide = prefixes & EVERYWHERE
    kept = sorted(prefixes - wide)
    wide |= {"::/0" if ":" in prefix else "0.0.0.0/0" for prefix in kept[PREFIXES:]}
    return [*addresses[:PEERS], *kept[:PREFIXES], *sorted(wide)]


@lru_cache(maxsize=1 << 16)
def _prefix(address: str) -> str:
    if ":" in address:
        return str(ip_network(f"{address}/64", strict=False))
    return f"{address.rpartition('.')[0]}.0/24"


def _made(*row: Any) -> Exposure:
    said: dict[str, Any] = dict(zip(_SAID, row, strict=True))
    for name in ("proto", "state", "by", "value", "mac"):
        said[name] = said[name] or None
    said["port"] = None if said["port"] < 0 else said["port"]
    said["services"] = tuple(filter(None, said["services"].split(",")))
    said["peers"] = tuple(said["peers"].split())
    return Exposure(**said)
