"""Each way in which a device becomes due, alone: without it a verdict would stay that is void."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hospital_days import DAY, OWN, PUMP, START, Hospital, beats, exposure, service

from wardwatch.risk import recording, risks
from wardwatch.risk.assessing import Assessing
from wardwatch.running.assess import Assess
from wardwatch.running.health import Health
from wardwatch.sources import site_facts
from wardwatch.store import Store, touched
from wardwatch.store.touched import EVERY
from wardwatch_enrichment.finding import SENSOR

BODY = "UPDATE feed_document SET body = ? WHERE id = 'EXAMPLE-1'"
SERVER, SERVER_MAC = "10.40.2.20", "02:20:00:00:09:20"
CROSSES = "POSTURE-CLEAR-TEXT"
CALLERS = ("10.20.4.7", "10.20.4.8")


class Followed(Hospital):
    """A hospital whose findings are kept up to date as `run` does."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.assessing = Assessing(store, "here", self.decided)

    def judge(self, day: float) -> bool:
        """Judge what is due on a day; a look at all must find nothing else. Tell if it was all."""
        whole, now = self.assessing.whole, START + day * DAY
        for _ in self.assessing.round(now):
            pass
        done = recording.record(self.store, "here", now, self.decided)
        assert (done.new, done.moved, done.closed) == (0, 0, 0)
        return self.assessing.whole > whole

    def write(self, *rows: dict[str, Any]) -> None:
        """Take in rows of the sensor, and nothing more."""
        self._ingest("iomt_exposure.log", [json.dumps(row) for row in rows])

    def see(self, day: float) -> None:
        """Let the pump be seen to have its address."""
        self._ingest("conn.log", [json.dumps(self._conn(PUMP, 0, START + day * DAY))])

    def open(self) -> set[str]:
        """Return what is open."""
        return {s.vulnerability for s in self.store.last_states("here", every=False)}

    def plan(self, text: str) -> None:
        """Import a plan of subnets."""
        path = self.store.path.with_name("subnets.csv")
        path.write_text(text)
        told = site_facts.read(path, START, print)
        with self.store.transaction():
            self.store.tell("here", path.name, told)


@pytest.fixture
def hospital(store: Store) -> Followed:
    """Return a site with a pump that a sensor has watched for a month."""
    here = Followed(store)
    here.hear(0)
    here.register(0, "4.1")
    here.feed(0, OWN.read_bytes())
    return here


def test_who_calls_a_service_is_due_with_it(hospital: Followed) -> None:
    """What the server speaks is news of the pump that calls it across zones."""
    hospital.plan("cidr,zone\n10.30.0.0/16,clinical\n10.40.0.0/16,enterprise\n")
    of_server = {"host": SERVER, "mac": SERVER_MAC, "peers": [PUMP], "proto": "tcp", "port": 2575}
    answered = exposure(0.05, "service", state="accepted", count=3) | of_server
    hospital.write(answered, exposure(0.05, "peers", value="to", peers=[SERVER]))
    hospital.see(0.2)
    hospital.judge(0.25)
    spoken = exposure(0.1, "service", state="accepted", count=3, service="hl7")
    hospital.write(spoken | of_server)
    assert not hospital.judge(0.3)
    assert CROSSES in hospital.open()


def test_loss_that_a_sensor_tells_of_takes_refusals_from_all(hospital: Followed) -> None:
    """It says so of itself, and of no device."""
    hospital.write(service(0.05, "refused", *CALLERS))
    hospital.judge(0.1)
    assert hospital.state().verdict == "not_exploitable"
    hospital.write(exposure(0.12, "coverage", host=SENSOR, mac=None, value="gaps", count=9_000))
    assert hospital.judge(0.15)
    assert hospital.state().verdict == "potential"


def test_news_of_very_many_hosts_is_news_of_all(
    hospital: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody judges, as with `ingest` alone, what is to be judged must not grow for ever."""
    monkeypatch.setattr(touched, "NAMED", 20)
    hospital.judge(0.05)
    for number in range(100):
        hospital.write(service(0.06, "accepted", PUMP) | {"host": f"10.40.9.{number}", "mac": None})
        assert len(hospital.store.touched("here")[1]) <= 22
    assert EVERY in hospital.store.touched("here")[1]
    hospital.judge(0.1)
    assert not hospital.store.touched("here")[1]


def test_one_advisory_that_cannot_be_read_takes_no_other_with_it(hospital: Followed) -> None:
    """A release may refuse what one before it took: that is told, until there is a later one."""
    other = json.loads(OWN.read_bytes())
    other["document"]["tracking"]["id"] = "EXAMPLE-1"
    hospital.feed(0, json.dumps(other).encode())
    store = hospital.store
    ((body,),) = store._db.execute("SELECT body FROM feed_document WHERE id = 'EXAMPLE-1'")
    step, health = Assess(hospital.decided, print), Health(site="here", pid=1, started=START)
    while step(store, "here", START, health):
        pass
    both = hospital.state().advisories
    assert len(both) == 2
    with store.transaction():
        store._db.execute("UPDATE advisory_read SET knowledge = 'of a former release'")
        store._db.execute(BODY, (zlib.compress(b'{"document": 7}'),))
    step = Assess(hospital.decided, print)  # after an upgrade
    while step(store, "here", START + 60, health):
        pass
    (told,) = step.problems
    assert told.startswith("advisory EXAMPLE-1 of https://example.org cannot be read")
    (one,) = risks.of_site(store, "here", START + 60, hospital.decided)
    of = next(
        r.finding for r in one.rated if r.finding.vulnerability == hospital.state().vulnerability
    )
    assert {match.advisory for match in of.matches} == {*both}
    assert not hospital.open() - {r.finding.vulnerability for r in one.rated}
    with store.transaction():
        store._db.execute(BODY, (body,))
    step(store, "here", START + 300, health)
    assert not step.problems
    assert not store.unreadable()


def of_a_fortnight(hospital: Followed) -> None:
    """Let a sensor begin at noon, and see the pump half a day later and from then on."""
    for day in range(14):
        hospital.see(day + 0.5)
        hospital.write(*beats(day), exposure(day + 0.5, "coverage", value="flows", count=9))
    hospital.write(*beats(13.9))
    hospital.register(0, "4.1")
    hospital.feed(0, OWN.read_bytes())


def test_a_fortnight_after_the_sensor_came_its_silence_speaks(store: Store) -> None:
    """By the sensor's own first word: nothing that was seen of the pump is as old."""
    here = Followed(store)
    of_a_fortnight(here)
    here.judge(13.9)
    assert here.state().verdict == "potential"
    here.write(*beats(14.1))
    assert here.judge(14.1)
    assert here.state().verdict == "unlikely"


def test_what_the_sensor_says_late_counts_by_its_own_time(store: Store) -> None:
    """Up to when it has watched is not the time of day."""
    here = Followed(store)
    of_a_fortnight(here)
    here.judge(14.2)
    assert here.state().verdict == "potential"
    here.write(*beats(14.1))
    assert here.judge(14.3)
    assert here.state().verdict == "unlikely"
