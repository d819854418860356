"""The clock is set forward and back by an hour while a connector runs."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from running.connector import Connector, State, hospital, stopped, until

from wardwatch.store import Store, StoreError

LIBRARY = "/usr/lib/*/faketime/libfaketime.so.1"
HOUR = 3600
SETTINGS = (0, HOUR, -HOUR, 0)
# The library refuses to sleep by the clock that nobody sets, unless it fakes that, too.
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n"


@pytest.fixture
def clock(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is in a file."""
    found = sorted(Path("/").glob(LIBRARY[1:]))
    if not found:
        pytest.skip("DID NOT RUN: libfaketime is not installed (Debian's package faketime)")
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(SLEEP)
    set_clock(tmp_path, 0)
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(tmp_path / "python"),
    }


def set_clock(folder: Path, seconds: int) -> None:
    """Let a process's clock be so far off from now on."""
    (folder / "aside").write_text(f"{seconds:+d}\n")
    (folder / "aside").replace(folder / "clock")


def test_everything_goes_on(tmp_path: Path, clock: dict[str, str]) -> None:
    """What is written meanwhile is taken; no device is of the future, and no delay below zero."""
    undisturbed = Connector(tmp_path / "u", logs=tmp_path / "logs", db=tmp_path / "undisturbed.db")
    connector = Connector(tmp_path / "c", logs=tmp_path / "logs", db=tmp_path / "north.db")
    hospital(tmp_path / "aside.logs")
    (tmp_path / "logs").mkdir()
    parts = sorted(path for path in (tmp_path / "aside.logs").iterdir() if path.is_dir())
    process = connector.start(clock)
    try:
        for at, seconds in enumerate(SETTINGS):
            set_clock(tmp_path, seconds)
            told = time.time() + seconds
            for part in parts[at :: len(SETTINGS)]:
                shutil.move(part, tmp_path / "logs")
            until(lambda told=told: abs(_health(connector).get("at", 0.0) - told - 30) < 30)
            health = _health(connector)
            assert health["took"] >= 0
            assert health["behind"] == 0
        assert undisturbed.does("run", "--once").returncode == 0
        expected = _told(undisturbed)
        until(lambda: _told(connector) == expected)
    finally:
        assert stopped(process) == 0, connector.told()
    assert "is tried again" not in connector.told()
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    for text in connector.state()["devices"]:
        assert json.loads(str(text))["last_seen"] < now


def _health(connector: Connector) -> dict[str, Any]:
    if not connector.db.exists():
        return {}
    try:
        with Store(connector.db, read_only=True) as store:
            return store.health("north") or {}
    except StoreError:  # it is just being made
        return {}


def _told(connector: Connector) -> State:
    """Return all that is known but of the sensor: that counts by the order of files."""
    found = connector.state()
    found["exposures"] = [row for row in found["exposures"] if "'coverage'" not in str(row)]
    return found
