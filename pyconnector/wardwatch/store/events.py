"""What sensors reported of threats: at which host, by which rule, with whom, when, how often."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby

from wardwatch.store.schema import Asking
from wardwatch.store.touched import Touched
from wardwatch_enrichment.model import Alarm, Event

PEERS = 16  # of one signature at one host on one day; further ones count together
EVENTS_PER_HOST = 1_000  # the latest; each is of one signature, peer and day
EVENTS = 1_000_000

_DAY = 86_400
_KEY = """site = ? AND host = ? AND day = ? AND log = ? AND sid = ? AND signature = ?
    AND direction = ? AND sensor = ? AND peer = ?"""
_COLUMNS = """host, peer, direction, signature, sid, severity, category, log, sensor,
    first_seen, last_seen, count"""


_Key = tuple[object, ...]


class Events(Asking, Touched):
    """The part of the store that keeps threats. `dropped` counts what was over a limit."""

    dropped: int
    _event_count: int | None = None

    def add_events(
        self, site: str, sensor: str, log: str, alarms: Mapping[Alarm, Iterable[float]]
    ) -> None:
        """Count alarms with their times; inside a transaction.

        What lies between the first and the last time that is known was counted before: a file may
        be read again. So parts of a day that come in disorder are counted less often than they are.
        """
        times_of: defaultdict[_Key, list[float]] = defaultdict(list)
        said: dict[_Key, Alarm] = {}
        rooms: dict[_Key, set[str]] = {}
        for alarm, times in alarms.items():
            for day, group in groupby(times, lambda time: int(time // _DAY)):
                about = (alarm.sid or 0, alarm.signature, alarm.direction)
                of: _Key = (site, alarm.host, day, log, *about, sensor)
                if of not in rooms:
                    rooms[of] = self._peers(of)
                key: _Key = (*of, _seat(alarm.peer or "", rooms[of]))
                times_of[key] += group
                said[key] = alarm
        for key, found in times_of.items():
            # What is there twice was written twice: a sensor sent old lines again.
            self._count_event(key, said[key], sorted(set(found)))
        hosts = {alarm.host for alarm in alarms}
        for host in hosts:
            self._forget_oldest(site, host)
        self.touch(site, hosts)

    def _peers(self, of: _Key) -> set[str]:
        query = """SELECT peer FROM event WHERE site = ? AND host = ? AND day = ? AND log = ?
            AND sid = ? AND signature = ? AND direction = ? AND sensor = ?"""
        return {peer for (peer,) in self._db.execute(query, of)}

    def _count_event(self, key: _Key, said: Alarm, times: list[float]) -> None:
        query = f"SELECT first_seen, last_seen FROM event WHERE {_KEY}"  # noqa: S608  constant
        if known := self._db.execute(query, key).fetchone():
            start, end = known
            new = sum(not start <= time <= end for time in times)
            change = f"""UPDATE event SET first_seen = min(first_seen, ?),
                last_seen = max(last_seen, ?), count = count + ? WHERE {_KEY}"""  # noqa: S608
            self._db.execute(change, (min(times), max(times), new, *key))
        elif self._have_room():
            made = (*key, said.severity, said.category, min(times), max(times), len(times))
            places = ", ".join("?" * len(made))
            self._db.execute(f"INSERT INTO event VALUES ({places})", made)  # noqa: S608
        else:
            self.dropped += 1

    def _have_room(self) -> bool:
        if self._event_count is None:
            (self._event_count,) = self._db.execute("SELECT count(*) FROM event").fetchone()
        self._event_count += 1
        return self._event_count <= EVENTS

    def _forget_oldest(self, site: str, host: str) -> None:
        query = """DELETE FROM event WHERE site = ?1 AND host = ?2 AND last_seen < (
            SELECT last_seen FROM event WHERE site = ?1 AND host = ?2
            ORDER BY last_seen DESC LIMIT 1 OFFSET ?3)"""
        self._db.execute(query, (site, host, EVENTS_PER_HOST - 1))

    def events(self, site: str, hosts: Iterable[str] | None = None) -> list[Event]:
        """Return the events of a site or of some hosts, by host and time."""
        chosen, given = "", [site]
        if hosts is not None:  # a reader has no tables of its own to list them in
            chosen = "AND host IN (SELECT value FROM json_each(?))"
            given.append(json.dumps(sorted(hosts)))
        query = f"""SELECT {_COLUMNS} FROM event WHERE site = ? {chosen}
            ORDER BY host, first_seen, signature, peer, direction, sensor"""  # noqa: S608  constant
        return [
            Event(
                host=row[0],
                peer=row[1] or None,
                direction=row[2],
                signature=row[3],
                sid=row[4] or None,
                severity=row[5],
                category=row[6],
                log=row[7],
                sensor=row[8],
                first_seen=row[9],
                last_seen=row[10],
                count=row[11],
            )
            for row in self._db.execute(query, given)
        ]

    def signatures(self, site: str, since: float) -> list[tuple[int | None, str]]:
        """Return what was reported at a site since a time: (number of the rule, its text)."""
        query = "SELECT DISTINCT sid, signature FROM event WHERE site = ? AND last_seen >= ?"
        return [(sid or None, text) for sid, text in self._db.execute(query, (site, since))]


def _seat(peer: str, taken: set[str]) -> str:
    """Return the peer, or nothing where there is no more room for it among those of its kind."""
    if peer not in taken and len(taken) >= PEERS:
        return ""
    taken.add(peer)
    return peer
