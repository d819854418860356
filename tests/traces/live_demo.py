"""`make demo-live`: a device starts to talk in front of a real sensor, and is in the table.

Zeek listens on the switch of a made-up ward, `wardwatch run` follows what Zeek writes, and then a
CT, which nobody has told the inventory of, stores an image at the archive with DCMTK. The ward is
made of network namespaces that vanish with this script; nothing outside is seen or sent to.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personas import Persona, Site, contained

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
WARDWATCH = (sys.executable, "-m", "wardwatch.cli")
PATIENCE = 30.0
SETTINGS = """[site]
name = "demo"
[store]
file = "{home}/demo.db"
[run]
logs = ["{home}/logs"]
interval = 1
"""
# An invented device's image of nobody: what DCMTK's dump2dcm makes a file of.
IMAGE = """(0008,0005) CS [ISO_IR 100]
(0008,0016) UI =CTImageStorage
(0008,0018) UI [1.2.826.0.1.3680043.10.1338.1.3]
(0008,0060) CS [CT]
(0008,0070) LO [Siemens]
(0008,1010) SH [CT-ROOM-4]
(0008,1090) LO [SOMATOM go.Top]
(0010,0010) PN [Demo^Nobody]
(0010,0020) LO [NOBODY]
(0018,1000) LO [DEMO-4711]
(0018,1020) LO [syngo CT VA30A]
(0020,000d) UI [1.2.826.0.1.3680043.10.1338.1.1]
(0020,000e) UI [1.2.826.0.1.3680043.10.1338.1.2]
"""


class Clock:
    """Prints what happens with the seconds since the device began to talk."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    def say(self, text: str) -> None:
        """Print a step."""
        print(f"{time.monotonic() - self._zero:7.1f} s  {text}", flush=True)


@contextmanager
def running(home: Path, name: str, *command: str) -> Iterator[Callable[[], None]]:
    """Let a program run beside, and end it; yields what raises where it has ended already."""
    log = home / f"{name}.err"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=home, stdout=out, stderr=out)

    def check() -> None:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended: {log.read_text().strip()}")

    try:
        yield check
        check()
    finally:
        process.terminate()
        process.wait(PATIENCE)


def devices(settings: Path) -> list[dict[str, Any]]:
    """Ask the inventory, as a user does."""
    asked = [*WARDWATCH, "devices", "--config", str(settings), "--json"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def store_image(scanner: Persona, archive: Persona) -> None:
    """Let the scanner say hello to the archive and store its image there."""
    at = ("-aet", "CT4", "-aec", "ARCHIVE", archive.ip, "11112")
    scanner.run("echoscu", *at)
    scanner.run("storescu", *at, "image.dcm")


def wait_until(clock: Clock, what: str, ready: Callable[[], bool], *checks: Any) -> None:
    """Wait until it is so and say it; an error where it never is."""
    end = time.monotonic() + PATIENCE
    while not ready():
        for check in checks:
            check()
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE:.0f} s until {what}")
        time.sleep(0.1)
    clock.say(what)


def play(home: Path, clock: Clock, settings: Path) -> None:
    """Play it all, and print what happens."""
    zeek = ["ip", "netns", "exec", "switch", "zeek", "-C", "-i", "lan", str(SCRIPTS)]
    zeek += ["LogAscii::use_json=T", f"Log::default_logdir={home / 'logs'}"]
    with (
        Site() as site,
        running(home, "zeek", *zeek) as sensor,
        running(home, "wardwatch", *WARDWATCH, "run", "--config", str(settings)) as connector,
    ):
        wait_until(clock, "Zeek listens on the switch of the ward",
                   lambda: "listening on" in (home / "zeek.err").read_text(), sensor)  # fmt: skip
        archive = site.persona("archive", "02:20:00:00:00:10", "10.20.0.10/16")
        archive.serve("storescp", "--ignore", "-aet", "ARCHIVE", "11112", port=11112)
        wait_until(clock, "`wardwatch run` knows the archive: it announced its address",
                   lambda: len(devices(settings)) == 1, sensor, connector)  # fmt: skip
        scanner = site.persona("ct4", "02:20:00:00:00:44", "10.20.4.44/16")
        (scanner.home / "image.txt").write_text(IMAGE)
        scanner.run("dump2dcm", "image.txt", "image.dcm")
        talking = Clock()
        clock.say("a CT is plugged in, and stores an image at the archive")
        store_image(scanner, archive)
        talking.say("after its first word the image is stored")
        wait_until(talking, "after its first word it is in the table", lambda: any(
            device["serial_number"] == "DEMO-4711" for device in devices(settings)
        ), sensor, connector)  # fmt: skip


def main(outdir: Path) -> None:
    """Make the ward, let the device talk, and show the inventory."""
    home = outdir / "live"
    shutil.rmtree(home, ignore_errors=True)
    (home / "logs").mkdir(parents=True)
    settings = home / "demo.toml"
    settings.write_text(SETTINGS.format(home=home))
    play(home, Clock(), settings)
    print(f"\n$ wardwatch devices --config {settings}", flush=True)
    subprocess.run([*WARDWATCH, "devices", "--config", str(settings)], check=True)


if __name__ == "__main__":
    contained(main, programs=("zeek", "storescu", "storescp", "echoscu", "dump2dcm"), seconds=120)
