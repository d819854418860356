"""From the tables of an older release to those of this one: a copy first, then all or nothing."""

from __future__ import annotations

import fcntl
import sqlite3
from glob import escape
from pathlib import Path

from wardwatch.store.backup import copy, kept_beside, stamped
from wardwatch.store.schema import SCHEMA_VERSION, StoreError, create, version_of


def migrate(db: sqlite3.Connection, path: Path) -> str | None:
    """Bring the tables up to date, and return what was done as a sentence.

    A kill at any moment leaves the older database as it was, or the newer one. The copy stays
    beside it until the next migration has made its own.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        version = version_of(db, path)  # another process may be as far as this one
        told = _migrated(db, path, version) if version < SCHEMA_VERSION else None
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return told


def _migrated(db: sqlite3.Connection, path: Path, version: int) -> str | None:
    if not version:
        create(db)
        return None
    if process := _follower(path):
        raise StoreError(
            f"{path}: is of schema version {version}, and process {process} of an older release "
            "still follows logs into it; stop that first"
        )
    earlier = [one for one in kept_beside(path) if one.name.startswith(f"{path.name}.v")]
    for left in path.parent.glob(f".{escape(path.name)}.v*.new"):  # of one that was killed at it
        left.unlink(missing_ok=True)
    kept = stamped(path, f"v{version}")
    try:
        copy(path, kept)
        for one in {*earlier} - {kept}:  # now, or those of tries that fail would fill the disk
            one.unlink(missing_ok=True)
    except (OSError, StoreError, sqlite3.Error) as error:
        raise StoreError(
            f"{path}: is of schema version {version} and was not brought to {SCHEMA_VERSION}, as "
            f"no copy could be kept: {error}"
        ) from error
    create(db)
    return (
        f"{path}: brought from schema version {version} to {SCHEMA_VERSION}; the database as it "
        f"was is kept as {kept}"
    )


def _follower(path: Path) -> str:
    """Return which process follows logs into a database, by the locks beside it; empty for none."""
    path = path.resolve()
    for lock in path.parent.glob(f"{escape(path.name)}-*.lock"):
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(20).strip() or "unknown"
    return ""
