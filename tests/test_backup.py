"""Copies of the database: made while others write, and put back without losing or doubling."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from running.replay import Sensor
from running.test_crash import SETTINGS, command, devices, settle, started

from wardwatch.store import Store, StoreError
from wardwatch.store.backup import copy, kept_beside, restore
from wardwatch_enrichment.model import Claim

Claiming = Callable[..., Claim]
Run = Callable[..., subprocess.CompletedProcess[str]]
SECONDS = 6.0


@pytest.fixture
def filled(tmp_path: Path, claim: Claiming) -> Path:
    """Return a database with a claim."""
    path = tmp_path / "w.db"
    with Store(path) as store, store.transaction():
        store.add([claim("10.0.0.1", "dicom.ae_title", "CT1")])
    return path


def values(path: Path) -> list[str]:
    """Return the values of all claims."""
    with Store(path, read_only=True) as store:
        return sorted(found.first.value for found in store.claims("here"))


def test_a_copy_is_whole_and_its_owners_alone(filled: Path, claim: Claiming) -> None:
    """What another connection has not committed yet is not in it; nothing stands beside it."""
    target = filled.with_name("copy.db")
    with Store(filled) as store:
        with store.transaction():
            store.add([claim("10.0.0.1", "dicom.ae_title", "CT2")])
            copy(filled, target)
        assert values(filled) == ["CT1", "CT2"]
    assert values(target) == ["CT1"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(target.parent.glob("copy.db-*"))


def test_a_backup_overwrites_nothing_unasked(filled: Path, run: Run) -> None:
    """Neither a file, nor the database itself."""
    target = filled.with_name("copy.db")
    run("backup", "--db", str(filled), str(target))
    assert "add --force" in run("backup", "--db", str(filled), str(target), code=1).stderr
    run("backup", "--db", str(filled), str(target), "--force")
    assert "is the database itself" in run("backup", "--db", "w.db", str(filled), code=2).stderr
    assert values(target) == values(filled) == ["CT1"]


def test_a_damaged_backup_is_refused(filled: Path, run: Run) -> None:
    """And the database stays as it is."""
    target = filled.with_name("copy.db")
    copy(filled, target)
    body = bytearray(target.read_bytes())
    body[4096 * 3 :] = b"\xff" * (len(body) - 4096 * 3)
    target.write_bytes(body)
    refused = run("restore", "--db", str(filled), str(target), code=1)
    assert "copy.db" in refused.stderr
    assert "take another" in " ".join(refused.stderr.split())
    assert values(filled) == ["CT1"]
    assert not list(filled.parent.glob(".*.new"))


def test_a_newer_backup_and_what_is_none_are_refused(filled: Path, run: Run) -> None:
    """Each with the reason."""
    target = filled.with_name("copy.db")
    copy(filled, target)
    with closing(sqlite3.connect(target)) as newer:
        newer.execute("PRAGMA user_version = 99")
    assert "schema version 99" in run("restore", "--db", str(filled), str(target), code=1).stderr
    assert "no such file" in run("restore", "--db", str(filled), "nothing.db", code=1).stderr


def test_what_is_open_is_not_replaced(filled: Path) -> None:
    """An `ingest` in another process would go on writing into what is gone."""
    target = filled.with_name("copy.db")
    copy(filled, target)
    holding = (
        "import sys, time; from pathlib import Path; from wardwatch.store import Store;"
        "s = Store(Path(sys.argv[1])); print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(filled)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match="another process has it open"):
            restore(target, filled)
        other.kill()
    assert restore(target, filled) in kept_beside(filled)


def test_a_damaged_database_is_replaced_and_kept(filled: Path, run: Run) -> None:
    """That is what backups are for."""
    target = filled.with_name("copy.db")
    copy(filled, target)
    damaged = b"SQLite format 3\0" + b"\xff" * 5000
    filled.write_bytes(damaged)
    run("devices", "--db", str(filled), code=1)
    run("restore", "--db", str(filled), str(target))
    assert values(filled) == ["CT1"]
    (kept,) = kept_beside(filled)
    assert kept.read_bytes() == damaged


def known(path: Path) -> int:
    """Return how many devices a database has, 0 where there is none yet."""
    try:
        with Store(path, read_only=True) as store:
            return store.device_count("north")
    except StoreError:
        return 0


def test_what_came_after_a_backup_is_read_again(tmp_path: Path) -> None:
    """A backup in the midst of a replay, put back, goes on to where an undisturbed run ends."""
    settings = {}
    for name in ("undisturbed", "restored"):
        settings[name] = tmp_path / f"{name}.toml"
        text = SETTINGS.format(db=tmp_path / f"{name}.db", logs=tmp_path / "logs")
        settings[name].write_text(text)
    sensor = Sensor(tmp_path / "logs", count=6, seconds=SECONDS, seed=7)
    process = started(settings["restored"])
    sensor.start()
    target = tmp_path / "copy.db"
    until = time.monotonic() + 60
    while not known(tmp_path / "restored.db") and time.monotonic() < until:
        time.sleep(0.1)
    taken = subprocess.run(command(settings["restored"], "backup", str(target)), check=False)
    refused = subprocess.run(
        command(settings["restored"], "restore", str(target)), capture_output=True, check=False
    )
    sensor.join()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert (taken.returncode, refused.returncode) == (0, 1)
    assert b"already runs" in refused.stderr
    settle(tmp_path / "logs")
    expected = devices(settings["undisturbed"])
    with Store(target, read_only=True) as store:
        assert 0 < store.device_count("north") < expected.count(b"\n")
    subprocess.run(command(settings["restored"], "restore", str(target)), check=True)
    assert devices(settings["restored"]) == expected
