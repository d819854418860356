"""Which claims become one device: the cases that must not go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from inventory import build

from wardwatch_enrichment import device_types
from wardwatch_enrichment.model import Claim, Device

Claiming = Callable[..., Claim]

CT, MR, PACS, VIEWER = "10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.10"
MAC_A, MAC_B, MAC_C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"


Dataset = Callable[..., list[Claim]]


def medical(devices: Iterable[Device]) -> dict[str | None, Device]:
    """Return the medical devices by serial number."""
    return {d.serial_number: d for d in devices if d.device_class == "medical"}


def test_a_modality_is_its_host(dataset: Dataset) -> None:
    """What a host says of one device, and of none else, it says of itself."""
    devices = build(dataset(CT, PACS, "GE", "LightSpeed", "SN4477"))
    assert len(devices) == 2
    ct = medical(devices)["SN4477"]
    assert (ct.manufacturer, ct.model, ct.type) == ("GE HealthCare", "LightSpeed", "CT scanner")
    assert (ct.ips, ct.via) == ((CT,), ())


def test_two_modalities_behind_one_archive_stay_two(dataset: Dataset) -> None:
    """An archive that sends what two devices made is neither of them."""
    devices = build(
        dataset(PACS, None, "GE", "LightSpeed", "SN4477")
        + dataset(PACS, None, "Siemens", "Trio", "SN4488")
    )
    found = medical(devices)
    assert set(found) == {"SN4477", "SN4488"}
    assert {device.via for device in found.values()} == {(PACS,)}
    assert {device.ips for device in found.values()} == {()}
    archive = next(device for device in devices if device.ips == (PACS,))
    assert (archive.device_class, archive.manufacturer) == (None, None)


def test_an_archive_that_forwards_a_single_device_does_not_become_it(dataset: Dataset) -> None:
    """It took the data in before: so it is not where they come from."""
    devices = build(
        dataset(CT, PACS, "GE", "LightSpeed", "SN4477")
        + dataset(PACS, VIEWER, "GE", "LightSpeed", "SN4477", ts=1100.0)
    )
    assert medical(devices)["SN4477"].ips == (CT,)
    assert [d.model for d in devices if d.ips == (PACS,)] == [None]


def test_an_archive_seen_only_from_behind_is_unmasked_by_the_second_device(
    dataset: Dataset,
) -> None:
    """The first dataset looked like the host's own; the second corrects that."""
    first = dataset(PACS, None, "GE", "LightSpeed", "SN4477")
    assert medical(build(first))["SN4477"].ips == (PACS,)
    second = dataset(PACS, None, "GE", "LightSpeed", "SN4478", ts=2000.0)
    assert {d.via for d in medical(build(first + second)).values()} == {(PACS,)}


def test_two_hosts_at_a_time_cannot_both_be_the_device(dataset: Dataset) -> None:
    """Which of them it is stays unknown: a device of its own, seen via both."""
    devices = build(
        dataset(CT, None, "GE", "LightSpeed", "SN4477", last=3000.0)
        + dataset(MR, None, "GE", "LightSpeed", "SN4477", ts=2000.0)
    )
    assert medical(devices)["SN4477"].via == (CT, MR)


def test_a_device_that_moved_is_one(dataset: Dataset) -> None:
    """The serial number holds it together; the earlier address is kept as such."""
    later = 1000.0 + 10 * 86_400
    devices = build(
        dataset(CT, None, "GE", "LightSpeed", "SN4477")
        + dataset(MR, None, "GE", "LightSpeed", "SN4477", ts=later)
    )
    (device,) = devices
    assert device.ips == (MR,)
    ips = [a for a in device.attributes if a.name == "ips"]
    assert [(a.value, a.current) for a in ips] == [(CT, False), (MR, True)]


def test_one_serial_under_two_models_is_two_devices(dataset: Dataset) -> None:
    """Small numbers repeat between the models of a manufacturer."""
    devices = build(
        dataset(CT, None, "GE", "LightSpeed", "20017") + dataset(MR, None, "GE", "Signa", "20017")
    )
    assert len(devices) == 2
    assert {device.ips for device in devices} == {(CT,), (MR,)}


def test_a_described_device_is_the_host_that_has_its_mac(claim: Claiming) -> None:
    """A gateway tells of a pump by its hardware address; the pump itself is seen by DHCP."""
    pump, gateway, subject = "10.0.0.7", "10.0.0.8", "eui64:020000fffe00000a"
    devices = build(
        [
            claim(pump, "dhcp.mac", MAC_A, mac=MAC_A),
            claim(gateway, "dicom.device_serial_number", "SN4477", subject=subject),
            claim(gateway, "dhcp.mac", MAC_A, subject=subject),
            claim(gateway, "dicom.device_serial_number", "SN4478", subject="eui64:other"),
        ]
    )
    (device,) = [d for d in devices if d.macs == (MAC_A,)]
    assert (device.ips, device.serial_number, device.via) == ((pump,), "SN4477", ())


@pytest.mark.parametrize("nothing", ["UNKNOWN", "0000", "N.A.", "-", "none"])
def test_a_placeholder_is_no_identity(dataset: Dataset, nothing: str) -> None:
    """Two devices that both say nothing are not the same device."""
    devices = build(dataset(CT, None, "GE", None, nothing) + dataset(MR, None, "GE", None, nothing))
    assert {device.ips for device in devices} == {(CT,), (MR,)}
    assert {device.serial_number for device in devices} == {None}


def test_software_for_other_peoples_data_is_no_modality(dataset: Dataset) -> None:
    """A workstation that stores presentation states and reports makes no images."""
    (device,) = build(dataset(VIEWER, None, "Unheard-of", "Reader", None, modality="PR"))
    assert "imaging system" not in device_types.lineage(device.type or "")


def test_an_unknown_kind_of_equipment_is_medical_of_unknown_type(dataset: Dataset) -> None:
    """OT says that there is equipment, not which."""
    (device,) = build(dataset(CT, None, "GE", "X", "9", modality="OT"))
    assert (device.device_class, device.type) == ("medical", None)


def test_a_mac_holds_the_addresses_of_a_host_together(claim: Claiming) -> None:
    """IPv4, IPv6 and link-local of one interface are one device."""
    devices = build(
        [
            claim("10.0.0.1", "arp.mac", MAC_A),
            claim("fd00::1", "conn.mac", MAC_A),
            claim("fe80::1", "conn.mac", MAC_A),
        ]
    )
    assert [(d.macs, d.ips) for d in devices] == [((MAC_A,), ("10.0.0.1", "fd00::1", "fe80::1"))]


def test_a_router_is_no_device_for_the_addresses_behind_it(claim: Claiming) -> None:
    """A MAC in front of three subnets says nothing of any of them."""
    hosts = ("10.0.1.5", "10.0.2.5", "10.0.3.5")
    devices = build([claim(host, "arp.mac", MAC_A) for host in hosts])
    assert sorted(d.ips for d in devices) == [(host,) for host in hosts]
    assert {d.macs for d in devices} == {()}


def test_a_roaming_client_is_no_router(claim: Claiming) -> None:
    """DHCP gives the client itself, in however many subnets."""
    hosts = ("10.0.1.5", "10.0.2.5", "10.0.3.5", "10.0.4.5")
    roaming = [claim(h, "dhcp.mac", MAC_A, ts=1000.0 * n) for n, h in enumerate(hosts, 1)]
    (device,) = build(roaming)
    assert device.macs == (MAC_A,)


def test_an_address_belongs_to_who_held_it_then(claim: Claiming) -> None:
    """Names that were given at an address go with the MAC that had it at that time."""
    ip = "10.0.0.50"
    devices = build(
        [
            claim(ip, "dhcp.mac", MAC_A, ts=1000.0, last=1900.0),
            claim(ip, "dhcp.mac", MAC_B, ts=90_000.0, last=90_900.0),
            claim(ip, "dicom.ae_title", "OLD", ts=1500.0),
            claim(ip, "dicom.ae_title", "NEW", ts=90_500.0),
        ]
    )
    assert {device.macs: device.names for device in devices} == {
        (MAC_A,): ("OLD",),
        (MAC_B,): ("NEW",),
    }
    assert {device.macs: device.ips for device in devices} == {(MAC_A,): (), (MAC_B,): (ip,)}


def test_a_swapped_unit_is_another_device(claim: Claiming) -> None:
    """Two serial numbers one after the other at one address, or in one dock, are two devices."""
    mac = claim(CT, "dhcp.mac", MAC_A, ts=100.0, last=900.0)
    name = claim(CT, "dhcp.host_name", "pump7", ts=100.0, last=900.0)
    first = [
        claim(CT, "upnp.serial_number", "SN44771", ts=100.0, last=400.0),
        claim(CT, "mdns.firmware", "1.0", ts=100.0, last=400.0),
    ]
    second = [
        claim(CT, "upnp.serial_number", "SN99002", ts=500.0, last=900.0),
        claim(CT, "mdns.firmware", "2.0", ts=500.0, last=900.0),
    ]
    found = {d.serial_number: d for d in build([mac, name, *first, *second])}
    assert set(found) == {"SN44771", "SN99002"}
    assert found["SN44771"].software_versions == ("1.0",)
    assert found["SN99002"].software_versions == ("2.0",)
    assert found["SN44771"].last_seen == 500.0
    assert found["SN44771"].hostname == found["SN99002"].hostname == "pump7"
    # Alternating numbers are of a host that has several, or speaks for others.
    again = claim(CT, "upnp.serial_number", "SN44771", ts=600.0, last=700.0)
    assert len(build([mac, *first, again, *second])) == 1


def test_a_gateway_is_not_the_monitor_that_it_speaks_for(claim: Claiming) -> None:
    """Its own network card is of another maker than the one that it describes."""
    gateway, bed = "00:14:22:00:00:01", "08:00:19:00:00:01"
    told = {"hl7.mac": bed, "hl7.system_type": "69965", "hl7.model": "B40"}
    devices = build(
        [claim(CT, "dhcp.mac", gateway)]
        + [claim(CT, field, value, subject=f"mac:{bed}") for field, value in told.items()]
    )
    assert {(d.type, d.ips, d.via) for d in devices if d.type} == {("patient monitor", (), (CT,))}


@pytest.mark.parametrize("kind", ["udi", "uuid", "eui64"])
def test_pumps_behind_a_gateway_are_as_many_as_they_say(kind: str, claim: Claiming) -> None:
    """Alike in all but what names the unit; and none of them is the gateway."""
    told = {"hl7.manufacturer": "B. Braun", "hl7.model": "Infusomat Space"}
    claims = [claim(PACS, "dhcp.mac", MAC_A), claim(PACS, "dhcp.host_name", "hl7gateway")]
    for unit in ("(01)0405(21)35171", "(01)0405(21)35172"):
        subject = f"{kind}:{unit}"
        claims += [claim(PACS, field, value, subject=subject) for field, value in told.items()]
    devices = build(claims)
    assert len(devices) == 3
    assert [d.model for d in devices if d.ips == (PACS,)] == [None]


def test_an_archive_that_sends_a_prior_first_does_not_become_the_scanner(dataset: Dataset) -> None:
    """It forwards last year's images before the scanner stores today's."""
    prior = dataset(PACS, VIEWER, "SIEMENS", "Avanto", "SN35177", ts=800.0)
    today = dataset(CT, PACS, "SIEMENS", "Avanto", "SN35177", ts=900.0, last=1700.0)
    found = medical(build(prior + today))["SN35177"]
    assert found.ips == (CT,)


def test_a_number_spelled_in_two_ways_is_of_one_unit(claim: Claiming) -> None:
    """One protocol is heard at boot, the other the next day."""
    devices = build([
        claim(CT, "dhcp.mac", MAC_A, ts=100.0, last=90_000.0),
        claim(CT, "intellivue.serial_number", "DE22713007", ts=100.0),
        claim(CT, "upnp.serial_number", "MX800-DE22713007", ts=80_000.0),
    ])  # fmt: skip
    assert len(devices) == 1
