"""What a site tells of itself: taken whole or not at all, and laid over what was seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inventory import build

from wardwatch.sources.site_facts import FactsError, read
from wardwatch_enrichment.facts import Facts
from wardwatch_enrichment.model import Claim, Device

Claiming = Callable[..., Claim]
PLAN = """IP Range;Label;VLAN ID;Zone;Department;Extension;Monitored
10.20.1.0/24;Imaging;101;clinical;Radiology;4711;yes
10.20.0.0/16;Campus;;enterprise;;;
10.99.0.0/24;Ward 9;199;Clinical;Ward 9;4713;yes
"""
REGISTER = """Asset No,Serial,MAC Address,Make,Equipment Type,Ward,Custodian
A-1,SN44771,,Siemens Medical Solutions,CT scanner,CT 2,"Miller, biomed"
A-2,,00-09-FB-00-00-01,Philips,,ICU 3,
"""


def taken(tmp_path: Path, name: str, text: str) -> Facts:
    """Return the facts of a file."""
    path = tmp_path / name
    path.write_text(text)
    return Facts(read(path, at=5.0))


def told(device: Device) -> dict[str, str]:
    """Return the attributes that do not come from the wire."""
    return {a.name: a.value for a in device.attributes if a.evidence[0].log == "site facts"}


def test_the_smallest_subnet_names_the_place(tmp_path: Path, claim: Claiming) -> None:
    """Spellings of headings are those of exports; the rest of the plan does not count."""
    facts = taken(tmp_path, "plan.csv", PLAN)
    (device,) = build([claim("10.20.1.7", "conn.active", "yes")])
    assert told(facts.apply(device)) == {
        "subnet": "Imaging",
        "zone": "clinical",
        "ward": "Radiology",
        "phone": "4711",
    }


def test_the_register_wins_over_evidence_which_is_kept(tmp_path: Path, claim: Claiming) -> None:
    """By serial number first, then by hardware address."""
    facts = taken(tmp_path, "register.csv", REGISTER)
    (device,) = build([
        claim("10.0.0.1", "upnp.serial_number", "SN44771"),
        claim("10.0.0.1", "upnp.manufacturer", "Somebody"),
    ])  # fmt: skip
    known = facts.apply(device)
    assert (known.manufacturer, known.type) == ("Siemens Healthineers", "CT scanner")
    assert known.device_class == "medical"
    values = {(a.value, a.current) for a in known.attributes if a.name == "manufacturer"}
    assert values == {("Siemens Healthineers", True), ("Somebody", False)}
    assert told(known)["asset_tag"] == "A-1"
    by_mac = build([claim("10.0.0.2", "dhcp.mac", "00:09:fb:00:00:01")])
    assert told(facts.apply(by_mac[0]))["ward"] == "ICU 3"


def test_a_register_entry_of_another_unit_is_not_taken(tmp_path: Path, claim: Claiming) -> None:
    """An address is given to the next device; its serial number says so."""
    facts = taken(tmp_path, "register.csv", "serial,ip,ward\nSN1234,10.0.0.1,ICU 3\n")
    (device,) = build([claim("10.0.0.1", "upnp.serial_number", "SN9999")])
    assert told(facts.apply(device)) == {}


def test_a_blind_spot_is_shown(tmp_path: Path, claim: Claiming) -> None:
    """A subnet of the plan from which nothing is seen, and addresses outside the plan."""
    facts = taken(tmp_path, "plan.csv", PLAN)
    devices = build([
        claim("10.20.1.7", "conn.active", "yes"), claim("192.168.5.5", "conn.active", "yes")
    ])  # fmt: skip
    covered, outside = facts.coverage(devices)
    assert [c.name for c in covered if c.last_seen is None] == ["Campus", "Ward 9"]
    assert dict(outside) == {"192.168.5.0/24": 1}


def test_yaml_has_all_kinds(tmp_path: Path) -> None:
    """One file for a site that writes its facts by hand."""
    path = tmp_path / "site.yaml"
    path.write_text("""
subnets: [{cidr: 10.1.0.0/16, zone: clinical, tapped: true}]
boundaries: [{from: 10.1.0.0/16, to: any, protocol: tcp, port: 443, action: deny, rule: 17}]
devices: [{mac: "00:09:fb:00:00:01", asset no: A-2}]
""")
    assert [fact.kind for fact in read(path, at=1.0)] == ["subnet", "boundary", "device"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "cidr,zone\n10.0.0.0/8,clincal\n", "a.csv:2: zone: 'clincal' is none of"),
        ("a.csv", "cidr,zone\n10.0.0.0/8,\n10.0.0.1/8,\n", "a.csv:3: cidr: 10.0.0.1/8 has host"),
        ("a.csv", "colour,size\nred,9\n", "its headings tell of nothing known"),
        ("a.csv", "mac,ward\n00:11,\n", "a.csv:2: mac: '00:11' is no hardware address"),
        ("a.yaml", "subnet: []\n", "must have only the lists subnets, boundaries, devices"),
        ("a.yaml", "subnets: [{cidr: 10.0.0.0/8, colour: red}]\n", "subnets[1]: unknown colour"),
        ("a.yaml", "subnets: [\n", "cannot be read"),
        ("a.csv", "", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_whole(name: str, text: str, problem: str, tmp_path: Path) -> None:
    """With the place and the remedy."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FactsError) as caught:
        read(path, at=1.0)
    assert problem in str(caught.value)
