"""A device is purged to the last byte, and all that is known of a site is exported."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forgetting_ward import (
    NAME,
    NOW,
    PC,
    PHONE,
    PHONE_MAC,
    PUMP,
    Claiming,
    Run,
    add,
    at,
    bytes_of,
    decision,
    fill,
    host,
    state,
)

from wardwatch.store import Store
from wardwatch.store.exposure import About, Gathered
from wardwatch.store.retention import DAY
from wardwatch_enrichment.model import Alarm


@pytest.fixture
def ward(store: Store, claim: Claiming) -> Store:
    """Return the ward's store."""
    return fill(store, claim)


@pytest.fixture
def filed(ward: Store) -> Store:
    """Return the ward with findings and alarms at the phone, whose name a neighbour says."""
    phone = at(ward, PHONE)
    day = int((NOW - 40 * DAY) // DAY)
    with ward.transaction():
        ward.put_states([state(phone, finding="f1"), state(phone, finding="f2")])
        ward.decide([decision(phone, "f2")])
        alarm = Alarm(host=PHONE, peer=None, direction="inbound", signature="x")
        ward.add_events("here", "s1", "notice", {alarm: [NOW - 40 * DAY]})
        ward.days_kept = 10**5
        for ip, line in ((PHONE, "x"), (PC, f"asked for {NAME}.local")):
            about = About(day=day, host=ip, kind="uses", value="dns")
            seen = Gathered(times=[[day * DAY + 5.0]], line=line, line_since=NOW)
            ward.add_exposures("here", "s1", "conn", {about: seen})
    return ward


def test_a_purged_device_leaves_no_byte(filed: Store, run: Run) -> None:
    """But for decisions and what they are on; other devices stay as they are."""
    phone, others = at(filed, PHONE), [at(filed, PUMP), at(filed, PC)]
    path = str(filed.path)
    assert NAME.encode() in bytes_of(filed)
    told = run("purge", "--db", path, "--device", phone.id[:8], "--dry-run").stdout
    assert "Would forget device" in told
    assert filed.device(phone.id) == phone
    done = run("purge", "--db", path, "--device", phone.id[:8]).stdout
    assert done == told.replace("Would forget", "Forgot")
    assert "claims: 3" in done
    assert "decisions that stay: 1" in done
    assert filed.device(phone.id) is None
    assert [at(filed, PUMP), at(filed, PC)] == others
    assert not filed.events("here")
    assert [(one.host, one.line) for one in filed.exposures("here")] == [(PC, "")]
    (left,) = filed.states("here")
    assert (left.finding, left.called, left.evidence) == ("f2", "(forgotten)", ())
    body = bytes_of(filed)
    for gone in (NAME, PHONE_MAC):
        assert gone.encode() not in body, gone
    shown = run("audit", "--db", path).stdout
    assert "purge" in shown


def test_an_alarm_that_waits_for_elasticsearch_is_purged_too(ward: Store, run: Run) -> None:
    """Or it would be told of afterwards."""
    with ward.transaction():
        ward.note_publishing("here")
        for ip in (PHONE, PC):
            alarm = Alarm(host=ip, peer=None, direction="inbound", signature="x")
            ward.add_events("here", "s1", "notice", {alarm: [NOW - 40 * DAY]})
    assert {one.event.host for one in ward.queued_events("here", 9)} == {PHONE, PC}
    run("purge", "--db", str(ward.path), "--device", at(ward, PHONE).id)
    assert {one.event.host for one in ward.queued_events("here", 9)} == {PC}


@pytest.mark.parametrize("name", ["uid", "ts"])
def test_a_computer_called_like_a_column_takes_no_evidence_of_others(
    ward: Store, claim: Claiming, run: Run, name: str
) -> None:
    """Each line of a log has that word."""
    with ward.transaction():
        line = '{"ts":1.0,"uid":"C1","host":"10.0.0.21"}'
        one = claim(PUMP, "dicom.station_name", "CT1", ts=NOW, mac="02:00:00:00:00:21")
        ward.add([replace(one, first=replace(one.first, line=line))])
    add(ward, *host(claim, "10.0.0.70", "02:00:00:00:00:70", name, NOW - 60))
    run("purge", "--db", str(ward.path), "--device", at(ward, "10.0.0.70").id)
    assert line in {known.first.line for known in ward.claims("here", [PUMP])}


def test_what_is_judged_by_stays_whatever_is_purged(ward: Store, run: Run) -> None:
    """Without what was seen to be open three weeks ago, later refusals would count as proof."""
    days = [int(NOW // DAY) - ago for ago in (20, 40)]
    ward.days_kept = 10**5
    with ward.transaction():
        for day in days:
            about = About(
                day=day, host=PUMP, kind="service", proto="tcp", port=23, state="accepted"
            )
            seen = Gathered(times=[[day * DAY + 5.0]], line="x", line_since=NOW)
            ward.add_exposures("here", "s1", "conn", {about: seen})
    done = run("purge", "--db", str(ward.path), "--older-than", "7")
    assert "exposure of the last 32 days stays" in done.stderr
    assert [int(one.last_seen // DAY) for one in ward.exposures("here")] == days[:1]


def test_a_purge_goes_by_the_settings_or_by_days(ward: Store, run: Run) -> None:
    """Of the command's own clock; the dry run says the same and changes nothing."""
    path = str(ward.path)
    would = run("purge", "--db", path, "--older-than", "30", "--dry-run").stdout
    assert "Site here: would forget names: 1, copies of log lines: " in would
    assert NAME.encode() in bytes_of(ward)
    settings = ward.path.with_name("w.toml")
    settings.write_text("[retention]\nnames = 100000\n")
    kept = run("purge", "--db", path, "--config", str(settings))
    assert kept.stdout == "Site here: forgot nothing.\n"
    done = run("purge", "--db", path, "--older-than", "30")
    assert done.stdout == would.replace("would forget", "forgot")
    assert NAME.encode() not in bytes_of(ward)
    run("purge", "--db", path, "--older-than", "soon", code=2)


def test_an_export_says_all_and_of_which_kind(filed: Store, run: Run) -> None:
    """Of a device only its own."""
    path, phone = str(filed.path), at(filed, PHONE)
    target = filed.path.with_name("all.ndjson")
    run("export", "--db", path, "-o", str(target))
    kinds = {line.split('"')[3] for line in target.read_text().splitlines()}
    assert kinds == {"device", "claim", "exposure", "alarm", "finding", "decision"}
    assert target.stat().st_mode & 0o777 == 0o600
    own = run("export", "--db", path, "--device", phone.id[:8]).stdout
    assert PC not in own
    assert PUMP not in own
    kinds_of_it = [line.split('"')[3] for line in own.splitlines()]
    assert kinds_of_it == [
        "device", *["claim"] * 3, "exposure", "alarm", *["finding"] * 2, "decision"
    ]  # fmt: skip
