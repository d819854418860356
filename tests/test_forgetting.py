"""What is too old is forgotten and leaves no byte; what something rests on stays."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import pytest
from forgetting_ward import (
    KEEP,
    NAME,
    NOW,
    PC,
    PC_MAC,
    PHONE,
    PHONE_MAC,
    PUMP,
    PUMP_MAC,
    Claiming,
    add,
    at,
    bytes_of,
    decision,
    fill,
    forget,
    host,
    state,
)

from wardwatch.running import forgetting
from wardwatch.running.daily import Forget
from wardwatch.running.health import Health
from wardwatch.store import Store
from wardwatch.store.events import Events
from wardwatch.store.exposure import About, Gathered
from wardwatch.store.retention import DAY, Retention
from wardwatch_enrichment.content import fields
from wardwatch_enrichment.model import Alarm, Claim


@pytest.fixture
def ward(store: Store, claim: Claiming) -> Store:
    """Return the ward's store."""
    return fill(store, claim)


def test_names_of_what_is_no_medical_device_go_after_thirty_days(ward: Store) -> None:
    """From attributes, log lines of other claims, and the file; the device itself stays."""
    known = at(ward, PHONE).id
    found = forget(ward)
    assert [one.value for one in found.names] == [NAME]
    phone = at(ward, PHONE)
    assert (phone.id, phone.hostname, phone.macs) == (known, None, (PHONE_MAC,))
    assert {one.first.line for one in ward.claims("here", [PHONE])} == {""}
    assert {e.sha256 for a in phone.attributes for e in a.evidence} == {""}
    assert at(ward, PUMP).hostname == "pump7"
    assert at(ward, PC).hostname == "pc-of-today"
    body = bytes_of(ward)
    assert NAME.encode() not in body
    assert b"pump7" in body
    assert not any(forget(ward).counts().values())


def test_a_name_goes_from_the_history_of_a_closed_finding(ward: Store) -> None:
    """The state stays, without the name."""
    with ward.transaction():
        ward.put_states([state(at(ward, PHONE), closed="gone")])
    forget(ward)
    (left,) = ward.states("here")
    assert (left.called, left.evidence, left.closed) == ("(forgotten)", (), "gone")
    assert NAME.encode() not in bytes_of(ward)


@pytest.mark.parametrize("name", ["Track", "here", "confirmed", "CVE-2026-0001", "site"])
def test_a_name_that_is_a_word_of_ours_breaks_no_record(
    ward: Store, claim: Claiming, name: str
) -> None:
    """Whoever calls a computer like a label, or as the site is called, leaves history readable."""
    add(ward, *host(claim, "10.0.0.70", "02:00:00:00:00:70", name, NOW - 40 * DAY))
    known = replace(state(at(ward, "10.0.0.70"), closed="gone"), reason=f"{name} said so")
    with ward.transaction():
        ward.put_states([known])
    forget(ward)
    (left,) = ward.states("here")
    said = {"evidence": (), "called": "(forgotten)", "reason": "(forgotten)"}
    assert left == replace(known, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["finding", "decision"])
def test_what_an_open_finding_or_a_decision_rests_on_stays(ward: Store, by: str) -> None:
    """Its evidence cannot be read again anywhere."""
    phone = at(ward, PHONE)
    with ward.transaction():
        if by == "finding":
            ward.put_states([state(phone)])
        else:
            ward.decide([decision(phone)])
    found = forget(ward, keep=Retention(names=1, evidence=1, claims=1, events=1))
    assert at(ward, PHONE) == phone
    assert {one.host for one in (*found.names, *found.evidence)} == {PUMP}
    (kept,) = {one.first.line for one in ward.claims("here", [PHONE])}
    assert NAME in kept


def test_a_claim_goes_once_a_later_one_of_its_field_is_there(store: Store, claim: Claiming) -> None:
    """The last that was said of a field stays as long as the device; so does its hardware's."""
    old, mac = NOW - 380 * DAY, PUMP_MAC
    add(
        store,
        claim(PUMP, "arp.mac", mac, ts=old, last=NOW, mac=mac),
        claim(PUMP, "software.version", "1", ts=old, mac=mac),
        claim(PUMP, "software.version", "2", ts=NOW, mac=mac),
        claim(PUMP, "dicom.device_serial_number", "35177", ts=old, mac=mac),
        claim("10.0.0.22", "arp.mac", mac, ts=old, mac=mac),
        claim("10.0.0.22", "dicom.ae_title", "CT1", ts=old, mac=mac),
    )
    found = forget(store)
    assert sorted((c.host, c.field, c.value) for c in found.claims) == [
        (PUMP, "software.version", "1"),
        ("10.0.0.22", "arp.mac", mac),
    ]
    (left,) = store.devices("here")
    assert (left.serial_number, left.names) == ("35177", ("CT1",))
    old_lines = {c.first.field for c in store.claims("here") if not c.first.line}
    assert old_lines == {"dicom.device_serial_number", "dicom.ae_title"}


def test_a_device_that_was_not_seen_for_long_leaves(store: Store, claim: Claiming) -> None:
    """Its decisions and the states they are on stay; one that sensors saw meanwhile does not go."""
    old = NOW - 500 * DAY
    add(store, *host(claim, PHONE, PHONE_MAC, NAME, old), *host(claim, PC, PC_MAC, "pc", NOW))
    add(store, claim(PUMP, "conn.active", "yes", ts=old))
    phone = at(store, PHONE)
    day = int((NOW - 9 * DAY) // DAY)
    with store.transaction():
        store.put_states([state(phone)])
        store.decide([decision(phone)])
        seen = Gathered(times=[[day * DAY + 5.0]], line="x")
        about = About(day=day, host=PUMP, kind="uses", value="dns")
        store.days_kept = 10**5
        store.add_exposures("here", "s1", "conn", {about: seen})
    assert forget(store).devices == [phone.id]
    assert {ip for device in store.devices("here") for ip in device.ips} == {PUMP, PC}
    assert len(store.decisions("here")) == len(list(store.states("here"))) == 1
    assert PHONE_MAC.encode() not in bytes_of(store)


def test_a_clock_that_is_ahead_and_silence_make_nothing_old(ward: Store) -> None:
    """All but the names of people's computers is measured by the logs."""
    found = forget(ward, now=NOW + 3_000 * DAY)
    assert {kind for kind, count in found.counts().items() if count} == {"names"}
    assert len(ward.devices("here")) == 3


def test_what_is_heard_again_meanwhile_stays(ward: Store, claim: Claiming) -> None:
    """Between finding and dropping a device may speak."""
    found = forgetting.find(ward, "here", NOW, KEEP, 90)
    add(ward, *host(claim, PHONE, PHONE_MAC, NAME, NOW))
    for _ in forgetting.forget(ward, "here", NOW, KEEP, found):
        pass
    assert at(ward, PHONE).hostname == NAME


def test_alarms_and_exposure_go_by_their_days(ward: Store) -> None:
    """The younger ones stay."""
    days = [int((NOW - age * DAY) // DAY) for age in (370, 80, 5)]
    with ward.transaction():
        alarm = Alarm(host=PC, peer=None, direction="inbound", signature="x")
        ward.add_events("here", "s1", "notice", {alarm: [day * DAY + 5.0 for day in days]})
        ward.days_kept = 10**5
        for day in days:
            about = About(day=day, host=PC, kind="uses", value="dns")
            seen = Gathered(times=[[day * DAY + 5.0]], line="x")
            ward.add_exposures("here", "s1", "conn", {about: seen})
    found = forget(ward)
    assert (len(found.events), len(found.exposure)) == (1, 1)
    assert len(ward.events("here")) == len(ward.exposures("here")) == 2
    assert isinstance(ward, Events)


def test_history_goes_but_for_what_was_decided(ward: Store) -> None:
    """The states that hold, and those that people decided on, stay."""
    pc = at(ward, PC)
    old = [replace(state(pc, finding=f), at=NOW - 2_000 * DAY) for f in ("f1", "f2", "f3")]
    later = [replace(one, at=NOW - 1_500 * DAY, closed="fixed") for one in old[:2]]
    with ward.transaction():
        ward.put_states([*old, *later])
        ward.decide([decision(pc, "f2")])
    forget(ward)
    assert sorted(one.finding for one in ward.states("here")) == ["f2", "f2", "f3"]


def test_it_goes_on_once_a_day(ward: Store) -> None:
    """From a day after a database is first followed into, also across restarts."""
    health = Health(site="here", pid=1, started=NOW)

    def turn(now: float) -> str | None:
        Forget(KEEP, 90)(ward, "here", now, health)
        return at(ward, PHONE).hostname

    assert turn(NOW) == turn(NOW + DAY - 1) == NAME
    assert turn(NOW + DAY) is None
    assert ward.forgot("here") == NOW + DAY
    assert turn(NOW) is None  # the clock was set back
    assert ward.forgot("here") == NOW


def test_a_clock_that_jumps_ahead_takes_no_name_early(ward: Store, claim: Claiming) -> None:
    """A month ahead of the logs is two days more, once; what is old anyway goes."""
    add(ward, *host(claim, "10.0.0.70", "02:00:00:00:00:70", "bens-laptop", NOW - 5 * DAY))
    with ward.transaction():
        ward.note_forgot("here", NOW - DAY)
    step, health = Forget(KEEP, 90), Health(site="here", pid=1, started=NOW)
    for minutes in range(20):
        step(ward, "here", NOW + 30 * DAY + 60 * minutes, health)
    assert at(ward, "10.0.0.70").hostname == "bens-laptop"
    assert at(ward, PHONE).hostname is None
    assert (ward.forgot("here") or 0.0) <= NOW + 2 * DAY


def test_no_step_holds_the_others_up(store: Store, claim: Claiming) -> None:
    """Somebody else can write after each."""
    old = NOW - 40 * DAY
    claims: Iterable[Claim] = (
        one
        for n in range(400)
        for one in host(claim, f"10.1.{n // 250}.{n % 250}", _mac(n), f"laptop-{n}x", old)
    )
    add(store, *claims, *host(claim, PC, PC_MAC, "pc", NOW))
    found = forgetting.find(store, "here", NOW, KEEP, 90)
    assert len(found.names) == 400
    steps, began, longest = 0, time.monotonic(), 0.0
    for _ in forgetting.forget(store, "here", NOW, KEEP, found):
        longest = max(longest, time.monotonic() - began)
        steps += 1
        with Store(store.path) as other, other.transaction():
            other.note_forgot("there", NOW)
        began = time.monotonic()
    assert steps > 8
    assert longest < 5.0  # on a busy machine; 0.1 seconds on a free one
    assert b"laptop-" not in bytes_of(store)


def _mac(number: int) -> str:
    return f"02:00:00:01:{number >> 8:02x}:{number & 255:02x}"


def test_the_file_shrinks(store: Store, claim: Claiming) -> None:
    """What is empty is given back, so that its size goes with devices and not with time."""
    old = NOW - 500 * DAY
    for n in range(300):
        add(store, *host(claim, f"10.1.{n // 250}.{n % 250}", _mac(n), f"laptop-{n}x", old))
    store.flush()
    before = store.path.stat().st_size
    add(store, *host(claim, PC, PC_MAC, "pc", NOW))
    assert len(forget(store).devices) == 300
    store.flush()
    assert store.path.stat().st_size < before / 3
    assert not store.linked("here", {PHONE}, set())


def test_the_fields_that_name_computers_are_there() -> None:
    """A field that is renamed must not be forgotten to be forgotten."""
    assert set(forgetting.GIVEN_NAMES) <= fields().keys()
    assert {"dhcp.host_name", "netbios.name", "mdns.host_name"} <= forgetting.name_fields()
