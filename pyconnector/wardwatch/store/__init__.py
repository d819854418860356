"""The connector's memory: one SQLite file, one writer, one transaction per batch."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wardwatch.store.claims import Claims
from wardwatch.store.decisions import Decisions
from wardwatch.store.devices import Devices, Entry, Told
from wardwatch.store.erasing import Erasing
from wardwatch.store.events import Events
from wardwatch.store.exposure import Exposures
from wardwatch.store.feeds import Feeds
from wardwatch.store.health import Healths
from wardwatch.store.history import History
from wardwatch.store.limits import Limits
from wardwatch.store.marks import Marks
from wardwatch.store.migration import migrate
from wardwatch.store.outbox import Outbox
from wardwatch.store.retention import Forgetting
from wardwatch.store.schema import SCHEMA_VERSION, WAIT, StoreError, connect, version_of

TURN = 1.0  # seconds for which another writer is waited for without hearing a signal
__all__ = ["Entry", "Store", "StoreError", "Told"]


class Store(
    Claims,
    Decisions,
    Devices,
    Feeds,
    Events,
    Exposures,
    History,
    Marks,
    Healths,
    Outbox,
    Forgetting,
    Erasing,
):
    """An open database."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.dropped = 0
        self.migrated: str | None = None
        self._kept = {}
        try:
            self._db = connect(path, read_only=read_only)
            try:
                self._open(read_only)
            except BaseException:
                self._db.close()  # or whoever catches it would keep it open for others
                raise
            self._limits = Limits(self._db)
            file = path.stat()
            self._file = file.st_dev, file.st_ino
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"{path}: {error}; check that it is yours to {'read' if read_only else 'write'}, "
                "choose another file with --db, or restore a backup"
            ) from error

    def _open(self, read_only: bool) -> None:
        version = version_of(self._db, self.path)
        if read_only and version < SCHEMA_VERSION:
            if not version:
                raise StoreError(f"{self.path}: is empty; run `wardwatch ingest` first")
            raise StoreError(
                f"{self.path}: has schema version {version}, this wardwatch writes "
                f"{SCHEMA_VERSION}; `wardwatch run`, `ingest` or `purge` brings it up to date, and "
                "keeps a copy"
            )
        if version < SCHEMA_VERSION:
            self.migrated = migrate(self._db, self.path)
        self._db.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside take effect together or not at all."""
        self._begin()
        try:
            yield
            self._db.execute("COMMIT")  # which a full disk refuses
        except BaseException:
            if self._db.in_transaction:  # a full disk can have ended it
                self._db.execute("ROLLBACK")
            self._limits = Limits(self._db)  # what was counted is not there
            self._event_count = self._exposure_count = None
            self._kept.clear()
            raise

    def _begin(self) -> None:
        """Wait for another writer, in short turns: between them a signal is heard."""
        until = time.monotonic() + WAIT
        self._db.execute(f"PRAGMA busy_timeout = {1000 * TURN:.0f}")
        try:
            while not self._db.in_transaction:
                try:
                    self._db.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > until:
                        raise
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {1000 * WAIT:.0f}")

    @property
    def crowded(self) -> bool:
        """Whether there are so many hosts that not every new one is kept."""
        return self._limits.are_reached

    def look_after(self) -> None:
        """Raise `OSError` while the file is gone, `StoreError` where another is in its place."""
        try:
            file = self.path.stat()
        except FileNotFoundError:
            raise OSError(
                f"{self.path}: the database is gone, and nothing is taken in; put it back, or stop "
                "this and restore a backup"
            ) from None
        if (file.st_dev, file.st_ino) != self._file:
            raise StoreError(
                f"{self.path}: another file was put in the place of the database; start again to "
                "go on with that"
            )
