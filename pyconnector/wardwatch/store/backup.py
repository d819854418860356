"""Copies of the database: whole, as it was at one moment, while others write; checked.

https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from wardwatch.store.schema import StoreError, version_of

SPARE = 1 << 20  # bytes that stay free beside a copy
_LEFT = 86_400  # seconds
JOURNALS = ("-wal", "-shm")


def copy(source: Path, target: Path) -> None:
    """Copy an open database into a file of its own that only its owner reads.

    The target is there whole or, whatever happens, as it was before.
    """
    with closing(_reading(source)) as db, partial(target) as made:
        _have_room(db, target)
        with closing(sqlite3.connect(made)) as copied:
            db.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            _check(copied, target)


def examine(path: Path) -> int:
    """Return the version of a backup's tables; raises `StoreError` where it is none, or broken."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file")
    try:
        with closing(_reading(path)) as db:
            version = version_of(db, path)
            _check(db, path)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; it is no whole backup, take another one") from error
    if not version:
        raise StoreError(f"{path}: is empty; take another one")
    return version


def restore(source: Path, target: Path) -> Path | None:
    """Put a copy of a backup in the place of a database; returns where that is kept.

    Raises `StoreError` where another process has the database open. There is no moment without one.
    """
    examine(source)
    kept = None
    with partial(target) as made:
        with closing(_reading(source)) as db, closing(sqlite3.connect(made)) as copied:
            _have_room(db, target)
            db.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")
        if target.exists():
            _like(target, made)
            _let_go(target)
            kept = _set_aside(target)
        elif os.geteuid() == 0:
            owner = target.parent.stat()
            os.chown(made, owner.st_uid, owner.st_gid)
    return kept


def stamped(path: Path, word: str) -> Path:
    """Return the name for a copy that stays beside a database."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return path.with_name(f"{path.name}.{word}-{now}")


def kept_beside(path: Path) -> list[Path]:
    """Return the copies that migrations and restores have left beside a database."""
    found = (*path.parent.glob(f"{path.name}.v*-*Z"), *path.parent.glob(f"{path.name}.before-*Z*"))
    return sorted(one for one in found if not one.name.endswith(JOURNALS))


@contextmanager
def partial(target: Path) -> Iterator[Path]:
    """Yield a file for what then takes the target's name; it is gone where that fails.

    What a kill left behind goes the next day.
    """
    for left in target.parent.glob(f".{target.name}.*.new"):
        if time.time() - left.stat().st_mtime > _LEFT:
            left.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
        _to_disk(made)
        made.replace(target)
        _to_disk(target.parent)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _reading(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(address, uri=True, isolation_level=None)


def _check(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise StoreError(f"{path}: is damaged ({found}); take another backup")


def _have_room(db: sqlite3.Connection, target: Path) -> None:
    (pages,), (size,) = (db.execute(f"PRAGMA {n}").fetchone() for n in ("page_count", "page_size"))
    needed, free = pages * size + SPARE, shutil.disk_usage(target.parent).free
    if free < needed:
        raise StoreError(
            f"{target.parent}: a copy of the database needs {needed / 1e6:.0f} MB there, and "
            f"{free / 1e6:.0f} MB are free; make room first; nothing was changed"
        )


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _like(target: Path, made: Path) -> None:
    """Give a file to whom its predecessor belongs: the service, also where root restores it."""
    before = target.stat()
    made.chmod(before.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(made, before.st_uid, before.st_gid)


def _let_go(path: Path) -> None:
    """Bring all into the database's one file; raises `StoreError` where somebody has it open.

    What is damaged so that it cannot be opened is left as it is.
    """
    with closing(sqlite3.connect(path, isolation_level=None, timeout=1.0)) as db:
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")
            db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreError(
                    f"{path}: another process has it open; stop that first (`run`, `ingest`)"
                ) from None
        except sqlite3.DatabaseError:
            return


def _set_aside(path: Path) -> Path:
    """Keep a database under another name; its own still leads to it until it is replaced."""
    kept = stamped(path, "before")
    wal, index = (path.with_name(path.name + journal) for journal in JOURNALS)
    if wal.exists() and wal.stat().st_size:  # only where it is damaged
        wal.replace(kept.with_name(kept.name + JOURNALS[0]))
    for left in (wal, index):
        left.unlink(missing_ok=True)
    try:
        os.link(path, kept)
    except OSError:  # a file system without links
        shutil.copy2(path, kept)
    kept.chmod(0o600)
    return kept
