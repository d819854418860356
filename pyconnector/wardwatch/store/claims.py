"""What was claimed: the claims themselves, and what links their hosts to one another."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from wardwatch.store.limits import SIGHTINGS_PER_ADDRESS, Limits
from wardwatch_enrichment.links import condense, proves_link, sighting
from wardwatch_enrichment.model import Binding, Claim, Observation
from wardwatch_enrichment.profiles import tokens

_UPSERT = """
INSERT INTO claim VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
  last_seen = max(last_seen, excluded.last_seen),
  log = iif(excluded.first_seen < first_seen, excluded.log, log),
  uid = iif(excluded.first_seen < first_seen, excluded.uid, uid),
  line = iif(excluded.first_seen < first_seen, excluded.line, line),
  vlan = iif(excluded.first_seen < first_seen, excluded.vlan, vlan),
  first_seen = min(first_seen, excluded.first_seen)
"""
_COLUMNS = """sensor, claim.host, subject, field, value, mac, vlan, log, uid, line,
    first_seen, last_seen"""
_IN_ORDER = "ORDER BY first_seen, claim.host, subject, field, value, mac, sensor"
ROUTER_SIGHTINGS = 1000  # of one MAC; far more than it takes to tell a router


class Claims:
    """The part of the store that sensors fill. `dropped` counts the claims over a limit."""

    _db: sqlite3.Connection
    _limits: Limits
    dropped: int

    def add(self, claims: Iterable[Claim]) -> None:
        """Put claims in, or move the times of those that are there; inside a transaction."""
        sightings: list[tuple[str, Binding]] = []
        hosts: set[tuple[str, str]] = set()
        links: set[tuple[str, str, str]] = set()
        for claim in claims:
            first = claim.first
            if not self._limits.have_room_for(first):
                self.dropped += 1
                continue
            self._db.execute(_UPSERT, (
                first.site, first.sensor, first.host, first.subject or "", first.field, first.value,
                first.mac or "", first.vlan, first.log, first.uid, first.line,
                first.ts, claim.last_seen,
            ))  # fmt: skip
            hosts.add((first.site, first.host))
            links.update((first.site, token, first.host) for token in tokens(first))
            if proves_link(first):
                seen = sighting(first.host, first.value, first.field, first.ts, claim.last_seen)
                sightings.append((first.site, seen))
        self._db.executemany(
            "INSERT INTO host VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET changed = 1", hosts
        )
        self._db.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", links)
        self._add_sightings(sightings)

    def link_all(self) -> None:
        """Fill in the links of claims that an older version kept; inside a transaction."""
        for site in self.sites():
            for claim in self.claims(site):
                self._db.executemany(
                    "INSERT OR IGNORE INTO link VALUES (?, ?, ?)",
                    [(site, token, claim.first.host) for token in tokens(claim.first)],
                )
        self._db.execute("INSERT OR REPLACE INTO host SELECT DISTINCT site, host, 1 FROM claim")

    def _add_sightings(self, sightings: list[tuple[str, Binding]]) -> None:
        by_ip: dict[tuple[str, str], list[Binding]] = {}
        for site, seen in sightings:
            by_ip.setdefault((site, seen.ip), []).append(seen)
        for (site, ip), new in by_ip.items():
            query = "SELECT ip, mac, source, start, end FROM sighting WHERE site = ? AND ip = ?"
            known = [sighting(*row) for row in self._db.execute(query, (site, ip))]
            joined = condense([*known, *new])[-SIGHTINGS_PER_ADDRESS:]
            self._db.execute("DELETE FROM sighting WHERE site = ? AND ip = ?", (site, ip))
            self._db.executemany(
                "INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?)",
                [(site, ip, seen.mac, seen.source, seen.start, seen.end) for seen in joined],
            )

    def sightings(self, site: str, hosts: Collection[str]) -> list[Binding]:
        """Return the proofs that these addresses were held by MACs, and where else those were."""
        self._want(hosts)
        query = """SELECT ip, mac, source, start, end FROM wanted
            JOIN sighting ON site = ? AND ip = name ORDER BY ip, start"""
        found = dict.fromkeys(self._db.execute(query, (site,)))
        for mac in sorted({row[1] for row in found}):
            elsewhere = """SELECT ip, mac, source, start, end FROM sighting
                WHERE site = ? AND mac = ? ORDER BY ip, start LIMIT ?"""
            found |= dict.fromkeys(self._db.execute(elsewhere, (site, mac, ROUTER_SIGHTINGS)))
        return [sighting(*row) for row in found]

    def changed_hosts(self, site: str, limit: int) -> list[str]:
        """Return hosts whose devices must be worked out again, in order."""
        query = "SELECT host FROM host WHERE site = ? AND changed ORDER BY host LIMIT ?"
        return [host for (host,) in self._db.execute(query, (site, limit))]

    def mark(self, site: str, hosts: Collection[str], *, changed: bool) -> None:
        """Note whether the devices of hosts must be worked out again; inside a transaction."""
        self._db.executemany(
            "UPDATE host SET changed = ? WHERE site = ? AND host = ?",
            [(changed, site, host) for host in hosts],
        )

    def linked(self, site: str, hosts: Collection[str], without: Collection[str]) -> set[str]:
        """Return the hosts that share a token with any of these, but for the tokens `without`."""
        self._want(hosts)
        query = """SELECT DISTINCT token FROM wanted JOIN link ON site = ? AND host = name"""
        shared = {token for (token,) in self._db.execute(query, (site,))} - set(without)
        self._want(shared)
        query = "SELECT DISTINCT host FROM wanted JOIN link ON site = ? AND token = name"
        return {host for (host,) in self._db.execute(query, (site,))}

    def _want(self, names: Collection[str]) -> None:
        self._db.execute("DELETE FROM temp.wanted")
        self._db.executemany("INSERT OR IGNORE INTO temp.wanted VALUES (?)", [(n,) for n in names])

    def claims(self, site: str, hosts: Collection[str] | None = None) -> Iterator[Claim]:
        """Yield the claims of a site or of some hosts, in an order that depends on them alone."""
        query = f"SELECT {_COLUMNS} FROM claim WHERE site = ? {_IN_ORDER}"  # noqa: S608
        if hosts is not None:
            self._want(hosts)
            query = f"""SELECT {_COLUMNS} FROM wanted
                CROSS JOIN claim ON site = ? AND host = name {_IN_ORDER}"""  # noqa: S608
        for row in self._db.execute(query, (site,)):
            yield _claim(site, row)

    def sites(self) -> list[str]:
        """Return the names of all sites."""
        # From one site to the next by the primary key, instead of through all claims.
        query = """WITH RECURSIVE found(site) AS (SELECT min(site) FROM claim UNION ALL
            SELECT (SELECT min(site) FROM claim WHERE site > found.site) FROM found
            WHERE found.site IS NOT NULL) SELECT site FROM found WHERE site IS NOT NULL"""
        return [site for (site,) in self._db.execute(query)]


def _claim(site: str, row: tuple) -> Claim:  # type: ignore[type-arg]  # a row of _COLUMNS
    sensor, host, subject, field, value, mac, vlan, log, uid, line, start, end = row
    return Claim(
        first=Observation(
            ts=start,
            site=site,
            sensor=sensor,
            log=log,
            host=host,
            field=field,
            value=value,
            uid=uid,
            mac=mac or None,
            vlan=vlan,
            subject=subject or None,
            line=line,
        ),
        last_seen=end,
    )
