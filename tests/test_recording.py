"""What is found is kept over time: what moved it, when it closed, until when it is due."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from feeds.documents import catalogue
from hospital_days import DAY, OWN, PUMP, START, TELNET, Hospital, exposure, service

from wardwatch import pipeline
from wardwatch.risk.recording import RecordingError
from wardwatch.store import Store, Told
from wardwatch_enrichment.risk.policy import policy
from wardwatch_enrichment.risk.records import State


@pytest.fixture
def hospital(store: Store) -> Hospital:
    """Return a site with one pump, which an advisory is about, recorded on the first day."""
    here = Hospital(store)
    here.hear(0, exposure(0, "coverage", value="flows", count=9))
    here.register(0, "4.1")
    here.feed(0, OWN.read_bytes())
    done = here.record(0)
    assert done.labels.total() == done.new == 5
    assert {state.moved for state in store.states("here")} == {"first record of this site"}
    return here


def test_the_same_again_writes_nothing(hospital: Hospital) -> None:
    """At the same time; and on the next day no more than that somebody looked."""
    before = "\n".join(hospital.store._db.iterdump())
    done = hospital.record(0)
    assert (done.new, done.moved, done.closed) == (0, 0, 0)
    assert "\n".join(hospital.store._db.iterdump()) == before
    states = list(hospital.store.states())
    hospital.hear(1)
    hospital.record(1)
    assert list(hospital.store.states()) == states
    assert [run.at for run in hospital.store.runs("here")] == [START, START + DAY]


def test_refusals_prove_a_mitigation(hospital: Hospital) -> None:
    """The verdict falls by what the device itself says, and the state names that."""
    assert hospital.state().verdict == "potential"
    hospital.hear(2, service(2, "refused", "10.20.4.7", "10.20.4.8"))
    done = hospital.record(2)
    state = hospital.state()
    assert (state.verdict, state.label, state.closed) == ("not_exploitable", "Track", None)
    assert state.moved.startswith("mitigation proven by refusals of the device: ")
    assert done.moved >= 1
    assert any('"refused"' in one.line for one in state.evidence)


def test_telnet_that_answers_is_new_evidence(hospital: Hospital) -> None:
    """It escalates, with a date of its own that lasts as long as the label."""
    hospital.hear(3, service(3, "accepted", "10.20.4.7"))
    hospital.record(3)
    state = hospital.state()
    assert (state.verdict, state.label) == ("exploitable", "Attend")
    assert state.moved.startswith("new evidence: ")
    assert state.due == START + (3 + 14) * DAY
    hospital.feed(4, catalogue("2026-11-03", "CVE-2099-0001"))
    hospital.hear(9, service(9, "accepted", "10.20.4.7"))
    assert hospital.record(9).moved == 0
    assert hospital.state() == state


def test_what_is_in_the_catalogue_is_due_sooner(hospital: Hospital) -> None:
    """An escalation has its own date, which is never later than the one before."""
    hospital.hear(3, service(3, "accepted", "10.20.4.7"))
    hospital.record(3)
    hospital.hear(5)
    hospital.feed(5, catalogue("2026-11-05", TELNET))
    hospital.record(5)
    state = hospital.state()
    assert state.label == "Act"
    assert state.moved == "feed: listed in CISA's catalogue (KEV)"
    assert state.due == START + (5 + 3) * DAY
    assert state.began["Attend"] == START + 3 * DAY


def test_an_act_keeps_the_earlier_date_of_its_attend(hospital: Hospital) -> None:
    """What became worse a day before it was due is not due later for that."""
    hospital.hear(0, service(0, "accepted", "10.20.4.7"))
    hospital.record(0.1)
    hospital.feed(13, catalogue("2026-11-13", TELNET))
    hospital.hear(13)
    hospital.record(13)
    assert hospital.state().label == "Act"
    assert hospital.state().due == pytest.approx(START + 14.1 * DAY)


def test_a_version_that_is_not_affected_closes(hospital: Hospital) -> None:
    """With the reason, and what the finding was stays; the same trouble later is a new one."""
    hospital.hear(4)
    hospital.register(4, "5.1")
    done = hospital.record(4)
    assert done.closed == 5
    assert done.labels.total() == 0
    state = hospital.state()
    assert state.affected == "not_affected"
    assert state.closed
    assert "5.1" in state.closed
    assert "software changed: 4.1 before, 5.1 now" in state.moved
    assert state.due is None
    hospital.hear(6)
    hospital.register(6, "4.1")
    again = hospital.record(6)
    assert (again.new, again.closed) == (5, 0)
    assert hospital.state().moved.startswith("open again")
    assert min(hospital.state().began.values()) == START + 6 * DAY


def test_an_advisory_that_is_withdrawn_closes(hospital: Hospital) -> None:
    """Nothing names the pump any more; its states stay."""
    other = json.loads(OWN.read_bytes())
    tracking = other["document"]["tracking"]
    tracking |= {"version": "2", "current_release_date": "2026-11-03T00:00:00Z"}
    branch = other["product_tree"]["branches"][0]["branches"][0]
    branch["name"] = "Another pump"
    product = branch["branches"][0]["product"]
    product["name"] = "Hospira Another pump: <=5.0"
    hospital.feed(3, json.dumps(other).encode())
    done = hospital.record(3)
    assert (done.closed, done.labels.total()) == (5, 0)
    assert hospital.state().closed == "no advisory names this device any more"
    assert hospital.state().affected == "confirmed"
    assert len(list(hospital.store.states(finding=hospital.state().finding))) == 2


def test_a_new_advisory_and_a_new_device_are_told_apart(hospital: Hospital) -> None:
    """By when the advisory was taken, and when the device was first seen."""
    other = json.loads(OWN.read_bytes())
    other["document"]["tracking"]["id"] = "EXAMPLE-1"
    other["vulnerabilities"] = other["vulnerabilities"][:1]
    other["vulnerabilities"][0]["cve"] = "CVE-2099-0001"
    hospital.feed(1, json.dumps(other).encode())
    hospital.record(1)
    assert hospital.state("CVE-2099-0001").moved == "new advisory: EXAMPLE-1"
    hospital.hear(2, pumps=(PUMP, "10.30.1.16"))
    hospital.register(2, "4.1", PUMP, "10.30.1.16")
    assert hospital.record(2).new == 6
    assert [s.moved for s in hospital.store.states() if s.at == START + 2 * DAY] == 6 * [
        "new device"
    ]


def test_figures_of_the_site_move(hospital: Hospital) -> None:
    """They are kept with the run, so that a number can be worked out again."""
    before = hospital.state()
    hospital.decided = policy({"weights": {"safety": 0.5, "effectiveness": 0.5, "data": 0.5}})
    hospital.record(1)
    state = hospital.state()
    assert state.score < before.score
    assert state.moved == "figures of the model changed"
    first, last = hospital.store.runs("here")
    assert first.policy != last.policy
    assert last.figures["weights"] == {"safety": 0.5, "effectiveness": 0.5, "data": 0.5}


def test_devices_that_became_one(hospital: Hospital) -> None:
    """What was open on the one that is gone says where it went; its dates go with it."""
    hospital.hear(3, service(3, "accepted", "10.20.4.7"))
    hospital.record(3)
    gone = hospital.state()
    assert gone.label == "Attend"
    hospital.hear(4, pumps=(PUMP, "10.30.1.16"))
    hospital.register(4, "4.1", PUMP, "10.30.1.16")
    hospital.record(4)
    (other,) = {s.device_id for s in hospital.store.last_states("here")} - {gone.device_id}
    hospital.hear(4.5, pumps=(PUMP, "10.30.1.16"))
    with hospital.store.transaction():
        told = Told(who="biomed", why="one pump, two addresses", at=START + 5 * DAY)
        pipeline.merge(hospital.store, "here", gone.device_id, other, told)
    pipeline.refresh(hospital.store, "here")
    hospital.record(5)
    known = [s for s in hospital.store.last_states("here") if s.vulnerability == TELNET]
    (closed,) = [s for s in known if s.closed]
    (lasting,) = [s for s in known if not s.closed]
    assert closed.closed == f"the device became one with {lasting.device_id}"
    assert lasting.label == "Attend"
    assert lasting.due == gone.due


def test_a_sensor_that_falls_silent(hospital: Hospital) -> None:
    """Is no news of the device: the dates last, and what moved is that nobody sees it."""
    hospital.hear(3, service(3, "accepted", "10.20.4.7"))
    hospital.record(3)
    attended = hospital.state()
    hospital.record(40)
    blind = hospital.state()
    assert blind.label == "Cannot tell"
    assert "coverage lost: no sensor sees it now" in blind.moved
    assert blind.due is None
    hospital.hear(41, service(41, "accepted", "10.20.4.7"))
    hospital.record(41)
    assert hospital.state().label == "Attend"
    assert hospital.state().due == attended.due


def test_a_device_that_is_gone(hospital: Hospital) -> None:
    """Its findings close, and say so."""
    with hospital.store.transaction():
        hospital.store.replace("here", [hospital.state().device_id], [])
    assert hospital.record(2).closed == 5
    assert hospital.state().closed == "the device is no longer in the inventory"


def test_a_clock_that_went_back(hospital: Hospital) -> None:
    """Nothing is written before what is there already."""
    with pytest.raises(RecordingError, match=r"recorded until 2026-11-01.*check the clock"):
        hospital.record(-0.5)


def test_a_clock_that_was_years_ahead_once(hospital: Hospital) -> None:
    """No verdict waits for that day, and no date goes by it."""
    hospital.record(1800)  # a battery was flat
    assert hospital.state().label == "Cannot tell"
    hospital.hear(2, service(2, "accepted", "10.20.4.7"))
    assert hospital.record(2).moved
    state = hospital.state()
    assert (state.verdict, state.at) == ("exploitable", START + 2 * DAY)
    assert state.due
    assert state.due < START + 400 * DAY
    assert max(state.began.values()) == state.at


@pytest.mark.parametrize("where", ["put_run", "put_states"])
def test_a_crash_loses_nothing(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """What was kept before stays, what was not is kept the next time; nothing is there twice."""
    hospital.hear(2, service(2, "accepted", "10.20.4.7"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(hospital.store, where, crash)
        with pytest.raises(KeyboardInterrupt):
            hospital.record(2)
    assert len(list(hospital.store.runs())) == 1
    hospital.record(2)
    known = [(state.finding, state.at) for state in hospital.store.states()]
    assert len(known) == len(set(known)) > 6
    assert {at for _, at in known} == {START, START + 2 * DAY}
    assert hospital.state().verdict == "exploitable"
    assert [run.at for run in hospital.store.runs()] == [START, START + 2 * DAY]


def test_the_order_in_which_devices_came_does_not_matter(tmp_path: Path) -> None:
    """Two databases that were told the same keep the same."""

    def kept(name: str, seed: int) -> list[tuple[object, ...]]:
        folder = tmp_path / name
        folder.mkdir()
        pumps = [f"10.30.1.{number}" for number in range(15, 27)]
        random.Random(seed).shuffle(pumps)  # noqa: S311
        with Store(folder / "w.db") as store:
            here = Hospital(store)
            for ip in pumps:
                here.hear(0, pumps=(ip,))
            here.register(0, "4.1", *pumps)
            here.feed(0, OWN.read_bytes())
            assert here.record(0).new == 60
            return sorted(
                (s.vulnerability, s.label, s.score, s.reason, s.due, s.zone) for s in store.states()
            )

    assert kept("one", 1) == kept("other", 2)


def test_the_state_of_a_day(hospital: Hospital, at: Callable[[float], dict[str, State]]) -> None:
    """It is the last of each finding until then."""
    hospital.hear(3, service(3, "accepted", "10.20.4.7"))
    hospital.record(3)
    hospital.hear(5)
    hospital.register(5, "5.1")
    hospital.record(5)
    assert at(1)[TELNET].verdict == "potential"
    assert at(4)[TELNET].verdict == "exploitable"
    assert at(6)[TELNET].closed
    assert at(-1) == {}


@pytest.fixture
def at(store: Store) -> Callable[[float], dict[str, State]]:
    """Return a function that tells the states of a day by their vulnerabilities."""
    return lambda day: {
        state.vulnerability: state for state in store.states_at("here", START + day * DAY)
    }
