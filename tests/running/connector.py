"""A connector as a process with logs and a database of its own, and all that it ends with."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from wardwatch.cli import main

HOSPITAL = Path(__file__).parents[2] / "examples" / "hospital"
SETTINGS = """
[site]
name = "north"
[store]
file = "{db}"
[run]
logs = ["{logs}"]
interval = 1
"""
# Of what is kept, all that does not tell when it was taken in.
KEPT = {
    "claims": "SELECT * FROM claim",
    "events": "SELECT * FROM event",
    "exposures": "SELECT * FROM exposure",
}
State = dict[str, list[object]]


class Connector:
    """One site. `inside` is what a command line begins with that runs it elsewhere."""

    def __init__(self, folder: Path, *, logs: Path, db: Path, inside: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.db = db
        self.settings = folder / "north.toml"
        self.settings.write_text(SETTINGS.format(db=db, logs=logs))
        self.complaints = folder / "north.err"
        self.complaints.touch()
        self._inside = inside

    def command(self, *arguments: str) -> list[str]:
        """Return a command line of wardwatch."""
        program = [*self._inside, sys.executable, "-m", "wardwatch.cli"]
        return [*program, *arguments, "--config", str(self.settings)]

    def start(self, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Let it follow until it is told to stop."""
        with self.complaints.open("ab") as complaints:
            return subprocess.Popen(
                self.command("run"), stderr=complaints, env={**os.environ, **(environment or {})}
            )

    def does(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry out one command."""
        done = subprocess.run(
            self.command(*arguments), check=False, capture_output=True, text=True, timeout=300
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def state(self) -> State:
        """Return all that it knows; what is elsewhere can only be read from there."""
        asked = [*self._inside, sys.executable, __file__, str(self.db)]
        found: State = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
        return found

    def told(self) -> str:
        """Return what it complained of so far."""
        text = self.complaints.read_text()
        assert "Traceback" not in text, text
        return text


def stopped(process: subprocess.Popen[bytes]) -> int:
    """Tell a connector to stop, and return how it ended."""
    process.terminate()
    return process.wait(60)


def until(so: Callable[[], object], seconds: float = 60.0, every: float = 0.1) -> float:
    """Wait until something is so; returns how many seconds that took."""
    began = time.monotonic()
    while not so():
        assert time.monotonic() - began < seconds, "it did not come to that"
        time.sleep(every)
    return time.monotonic() - began


def peak(process: subprocess.Popen[bytes]) -> int:
    """Return the most memory that a process has had so far, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    assert found, status
    return int(found[1]) * 1024


def state(db: Path) -> State:
    """Return all that a database knows of a site, in order."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        if main(("devices", "--db", str(db), "--json")) != 0:
            return {}
    found: State = {"devices": list(output.getvalue().splitlines())}
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as opened:
        for name, query in KEPT.items():
            found[name] = sorted(map(str, opened.execute(query)))
        found["sound"] = [opened.execute("PRAGMA integrity_check").fetchone()[0]]
    return found


def compared(known: State, expected: State) -> tuple[int, int]:
    """Return how many rows were lost, and how many there are that should not be."""
    lost = sum(len(set(rows) - set(known.get(name, ()))) for name, rows in expected.items())
    more = sum(len(set(rows) - set(expected[name])) for name, rows in known.items())
    return lost, more


def settled(connector: Connector, expected: State, seconds: float = 60.0) -> tuple[int, int]:
    """Wait until nothing is lost or too much any more; returns how much of that there is."""
    end = time.monotonic() + seconds
    while (apart := compared(connector.state(), expected)) != (0, 0) and time.monotonic() < end:
        time.sleep(0.3)
    return apart


def hospital(target: Path) -> Path:
    """Put the example site's logs somewhere, all at once."""
    aside = target.with_name(f"{target.name}.aside")
    shutil.copytree(HOSPITAL, aside)
    return aside.rename(target)


def needs_root(what: str) -> None:
    """Skip loudly where a test cannot have what only root can make."""
    if os.geteuid() != 0:
        pytest.skip(f"DID NOT RUN: {what} needs root")


if __name__ == "__main__":
    json.dump(state(Path(sys.argv[1])), sys.stdout)
