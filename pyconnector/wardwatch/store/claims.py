"""What was claimed: the claims themselves, and what links their hosts to one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from wardwatch.store.limits import SIGHTINGS_PER_ADDRESS, Limits
from wardwatch.store.schema import Asking
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


class Claims(Asking):
    """The part of the store that sensors fill. `dropped` counts the claims over a limit."""

    _limits: Limits
    dropped: int

    def add(self, claims: Iterable[Claim]) -> None:
        """Put claims in, or move the times of those that are there; inside a transaction."""
        kept: list[Claim] = []
        self._limits.begin()
        # Row by row, because a limit can depend on what was put in just before.
        self._db.executemany(_UPSERT, self._rows(claims, kept))
        hosts = {(claim.first.site, claim.first.host) for claim in kept}
        links = {
            (claim.first.site, token, claim.first.host)
            for claim in kept
            for token in tokens(claim.first)
        }
        self._db.executemany(
            "INSERT INTO host VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET changed = 2", hosts
        )
        self._db.executemany("INSERT OR IGNORE INTO link VALUES (?, ?, ?)", links)
        self._add_sightings(claim for claim in kept if proves_link(claim.first))

    def _rows(self, claims: Iterable[Claim], kept: list[Claim]) -> Iterator[tuple[object, ...]]:
        for claim in claims:
            first = claim.first
            if not self._limits.have_room_for(first):
                self.dropped += 1
                continue
            kept.append(claim)
            yield (
                first.site, first.sensor, first.host, first.subject or "", first.field, first.value,
                first.mac or "", first.vlan, first.log, first.uid, first.line,
                first.ts, claim.last_seen,
            )  # fmt: skip

    def adopt(self, knowledge: str) -> bool:
        """Have everything worked out again where the database rests on other knowledge.

        Inside a transaction; returns whether that was so.
        """
        query = "SELECT value FROM setting WHERE name = 'knowledge'"
        if self._db.execute(query).fetchone() == (knowledge,):
            return False
        self._db.execute("DELETE FROM link WHERE token NOT LIKE 'told:%'")
        self._link_all()
        self._db.execute("INSERT OR REPLACE INTO setting VALUES ('knowledge', ?)", (knowledge,))
        return True

    def _link_all(self) -> None:
        """Fill in the links of all claims and mark their hosts; inside a transaction."""
        for site in self.sites():
            for claim in self.claims(site):
                self._db.executemany(
                    "INSERT OR IGNORE INTO link VALUES (?, ?, ?)",
                    [(site, token, claim.first.host) for token in tokens(claim.first)],
                )
        self._db.execute("INSERT OR REPLACE INTO host SELECT DISTINCT site, host, 1 FROM claim")

    def _add_sightings(self, proofs: Iterable[Claim]) -> None:
        by_ip: defaultdict[tuple[str, str], list[Binding]] = defaultdict(list)
        for claim in proofs:
            first = claim.first
            seen = sighting(first.host, first.value, first.field, first.ts, claim.last_seen)
            by_ip[(first.site, first.host)].append(seen)
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
                CROSS JOIN sighting ON site = ? AND ip = name"""
        found = set(self._db.execute(query, (site,)))
        for mac in {row[1] for row in found}:
            elsewhere = """SELECT ip, mac, source, start, end FROM sighting
                WHERE site = ? AND mac = ? LIMIT ?"""
            found.update(self._db.execute(elsewhere, (site, mac, ROUTER_SIGHTINGS)))
        return [sighting(*row) for row in sorted(found)]

    def changed_hosts(self, site: str, limit: int) -> list[str]:
        """Return hosts whose devices must be worked out again, in order.

        Those that were there before come first: they wait for no flood of new ones.
        """
        # Left to itself, SQLite walks through all hosts by their key.
        query = """SELECT host FROM host INDEXED BY host_changed
            WHERE site = ? AND changed ORDER BY changed DESC, host LIMIT ?"""
        return [host for (host,) in self._db.execute(query, (site, limit))]

    def mark(self, site: str, hosts: Collection[str], *, changed: bool) -> None:
        """Note whether the devices of hosts must be worked out again; inside a transaction."""
        self._db.executemany(
            "UPDATE host SET changed = ? WHERE site = ? AND host = ?",
            [(changed, site, host) for host in hosts],
        )

    def link(self, site: str, token: str, hosts: Collection[str]) -> None:
        """Let hosts be looked at together from now on; inside a transaction."""
        self._db.executemany(
            "INSERT OR IGNORE INTO link VALUES (?, ?, ?)", [(site, token, host) for host in hosts]
        )

    def linked(self, site: str, hosts: Collection[str], without: Collection[str]) -> set[str]:
        """Return the hosts that share a token with any of these, but for the tokens `without`."""
        self._want(hosts)
        query = """SELECT DISTINCT token FROM wanted CROSS JOIN link ON site = ? AND host = name"""
        shared = {token for (token,) in self._db.execute(query, (site,))} - set(without)
        self._want(shared)
        query = "SELECT DISTINCT host FROM wanted CROSS JOIN link ON site = ? AND token = name"
        return {host for (host,) in self._db.execute(query, (site,))}

    def claims(self, site: str, hosts: Collection[str] | None = None) -> Iterator[Claim]:
        """Yield the claims of a site or of some hosts, in an order that depends on them alone."""
        query = f"SELECT {_COLUMNS} FROM claim WHERE site = ? {_IN_ORDER}"  # noqa: S608
        if hosts is not None:
            self._want(hosts)
            query = f"""SELECT {_COLUMNS} FROM wanted
                CROSS JOIN claim ON site = ? AND host = name {_IN_ORDER}"""  # noqa: S608
        for row in self._db.execute(query, (site,)):
            yield _claim(site, row)

    def frequent_values(self, site: str | None, field: str | None) -> list[tuple[str, str, int]]:
        """Return fields, values and by how many hosts they were said, the most frequent first."""
        query = """SELECT field, value, count(DISTINCT host) FROM claim
            WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR field = ?2)
            GROUP BY field, value ORDER BY 3 DESC, 1, 2"""
        return list(self._db.execute(query, (site, field)))

    def sites(self) -> list[str]:
        """Return the names of all sites, also of those that have only told of themselves."""
        told = {site for (site,) in self._db.execute("SELECT DISTINCT site FROM fact")}
        return sorted({*self.heard_sites(), *told})

    def heard_sites(self) -> list[str]:
        """Return the names of the sites that sensors have heard."""
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
