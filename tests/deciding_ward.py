"""A ward of pumps with a telnet service, as sensors and a register tell of it."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wardwatch.cli import main

ADVISORY = Path(__file__).parent / "matching" / "advisories" / "icsa-15-125-01b.json"
TELNET = "CVE-2015-3459"
DAY = 86_400.0
CALLERS = ("10.20.4.7", "10.20.4.8")
Run = Callable[..., str]


def host(number: int) -> str:
    """Return the address of a pump."""
    return f"10.30.{1 + number // 200}.{10 + number % 200}"


def mac(number: int) -> str:
    """Return its hardware address."""
    return f"02:20:00:00:{number // 256:02x}:{number % 256:02x}"


def row(at: float, kind: str, **values: Any) -> str:
    """Return a row of iomt_exposure.log, of one hour."""
    told = {"ts": at, "first": at - 3600, "last": at, "kind": kind, "count": 3}
    return json.dumps({**told, **values}) + "\n"


def telnet(number: int, state: str, at: float) -> str:
    """Return that telnet answered, or that the pump refused."""
    told = {"proto": "tcp", "port": 23, "state": state, "peers": CALLERS, "clients": 2}
    told |= {"by": "device"} if state == "refused" else {}
    return row(at, "service", host=host(number), mac=mac(number), **told)


def sensor(now: float, days: int = 29) -> str:
    """Return what the sensor says of itself, each half day."""
    counts = {"sensor": 40, "packets": 9_000, "dropped": 0, "gaps": 0, "acks": 9_000}
    return "".join(
        row(now - half * DAY / 2, "coverage", host="0.0.0.0", value=value, count=count)  # noqa: S104
        for half in range(days * 2, -1, -1)
        for value, count in counts.items()
    )


def ward(run: Run, pumps: int = 1, rows: Sequence[str] = ()) -> None:
    """Take in a ward whose register names its pumps, and the advisory on them."""
    now = time.time()
    conn, register = [], ["ip,manufacturer,model,software version"]
    for number in range(pumps):
        about = {"uid": "C1", "id.orig_h": host(number), "id.resp_h": "224.0.0.251"}
        for half in range(60):
            ts = now - half * DAY / 2 - 60
            conn.append(json.dumps({**about, "ts": ts, "orig_l2_addr": mac(number)}))
        register.append(f"{host(number)},Hospira,LifeCare PCA Infusion System,4.1")
    Path("conn.log").write_text("\n".join(conn) + "\n")
    Path("iomt_exposure.log").write_text("".join(rows) + sensor(now))
    Path("register.csv").write_text("\n".join(register) + "\n")
    run("ingest", "conn.log", "iomt_exposure.log", "--sensor", "tap1")
    run("facts", "import", "register.csv")
    run("feeds", "import", str(ADVISORY))


def seen(run: Run, *rows: str) -> None:
    """Take in what was seen since."""
    Path("iomt_exposure.log").write_text("".join(rows) + sensor(time.time(), 0))
    run("ingest", "iomt_exposure.log", "--sensor", "tap1")


def findings(run: Run, *options: str) -> list[dict[str, Any]]:
    """Return what is found of telnet on the pumps."""
    told = [json.loads(line) for line in run("findings", "--json", *options).splitlines()]
    return [one for one in told if one["vulnerability"] == TELNET]


def running(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says."""

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + (said.err if code else "")

    return run


def day(days: float) -> str:
    """Return the date so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def table(path: str, *rows: dict[str, str]) -> None:
    """Write decisions as somebody saves them in a spreadsheet."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*dict.fromkeys(name for row in rows for name in row)])
        writer.writeheader()
        writer.writerows(rows)
