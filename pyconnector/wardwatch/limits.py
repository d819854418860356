"""How much is kept, so that a hostile device fills neither disk nor inventory."""

from __future__ import annotations

import sqlite3
from collections import Counter

from wardwatch_enrichment.model import Observation

VALUES_PER_FIELD = 500  # of one host, or of one described subject; as on the sensor
CLAIMS_PER_HOST = 50_000  # an archive tells of every device that it forwards for
SIGHTINGS_PER_ADDRESS = 400  # who held it in the last year, if it changes hands every day
HOSTS = 200_000


class Limits:
    """The limits of one database, and how near its hosts are to them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._per_field: Counter[tuple[str, str, str, str]] = Counter()
        self._per_host: Counter[tuple[str, str]] = Counter()
        self._exact: set[tuple[str, str]] = set()

    def have_room_for(self, first: Observation) -> bool:
        """Tell whether a claim may be kept, and count it.

        The counts take a claim that is there already for a new one; only where they reach a limit
        the host is counted exactly, and from then on each of its claims is looked up.
        """
        host = (first.site, first.host)
        key = (*host, first.subject or "", first.field)
        if not self._per_host:
            self._count("1")
        if host not in self._per_host and len(self._per_host) >= HOSTS:
            return False
        if host in self._exact or self._is_over(key):
            if self._is_known(first):
                return True
            if host not in self._exact:
                self._exact.add(host)
                self._count("site = ? AND host = ?", *host)
            if self._is_over(key):
                return False
        self._per_field[key] += 1
        self._per_host[host] += 1
        return True

    def _is_over(self, key: tuple[str, str, str, str]) -> bool:
        return (
            self._per_field[key] >= VALUES_PER_FIELD or self._per_host[key[:2]] >= CLAIMS_PER_HOST
        )

    def _is_known(self, first: Observation) -> bool:
        query = """SELECT 1 FROM claim
            WHERE site = ? AND host = ? AND subject = ? AND field = ? AND value = ? LIMIT 1"""
        wanted = (first.site, first.host, first.subject or "", first.field, first.value)
        return self._db.execute(query, wanted).fetchone() is not None

    def _count(self, where: str, *wanted: str) -> None:
        """Count the claims of the hosts that are `where`."""
        query = f"""SELECT site, host, subject, field, count(DISTINCT value) FROM claim
            WHERE {where} GROUP BY 1, 2, 3, 4"""  # noqa: S608  two constants of this class
        hosts = Counter[tuple[str, str]]()
        for site, host, subject, field, values in self._db.execute(query, wanted):
            self._per_field[(site, host, subject, field)] = values
            hosts[(site, host)] += values
        for host in hosts:
            self._per_host[host] = hosts[host]
