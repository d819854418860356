"""A hospital with pumps, as it becomes from day to day: what its record is tried with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wardwatch.feeds.take import take_files
from wardwatch.pipeline import Ingest
from wardwatch.risk import recording
from wardwatch.risk.recording import Recorded
from wardwatch.scope import Scope
from wardwatch.sources import site_facts
from wardwatch.sources.feed_files import FeedFile
from wardwatch.store import Store
from wardwatch_enrichment.finding import SENSOR
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.records import State

OWN = Path(__file__).parent / "matching" / "advisories" / "icsa-15-125-01b.json"
PUMP, MAC = "10.30.1.15", "02:20:00:00:08:40"
TELNET = "CVE-2015-3459"
DAY = 86_400.0
START = 1_793_534_400.0  # 2026-11-01T12:00Z


class Hospital:
    """A site with pumps that a register names, as it becomes from day to day."""

    def __init__(self, store: Store) -> None:
        self.store, self.decided = store, Policy()

    def hear(self, day: float, *rows: dict[str, Any], pumps: tuple[str, ...] = (PUMP,)) -> None:
        """Take in what the sensor wrote until a day, and that the pumps are there."""
        at = START + day * DAY
        conn = [self._conn(ip, number, at) for number, ip in enumerate(pumps)]
        halves = range(-58, int(day * 2) + 1)
        told = [*rows, *(one for half in halves for one in beats(half / 2))]
        self._ingest("conn.log", [json.dumps(one) for one in conn])
        self._ingest("iomt_exposure.log", [json.dumps(one) for one in told])

    def _conn(self, ip: str, number: int, at: float) -> dict[str, Any]:
        mac = f"{MAC[:-2]}{0x40 + number:02x}"
        row = {"uid": "C1", "id.orig_h": ip, "id.resp_h": "224.0.0.251", "ts": at - 60}
        return row | {"orig_l2_addr": mac}

    def _ingest(self, name: str, lines: list[str]) -> None:
        path = self.store.path.with_name(name)
        path.write_text("\n".join(lines) + "\n")
        run = Ingest(self.store, site="here", sensor="tap1", scope=Scope())
        report = run.run(run.find([path]))
        assert not report.problems

    def register(self, day: float, version: str, *pumps: str) -> None:
        """Import the register, which tells the model and the version."""
        path = self.store.path.with_name("register.csv")
        rows = [
            f"{ip},Hospira,LifeCare PCA Infusion System,infusion pump,{version}"
            for ip in pumps or (PUMP,)
        ]
        path.write_text(
            "\n".join(["ip,manufacturer,model,device type,software version", *rows]) + "\n"
        )
        told = site_facts.read(path, START + day * DAY, print)
        with self.store.transaction():
            self.store.tell("here", path.name, told)

    def feed(self, day: float, body: bytes) -> None:
        """Take in a file of a feed."""
        file = FeedFile(place="f", name="f.json", body=body, named=True)
        report = take_files(self.store, iter([file]), START + day * DAY)
        assert report.taken
        assert not report.refused

    def record(self, day: float) -> Recorded:
        """Keep what is found on a day."""
        return recording.record(self.store, "here", START + day * DAY, self.decided)

    def state(self, vulnerability: str = TELNET) -> State:
        """Return the last state of a vulnerability on the pump."""
        (one,) = [s for s in self.store.last_states("here") if s.vulnerability == vulnerability]
        return one


def exposure(day: float, kind: str, **values: Any) -> dict[str, Any]:
    """Return a row of iomt_exposure.log, of an hour."""
    at = START + day * DAY
    row = {"ts": at, "first": at - 3600, "last": at, "host": PUMP, "mac": MAC, "kind": kind}
    known = row | {"count": 1} | values
    return {name: value for name, value in known.items() if value is not None}


def beats(day: float) -> Iterator[dict[str, Any]]:
    """Yield what the sensor says of itself."""
    counts = {"sensor": 40, "packets": 9_000, "dropped": 0, "gaps": 0, "acks": 9_000}
    for value, count in counts.items():
        yield exposure(day, "coverage", host=SENSOR, mac=None, value=value, count=count)


def service(day: float, state: str, *peers: str) -> dict[str, Any]:
    """Return that telnet answered, or that the pump itself refused."""
    by = "device" if state == "refused" else None
    told = {"proto": "tcp", "port": 23, "state": state, "by": by, "count": 3}
    return exposure(day, "service", **told, peers=peers, clients=len(peers))
