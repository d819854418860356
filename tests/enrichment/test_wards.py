"""What a hospital's network really shows, and what must not be concluded from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from inventory import build

from wardwatch_enrichment.content import is_unit_serial
from wardwatch_enrichment.model import Claim, Device

Claiming = Callable[..., Claim]
Dataset = Callable[..., list[Claim]]

ONE, TWO, PACS = "10.0.1.1", "10.0.1.2", "10.0.2.9"
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
HOUR = 3600.0
BY_DEFAULT = """1;-1;0001;1234;123456789;11111111;SN;SN0000;Serial;TBD;N.A.;not applicable;NOT_SET;
no serial""".replace("\n", "").split(";")


def places(devices: Iterable[Device]) -> set[tuple[str | None, tuple[str, ...]]]:
    """Return serial number and addresses of each device."""
    return {(device.serial_number, device.ips) for device in devices}


@pytest.fixture
def links(claim: Claiming) -> list[Claim]:
    """Two hosts, each with a MAC of its own."""
    return [claim(ONE, "arp.mac", A), claim(TWO, "arp.mac", B)]


def test_an_anonymized_dataset_fuses_nobody(links: list[Claim], dataset: Dataset) -> None:
    """Two scanners that both sent a dataset without a maker stay two."""
    devices = build(
        links
        + dataset(ONE, None, "SIEMENS", "Force", "SN7771")
        + dataset(TWO, None, "GE", "Rev", "SN8881")
        + dataset(ONE, None, "Anonymized", None, None, station="DEFAULT", ts=1100.0)
        + dataset(TWO, None, "Anonymized", None, None, station="DEFAULT", ts=9 * HOUR)
    )
    assert places(devices) == {("SN7771", (ONE,)), ("SN8881", (TWO,))}


@pytest.mark.parametrize("last", [1000.0, 99 * HOUR])
def test_twins_without_a_serial_number_stay_two(
    links: list[Claim], dataset: Dataset, last: float
) -> None:
    """The same model twice on a ward, whether they send by turns or one after the other."""
    devices = build(
        links
        + dataset(ONE, None, "GE", "LOGIQ E9", None, modality="US", last=last)
        + dataset(TWO, None, "GE", "LOGIQ E9", None, modality="US", ts=9 * HOUR)
    )
    assert {device.macs for device in devices} == {(A,), (B,)}
    assert {device.type for device in devices} == {"ultrasound system"}


@pytest.mark.parametrize("serial", [*BY_DEFAULT, "172.16.193.2"])
def test_a_serial_number_by_default_merges_nothing(
    links: list[Claim], dataset: Dataset, serial: str
) -> None:
    """What is typed in to fill a form is no unit's own."""
    assert not is_unit_serial(serial)
    devices = build(
        links
        + dataset(ONE, None, "GE", "E9", serial, station="US1")
        + dataset(TWO, None, "GE", "E9", serial, station="US2", ts=9 * HOUR)
    )
    assert {device.ips for device in devices} == {(ONE,), (TWO,)}


def test_one_serial_number_at_two_macs_is_an_open_question(
    links: list[Claim], dataset: Dataset
) -> None:
    """A viewer that copies what a scanner wrote is not the scanner, nor is the scanner gone."""
    devices = build(
        links
        + dataset(ONE, None, "SIEMENS", "Force", "SN7771")
        + dataset(TWO, None, "SIEMENS", "Force", "SN7771", ts=9 * HOUR)
    )
    assert places(devices) == {("SN7771", ()), (None, (ONE,)), (None, (TWO,))}
    assert next(d for d in devices if d.serial_number).via == (ONE, TWO)


def test_a_model_identifier_is_no_unit(claim: Claiming, links: list[Claim]) -> None:
    """A UDI without its serial part is that of every unit sold."""
    udi = "(01)00884838012345"
    claims = [
        *links,
        claim(ONE, "dicom.udi", udi, subject="dicom:q"),
        claim(ONE, "dicom.device_serial_number", "SN1111", subject="dicom:q"),
        claim(TWO, "dicom.udi", udi, subject="dicom:r"),
        claim(TWO, "dicom.device_serial_number", "SN2222", subject="dicom:r"),
    ]
    assert places(build(claims)) == {("SN1111", (ONE,)), ("SN2222", (TWO,))}


def test_a_lease_that_ended_credits_nobody(claim: Claiming) -> None:
    """What was seen at an address is divided among those who held it."""
    ip = "10.0.1.5"
    devices = build(
        [
            claim(ip, "dhcp.mac", A, ts=HOUR),
            claim(ip, "dhcp.mac", B, ts=10 * HOUR),
            claim(ip, "conn.active", "yes", ts=HOUR, last=11 * HOUR),
        ]
    )
    seen = {device.macs: (device.first_seen, device.last_seen) for device in devices}
    assert seen == {(A,): (HOUR, HOUR), (B,): (10 * HOUR, 11 * HOUR)}


def test_an_old_device_does_not_become_the_laptop_at_its_address(
    claim: Claiming, dataset: Dataset
) -> None:
    """A lease of today says nothing of three months ago."""
    later = 2000 * HOUR
    devices = build(
        [
            *dataset(ONE, None, "SIEMENS", "Force", "SN7771"),
            claim(ONE, "dhcp.mac", A, ts=later),
            claim(ONE, "dhcp.host_name", "laptop", ts=later),
        ]
    )
    assert {(d.serial_number, d.hostname) for d in devices} == {("SN7771", None), (None, "laptop")}


def test_a_scanner_that_gets_its_own_images_back_stays_itself(
    claim: Claiming, dataset: Dataset
) -> None:
    """It made them before it took them in."""
    own = dataset(ONE, None, "SIEMENS", "Force", "SN7771")
    back = [
        claim(ONE, "dicom.received", "C-STORE", subject=own[0].first.subject, ts=2000.0),
        claim(ONE, "dicom.store_scp", "1.2.840.10008.5.1.4.1.1.2", ts=2000.0),
    ]
    assert places(build(own + back)) == {("SN7771", (ONE,))}


@pytest.mark.parametrize(
    "again",
    [
        ("SIEMENS", "Avanto", "MRNEW"),
        ("SIEMENS", "MAGNETOM Avanto", "MR1"),
        ("Siemens Healthineers", "Avanto", "MR1"),
    ],
)
def test_another_spelling_is_no_other_device(dataset: Dataset, again: tuple[str, str, str]) -> None:
    """Same host and serial number: a renamed station or maker changes nothing."""
    maker, model, station = again
    devices = build(
        dataset(ONE, None, "SIEMENS", "Avanto", "SN7771", station="MR1", modality="MR")
        + dataset(ONE, None, maker, model, "SN7771", station=station, modality="MR", ts=3 * HOUR)
    )
    assert places(devices) == {("SN7771", (ONE,))}


def test_a_proxy_is_no_device(claim: Claiming) -> None:
    """A MAC that answers for many addresses of one subnet, or a virtual router's."""
    many = [claim(f"10.0.1.{n}", "arp.mac", A) for n in range(1, 20)]
    virtual = [claim(f"10.0.9.{n}", "arp.mac", "00:00:5e:00:01:07") for n in (1, 2)]
    assert {device.macs for device in build(many + virtual)} == {()}


def test_what_is_described_from_a_link_local_address_is_kept(dataset: Dataset) -> None:
    """Its host is unknown, the device is not."""
    devices = build(dataset("fe80::7", None, "SIEMENS", "Force", "SN7771"))
    assert {device.serial_number for device in devices} == {"SN7771"}


@pytest.mark.parametrize("twin", [False, True])
def test_an_archive_makes_no_second_device_of_one_without_a_serial_number(
    links: list[Claim], dataset: Dataset, twin: bool
) -> None:
    """It passes on what it took in; where that comes from is known."""
    first = dataset(ONE, PACS, "GE", "LOGIQ E9", None, modality="US")
    other = dataset(TWO, PACS, "GE", "LOGIQ E9", None, modality="US", ts=1050.0)
    passed_on = dataset(PACS, None, "GE", "LOGIQ E9", None, modality="US", ts=2000.0)
    devices = build(links + first + (other if twin else []) + passed_on)
    known = {device.ips for device in devices if device.model}
    assert known == ({(ONE,), (TWO,)} if twin else {(ONE,)})
