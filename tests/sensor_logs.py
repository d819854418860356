"""The logs that a sensor writes of a hospital, and what that knows of itself, as files to be read.

Rows are as zeek-scripts write them, of the last month; see `examples/hospital` for real ones.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wardwatch.cli import main

DAY = 86_400.0
OFFICE = ("10.20.4.7", "10.20.4.8")
PLAN = [
    {"network": "10.20.0.0/16", "zone": "enterprise", "name": "offices"},
    {"network": "10.30.0.0/16", "zone": "clinical", "name": "wards"},
    {"network": "10.40.0.0/16", "zone": "isolated", "name": "monitoring"},
]
_BEATS = {"sensor": 40, "packets": 9_000, "dropped": 0, "gaps": 0, "acks": 9_000}


@dataclass
class Logs:
    """What was seen and told; `write` makes files of it."""

    days: int = 29
    now: float = field(default_factory=time.time)
    conn: list[dict[str, Any]] = field(default_factory=list)
    exposure: list[dict[str, Any]] = field(default_factory=list)
    asset: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    register: list[dict[str, str]] = field(default_factory=list)
    boundaries: list[dict[str, str]] = field(default_factory=list)
    bench: list[dict[str, str]] = field(default_factory=list)

    def device(self, ip: str, *, watched: bool = True, **known: str) -> str:
        """Add a device that the register knows; returns its address."""
        self.register.append({"ip": ip, **known})
        for half in range(2 * self.days if watched else 1):
            ts = self.now - half * DAY / 2 - 60 - (0 if watched else 20 * DAY)
            far = {"id.resp_h": "224.0.0.251", "orig_l2_addr": mac(ip)}
            self.conn.append({"ts": ts, "uid": "C1", "id.orig_h": ip, **far})
        if watched:
            for day in range(self.days):
                self.see(ip, day + 0.1, "coverage", value="flows", count=9)
            self.see(ip, self.days - 2, "coverage", value="link_up_arp")
        return ip

    def see(self, ip: str, day: float, kind: str, **values: Any) -> None:
        """Add a row of one hour, so many days ago."""
        at = self.now - day * DAY
        row = {"ts": at, "first": at - 3600, "last": at, "host": ip, "kind": kind, "count": 1}
        self.exposure.append({**row, "mac": mac(ip), **values})

    def claim(self, ip: str, name: str, value: str) -> None:
        """Let it tell something of itself, yesterday."""
        row = {"ts": self.now - DAY, "uid": "C2", "host": ip, "mac": mac(ip), "field": name}
        self.asset.append({**row, "value": value, "source": name.partition(".")[0]})

    def accepts(self, ip: str, port: int, service: str, *peers: str) -> None:
        """Let a service answer, yesterday."""
        peers = peers or OFFICE[:1]
        told = {"proto": "tcp", "port": port, "service": service, "state": "accepted"}
        self.see(ip, 1, "service", **told, peers=peers, clients=len(peers))
        self.see(ip, 1, "peers", value="from", peers=peers)

    def refuses(self, ip: str, port: int, *peers: str) -> None:
        """Let the device itself refuse, two days ago."""
        peers = peers or OFFICE
        told = {"proto": "tcp", "port": port, "state": "refused", "by": "device", "count": 6}
        self.see(ip, 2, "service", **told, peers=peers, clients=len(peers))

    def called_by(self, ip: str, *peers: str) -> None:
        """Let others reach it, of whose services nothing is told."""
        self.see(ip, 1, "peers", value="from", peers=peers)

    def calls(self, ip: str, server: str, port: int, service: str = "") -> None:
        """Let the device call a server, and that answer."""
        self.see(ip, 1, "peers", value="to", peers=[server])
        told = {"proto": "tcp", "port": port, "state": "accepted", "peers": [ip], "clients": 1}
        self.see(server, 1, "service", **told, **({"service": service} if service else {}))

    def alert(self, source: str, target: str, **said: Any) -> None:
        """Let Suricata raise an alert, an hour ago."""
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000000+0000", time.gmtime(self.now - 3600))
        row = {"timestamp": when, "event_type": "alert", "src_ip": source, "dest_ip": target}
        self.alerts.append({**row, "proto": "TCP", "alert": {"action": "allowed", **said}})

    def tested(self, vulnerability: str, result: str, **unit: str) -> None:
        """Import a bench test of yesterday, of a unit or a model."""
        day = time.strftime("%Y-%m-%d", time.gmtime(self.now - DAY))
        told = {"vulnerability": vulnerability, "result": result, "date": day, "by": "K. Tester"}
        self.bench.append({**told, **unit})

    def closed(self, network: str, *admitted: str) -> None:
        """Import that a firewall lets only some into a network."""
        rule = {"to": network, "enforced_by": "fw1"}
        self.boundaries += [{**rule, "from": one, "action": "permit"} for one in admitted]
        self.boundaries.append({**rule, "from": "any", "action": "deny"})

    def write(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Write all of it; returns the logs and the facts."""
        beats = (
            {"ts": at, "first": at - 3600, "last": at, "host": "0.0.0.0", "kind": "coverage",  # noqa: S104
             "value": value, "count": count}
            for half in range(self.days * 2, -1, -1)
            for at in [self.now - half * DAY / 2]
            for value, count in _BEATS.items()
        )  # fmt: skip
        logs = [
            _lines(folder / "conn.log", self.conn),
            _lines(folder / "iomt_exposure.log", [*self.exposure, *beats]),
            _lines(folder / "iomt_asset.log", self.asset),
            _lines(folder / "eve.json", self.alerts),
        ]
        facts = {
            "subnets": PLAN, "devices": self.register, "boundaries": self.boundaries,
            "bench_tests": self.bench,
        }  # fmt: skip
        site = folder / "plan.yaml"
        site.write_text(yaml.safe_dump({key: rows for key, rows in facts.items() if rows}))
        return [log for log in logs if log.stat().st_size], [site]


def told(folder: Path, logs: Logs, feeds: Iterable[Path]) -> list[dict[str, Any]]:
    """Take in the files as a user does; returns what `findings` tells of all devices."""
    read, facts = logs.write(folder)
    output = io.StringIO()
    with chdir(folder), redirect_stdout(output):
        for command in (
            ("ingest", "--sensor", "tap1", *map(str, read)),
            ("facts", "import", *map(str, facts)),
            *(("feeds", "import", str(feed)) for feed in feeds),
        ):
            assert main(command) == 0, output.getvalue()
        output.seek(0)
        output.truncate()
        assert main(("findings", "--all", "--json")) == 0
    return [json.loads(line) for line in output.getvalue().splitlines()]


def mac(ip: str) -> str:
    """Return the hardware address of a device."""
    return "02:20:" + ":".join(f"{int(part):02x}" for part in ip.split("."))


def _lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
