"""The connector's memory: one SQLite file, one writer, one transaction per batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

import msgspec

from wardwatch.limits import SIGHTINGS_PER_ADDRESS, Limits
from wardwatch_enrichment.links import coalesce, proves_link, sighting
from wardwatch_enrichment.model import Binding, Claim, Device, Observation

APPLICATION_ID = 0x77617264  # "ward", so that `file` and we can tell our databases
SCHEMA_VERSION = 1
WAIT = 120.0  # seconds for another process to finish writing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (
  site TEXT NOT NULL, sensor TEXT NOT NULL, host TEXT NOT NULL, subject TEXT NOT NULL,
  field TEXT NOT NULL, value TEXT NOT NULL, mac TEXT NOT NULL,
  vlan INTEGER, log TEXT NOT NULL, uid TEXT, line TEXT NOT NULL,
  first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (site, host, subject, field, value, mac, sensor)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sighting (
  site TEXT NOT NULL, ip TEXT NOT NULL, mac TEXT NOT NULL, source TEXT NOT NULL,
  start REAL NOT NULL, end REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sighting_ip ON sighting (site, ip);
CREATE TABLE IF NOT EXISTS device (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, site TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS device_key (
  site TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former_id (former TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
  site TEXT NOT NULL, ip TEXT NOT NULL, id TEXT NOT NULL, mac TEXT, source TEXT NOT NULL,
  start REAL NOT NULL, end REAL NOT NULL, confidence REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS held_ip ON held (ip);
"""

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


class StoreError(Exception):
    """The database cannot be used; the message says what to do."""


class Store:
    """An open database. `dropped` counts the claims that went over a limit."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.dropped = 0
        self._read_only = read_only
        try:
            self._db = self._connect()
            self._open()
            self._limits = Limits(self._db)
        except sqlite3.Error as error:
            raise StoreError(
                f"{path}: {error}; check that it is yours to {'read' if read_only else 'write'}, "
                "choose another file with --db, or restore a backup"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        if not self._read_only:
            db = sqlite3.connect(self.path, isolation_level=None, timeout=WAIT)
            db.execute("PRAGMA journal_mode = WAL")
            return db
        address = f"file:{quote(str(self.path.absolute()))}?mode=ro"
        db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT)
        try:
            db.execute("SELECT count(*) FROM sqlite_master")
        except sqlite3.OperationalError:  # a reader may not make the files that go with a journal
            db = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
        return db

    def _open(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application != APPLICATION_ID and (tables or application):
            raise StoreError(
                f"{self.path}: is a database of another program; choose another file with --db"
            )
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path}: has schema version {version}, this wardwatch knows up to "
                f"{SCHEMA_VERSION}; upgrade wardwatch, or choose another file with --db"
            )
        if not tables and self._read_only:
            raise StoreError(f"{self.path}: is empty; run `wardwatch ingest` first")
        if not tables:
            with self.transaction():  # another process may be as far as this one
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside take effect together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, claims: Iterable[Claim]) -> None:
        """Put claims in, or move the times of those that are there; inside a transaction."""
        sightings = []
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
            if proves_link(first):
                seen = sighting(first.host, first.value, first.field, first.ts, claim.last_seen)
                sightings.append((first.site, seen))
        self._add_sightings(sightings)

    def _add_sightings(self, sightings: list[tuple[str, Binding]]) -> None:
        by_ip: dict[tuple[str, str], list[Binding]] = {}
        for site, seen in sightings:
            by_ip.setdefault((site, seen.ip), []).append(seen)
        for (site, ip), new in by_ip.items():
            joined = coalesce([*self.sightings(site, ip), *new])[-SIGHTINGS_PER_ADDRESS:]
            self._db.execute("DELETE FROM sighting WHERE site = ? AND ip = ?", (site, ip))
            self._db.executemany(
                "INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?)",
                [(site, ip, seen.mac, seen.source, seen.start, seen.end) for seen in joined],
            )

    def sightings(self, site: str, ip: str | None = None) -> Iterator[Binding]:
        """Yield all proofs that addresses, or this one, were held by a MAC."""
        only, wanted = ("AND ip = ?", (site, ip)) if ip else ("", (site,))
        query = f"""SELECT ip, mac, source, start, end FROM sighting WHERE site = ? {only}
            ORDER BY ip, start"""  # noqa: S608  a constant of this method
        for row in self._db.execute(query, wanted):
            yield sighting(*row)

    def claims(self, site: str) -> Iterator[Claim]:
        """Yield all claims of a site, in an order that depends on nothing but them."""
        query = """SELECT sensor, host, subject, field, value, mac, vlan, log, uid, line,
            first_seen, last_seen FROM claim WHERE site = ?
            ORDER BY first_seen, host, subject, field, value, mac, sensor"""
        for row in self._db.execute(query, (site,)):
            sensor, host, subject, field, value, mac, vlan, log, uid, line, start, end = row
            yield Claim(
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

    def sites(self) -> list[str]:
        """Return the names of all sites."""
        # From one site to the next by the primary key, instead of through all claims.
        query = """WITH RECURSIVE found(site) AS (SELECT min(site) FROM claim UNION ALL
            SELECT (SELECT min(site) FROM claim WHERE site > found.site) FROM found
            WHERE found.site IS NOT NULL) SELECT site FROM found WHERE site IS NOT NULL"""
        return [site for (site,) in self._db.execute(query)]

    def device_count(self, site: str | None = None) -> int:
        """Return how many devices there are, at one site or at all."""
        query = "SELECT count(*) FROM device WHERE ?1 IS NULL OR site = ?1"
        return int(self._db.execute(query, (site,)).fetchone()[0])

    def owners(self, site: str) -> dict[str, str]:
        """Return which device id has which identity key."""
        return dict(self._db.execute("SELECT key, id FROM device_key WHERE site = ?", (site,)))

    def ages(self) -> dict[str, int]:
        """Return all ids ever given, numbered by age; a former id keeps its name reserved."""
        numbers = dict(self._db.execute("SELECT id, number FROM device"))
        return numbers | dict.fromkeys(
            (former for (former,) in self._db.execute("SELECT former FROM former_id")), 1 << 62
        )

    def former_ids(self) -> dict[str, list[str]]:
        """Return the former ids of each id."""
        found: dict[str, list[str]] = {}
        for former, current in self._db.execute("SELECT former, id FROM former_id ORDER BY former"):
            found.setdefault(current, []).append(former)
        return found

    def replace_devices(
        self,
        site: str,
        devices: Iterable[tuple[Device, Iterable[str]]],
        held: Iterable[tuple[str, Binding]],
    ) -> None:
        """Write the inventory of a site: devices with their keys, and who held which address."""
        numbers = dict(self._db.execute("SELECT id, number FROM device"))
        fresh = count(max(numbers.values(), default=0) + 1)
        for table in ("device", "device_key", "held"):
            self._db.execute(f"DELETE FROM {table} WHERE site = ?", (site,))  # noqa: S608  constant
        for device, keys in devices:
            number = numbers.get(device.id) or next(fresh)
            self._db.execute(
                "INSERT INTO device VALUES (?, ?, ?, ?)",
                (number, device.id, site, msgspec.json.encode(device)),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO device_key VALUES (?, ?, ?)",
                [(site, key, device.id) for key in keys],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO former_id VALUES (?, ?)",
                [(former, device.id) for former in device.former_ids],
            )
        self._db.executemany(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(site, b.ip, i, b.mac, b.source, b.start, b.end, b.confidence) for i, b in held],
        )

    def devices(self, site: str | None = None) -> list[Device]:
        """Return the inventory, of one site or of all."""
        query = "SELECT body FROM device WHERE ?1 IS NULL OR site = ?1 ORDER BY site, id"
        return [self._decoded(body) for (body,) in self._db.execute(query, (site,))]

    def _decoded(self, body: bytes) -> Device:
        try:
            return msgspec.json.decode(body, type=Device)
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{self.path}: a device cannot be read ({error}); run `wardwatch ingest` again"
            ) from error

    def device(self, device_id: str) -> Device | None:
        """Return one device by its id, or by an id that it had before."""
        row = self._db.execute(
            "SELECT body FROM device WHERE id = coalesce("
            "(SELECT id FROM former_id WHERE former = ?1), ?1)",
            (device_id,),
        ).fetchone()
        return self._decoded(row[0]) if row else None

    def held(self, ip: str, site: str | None = None) -> list[tuple[str, Binding]]:
        """Return (device id, binding) for each time that a device held an address."""
        query = """SELECT id, ip, mac, start, end, source, confidence FROM held
            WHERE ip = ?1 AND (?2 IS NULL OR site = ?2) ORDER BY start"""
        return [
            (
                row[0],
                Binding(
                    ip=row[1],
                    mac=row[2],
                    start=row[3],
                    end=row[4],
                    source=row[5],
                    confidence=row[6],
                ),
            )
            for row in self._db.execute(query, (ip, site))
        ]
