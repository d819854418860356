"""A sensor that falls silent for a day: what rests on it cannot be told, until it is back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hospital_days import DAY, MAC, OWN, PUMP, START, TELNET, Hospital, beats, exposure, service

from wardwatch.config import load
from wardwatch.pipeline import Ingest
from wardwatch.risk import risks
from wardwatch.running.loop import Running
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment.finding import SENSOR
from wardwatch_enrichment.risk.rating import Rated

CALLERS = ("10.20.4.7", "10.20.4.8")
SILENT = "sensor tap1 is silent since 2026-11-03 12:00 UTC"
EARLY, ONE_DAY_OFF, LATER = 2.9, 3.1, 4.0


@pytest.fixture
def hospital(store: Store) -> Hospital:
    """Return a site with a pump that a sensor has watched for a month, up to the second day."""
    here = Hospital(store)
    there(here, *range(-29, 6))
    flows = [exposure(day, "coverage", value="flows", count=45) for day in (-20, 1)]
    here.hear(2, *flows, pumps=())
    here.register(0, "4.1")
    here.feed(0, OWN.read_bytes())
    return here


def told(hospital: Hospital, day: float, vulnerability: str = TELNET) -> Rated:
    """Return what is found of the pump on a day, by nothing but the clock."""
    now = START + day * DAY
    (one,) = risks.of_site(hospital.store, "here", now, hospital.decided)
    return next(r for r in one.rated if r.finding.vulnerability == vulnerability)


def verdict(hospital: Hospital, day: float) -> tuple[str | None, str]:
    """Return the verdict and the label of telnet on a day."""
    found = told(hospital, day)
    return found.finding.verdict, found.risk.label


def heard(hospital: Hospital, *rows: dict[str, Any], sensor: str = "tap1") -> None:
    """Take in rows of a sensor, and nothing more."""
    ingest(hospital, "iomt_exposure.log", rows, sensor)


def there(hospital: Hospital, *days: float, ip: str = PUMP, mac: str = MAC) -> None:
    """Let a switch in the middle, of which nothing hangs, see that a device has its address."""
    about = {"uid": "C9", "id.orig_h": ip, "id.resp_h": "224.0.0.251", "orig_l2_addr": mac}
    ingest(hospital, "conn.log", [about | {"ts": START + day * DAY - 7200} for day in days], "core")


def ingest(hospital: Hospital, name: str, rows: Iterable[dict[str, Any]], sensor: str) -> None:
    """Take in a log."""
    path = hospital.store.path.with_name(name)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = Ingest(hospital.store, site="here", sensor=sensor, scope=Scope())
    assert not run.run(run.find([path])).problems


def test_refusals_count_while_their_sensor_is_there(hospital: Hospital) -> None:
    """By the clock alone, in what is told and in the record, which names the sensor."""
    heard(hospital, service(2, "refused", *CALLERS))
    hospital.record(2)
    assert verdict(hospital, EARLY) == ("not_exploitable", "Track")
    assert verdict(hospital, ONE_DAY_OFF) == ("potential", "Cannot tell")
    assert told(hospital, ONE_DAY_OFF).finding.wording == "cannot be told"
    assert SILENT in told(hospital, ONE_DAY_OFF).reason
    hospital.record(ONE_DAY_OFF)
    state = hospital.state()
    assert (state.verdict, state.label) == ("potential", "Cannot tell")
    assert state.moved.startswith(f"coverage lost: {SILENT}")


def test_back_it_tells_again_and_proves_once_it_saw_anew(hospital: Hospital) -> None:
    """Nobody saw whether the pump was switched on meanwhile: refusals from before prove nothing."""
    heard(hospital, service(2, "refused", *CALLERS))
    hospital.record(LATER)
    assert hospital.state().label == "Cannot tell"
    heard(hospital, *beats(5))
    hospital.record(5)
    state = hospital.state()
    assert state.verdict == "potential"
    assert state.label != "Cannot tell"
    assert "coverage: a sensor sees it now" in state.moved
    (answer,) = (a for a in told(hospital, 5).finding.answers if a.predicate.startswith("service"))
    assert (
        "sensor tap1 was away from 2026-11-03 12:00 UTC to 2026-11-06 11:00 UTC" in answer.missing
    )
    heard(hospital, *beats(5.5), service(5.5, "refused", *CALLERS))
    hospital.record(5.5)
    assert hospital.state().verdict == "not_exploitable"
    assert "mitigation proven by refusals of the device" in hospital.state().moved


def test_what_was_seen_stays_seen(hospital: Hospital) -> None:
    """Telnet answered: that it cannot be asked any more makes nothing of that doubtful."""
    heard(hospital, service(2, "accepted", CALLERS[0]))
    before = verdict(hospital, EARLY)
    assert before == ("exploitable", "Attend")
    assert verdict(hospital, LATER) == before


def test_never_seen_says_nothing_without_the_sensor(hospital: Hospital) -> None:
    """It would have been seen is true of as long as somebody looks."""
    assert verdict(hospital, EARLY)[0] == "unlikely"
    assert verdict(hospital, ONE_DAY_OFF) == ("potential", "Cannot tell")
    missing = [a.missing for a in told(hospital, ONE_DAY_OFF).finding.answers]
    assert any(SILENT in one for one in missing)


def test_two_sensors_and_one_falls_silent(hospital: Hospital) -> None:
    """Only what hangs on the silent one falls: the other's own refusals go on counting."""
    heard(hospital, service(2, "refused", *CALLERS))
    other = [row for half in range(-58, 9) for row in beats(half / 2)]
    heard(hospital, *other, exposure(LATER, "coverage", value="flows", count=5), sensor="tap2")
    assert verdict(hospital, EARLY)[0] == "not_exploitable"
    assert verdict(hospital, LATER) == ("potential", "Cannot tell")
    assert SILENT in told(hospital, LATER).reason
    heard(hospital, service(3.5, "refused", *CALLERS), sensor="tap2")
    assert verdict(hospital, LATER) == ("not_exploitable", "Track")


def test_a_ward_with_a_sensor_of_its_own_goes_on(hospital: Hospital) -> None:
    """The silence of the sensor of one ward is nothing to a device of another."""
    far, mac = "10.30.9.9", "02:20:00:00:09:09"
    about = {"host": far, "mac": mac}
    rows = [{**row, **about} for row in (service(2, "refused", *CALLERS),)]
    rows += [exposure(-20, "coverage", value="flows", count=90, **about)]
    rows += [row for half in range(-58, 9) for row in beats(half / 2)]
    heard(hospital, service(2, "refused", *CALLERS))
    heard(hospital, *rows, sensor="tap2")
    there(hospital, *range(-29, 6), ip=far, mac=mac)
    hospital.register(0, "4.1", PUMP, far)
    found = risks.of_site(hospital.store, "here", START + LATER * DAY, hospital.decided)
    verdicts = {
        one.device.ips[0]: rated.finding.verdict
        for one in found
        for rated in one.rated
        if rated.finding.vulnerability == TELNET
    }
    assert verdicts == {PUMP: "potential", far: "not_exploitable"}


def test_a_clock_ahead_is_no_sign_of_life_for_ever(hospital: Hospital) -> None:
    """What a sensor dates to a year from now does not keep it alive for a year."""
    heard(
        hospital,
        service(2, "refused", *CALLERS),
        exposure(365, "coverage", host=SENSOR, value="sensor"),
    )
    assert verdict(hospital, LATER)[0] == "potential"


def test_risks_are_worked_out_though_no_row_comes(tmp_path: Path) -> None:
    """Silence brings no rows, so that no step may wait for one."""
    settings, turns = tmp_path / "north.toml", []
    settings.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{tmp_path / "logs"}"]\n')
    with Store(tmp_path / "north.db") as store:
        steps = {lambda *_: turns.append(1): 0.0}
        running = Running(store, load(settings, {}), lambda _: None, steps)
        running.cycle()
        running.cycle()
    assert len(turns) == 2
