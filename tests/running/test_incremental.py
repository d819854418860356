"""What is judged only where it can have changed is the same as if all were judged each time."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench import run_logs
from feeds.documents import catalogue
from hospital_days import DAY, OWN, START, TELNET, Hospital, beats, exposure

from wardwatch import pipeline
from wardwatch.risk import recording
from wardwatch.risk.assessing import Assessing
from wardwatch.risk.recording import Recorded
from wardwatch.running.following import Following
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment.finding import SENSOR
from wardwatch_enrichment.model import Alarm
from wardwatch_enrichment.risk.policy import Policy

PUMPS = 8
STEPS = 30
HISTORIES = int(os.environ.get("WARDWATCH_HISTORIES", "2"))


class Ward:
    """A hospital of which something happens at each step, drawn from a seed."""

    def __init__(self, store: Store, seed: int) -> None:
        self.hospital, self.store = Hospital(store), store
        self.random = random.Random(seed)  # noqa: S311  no secret
        self.day, self.versions, self.advisories = 0.0, ["4.1"] * (PUMPS - 1) + [""], 0
        self.ips = [f"10.30.{1 + number % 2}.{15 + number}" for number in range(PUMPS)]
        self.watched = self.away = 0.0
        self._watch(-20.0)
        self.hospital.feed(0, OWN.read_bytes())
        for number in range(PUMPS):
            self._register(number)
            self._talk(number)

    def step(self) -> float:
        """Let time pass and something happen; returns the time."""
        short = self.random.random() < 0.9
        self.day += self.random.choice((0.002, 0.01, 0.04, 0.1, 0.15) if short else (1, 14, 31))
        happens = (
            self._nothing, self._talk, self._talk, self._serve, self._serve, self._refuse,
            self._refuse, self._call, self._swap, self._update, self._alarm, self._advise,
            self._list, self._lose,
        )  # fmt: skip
        self.away = max(self.away - 1, 0) or self.random.choice((0, 0, 0, 0, 0, 0, 0, 14))
        if self.away < 2:
            self._watch(self.watched if self.random.random() < 0.5 else self.day)
        for _ in range(self.random.randrange(4)):
            self.random.choice(happens)(self.random.randrange(PUMPS))
        return START + self.day * DAY

    def _hear(self, *rows: dict[str, Any]) -> None:
        self.hospital._ingest("iomt_exposure.log", [json.dumps(row) for row in rows])

    def _watch(self, since: float) -> None:
        """Let the sensor tell of itself since a day."""
        steps = max(int((self.day - since) * 2), 0)
        rows = [row for at in range(steps + 1) for row in beats(self.day - at / 2)]
        self._hear(*rows)
        self.watched = self.day

    def _nothing(self, _: int) -> None:
        """Let only time pass."""

    def _talk(self, number: int) -> None:
        row = {"uid": "C1", "id.orig_h": self.ips[number], "id.resp_h": "224.0.0.251"}
        row |= {"orig_l2_addr": _mac(number), "ts": START + self.day * DAY - 60}
        self.hospital._ingest("conn.log", [json.dumps(row)])
        self._hear(self._row(number, "coverage", value="flows", count=60))

    def _row(self, number: int, kind: str, **values: Any) -> dict[str, Any]:
        row = exposure(self.day, kind, **values)
        return row | {"host": self.ips[number], "mac": _mac(number)}

    def _serve(self, number: int) -> None:
        peers = self.random.sample([*self.ips, "10.20.4.7", "10.40.0.9"], 2)
        told = {"proto": "tcp", "port": self.random.choice((23, 23, 80)), "count": 3}
        called = [
            at for at, ip in enumerate(self.ips) if ip in peers and self.random.random() < 0.8
        ]
        rows = [self._row(at, "peers", value="to", peers=[self.ips[number]]) for at in called]
        self._hear(self._row(number, "service", state="accepted", peers=peers, **told), *rows)

    def _refuse(self, number: int) -> None:
        told = {"proto": "tcp", "port": 23, "state": "refused", "by": "device", "count": 4}
        self._hear(self._row(number, "service", peers=["10.20.4.7", "10.20.4.8"], **told))

    def _call(self, number: int) -> None:
        other = self.random.randrange(PUMPS)
        self._hear(self._row(number, "peers", value="to", peers=[self.ips[other], "198.51.100.7"]))

    def _swap(self, number: int) -> None:
        """Give two pumps each other's address."""
        other = self.random.randrange(PUMPS)
        self.ips[number], self.ips[other] = self.ips[other], self.ips[number]
        for one in (number, other):
            self._talk(one)

    def _update(self, number: int) -> None:
        self.versions[number] = self.random.choice(("4.1", "5.1", "3.0"))
        self._register(number)

    def _register(self, number: int) -> None:
        """Let a pump tell what it is; one never tells its version at first."""
        row = {"ts": START + self.day * DAY, "uid": "C2", "host": self.ips[number]}
        row |= {"mac": _mac(number), "source": "hl7"}
        told = {
            "hl7.manufacturer": "Hospira",
            "hl7.model": "LifeCare PCA Infusion System",
            "hl7.software_versions": self.versions[number],
        }
        lines = [json.dumps(row | {"field": f, "value": v}) for f, v in told.items() if v]
        self.hospital._ingest("iomt_asset.log", lines)

    def _alarm(self, number: int) -> None:
        text = self.random.choice(("ET EXPLOIT something", f"EXPLOIT attempt {TELNET}"))
        alarm = Alarm(
            host=self.ips[number], peer="10.20.4.7", direction="inbound", signature=text,
            sid=2_000_001, severity=1, category="Attempted Administrator Privilege Gain",
        )  # fmt: skip
        with self.store.transaction():
            self.store.add_events("here", "tap1", "eve_alert", {alarm: [START + self.day * DAY]})

    def _advise(self, _: int) -> None:
        other = json.loads(OWN.read_bytes())
        self.advisories += 1
        other["document"]["tracking"]["id"] = f"EXAMPLE-{self.advisories}"
        other["vulnerabilities"] = other["vulnerabilities"][:1]
        other["vulnerabilities"][0]["cve"] = f"CVE-2099-{1000 + self.advisories}"
        self.hospital.feed(self.day, json.dumps(other).encode())

    def _list(self, _: int) -> None:
        self.advisories += 1
        about = self.random.choice((TELNET, "CVE-2099-0001"))
        released = datetime.fromtimestamp(START + self.day * DAY, UTC).strftime("%Y-%m-%d")
        body = catalogue(released, about, version=str(self.advisories))
        self.hospital.feed(self.day, body)

    def _lose(self, _: int) -> None:
        """Let the sensor have lost much."""
        self._hear(exposure(self.day, "coverage", host=SENSOR, mac=None, value="gaps", count=9_000))


def _mac(number: int) -> str:
    return f"02:20:00:00:08:{0x40 + number:02x}"


def rounds(assessing: Assessing, now: float) -> Recorded | None:
    """Go through a round to its end."""
    found: list[Recorded | None] = list(assessing.round(now))
    return found[-1]


def kept(store: Store) -> tuple[list[Any], list[Any]]:
    """Return all that is kept of findings."""
    return list(store.states()), list(store.runs())


@pytest.fixture(params=range(HISTORIES))
def wards(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Ward, Ward]]:
    """Return the same ward twice."""
    seed = int(os.environ.get("WARDWATCH_SEED", str(time.time_ns() % 10**6))) + request.param
    print(f"WARDWATCH_SEED={seed}")
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    with (
        Store(tmp_path / "whole" / "w.db") as one,
        Store(tmp_path / "parts" / "w.db") as other,
    ):
        yield Ward(one, seed), Ward(other, seed)


def test_over_any_history_it_is_the_same(wards: tuple[Ward, Ward]) -> None:
    """Each state of each finding, with its reasons, and each run with its sums."""
    whole, parts = wards
    assessing = Assessing(parts.store, "here", parts.hospital.decided)
    for number in range(STEPS):
        now = whole.step()
        assert parts.step() == now
        done = whole.hospital.record(whole.day)
        assert rounds(assessing, now) == done, f"step {number}"
        assert kept(parts.store) == kept(whole.store), f"step {number}"
    assert len(list(whole.store.states())) > 30
    assert assessing.whole < STEPS
    assert assessing.judged < STEPS * PUMPS


def test_a_day_of_a_small_hospital(tmp_path: Path) -> None:
    """Every row of the bench's sensor is taken once, and a look at all finds nothing else."""
    logs = run_logs.Logs(tmp_path / "logs", devices=25)
    at, taken = START, 0
    with Store(tmp_path / "w.db") as store:
        paths = [tmp_path / "logs"]
        following = Following(store, site="here", sensor="s", scope=Scope(()), paths=paths)
        Hospital(store).feed(0, OWN.read_bytes())
        assessing = Assessing(store, "here", Policy())
        for _ in range(12):
            logs.hour(at)
            at += run_logs.HOUR
            taken += following.take(at).rows
            pipeline.refresh(store, "here")
            done = rounds(assessing, at)
            logs.rotate(at - run_logs.HOUR)
        assert taken == logs.rows
        assert following.take(at + 60).rows == 0
        assert store.device_count("here") >= 25
        whole = recording.record(store, "here", at, Policy())
        assert (whole.new, whole.moved, whole.closed) == (0, 0, 0)
        assert done
        assert whole.labels == done.labels
        assert whole.labels.total() > 5


def test_what_the_others_run_counts(wards: tuple[Ward, Ward]) -> None:
    """A pump of which no version is known is judged again when another has one out of range."""
    whole, parts = wards
    assessing = Assessing(parts.store, "here", parts.hospital.decided)
    for version in ("4.1", "6.0"):
        for ward in wards:
            ward.day += 0.01
            ward.versions[0] = version
            ward._register(0)
        whole.hospital.record(whole.day)
        rounds(assessing, START + parts.day * DAY)
        assert kept(parts.store) == kept(whole.store)
    assert assessing.whole == 1
    mute = [state for state in parts.store.last_states("here") if not state.software]
    assert {state.affected for state in mute} == {"possible"}
