"""How much is kept, so that a hostile device fills neither disk nor inventory."""

from __future__ import annotations

import sqlite3
from collections import Counter

from wardwatch_enrichment.model import Observation

VALUES_PER_FIELD = 500  # of one host, or of one described subject; as on the sensor
CLAIMS_PER_HOST = 50_000  # an archive tells of every device that it forwards for
SIGHTINGS_PER_ADDRESS = 400  # who held it in the last year, if it changes hands every day
HOSTS = 200_000
# Of them so many may be known by nothing but their address: whoever invents addresses leaves room
# for those that tell what they are.
MERE_HOSTS = 150_000
MERE = ("arp.", "conn.", "dhcp.")
HOSTS_REMEMBERED = 20_000  # whose counts are kept in memory

_Counts = Counter[tuple[str, str]]  # by subject and field


class Limits:
    """The limits of one database, and how near its hosts are to them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._counts: dict[tuple[str, str], _Counts] = {}
        self._exact: set[tuple[str, str]] = set()
        self._hosts: int | None = None

    @property
    def are_reached(self) -> bool:
        """Whether there are so many hosts that not every new one is kept."""
        return self._hosts is not None and self._hosts >= min(MERE_HOSTS, HOSTS)

    def begin(self) -> None:
        """Note that another batch of claims begins: some hosts may have been forgotten."""
        if self.are_reached:
            self._hosts = self._count_hosts()

    def have_room_for(self, first: Observation) -> bool:
        """Tell whether a claim may be kept, and count it.

        The counts take a claim that is there already for a new one; only where they reach a limit
        the host is counted exactly, and from then on each of its claims is looked up.
        """
        host = (first.site, first.host)
        key = (first.subject or "", first.field)
        counts = self._of(host, mere=first.field.startswith(MERE))
        if counts is None:
            return False
        if host in self._exact or _is_over(counts, key):
            if self._is_known(first):
                return True
            if host not in self._exact:
                self._exact.add(host)
                counts = self._counts[host] = self._count(host)
            if _is_over(counts, key):
                return False
        counts[key] += 1
        counts[_ALL] += 1
        return True

    def _of(self, host: tuple[str, str], *, mere: bool) -> _Counts | None:
        """Return the counts of a host, None for a new one where there are too many."""
        if known := self._counts.get(host):
            return known
        if len(self._counts) >= HOSTS_REMEMBERED:
            self._counts.clear()
            self._exact.clear()
        counts = self._count(host)
        if not counts:
            if self._hosts is None:
                self._hosts = self._count_hosts()
            if self._hosts >= (min(MERE_HOSTS, HOSTS) if mere else HOSTS):
                return None
            self._hosts += 1
        self._counts[host] = counts
        return counts

    def _count_hosts(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM host").fetchone()[0])

    def _is_known(self, first: Observation) -> bool:
        query = """SELECT 1 FROM claim
            WHERE site = ? AND host = ? AND subject = ? AND field = ? AND value = ? LIMIT 1"""
        wanted = (first.site, first.host, first.subject or "", first.field, first.value)
        return self._db.execute(query, wanted).fetchone() is not None

    def _count(self, host: tuple[str, str]) -> _Counts:
        """Count the claims of a host in the database."""
        query = """SELECT subject, field, count(DISTINCT value) FROM claim
            WHERE site = ? AND host = ? GROUP BY 1, 2"""
        counts = _Counts()
        for subject, field, values in self._db.execute(query, host):
            counts[(subject, field)] = values
            counts[_ALL] += values
        return counts


_ALL = ("", "")


def _is_over(counts: _Counts, key: tuple[str, str]) -> bool:
    return counts[key] >= VALUES_PER_FIELD or counts[_ALL] >= CLAIMS_PER_HOST
