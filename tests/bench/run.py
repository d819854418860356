"""Fourteen days of a hospital with 9,000 devices, compressed: what `wardwatch run` costs.

A real `wardwatch run` follows real files, with feeds loaded and risks worked out. Its clock is the
hospital's (libfaketime): the sensor writes an hour, the clock moves on to the end of that hour, and
the next one follows as soon as all is taken and judged. So nothing is waited for, and an hour's
rows come at once; how soon a single claim is seen is measured apart, at the end, with no
other rows beside it. Prints figures as they come, and writes
``build/bench-run.json``. Arguments: devices, days.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import run_logs

ROOT = Path(__file__).parents[2]
BUILD = Path(os.environ.get("WARDWATCH_BUILD", ROOT / "build"))
WORK, FIGURES = BUILD / "bench-run", BUILD / "bench-run.json"
ADVISORIES = (ROOT / "examples" / "advisories", ROOT.parent / "shared" / "data" / "csaf")
FAKED = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
DEVICES, DAYS = 9_000, 14
HOUR, DAY = 3_600.0, 86_400.0
PROBES = 20  # claims of which the lag is measured
WARM = 3  # days until memory is looked at
SETTINGS = """
[site]
name = "hospital"
[store]
file = "{db}"
[run]
logs = ["{logs}"]
interval = 1
"""


class Connector:
    """`wardwatch run` with a clock that is set from here."""

    def __init__(self) -> None:
        self.database, self._clock = WORK / "hospital.db", WORK / "clock"
        self._settings = WORK / "wardwatch.toml"
        text = SETTINGS.format(db=self.database, logs=WORK / "logs")
        self._settings.write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def set_clock(self, at: float) -> None:
        """Let it be `at` now, and time go on from there."""
        self._offset = at - time.time()
        part = self._clock.with_suffix(".part")
        part.write_text(f"{self._offset:+.3f}\n")
        part.replace(self._clock)

    def start(self) -> None:
        """Start the process."""
        environment = os.environ | {
            "LD_PRELOAD": str(FAKED), "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1", "TZ": "UTC",
        }  # fmt: skip
        command = [sys.executable, "-m", "wardwatch.cli", "run", "--config", str(self._settings)]
        with (WORK / "run.err").open("ab") as told:
            self._process = subprocess.Popen(command, env=environment, stderr=told)

    def stop(self) -> None:
        """Stop it as a service is stopped."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        if self._process.wait(120):
            sys.exit(f"wardwatch run ended with {self._process.returncode}; see {WORK}/run.err")

    def settle(self, rows: int, at: float, *, judged: bool = True) -> None:
        """Wait until so many rows are taken since the start, and judged at a time or later."""
        assert self._process
        while True:
            if self._process.poll() is not None:
                sys.exit(f"wardwatch run ended; see {WORK}/run.err")
            told = self.health()
            done = told and told["pid"] == self._process.pid and told["rows"] >= rows
            if done and (not judged or (told["assessed"] or 0.0) >= at):
                return
            time.sleep(0.1)

    def health(self) -> dict[str, Any]:
        """Return what it says of itself."""
        if not self.database.exists():
            return {}
        with _reading(self.database) as db:
            query = "SELECT value FROM setting WHERE name = 'run:hospital'"
            try:
                row = db.execute(query).fetchone()
            except sqlite3.OperationalError:  # it has made no tables yet
                row = None
        db.close()
        found: dict[str, Any] = json.loads(row[0]) if row else {}
        return found

    @property
    def cpu(self) -> float:
        """Seconds that it was busy for."""
        assert self._process
        told = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def rss(self) -> float:
        """MB of memory."""
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Waiting(threading.Thread):
    """Asks for the right to write, again and again: how long another process would wait."""

    def __init__(self, database: Path) -> None:
        super().__init__(daemon=True)
        self._database, self.seconds, self._over = database, [0.0], threading.Event()

    def run(self) -> None:
        """Ask four times a second."""
        while not self._over.wait(0.25):
            if self._database.exists():
                self._ask()

    def _ask(self) -> None:
        db = sqlite3.connect(self._database, timeout=60, isolation_level=None)
        began = time.monotonic()
        db.execute("BEGIN IMMEDIATE")
        self.seconds.append(time.monotonic() - began)
        db.execute("ROLLBACK")
        db.close()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self.join()


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)


def days(connector: Connector, logs: run_logs.Logs, start: float, count: int) -> list[Any]:
    """Let days go by; returns the figures of each."""
    found, at, rows = [], start, logs.rows
    for day in range(count):
        busy, before, size, hours = connector.cpu, logs.rows, logs.bytes, []
        for _ in range(24):
            logs.hour(at)
            at += HOUR
            connector.set_clock(at)
            began = time.monotonic()
            connector.settle(logs.rows - rows, at)
            hours.append(time.monotonic() - began)
            logs.rotate(at - HOUR)
        logs.forget()
        cpu, json_cpu = connector.cpu - busy, bare(logs.bytes - size, WORK / "logs")
        told = connector.health()
        one = {
            "day": day + 1, "rows": logs.rows - before, "cpu_seconds": round(cpu, 1),
            "rows_per_cpu_second": round((logs.rows - before) / cpu),
            "ratio_to_json_loop": round(cpu / json_cpu),
            "hour_seconds_median": round(statistics.median(hours), 1),
            "hour_seconds_max": round(max(hours), 1), "rss_mb": round(connector.rss, 1),
            "devices": told["devices"], "store_mb": round(told["store_bytes"] / 1e6, 1),
        }  # fmt: skip
        print(" ".join(f"{name} {value}" for name, value in one.items()), flush=True)
        found.append(one)
    return found


def bare(size: int, logs: Path) -> float:
    """Return what a loop that only decodes lines would be busy for, over as many bytes."""
    done, busy = 0, 0.0
    for path in sorted(logs.glob("2*/*.log")):
        lines = path.read_bytes()
        began = time.process_time()
        for line in lines.splitlines():
            orjson.loads(line)
        busy += time.process_time() - began
        done += len(lines)
    return busy * size / max(done, 1)


def backlog(connector: Connector, logs: run_logs.Logs, start: float) -> dict[str, float]:
    """Let the sensor write a day while nobody reads it; returns how that is caught up with."""
    connector.stop()
    before = logs.rows
    for hour in range(24):
        logs.hour(start + hour * HOUR)
        logs.rotate(start + hour * HOUR)
    connector.set_clock(start + DAY + 120)  # packed files are old enough to be whole
    began = time.monotonic()
    connector.start()
    connector.settle(logs.rows - before, start + DAY)
    minutes = (time.monotonic() - began) / 60
    return {"backlog_rows": logs.rows - before, "backlog_minutes": round(minutes, 1)}


def lag(connector: Connector, logs: run_logs.Logs, at: float) -> dict[str, float]:
    """Write as many rows in a minute as there are, and see how soon single claims are known."""
    found = []
    connector.set_clock(at)
    began = time.monotonic()
    for number in range(PROBES):
        time.sleep(max(began + 3 * number - time.monotonic(), 0))
        value, written = logs.probe(at + 3 * number, number), time.monotonic()
        with _reading(connector.database) as db:
            query = "SELECT count(*) FROM device WHERE CAST(body AS TEXT) LIKE ?"
            while not db.execute(query, (f"%{value}%",)).fetchone()[0]:
                time.sleep(0.05)
        db.close()
        found.append(time.monotonic() - written)
    ordered = sorted(found)
    return {
        "lag_p50_seconds": round(statistics.median(ordered), 2),
        "lag_p95_seconds": round(ordered[int(0.95 * len(ordered))], 2),
        "lag_max_seconds": round(ordered[-1], 2),
    }


def assess() -> dict[str, float]:
    """Judge all, then what changed in an hour, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("run_assess.py"))]
    printed = subprocess.run(
        [*command, str(WORK / "hospital.db")], check=True, capture_output=True, text=True
    ).stdout
    figures: dict[str, float] = json.loads(printed)
    return figures


def main() -> None:
    """Go through it all, and print."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else DEVICES
    count = int(sys.argv[2]) if len(sys.argv) > 2 else DAYS
    if FAKED is None:
        sys.exit("bench-run did NOT run: it needs libfaketime; `apt install faketime`")
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    start = time.time() // DAY * DAY - (count + 2) * DAY
    logs, connector = run_logs.Logs(WORK / "logs", devices=devices), Connector()
    feeds = [str(path) for path in ADVISORIES if path.exists()]
    command = [sys.executable, "-m", "wardwatch.cli", "feeds", "import", "--db"]
    subprocess.run(
        [*command, str(connector.database), *feeds], check=True, stdout=subprocess.DEVNULL
    )
    connector.set_clock(start)
    connector.start()
    waiting = Waiting(connector.database)
    waiting.start()
    by_day = days(connector, logs, start, count)
    waiting.stop()
    seconds = sorted(waiting.seconds)
    memory = [one["rss_mb"] for one in by_day[WARM - 1 :]] or [by_day[-1]["rss_mb"]]
    end = start + count * DAY
    figures = {
        "devices": devices, "days": by_day,
        "rss_drift_percent": round(100 * (memory[-1] / memory[0] - 1), 1),
        "write_wait_p95_seconds": round(seconds[int(0.95 * len(seconds))], 2),
        "write_wait_max_seconds": round(seconds[-1], 2),
        **backlog(connector, logs, end), **lag(connector, logs, end + DAY + 200),
    }  # fmt: skip
    connector.stop()
    figures |= assess()
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        if name != "days":
            print(f"{name:40} {value}")
    print("aims: memory within 5 % from day 3 on, a day's backlog within the hour")
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
