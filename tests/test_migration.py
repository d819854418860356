"""Databases of older releases, built from what those wrote: a copy first, then all or nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from wardwatch.running.service import alone
from wardwatch.store import Store, StoreError, migration
from wardwatch.store.backup import kept_beside
from wardwatch.store.schema import SCHEMA_VERSION

Run = Callable[..., subprocess.CompletedProcess[str]]
OLDER = sorted((Path(__file__).parent / "migration").glob("v*.sql"))
KILLED = """
import os, signal, sys
from pathlib import Path
from wardwatch.store import Store, migration
made = migration.create
def dying(db):
    made(db)
    os.kill(os.getpid(), signal.SIGKILL)
migration.create = dying
Store(Path(sys.argv[1]))
"""


def older(path: Path, dump: Path) -> Path:
    """Build a database as an older release left it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(dump.read_text())
        db.execute("PRAGMA journal_mode = WAL")
    return path


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all that is in a database, by table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        return {
            name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608  ours
            for (name,) in db.execute(tables).fetchall()
        }


def version(path: Path) -> int:
    """Return the version that a database says."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the columns of each table."""
    with closing(sqlite3.connect(path)) as db:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: db.execute(f"PRAGMA table_info({name})").fetchall() for name in names}


@pytest.mark.parametrize("dump", OLDER, ids=lambda dump: dump.stem)
def test_an_older_database_keeps_every_row(tmp_path: Path, dump: Path) -> None:
    """It ends with the tables of a new one, and the copy is what it was."""
    path = older(tmp_path / "w.db", dump)
    before = rows(path)
    assert all(before.values())
    with Store(path) as store:
        assert store.migrated
        assert f"to {SCHEMA_VERSION}" in store.migrated
        assert {device.hostname for device in store.devices("north")} >= {"annas-laptop"}
    after = rows(path)
    for table, found in before.items():
        width = len(found[0])
        assert [row[:width] for row in after[table]] == found, table
    Store(tmp_path / "new.db")
    assert columns(path) == columns(tmp_path / "new.db")
    (kept,) = kept_beside(path)
    assert rows(kept) == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with Store(path) as store:
        assert store.migrated is None


def test_the_copy_stays_until_the_next_migration(tmp_path: Path) -> None:
    """So that they do not pile up."""
    path = older(tmp_path / "w.db", OLDER[-1])
    first = path.with_name("w.db.v4-20260101T000000Z")
    first.write_bytes(b"")
    Store(path)
    (kept,) = kept_beside(path)
    assert kept != first


def test_one_that_fails_again_and_again_fills_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service is started anew each time: there is one copy, and nothing of those cut short."""
    path = older(tmp_path / "w.db", OLDER[-1])

    def full(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(migration, "create", full)
    for number in range(3):
        (tmp_path / f".w.db.v6-2026010{number}T000000Z.abc.new").write_bytes(b"half")
        monkeypatch.setattr(
            migration, "stamped", lambda db, word, n=number: db.with_name(f"{db.name}.{word}-{n}Z")
        )
        with pytest.raises(StoreError, match="is full"):
            Store(path)
    assert [one.name for one in kept_beside(path)] == [f"w.db.v{version(path)}-2Z"]
    assert not list(tmp_path.glob(".*.new"))


def test_an_older_release_that_still_runs_is_not_deprived_of_its_tables(tmp_path: Path) -> None:
    """It would write into those of a release that it does not know."""
    path = older(tmp_path / "w.db", OLDER[-1])
    before = version(path)
    with alone(path, "north"):
        with pytest.raises(StoreError, match=f"process {os.getpid()} of an older release"):
            Store(path)
        assert version(path) == before
        assert not kept_beside(path)
    with Store(path) as store:
        assert store.migrated


def test_a_reader_says_what_to_do_and_changes_nothing(tmp_path: Path, run: Run) -> None:
    """Only what writes migrates, and says so."""
    path = older(tmp_path / "w.db", OLDER[-1])
    refused = run("devices", "--db", str(path), code=1)
    assert f"has schema version {version(path)}" in refused.stderr
    assert "`wardwatch run`, `ingest` or `purge`" in refused.stderr
    assert not kept_beside(path)
    told = run("purge", "--dry-run", "--db", str(path))
    assert "kept as" in " ".join(told.stderr.split())
    assert version(path) == SCHEMA_VERSION
    assert "annas-laptop" in run("devices", "--json", "--db", str(path)).stdout


def test_a_kill_in_the_middle_leaves_the_older_database(tmp_path: Path) -> None:
    """It is migrated by the next that opens it."""
    path = older(tmp_path / "w.db", OLDER[-1])
    before, number = rows(path), version(path)
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (version(path), rows(path)) == (number, before)
    with Store(path) as store:
        assert store.migrated


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Return a directory on a file system with room for a database, but not for its copy."""
    mount = shutil.which("mount")
    if os.geteuid() or not mount:
        pytest.skip("NOT RUN: a small file system needs root and mount")
    place = tmp_path / "small"
    place.mkdir()
    made = [mount, "-t", "tmpfs", "-o", "size=1500k", "none", str(place)]
    if subprocess.run(made, check=False, capture_output=True).returncode:
        pytest.skip("NOT RUN: this system lets nobody mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_without_room_for_the_copy_nothing_is_changed(small: Path) -> None:
    """The message names the room that it takes."""
    path = older(small / "w.db", OLDER[-1])
    number = version(path)
    with pytest.raises(StoreError, match=r"no copy could be kept: .*needs 1 MB.*make room"):
        Store(path)
    assert version(path) == number
    assert [one.name for one in small.iterdir() if one.suffix == ".new"] == []
