"""What is forgotten when: found by kind, and dropped in transactions that are over soon.

Nothing here decides alone what goes: what an open finding or a decision rests on is `held`, and
its hosts are given by whoever asks. Decisions and the register are never forgotten.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from wardwatch.store.limits import Limits
from wardwatch.store.schema import Asking
from wardwatch_enrichment.model import Observation
from wardwatch_enrichment.profiles import tokens

DAY = 86_400
AT_ONCE = 500  # rows that one transaction drops


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days what is kept after it was last seen.

    `names` of hosts that are no medical devices; `evidence`: copies of log lines; `claims` that a
    later one of the same field replaced; `events`: alarms; `history` of findings that are closed;
    `devices`: a device that was not seen for so long leaves the inventory with all its claims.
    """

    names: int = 30
    evidence: int = 180
    claims: int = 365
    events: int = 365
    history: int = 1_095
    devices: int = 400


class Kept(NamedTuple):
    """A claim by its key, without its site."""

    host: str
    subject: str
    field: str
    value: str
    mac: str
    sensor: str


_KEY = "host, subject, field, value, mac, sensor"
_IS = "site = ? AND host = ? AND subject = ? AND field = ? AND value = ? AND mac = ? AND sensor = ?"
_EVENT = "host, day, log, sid, signature, direction, sensor, peer"
_EVENT_IS = " AND ".join(f"{name} = ?" for name in ("site", *_EVENT.split(", ")))
_PAGES = 2_000  # that one step gives back
_NOT_HELD = "AND host NOT IN (SELECT value FROM json_each(?))"


class Forgetting(Asking):
    """The part of the store that finds what is too old, and drops it. Dropping is in transactions.

    `held` are hosts whose evidence stays.
    """

    _limits: Limits
    _event_count: int | None
    _exposure_count: int | None

    def newest(self, site: str) -> float:
        """Return when anything was last said at a site, by the logs; 0 where nothing ever was."""
        query = "SELECT max(last_seen) FROM claim WHERE site = ?"
        return float(self._db.execute(query, (site,)).fetchone()[0] or 0.0)

    def replaced_claims(self, site: str, before: float, held: Collection[str]) -> list[Kept]:
        """Return claims last heard before a time, of whose field their host said something since.

        So does the same hardware at another address.
        """
        query = f"""SELECT {_KEY} FROM claim AS old WHERE site = ?1 AND last_seen < ?2
            AND host NOT IN (SELECT value FROM json_each(?3)) AND (
              EXISTS (SELECT 1 FROM claim WHERE site = ?1 AND host = old.host
                AND subject = old.subject AND field = old.field AND last_seen >= ?2)
              OR (mac != '' AND EXISTS (SELECT 1 FROM link CROSS JOIN claim AS new
                ON new.site = ?1 AND new.host = link.host AND new.subject = old.subject
                AND new.field = old.field AND new.mac = old.mac AND new.last_seen >= ?2
                WHERE link.site = ?1 AND link.token = 'mac:' || old.mac)))"""  # noqa: S608
        return [Kept(*row) for row in self._db.execute(query, (site, before, _list(held)))]

    def old_lines(self, site: str, before: float, held: Collection[str]) -> list[Kept]:
        """Return claims last heard before a time that still have the copy of their log line."""
        query = f"""SELECT {_KEY} FROM claim WHERE site = ? AND last_seen < ? AND line != ''
            {_NOT_HELD}"""  # noqa: S608  constant
        return [Kept(*row) for row in self._db.execute(query, (site, before, _list(held)))]

    def old_claims(self, site: str, before: float, fields: Collection[str]) -> list[Kept]:
        """Return what hosts said of themselves in some fields, and last before a time."""
        query = f"""SELECT {_KEY} FROM claim WHERE site = ? AND last_seen < ? AND subject = ''
            AND field IN (SELECT value FROM json_each(?))"""  # noqa: S608  constant
        return [Kept(*row) for row in self._db.execute(query, (site, before, _list(fields)))]

    def lines_near(self, site: str, names: Iterable[Kept]) -> list[Kept]:
        """Return the claims of the same hosts or connections in whose log line a name stands."""
        gone = set(names)
        at_host: defaultdict[str, set[str]] = defaultdict(set)
        for one in gone:
            at_host[one.host].add(one.value.casefold())
        if not gone:
            return []
        query = f"SELECT uid, {_KEY}, line FROM claim WHERE site = ? AND line != ''"  # noqa: S608
        of: defaultdict[str, set[str]] = defaultdict(set)
        for uid, *key, _ in self._db.execute(query, (site,)):
            if uid and Kept(*key) in gone:
                of[uid].add(Kept(*key).value.casefold())
        return [
            Kept(*key)
            for uid, *key, line in self._db.execute(query, (site,))
            if (texts := at_host.get(key[0], set()) | of.get(uid, set()))
            and any(text in line.casefold() for text in texts)
            and Kept(*key) not in gone
        ]

    def drop_claims(self, site: str, claims: Iterable[Kept], before: float = inf) -> None:
        """Drop claims, but for those that were heard again since a time."""
        query = f"DELETE FROM claim WHERE {_IS} AND last_seen < ?"  # noqa: S608  constant
        self._db.executemany(query, [(site, *one, before) for one in claims])

    def drop_lines(self, site: str, claims: Iterable[Kept]) -> None:
        """Drop the copies of log lines, and leave what was read in them."""
        query = f"UPDATE claim SET line = '' WHERE {_IS}"  # noqa: S608  constant
        self._db.executemany(query, [(site, *one) for one in claims])

    def old_events(self, site: str, before: float, held: Collection[str]) -> list[tuple[str, ...]]:
        """Return the keys of alarms that were last reported before a time."""
        query = f"SELECT {_EVENT} FROM event WHERE site = ? AND last_seen < ? {_NOT_HELD}"  # noqa: S608
        return list(self._db.execute(query, (site, before, _list(held))))

    def drop_events(self, site: str, keys: Iterable[tuple[str, ...]]) -> None:
        """Drop alarms."""
        query = f"DELETE FROM event WHERE {_EVENT_IS}"  # noqa: S608  constant
        self._db.executemany(query, [(site, *key) for key in keys])

    def old_exposures(self, site: str, before: float) -> list[int]:
        """Return the rows of exposure of days before a time."""
        query = "SELECT rowid FROM exposure WHERE day < ? AND site = ?"
        return [n for (n,) in self._db.execute(query, (int(before // DAY), site))]

    def old_history(self, site: str, before: float) -> list[int]:
        """Return states of findings that were no longer so before a time, undecided ones alone."""
        query = """SELECT number FROM finding_state AS old WHERE site = ?1 AND at < ?2
            AND NOT EXISTS (SELECT 1 FROM decision
                WHERE site = ?1 AND decision.finding = old.finding)
            AND (last = 2 OR (last = 0 AND EXISTS (SELECT 1 FROM finding_state AS new
                WHERE new.site = ?1 AND new.finding = old.finding
                AND new.number > old.number AND new.at < ?2)))"""
        return [number for (number,) in self._db.execute(query, (site, before))]

    def drop_numbered(self, table: str, numbers: Iterable[int]) -> None:
        """Drop rows by their number: of exposure, finding_state."""
        query = f"DELETE FROM {table} WHERE rowid = ?"  # noqa: S608  a constant of the caller
        self._db.executemany(query, [(number,) for number in numbers])

    def drop_old_runs(self, site: str, before: float) -> None:
        """Drop what was noted of assessments and identities before a time, but for the last one."""
        self._db.execute(
            """DELETE FROM assessed WHERE site = ?1 AND at < ?2
            AND number < (SELECT max(number) FROM assessed WHERE site = ?1)
            AND number NOT IN (SELECT run FROM finding_state WHERE site = ?1)""",
            (site, before),
        )
        self._db.execute("DELETE FROM identity_event WHERE site = ? AND at < ?", (site, before))

    def drop_old_sightings(self, site: str, before: float) -> None:
        """Drop what proves who held an address before a time."""
        self._db.execute("DELETE FROM sighting WHERE site = ? AND end < ?", (site, before))

    def tidy(self, site: str, hosts: Collection[str]) -> None:
        """Make hosts and links fit the claims that are left of hosts."""
        left: dict[str, set[str]] = {host: set() for host in hosts}
        known = set()
        self._want(hosts)
        query = f"SELECT {_KEY} FROM wanted CROSS JOIN claim ON site = ? AND host = name"  # noqa: S608
        for row in self._db.execute(query, (site,)):
            one = Kept(*row)
            known.add(one.host)
            left[one.host].update(tokens(_said(site, one)))
        for host, found in left.items():
            told = "" if host not in known else "AND token NOT LIKE 'told:%'"
            query = f"DELETE FROM link WHERE site = ? AND host = ? {told}"  # noqa: S608  constant
            self._db.execute(query, (site, host))
            links = [(site, token, host) for token in found]
            self._db.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", links)
            if host not in known:
                self._db.execute("DELETE FROM host WHERE site = ? AND host = ?", (site, host))

    def seen_since(self, site: str, hosts: Iterable[str], since: float) -> bool:
        """Tell whether sensors saw traffic of one of these hosts since a time."""
        query = "SELECT 1 FROM exposure WHERE site = ? AND host = ? AND day >= ? LIMIT 1"
        day = int(since // DAY)
        return any(self._db.execute(query, (site, host, day)).fetchone() for host in hosts)

    def decided_devices(self, site: str) -> set[str]:
        """Return the ids of devices on which people decided something."""
        query = "SELECT DISTINCT device FROM decision WHERE site = ?"
        return {device for (device,) in self._db.execute(query, (site,))}

    def forget_counts(self) -> None:
        """Count anew how near everything is to its limits: there is more room now."""
        self._limits = Limits(self._db)
        self._event_count = self._exposure_count = None

    def forgot(self, site: str) -> float | None:
        """Return when what is too old was last dropped at a site."""
        query = "SELECT value FROM setting WHERE name = ?"
        row = self._db.execute(query, (f"forgot:{site}",)).fetchone()
        return float(row[0]) if row else None

    def note_forgot(self, site: str, at: float) -> None:
        """Keep when what is too old was dropped at a site."""
        query = "INSERT OR REPLACE INTO setting VALUES (?, ?)"
        self._db.execute(query, (f"forgot:{site}", str(at)))

    def shrink(self) -> bool:
        """Give some empty pages back to the file system; returns whether there may be more.

        A database from before version 7 keeps its size, and fills them again.
        """
        (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
        # `execute` takes one step of it, which is one page.
        self._db.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
        return bool(0 < self._db.execute("PRAGMA freelist_count").fetchone()[0] < free)

    def flush(self) -> None:
        """Leave nothing of what was overwritten in the journal beside the database."""
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _list(values: Iterable[str]) -> str:
    return json.dumps(sorted(values))


def _said(site: str, one: Kept) -> Observation:
    return Observation(
        ts=0.0,
        site=site,
        sensor=one.sensor,
        log="",
        host=one.host,
        field=one.field,
        value=one.value,
        mac=one.mac or None,
        subject=one.subject or None,
    )
