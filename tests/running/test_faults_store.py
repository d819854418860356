"""The database is taken away from a connector: it says so, and none is made in its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from running.connector import Connector, hospital, stopped, until

from wardwatch.config import load
from wardwatch.running.loop import Running
from wardwatch.store import Store, StoreError

ROW = '{"ts":1000,"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}\n'


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A connector that has taken in a row, with its database in a directory of its own."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "conn.log").write_text(ROW)
    (tmp_path / "kept").mkdir()
    settings = tmp_path / "north.toml"
    settings.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{tmp_path}/logs"]\n')
    with Store(tmp_path / "kept" / "north.db") as store:
        made = Running(store, load(settings, {}), lambda *_: None, {})
        made.cycle()
        yield made


def test_a_directory_that_is_gone_for_a_while_costs_nothing(
    running: Running, tmp_path: Path
) -> None:
    """As one that is mounted from elsewhere: meanwhile nothing is taken."""
    assert running.health.rows == 1
    (tmp_path / "kept").rename(tmp_path / "away")
    with (tmp_path / "logs" / "conn.log").open("a") as log:
        log.write(ROW.replace("10.0.0.7", "10.0.0.9"))
    running.cycle()
    assert running.health.rows == 1
    assert "the database is gone" in running.health.problems[-1]
    assert not (tmp_path / "kept").exists()
    (tmp_path / "away").rename(tmp_path / "kept")
    running.cycle()
    assert running.health.rows == 2
    with Store(tmp_path / "kept" / "north.db", read_only=True) as store:
        assert len(store.devices("north")) == 3


def test_another_database_in_its_place_is_not_overwritten(running: Running, tmp_path: Path) -> None:
    db = tmp_path / "kept" / "north.db"
    shutil.copy(db, tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(db)
    with pytest.raises(StoreError, match="another file was put in the place"):
        running.cycle()


def test_a_deleted_database_is_told_of_and_no_new_one_made(tmp_path: Path) -> None:
    """Neither by the process that goes on, nor by the next one, nor by an update of feeds."""
    db = tmp_path / "north.db"
    connector = Connector(tmp_path, logs=hospital(tmp_path / "logs"), db=db)
    process = connector.start()
    try:
        until(lambda: db.exists() and db.stat().st_size > 300_000)
        for file in tmp_path.glob("north.db*"):
            if file.suffix != ".lock":
                file.unlink()
        until(lambda: "the database is gone" in connector.told())
    finally:
        stopped(process)
    for command in (("run", "--once"), ("ingest", str(tmp_path / "logs"))):
        done = connector.does(*command)
        assert done.returncode == 1
        assert "restore a backup, or delete" in done.stderr
    assert not db.exists()
    (tmp_path / "north.db-north.lock").unlink()
    assert connector.does("run", "--once").returncode == 0
    assert db.exists()
