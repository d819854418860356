"""The tables of the database, and how it is opened: one SQLite file with one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

APPLICATION_ID = 0x77617264  # "ward", so that `file` and we can tell our databases
SCHEMA_VERSION = 7
WAIT = 120.0  # seconds for another process to finish writing
JOURNAL = 64 << 20  # bytes that are left of the journal after it was larger for once

SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (
  site TEXT NOT NULL, sensor TEXT NOT NULL, host TEXT NOT NULL, subject TEXT NOT NULL,
  field TEXT NOT NULL, value TEXT NOT NULL, mac TEXT NOT NULL,
  vlan INTEGER, log TEXT NOT NULL, uid TEXT, line TEXT NOT NULL,
  first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (site, host, subject, field, value, mac, sensor)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host (
  site TEXT NOT NULL, host TEXT NOT NULL, changed INTEGER NOT NULL, PRIMARY KEY (site, host)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS host_changed ON host (site) WHERE changed;
CREATE TABLE IF NOT EXISTS link (
  site TEXT NOT NULL, token TEXT NOT NULL, host TEXT NOT NULL, PRIMARY KEY (site, token, host)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_host ON link (site, host);
CREATE TABLE IF NOT EXISTS sighting (
  site TEXT NOT NULL, ip TEXT NOT NULL, mac TEXT NOT NULL, source TEXT NOT NULL,
  start REAL NOT NULL, end REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sighting_ip ON sighting (site, ip);
CREATE INDEX IF NOT EXISTS sighting_mac ON sighting (site, mac);
CREATE TABLE IF NOT EXISTS device (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, site TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS device_site ON device (site, id);
CREATE TABLE IF NOT EXISTS device_key (
  site TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS device_key_id ON device_key (id);
CREATE TABLE IF NOT EXISTS device_host (
  site TEXT NOT NULL, host TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (site, host, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS device_host_id ON device_host (id);
CREATE TABLE IF NOT EXISTS former_id (former TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS former_id_id ON former_id (id);
CREATE TABLE IF NOT EXISTS former_key (
  site TEXT NOT NULL, key TEXT NOT NULL, former TEXT NOT NULL, PRIMARY KEY (site, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS former_key_former ON former_key (former);
CREATE TABLE IF NOT EXISTS held (
  site TEXT NOT NULL, ip TEXT NOT NULL, id TEXT NOT NULL, mac TEXT, source TEXT NOT NULL,
  start REAL NOT NULL, end REAL NOT NULL, confidence REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS held_ip ON held (ip);
CREATE INDEX IF NOT EXISTS held_id ON held (id);
CREATE TABLE IF NOT EXISTS identity_event (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
  other TEXT NOT NULL, at REAL NOT NULL, key TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS identity_event_id ON identity_event (id);
CREATE TABLE IF NOT EXISTS correction (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, one TEXT NOT NULL, other TEXT NOT NULL,
  same INTEGER NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at REAL NOT NULL,
  UNIQUE (site, one, other)
);
CREATE TABLE IF NOT EXISTS event (
  site TEXT NOT NULL, host TEXT NOT NULL, day INTEGER NOT NULL, log TEXT NOT NULL,
  sid INTEGER NOT NULL, signature TEXT NOT NULL, direction TEXT NOT NULL, sensor TEXT NOT NULL,
  peer TEXT NOT NULL, severity INTEGER, category TEXT,
  first_seen REAL NOT NULL, last_seen REAL NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (site, host, day, log, sid, signature, direction, sensor, peer)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exposure (
  site TEXT NOT NULL, host TEXT NOT NULL, day INTEGER NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, proto TEXT NOT NULL, port INTEGER NOT NULL, refuser TEXT NOT NULL,
  value TEXT NOT NULL, mac TEXT NOT NULL, sensor TEXT NOT NULL, log TEXT NOT NULL,
  first_seen REAL NOT NULL, last_seen REAL NOT NULL, count INTEGER NOT NULL,
  clients INTEGER NOT NULL, missed_bytes INTEGER NOT NULL, services TEXT NOT NULL,
  peers TEXT NOT NULL, line TEXT NOT NULL, hours INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, host, day, kind, state, proto, port, refuser, value, mac, sensor, log)
);
CREATE INDEX IF NOT EXISTS exposure_day ON exposure (day, site);
CREATE TABLE IF NOT EXISTS fact (
  site TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, line INTEGER NOT NULL,
  body TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (site, source, kind, line)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (
  name TEXT PRIMARY KEY, source TEXT NOT NULL, version TEXT, newest REAL, taken REAL,
  failed REAL, reason TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed_tag (url TEXT PRIMARY KEY, etag TEXT, modified TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed_document (
  publisher TEXT NOT NULL, id TEXT NOT NULL, feed TEXT NOT NULL, released REAL NOT NULL,
  version TEXT NOT NULL, sha256 TEXT NOT NULL, taken REAL NOT NULL, verified TEXT,
  url TEXT, listed REAL, body BLOB NOT NULL, PRIMARY KEY (publisher, id)
);
CREATE INDEX IF NOT EXISTS feed_document_feed ON feed_document (feed, verified);
CREATE INDEX IF NOT EXISTS feed_document_url ON feed_document (url, listed);
CREATE INDEX IF NOT EXISTS feed_document_id ON feed_document (id);
CREATE INDEX IF NOT EXISTS feed_document_taken ON feed_document (taken);
CREATE INDEX IF NOT EXISTS feed_document_state ON feed_document (publisher, id, sha256);
CREATE TABLE IF NOT EXISTS feed_record (
  kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, feed TEXT NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (kind, key, name)
);
CREATE INDEX IF NOT EXISTS feed_record_name ON feed_record (kind, name);
CREATE INDEX IF NOT EXISTS feed_record_feed ON feed_record (feed);
CREATE TABLE IF NOT EXISTS subject (
  id TEXT PRIMARY KEY, site TEXT NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subject_site ON subject (site);
CREATE TABLE IF NOT EXISTS subject_token (
  token TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (token, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subject_token_id ON subject_token (id);
CREATE TABLE IF NOT EXISTS advisory_token (
  token TEXT NOT NULL, publisher TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (token, publisher, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS advisory_token_id ON advisory_token (publisher, id);
CREATE TABLE IF NOT EXISTS advisory_read (
  publisher TEXT NOT NULL, id TEXT NOT NULL, sha256 TEXT NOT NULL, knowledge TEXT NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (publisher, id)
);
CREATE INDEX IF NOT EXISTS advisory_read_state
  ON advisory_read (publisher, id, sha256, knowledge);
CREATE TABLE IF NOT EXISTS mark (
  site TEXT NOT NULL, sensor TEXT NOT NULL, identity TEXT NOT NULL, path TEXT NOT NULL,
  offset INTEGER NOT NULL, line INTEGER NOT NULL, skipping INTEGER NOT NULL,
  header BLOB NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (site, sensor, identity)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS touched (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (site, name)
);
CREATE TABLE IF NOT EXISTS score (
  cve TEXT PRIMARY KEY, probability REAL NOT NULL, percentile REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assessed (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, at REAL NOT NULL, model TEXT NOT NULL,
  policy TEXT NOT NULL, figures TEXT NOT NULL, versions TEXT NOT NULL,
  devices INTEGER NOT NULL, findings INTEGER NOT NULL, labels TEXT NOT NULL,
  uncovered INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS assessed_site ON assessed (site, at);
CREATE TABLE IF NOT EXISTS finding_state (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, finding TEXT NOT NULL, device TEXT NOT NULL,
  at REAL NOT NULL, run INTEGER NOT NULL, last INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS finding_state_finding ON finding_state (site, finding, at);
CREATE INDEX IF NOT EXISTS finding_state_last ON finding_state (site, device) WHERE last;
CREATE TABLE IF NOT EXISTS decision (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, finding TEXT NOT NULL, kind TEXT NOT NULL,
  who TEXT NOT NULL, at REAL NOT NULL, why TEXT NOT NULL, owner TEXT NOT NULL,
  status TEXT NOT NULL, comment TEXT NOT NULL, until REAL, device TEXT NOT NULL,
  vulnerability TEXT NOT NULL, label TEXT, verdict TEXT, score REAL
);
CREATE INDEX IF NOT EXISTS decision_finding ON decision (site, finding);
CREATE TABLE IF NOT EXISTS register (
  number INTEGER PRIMARY KEY, site TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL,
  who TEXT NOT NULL, told TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS register_site ON register (site, at);
CREATE TABLE IF NOT EXISTS unpublished (
  number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, device TEXT NOT NULL,
  UNIQUE (site, device)
);
CREATE TABLE IF NOT EXISTS outbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_site ON outbox (site, number);
CREATE TABLE IF NOT EXISTS told (
  site TEXT NOT NULL, device TEXT NOT NULL, digests BLOB NOT NULL, PRIMARY KEY (site, device)
) WITHOUT ROWID;
"""

# What outputs are told of, from the first publish of a site on.
OUTBOX = 100_000  # events that wait; of more the oldest are dropped
_TOLD = "WHEN EXISTS (SELECT 1 FROM setting WHERE name = 'publishing:' || {0}.site)"
_DEVICE_WAITS = """
CREATE TRIGGER IF NOT EXISTS {0}_{1}_told AFTER {1} ON {0} {2}
BEGIN
  DELETE FROM unpublished WHERE site = {3}.site AND device = {3}.{4};
  INSERT INTO unpublished (site, device) VALUES ({3}.site, {3}.{4});
END
"""
_CHANGES_DEVICE = (
    ("device", "INSERT", "NEW", "id"),
    ("device", "DELETE", "OLD", "id"),
    ("finding_state", "INSERT", "NEW", "device"),
    ("decision", "INSERT", "NEW", "device"),
)
_EVENT_WAITS = f"""
CREATE TRIGGER IF NOT EXISTS event_told AFTER INSERT ON event {_TOLD.format("NEW")}
BEGIN
  INSERT INTO outbox (site, body) VALUES (NEW.site, json_array(NEW.host, nullif(NEW.peer, ''),
    NEW.direction, NEW.signature, nullif(NEW.sid, 0), NEW.severity, NEW.category, NEW.log,
    NEW.sensor, NEW.first_seen, NEW.last_seen, NEW.count));
  DELETE FROM outbox WHERE number <= (SELECT max(number) FROM outbox) - {OUTBOX};
  INSERT OR REPLACE INTO unpublished (site, device)
    SELECT DISTINCT NEW.site, id FROM held WHERE site = NEW.site AND ip = NEW.host;
END
"""  # noqa: S608  constants

# Columns that came after their table; an older database is given them. They are the last there,
# as rows are put in by position.
ADDED = (("exposure", "hours INTEGER NOT NULL DEFAULT 0"),)
# What people decided and what was given out: added to, never changed.
SEALED = ("decision", "register")
_SEAL = """
CREATE TRIGGER IF NOT EXISTS {0}_{1} BEFORE {1} ON {0} {2}
BEGIN SELECT RAISE(ABORT, '{0} is only ever added to'); END
"""
_TAKEN = "WHEN EXISTS (SELECT 1 FROM {0} WHERE number = NEW.number)"


class StoreError(Exception):
    """The database cannot be used; the message says what to do."""


class Asking:
    """What both parts of the store need to ask for many rows by name at once."""

    _db: sqlite3.Connection

    def _want(self, names: Iterable[str]) -> None:
        self._db.execute("DELETE FROM temp.wanted")
        self._db.executemany("INSERT OR IGNORE INTO temp.wanted VALUES (?)", [(n,) for n in names])


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open the file; a reader makes none of the files that go with a journal."""
    db = _reader(path) if read_only else _writer(path)
    db.execute("CREATE TEMPORARY TABLE wanted (name TEXT PRIMARY KEY) WITHOUT ROWID")
    return db


def _writer(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=WAIT)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file; an older one stays
    db.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA journal_size_limit = {JOURNAL}")
    return db


def _reader(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT)
    try:
        db.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        db = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    db.execute("PRAGMA temp_store = MEMORY")  # it leaves nothing anywhere
    return db


def version_of(db: sqlite3.Connection, path: Path) -> int:
    """Return the version of the tables, 0 where there are none; refuse what is not ours."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and (tables or application):
        raise StoreError(f"{path}: is a database of another program; choose another file with --db")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: has schema version {version}, this wardwatch knows up to "
            f"{SCHEMA_VERSION}; upgrade wardwatch, or choose another file with --db"
        )
    return int(version) if tables else 0


def create(db: sqlite3.Connection) -> None:
    """Make the tables that are missing; inside a transaction."""
    for statement in SCHEMA.split(";"):
        db.execute(statement)
    for table, column in ADDED:
        known = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if column.split()[0] not in known:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for table in SEALED:
        for verb, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", _TAKEN.format(table))):
            db.execute(_SEAL.format(table, verb, when))
    for table, verb, row, column in _CHANGES_DEVICE:
        db.execute(_DEVICE_WAITS.format(table, verb, _TOLD.format(row), row, column))
    db.execute(_EVENT_WAITS)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
