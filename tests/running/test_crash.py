"""A connector that is killed at random moments ends where one that never was ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from running.replay import Sensor

KILLS = int(os.environ.get("WARDWATCH_KILLS", "8"))
SETTINGS = """
[site]
name = "north"
[store]
file = "{db}"
[run]
logs = ["{logs}"]
interval = 1
"""


def command(settings: Path, *arguments: str) -> list[str]:
    """Return a command line of wardwatch."""
    name, *rest = arguments
    return [sys.executable, "-m", "wardwatch.cli", name, "--config", str(settings), *rest]


def started(settings: Path) -> subprocess.Popen[bytes]:
    """Start a connector; what it complains of goes beside its settings."""
    with settings.with_suffix(".err").open("ab") as complaints:
        return subprocess.Popen(command(settings, "run"), stderr=complaints)


def devices(settings: Path) -> bytes:
    """Take in the rest, and return what is known in the end."""
    subprocess.run(command(settings, "run", "--once"), check=True, stderr=subprocess.DEVNULL)
    shown = subprocess.run(command(settings, "devices", "--json"), check=True, capture_output=True)
    return shown.stdout


def test_killed_at_any_moment_it_ends_the_same(tmp_path: Path) -> None:
    settings = {}
    for name in ("undisturbed", "killed"):
        settings[name] = tmp_path / f"{name}.toml"
        text = SETTINGS.format(db=tmp_path / f"{name}.db", logs=tmp_path / "logs")
        settings[name].write_text(text)
    seed = int(os.environ.get("WARDWATCH_SEED", str(time.time_ns() % 10**6)))
    print(f"WARDWATCH_SEED={seed}")
    moments = random.Random(seed)  # noqa: S311  no secret
    sensor = Sensor(tmp_path / "logs", count=KILLS, seconds=1.8 * KILLS, seed=seed)
    undisturbed = started(settings["undisturbed"])
    sensor.start()
    kills = 0
    while kills < KILLS or sensor.is_alive():
        process = started(settings["killed"])
        time.sleep(moments.uniform(0.3, 1.8))
        process.kill()
        process.wait()
        kills += 1
    sensor.join()
    time.sleep(2)
    undisturbed.send_signal(signal.SIGTERM)
    assert undisturbed.wait(60) == 0, settings["undisturbed"].with_suffix(".err").read_text()
    settle(tmp_path / "logs")
    expected = devices(settings["undisturbed"])
    assert expected.count(b"\n") > 40
    assert devices(settings["killed"]) == expected


def settle(logs: Path) -> None:
    """Make packed files as old as if they had been packed long ago."""
    for path in logs.rglob("*.gz"):
        os.utime(path, (time.time() - 60,) * 2)
