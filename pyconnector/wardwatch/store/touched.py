"""Where evidence changed since it was last judged: kept with what changed it, whoever that was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from wardwatch_enrichment.finding import SENSOR

EVERY = ""  # the name under which there is news of all devices
JUDGED = 32  # days of evidence that verdicts rest on
NAMED = 50_000  # of hosts and devices with news; of more it is known of none, but of all


def at_services(host: str) -> str:
    """Return the name under which there is news of a host's services, for those that call them."""
    return f">{host}"


class Touched:
    """The part of the store that remembers at which hosts, and on which devices, there is news."""

    _db: sqlite3.Connection

    def touch(self, site: str, names: Iterable[str]) -> None:
        """Note that there is news of hosts or devices; inside the transaction of that."""
        self._note(site, names)
        query = "SELECT 1 FROM touched WHERE site = ? LIMIT 1 OFFSET ?"
        if self._db.execute(query, (site, NAMED)).fetchone():
            self.touch_all(site)

    def _note(self, site: str, names: Iterable[str]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO touched (site, name) VALUES (?, ?)",
            [(site, name) for name in sorted(names)],
        )

    def touch_all(self, site: str) -> None:
        """Note that there is news of all devices, and name none any more."""
        self._note(site, [EVERY])  # first, so that it has a number of its own
        self._db.execute("DELETE FROM touched WHERE site = ? AND name != ?", (site, EVERY))

    def touch_at(self, site: str, seen: Iterable[tuple[str, str]]) -> None:
        """Note what was seen: (host, kind of exposure). Of a service its callers have news, too."""
        hosts = {(host, kind) for host, kind in seen if host != SENSOR}
        names = {host for host, _ in hosts}
        self.touch(site, names | {at_services(host) for host, kind in hosts if kind == "service"})

    def touched(self, site: str) -> tuple[int, set[str]]:
        """Return of what there is news, and the number of the latest of it."""
        query = "SELECT number, name FROM touched WHERE site = ?"
        found = list(self._db.execute(query, (site,)))
        return max((number for number, _ in found), default=0), {name for _, name in found}

    def data_state(self, site: str) -> tuple[object, ...]:
        """Return what changes with each feed that is taken, and with each file of facts."""
        feeds = "SELECT name, version, newest, taken FROM feed ORDER BY name"
        newest = """SELECT (SELECT max(rowid) FROM feed_document),
            (SELECT max(rowid) FROM feed_record)"""
        facts = """SELECT source, kind, count(*), max(at), sum(length(body)) FROM fact
            WHERE site = ? GROUP BY source, kind ORDER BY source, kind"""
        asked = (
            self._db.execute(feeds),
            self._db.execute(newest),
            self._db.execute(facts, (site,)),
        )
        return tuple(tuple(found) for found in asked)

    def untouch(self, site: str, latest: int) -> None:
        """Forget the news up to a number, as it has been judged; inside a transaction."""
        query = "DELETE FROM touched WHERE site = ? AND number <= ?"
        self._db.execute(query, (site, latest))
