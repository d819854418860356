"""The connector's memory: one SQLite file, one writer, one transaction per batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardwatch.store.claims import Claims
from wardwatch.store.decisions import Decisions
from wardwatch.store.devices import Devices, Entry, Told
from wardwatch.store.events import Events
from wardwatch.store.exposure import Exposures
from wardwatch.store.feeds import Feeds
from wardwatch.store.health import Healths
from wardwatch.store.history import History
from wardwatch.store.limits import Limits
from wardwatch.store.marks import Marks
from wardwatch.store.schema import SCHEMA_VERSION, StoreError, connect, create, version_of

__all__ = ["Entry", "Store", "StoreError", "Told"]


class Store(Claims, Decisions, Devices, Feeds, Events, Exposures, History, Marks, Healths):
    """An open database."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.dropped = 0
        self._kept = {}
        try:
            self._db = connect(path, read_only=read_only)
            self._open(read_only)
            self._limits = Limits(self._db)
        except sqlite3.Error as error:
            raise StoreError(
                f"{path}: {error}; check that it is yours to {'read' if read_only else 'write'}, "
                "choose another file with --db, or restore a backup"
            ) from error

    def _open(self, read_only: bool) -> None:
        version = version_of(self._db, self.path)
        if read_only and version < SCHEMA_VERSION:
            state = "is empty" if not version else "is of an older version"
            raise StoreError(f"{self.path}: {state}; run `wardwatch ingest` first")
        if version < SCHEMA_VERSION:
            with self.transaction():  # another process may be as far as this one
                create(self._db)
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
