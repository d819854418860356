"""The faults of `make soak`: each is made once, and returns what it did."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from running.connector import (
    HOSPITAL,
    Connector,
    State,
    compared,
    hospital,
    peak,
    settled,
    stopped,
    until,
)
from running.disk import in_memory, that_can_break
from running.replay import Sensor

RESTARTS = 4  # kills of one replay
FLOOD = 1_000_000
ENDLESS = 300 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How many rows were lost, and doubled; most memory in bytes; seconds until all was well."""

    lost: int
    doubled: int
    peak: int
    seconds: float


def _expected(folder: Path, logs: Path) -> State:
    undisturbed = Connector(folder / "u", logs=logs, db=folder / "undisturbed.db")
    assert undisturbed.does("run", "--once").returncode == 0
    return undisturbed.state()


def _outcome(connector: Connector, expected: State, most: int, began: float) -> Outcome:
    lost, doubled = settled(connector, expected, 120)
    return Outcome(lost=lost, doubled=doubled, peak=most, seconds=time.monotonic() - began)


def kills(folder: Path) -> Outcome:
    """Kill it at random moments while a sensor writes and rotates."""
    logs = folder / "logs"
    killed = Connector(folder / "k", logs=logs, db=folder / "killed.db")
    chance = random.Random()  # noqa: S311  no secret
    sensor = Sensor(logs, count=RESTARTS, seconds=2.0 * RESTARTS, seed=chance.randrange(10**6))
    sensor.start()
    most = done = 0
    while done < RESTARTS or sensor.is_alive():
        process = killed.start()
        time.sleep(chance.uniform(0.5, 3))
        most = max(most, peak(process))
        process.kill()
        process.wait()
        done += 1
    sensor.join()
    for path in logs.rglob("*.gz"):
        os.utime(path, (time.time() - 60,) * 2)
    began = time.monotonic()
    assert killed.does("run", "--once").returncode == 0
    undisturbed = Connector(folder / "u", logs=logs, db=folder / "undisturbed.db")
    assert undisturbed.does("run", "--once").returncode == 0
    known, expected = killed.state(), undisturbed.state()
    for one in (known, expected):  # what was counted in which order is another matter
        one.pop("exposures")
        one["devices"] = [_without_past(str(text)) for text in one["devices"]]
    lost, doubled = compared(known, expected)
    return Outcome(lost=lost, doubled=doubled, peak=most, seconds=time.monotonic() - began)


def _without_past(text: str) -> str:
    """Return a device without the ids that it had while less was known."""
    device = json.loads(text)
    return json.dumps({**device, "id": None, "former_ids": None})


def full_disk(folder: Path) -> Outcome:
    """Fill its disk, let it fail for a while, give the space back."""
    expected = _expected(folder, hospital(folder / "source"))
    with in_memory(folder / "disk", 16) as disk:
        connector = Connector(folder / "c", logs=folder / "logs", db=disk.at / "north.db",
                              inside=disk.inside)  # fmt: skip
        process = connector.start()
        try:
            until(lambda: "following" in connector.told())
            disk.fill(left=random.randrange(700_000))  # noqa: S311
            hospital(folder / "logs")
            time.sleep(6)
            disk.fill()
            time.sleep(2)
            disk.clear()
            return _outcome(connector, expected, peak(process), time.monotonic())
        finally:
            stopped(process)


def read_only(folder: Path) -> Outcome:
    """Let the system make its disk read-only, mend that, start it again."""
    expected = _expected(folder, hospital(folder / "source"))
    at, image = folder / "disk", folder / "image"
    with that_can_break(at, image) as disk:
        connector = Connector(folder / "c", logs=folder / "logs", db=at / "north.db",
                              inside=disk.inside)  # fmt: skip
        process = connector.start()
        try:
            until(lambda: "following" in connector.told())
            hospital(folder / "logs")
            time.sleep(random.uniform(0, 2))  # noqa: S311
            disk.does("sh", "-c", f"L=$(findmnt -no SOURCE {at}); "
                      "echo 1 >/sys/fs/ext4/$(basename $L)/trigger_fs_error")  # fmt: skip
            time.sleep(3)
            assert process.poll() is None, connector.told()
            most = peak(process)
        finally:
            stopped(process)
        disk.does("umount", str(at))
        disk.does("sh", "-c", f"e2fsck -p -f '{image}' || [ $? = 1 ]")
        disk.does("mount", "-o", "loop", str(image), str(at))
        began = time.monotonic()
        process = connector.start()
        try:
            return _outcome(connector, expected, most, began)
        finally:
            stopped(process)


def sent_again(folder: Path) -> Outcome:
    """Let a sensor send all that it sent again, three times, in files that begin elsewhere."""
    logs = hospital(folder / "logs")
    expected = _expected(folder, logs)
    connector = Connector(folder / "c", logs=logs, db=folder / "north.db")
    process = connector.start()
    try:
        settled(connector, expected, 120)
        for number in range(1, 4):
            for path in sorted(HOSPITAL.rglob("*.*")):
                lines = path.read_text().splitlines(keepends=True)
                again = logs / f"again{number}" / path.relative_to(HOSPITAL)
                again.parent.mkdir(parents=True, exist_ok=True)
                again.write_text("".join([*lines[number:], *lines[:number]]))
        time.sleep(12)
        return _outcome(connector, expected, peak(process), time.monotonic())
    finally:
        stopped(process)


def endless_line(folder: Path) -> Outcome:
    """Let a log grow without a newline, beside those of the example site."""
    logs = hospital(folder / "logs")
    expected = _expected(folder, logs)
    connector = Connector(folder / "c", logs=logs, db=folder / "north.db")
    process = connector.start()
    try:
        settled(connector, expected, 120)
        size = connector.db.stat().st_size
        with (logs / "conn.log").open("ab") as log:
            for _ in range(ENDLESS >> 20):
                log.write(b"x" * (1 << 20))
        time.sleep(8)
        assert connector.db.stat().st_size - size < 1_000_000
        return _outcome(connector, expected, peak(process), time.monotonic())
    finally:
        stopped(process)


def flood(folder: Path) -> Outcome:
    """Invent a million devices in a minute, beside those of the example site."""
    logs = hospital(folder / "logs")
    expected = _expected(folder, logs)
    connector = Connector(folder / "c", logs=logs, db=folder / "north.db")
    assert connector.does("run", "--once").returncode == 0
    with (logs / "dhcp.log").open("w") as log:
        log.writelines(_leases())
    process = connector.start()
    try:
        began = time.monotonic()
        until(lambda: "look for what invents addresses" in connector.does("status").stdout, 900, 5)
        told = time.monotonic() - began
        until(lambda: "; nothing waits" in connector.does("status").stdout, 1800, 5)
        known = connector.state()
        lost = len(set(expected["claims"]) - set(known["claims"]))
        most = max(len(known["devices"]) - 160_000, 0)
        return Outcome(lost=lost, doubled=most, peak=peak(process), seconds=told)
    finally:
        stopped(process)


def _leases() -> Iterator[str]:
    chance, now = random.Random(), time.time()  # noqa: S311
    for number in range(FLOOD):
        mac = f"02:{':'.join(f'{chance.randrange(256):02x}' for _ in range(5))}"
        ip = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        row = {"ts": now + number * 6e-5, "mac": mac, "assigned_addr": ip, "msg_types": ["ACK"]}
        yield json.dumps(row) + "\n"


def many_files(folder: Path) -> Outcome:
    """Put 200,000 other files beside the logs."""
    logs = hospital(folder / "logs")
    expected = _expected(folder, logs)
    subprocess.run(["sh", "-c", "seq 200000 | xargs touch"], cwd=logs, check=True)
    connector = Connector(folder / "c", logs=logs, db=folder / "north.db")
    process = connector.start()
    try:
        began = time.monotonic()
        settled(connector, expected, 120)
        return _outcome(connector, expected, peak(process), began)
    finally:
        stopped(process)
        shutil.rmtree(logs)


FAULTS: dict[str, tuple[Callable[[Path], Outcome], float]] = {  # and its share of the rounds
    "kills": (kills, 1 / RESTARTS),
    "full-disk": (full_disk, 0.1),
    "read-only": (read_only, 0.1),
    "sent-again": (sent_again, 0.06),
    "endless-line": (endless_line, 0.02),
    "many-files": (many_files, 0.02),
    "flood": (flood, 0.02),
}
