"""Something unforeseen happens to a connector: it goes on, says so, and judges all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wardwatch.config import Config, load
from wardwatch.running import loop
from wardwatch.running.health import Health, warnings
from wardwatch.running.loop import Running
from wardwatch.sources.zeek_websocket import LiveError
from wardwatch.store import Store

ROW = {"uid": "C1", "id.orig_h": "10.0.0.7", "id.resp_h": "10.0.0.8", "conn_state": "SF"}
HOUR = 3600.0


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return the settings of a site with a log of many parts."""
    (tmp_path / "logs").mkdir()
    path = tmp_path / "north.toml"
    path.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{tmp_path / "logs"}"]\n')
    rows = (json.dumps(ROW | {"ts": 1000 + at}) for at in range(60_000))
    (tmp_path / "logs" / "conn.log").write_text("\n".join(rows) + "\n")
    return load(path, {})


def test_what_nobody_foresaw_in_one_step_leaves_the_others_be(
    tmp_path: Path, config: Config
) -> None:
    """It is told where it was, without its text, until it is over."""
    came: list[str] = []

    class Judge:
        def __call__(self, *_: object) -> None:
            if len(came) < 2:
                raise KeyError("Mustermann")

    with Store(tmp_path / "n.db") as store:
        steps = {Judge(): 0.0, lambda *_: came.append("published"): 0.0}
        running = Running(store, config, lambda _: None, steps)
        running.cycle()
        (told,) = running.health.problems
        assert told.startswith("judge: KeyError in loop.py")
        assert "Mustermann" not in told
        running.cycle()
        running.cycle()
        assert came == ["published"] * 3
        assert not running.health.problems


def test_what_comes_faster_than_it_is_read_keeps_nobody_from_judging(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For an hour at most: what was proven may be so no more."""
    monkeypatch.setattr(loop, "PART", 0.0)
    judged: list[float] = []
    with Store(tmp_path / "n.db") as store:
        running = Running(store, config, print, {lambda *a: judged.append(a[2]): 0.0})
        running.cycle()
        assert running.health.behind
        assert not judged
        monkeypatch.setattr(loop, "WAITED", 0.0)
        running.cycle()
        assert running.health.behind
        assert len(judged) == 1


def test_new_settings_that_do_not_work_change_nothing(tmp_path: Path, config: Config) -> None:
    """Neither half of them, nor what is followed."""
    with Store(tmp_path / "n.db") as store:
        running = Running(store, config, print, {})
        wrong = replace(config.run, logs=("/nowhere",), live="http://sensor:1")
        with pytest.raises(LiveError):
            running.reload(replace(config, run=wrong), {})
        while running.cycle():
            pass
        assert running.health.rows == 60_000


def test_one_that_starts_again_and_again_does_not_hide_old_risks() -> None:
    """Each start is not the beginning of a new hour."""
    now = 1_800_000_000.0
    health = Health(site="n", pid=1, started=now - 30, at=now, assessed=now - 3 * HOUR)
    assert list(warnings(health.document(), now)) == [
        "risks have not been worked out for 3 hours: see what it logs"
    ]


def test_a_start_without_room_says_where(tmp_path: Path) -> None:
    """A bare word of the database would tell nobody which disk it is."""
    database = tmp_path / "n.db"
    Store(database).__exit__()
    (tmp_path / "logs").mkdir()
    settings = tmp_path / "north.toml"
    settings.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{tmp_path / "logs"}"]\n')
    broken = """
import sqlite3, sys
from wardwatch.cli import main
from wardwatch.store import Store
def full(*_):
    raise sqlite3.OperationalError("disk I/O error")
Store.adopt = full
sys.exit(main(["run", "--once", "--config", sys.argv[1], "--db", sys.argv[2]]))
"""
    done = subprocess.run(
        [sys.executable, "-c", broken, str(settings), str(database)],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 1
    last = json.loads(done.stderr.splitlines()[-1])
    assert f"{database}: disk I/O error; " in last["message"]
