"""What claims make of a device: which values hold, and on what they rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

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


def test_contradictions_are_kept(claim: Claiming) -> None:
    """The later of two equally good names is current; the earlier stays to be seen."""
    (device,) = build(
        [
            claim(CT, "dhcp.host_name", "old-name", ts=1000.0),
            claim(CT, "dhcp.host_name", "new-name", ts=2000.0),
        ]
    )
    assert device.hostname == "new-name"
    names = {a.value: a.current for a in device.attributes if a.name == "hostname"}
    assert names == {"new-name": True, "old-name": False}


def test_a_host_name_without_its_domain_is_no_contradiction(claim: Claiming) -> None:
    """DHCP tells the one in option 12 and the other in option 81."""
    (device,) = build(
        [
            claim(CT, "dhcp.host_name", "ct1"),
            claim(CT, "dhcp.client_fqdn", "CT1.example.org"),
        ]
    )
    assert device.hostname == "CT1.example.org"
    assert all(a.current for a in device.attributes if a.name == "hostname")


def test_software_is_what_the_latest_statement_lists(claim: Claiming) -> None:
    """An upgrade replaces the whole list, in the order in which it was told."""
    field = "dicom.software_versions"
    (device,) = build(
        [
            claim(CT, field, "B15\\boot 1", subject="dicom:a", ts=1000.0),
            claim(CT, field, "B17\\boot 1\\patch 3", subject="dicom:a", ts=2000.0),
            claim(CT, "dicom.device_serial_number", "SN4477", subject="dicom:a"),
        ]
    )
    assert device.software_versions == ("B17", "boot 1", "patch 3")
    assert {a.value for a in device.attributes if not a.current} == {"B15"}


def test_one_line_in_two_logs_counts_once(claim: Claiming) -> None:
    """The same uid, field and value is one piece of evidence."""
    (device,) = build(
        [
            claim(CT, "dhcp.host_name", "ct1", uid="C7", log="iomt_asset"),
            claim(CT, "dhcp.host_name", "ct1", uid="C7", log="dhcp", mac=None),
        ]
    )
    (hostname,) = [a for a in device.attributes if a.name == "hostname"]
    assert len(hostname.evidence) == 1


def test_a_host_that_passes_on_is_not_the_kind_of_what_it_passes_on(claim: Claiming) -> None:
    """A gateway that stores MR images for others is no MRI scanner; a scanner that does is."""
    used = claim(PACS, "dicom.sop_class", "1.2.840.10008.5.1.4.1.1.4")
    (scanner,) = build([used])
    assert scanner.type == "MRI scanner"
    (gateway,) = build([used, claim(PACS, "dicom.store_scp", "1.2.840.10008.5.1.4.1.1.4"),
                        claim(PACS, "dicom.received", "C-STORE", subject="dicom:aa")])  # fmt: skip
    assert "imaging system" not in device_types.lineage(gateway.type or "")


def test_a_computer_s_maker_is_not_the_instrument_s(claim: Claiming) -> None:
    """An analyzer built on an office computer is of unknown make, until it says of which."""
    claims = [claim(CT, "dhcp.mac", "00:14:22:00:00:01")]
    (computer,) = build(claims)
    assert computer.manufacturer == "Dell"
    (analyzer,) = build([*claims, claim(CT, "dicom.modality", "CT", subject="dicom:aa")])
    assert (analyzer.device_class, analyzer.manufacturer) == ("medical", None)


def test_software_is_told_by_each_protocol_for_itself(claim: Claiming) -> None:
    """The one that spoke last does not silence the other, unless that is long ago."""
    month = 30 * 86_400.0
    claims = [
        claim(CT, "mdns.firmware", "7.1", ts=1000.0, last=1000.0),
        claim(CT, "lldp.software_revision", "VB20", ts=900.0, last=990.0),
    ]
    (device,) = build(claims)
    assert set(device.software_versions) >= {"7.1", "VB20"}
    old = claim(CT, "snmp.ent_physical_software_rev", "V1", ts=1.0, last=2.0)
    (device,) = build([*(replace(c, last_seen=c.last_seen + 2 * month) for c in claims), old])
    assert "V1" not in device.software_versions
