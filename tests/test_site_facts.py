"""What a site tells of itself: taken whole or not at all, and laid over what was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from inventory import build

from wardwatch.sources.site_facts import FactsError, read
from wardwatch_enrichment.changes import changes
from wardwatch_enrichment.facts import Fact, Facts
from wardwatch_enrichment.model import Claim, Device, standings

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
    assert told(facts.lay_over([device])[0]) == {
        "subnet": "Imaging",
        "zone": "clinical",
        "vlan": "101",
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
    known = facts.lay_over([device])[0]
    assert (known.manufacturer, known.type) == ("Siemens Healthineers", "CT scanner")
    assert known.device_class == "medical"
    values = {(a.value, a.current) for a in known.attributes if a.name == "manufacturer"}
    assert values == {("Siemens Healthineers", True), ("Somebody", False)}
    assert told(known)["asset_tag"] == "A-1"
    by_mac = build([claim("10.0.0.2", "dhcp.mac", "00:09:fb:00:00:01")])
    assert told(facts.lay_over(by_mac)[0])["ward"] == "ICU 3"


def test_a_register_entry_of_another_unit_is_not_taken(tmp_path: Path, claim: Claiming) -> None:
    """An address is given to the next device; its serial number says so."""
    facts = taken(tmp_path, "register.csv", "serial,ip,ward\nSN1234,10.0.0.1,ICU 3\n")
    (device,) = build([claim("10.0.0.1", "upnp.serial_number", "SN9999")])
    assert told(facts.lay_over([device])[0]) == {}


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
        ("a.csv", "serial,sn,ward\nS1234,S5678,\n", "a.csv:2: serial and sn are both the serial_"),
        ("a.csv", "mac,ward\nN/A,ICU\n", "no row names a unit"),
        ("a.yaml", "devices: 5\n", "devices must be a list"),
        ("a.yaml", "devices: [5]\n", "devices[1] must be a mapping"),
        ("a.yaml", "devices: [{mac: [1, 2]}]\n", "devices[1]: mac must be a single value"),
        ("a.yaml", "devices: [{sn: 1234, serial: 5678}]\n", "sn and serial are both"),
    ],
)
def test_a_wrong_file_is_refused_whole(name: str, text: str, problem: str, tmp_path: Path) -> None:
    """With the place and the remedy."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FactsError) as caught:
        read(path, at=1.0)
    assert problem in str(caught.value)


def wards(facts: Facts, claims: list[Claim]) -> dict[tuple[str, ...], str | None]:
    """Return the ward that was told of each device, by its addresses."""
    return {d.ips: told(d).get("ward") for d in facts.lay_over(build(claims))}


@pytest.mark.parametrize("serial", ["", "SN44771"])
def test_an_address_is_of_a_row_only_with_its_hardware(
    serial: str, tmp_path: Path, claim: Claiming
) -> None:
    """The next device has the address now; its hardware says that it is another."""
    rows = f"serial,mac,ip,host,ward\n{serial},00:09:fb:00:00:01,10.0.0.1,mon7,ICU 3\n"
    facts = taken(tmp_path, "register.csv", rows)
    for mac, ward in (("00:09:fb:00:00:02", None), ("00:09:fb:00:00:01", "ICU 3")):
        claims = [claim("10.0.0.1", "dhcp.mac", mac), claim("10.0.0.1", "dhcp.host_name", "mon7")]
        assert wards(facts, claims) == {("10.0.0.1",): ward}


@pytest.mark.parametrize(
    ("maker", "ward"), [("Draeger", None), ("Philips", "ICU 3"), ("Somebody", "ICU 3")]
)
def test_makers_number_alike(maker: str, ward: str | None, tmp_path: Path, claim: Claiming) -> None:
    """A serial number is one unit's among those of its maker."""
    facts = taken(tmp_path, "register.csv", "serial,make,ward\n35177,Philips,ICU 3\n")
    claims = [
        claim("10.0.0.1", "dicom.device_serial_number", "35177"),
        claim("10.0.0.1", "dicom.manufacturer", maker),
    ]
    assert wards(facts, claims) == {("10.0.0.1",): ward}


def test_a_row_is_of_one_device_that_has_its_surest_key(tmp_path: Path, claim: Claiming) -> None:
    """The unit has moved; who has its address now, or had it in an older register, is another."""
    rows = "serial,ip,ward\nSN44771,10.0.0.1,old\nSN44771,10.0.0.2,ICU 3\n,10.0.0.4,ICU 4\n"
    facts = taken(tmp_path, "register.csv", rows)
    claims = [
        claim("10.0.0.1", "conn.active", "yes"),
        claim("10.0.0.2", "conn.active", "yes"),
        claim("10.0.0.3", "upnp.serial_number", "SN44771"),
        claim("10.0.0.4", "conn.active", "yes"),
    ]
    assert wards(facts, claims) == {
        ("10.0.0.1",): None, ("10.0.0.2",): None, ("10.0.0.3",): "ICU 3", ("10.0.0.4",): "ICU 4",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Serial\nSN1234\n", {"serial_number": "SN1234"}),
        (
            'serial;note\nSN1234;"the ""old"" one; in 3"\n',
            {"serial_number": "SN1234", "note": 'the "old" one; in 3'},
        ),
        (
            '"Serial","Note"\r\n"SN1234","says ""off"", twice"\r\n',
            {"serial_number": "SN1234", "note": 'says "off", twice'},
        ),
        ("Serial,SN,Ward\nSN1234,,ICU\n", {"serial_number": "SN1234", "ward": "ICU"}),
        ("Serial,SN\nSN1234,N/A\n", {"serial_number": "SN1234"}),
        ("Serial,IP,Make\nSN1234,DHCP,none\n", {"serial_number": "SN1234"}),
        ("Serial,Type\nSN1234,cat SCANNER\n", {"serial_number": "SN1234", "type": "CT scanner"}),
    ],
)
def test_exports_are_read_right(text: str, first: dict[str, str], tmp_path: Path) -> None:
    """One column, Excel's quotes, two headings of one column, words for nothing."""
    path = tmp_path / "a.csv"
    path.write_text(text, newline="")
    assert [fact.values for fact in read(path, at=1.0)] == [first]


def test_what_is_not_used_is_told(tmp_path: Path) -> None:
    """Headings, rows that name no unit, and types; the rest of the file is taken."""
    path = tmp_path / "a.csv"
    path.write_text("MAC,IP,Colour,Type\n00:09:fb:00:00:01,,red,Frobnicator\nN/A,DHCP,,\n,,blue,\n")
    notes: list[str] = []
    (fact,) = read(path, 1.0, notes.append)
    assert fact.values["type"] == "Frobnicator"
    assert notes == [
        f"{path}: columns that are not known, and not used: Colour",
        f"{path}: left out 2 rows without serial_number or mac or hostname or ip: 3, 4",
        f"{path}: 1 types are not known, and kept as they are: Frobnicator (1)",
    ]


def test_yaml_is_taken_as_it_is_written(tmp_path: Path) -> None:
    """No number, no truth and no time of day is made of a text; null is nothing."""
    path = tmp_path / "site.yaml"
    path.write_text("""
devices:
  - {serial_number: 0012345, ward: on, model: 1.10, ip: null}
  - mac: 10:20:30:40:50:51
subnets: [{cidr: 10.0.0.0/8, tapped: on, name: ~, vlan: }]
""")
    by_serial, by_mac, subnet = read(path, at=1.0)
    assert by_serial.values == {"serial_number": "0012345", "ward": "on", "model": "1.10"}
    assert by_mac.values == {"mac": "10:20:30:40:50:51"}
    assert subnet.values == {"cidr": "10.0.0.0/8", "tapped": "yes"}


def test_evidence_beside_a_fact_is_contradicted(tmp_path: Path, claim: Claiming) -> None:
    """However late the fact was told; what says the same stands, and nothing has changed."""
    path = tmp_path / "register.csv"
    path.write_text("serial,make,model,version,type\nSN44771,GE,B450,2.1,Frobnicator\n")
    (device,) = Facts(read(path, at=1e9)).lay_over(
        build([
            claim("10.0.0.1", "dicom.device_serial_number", "SN44771"),
            claim("10.0.0.1", "dicom.manufacturer", "Somebody"),
            claim("10.0.0.1", "dicom.manufacturer_model_name", "B450"),
            claim("10.0.0.1", "dicom.software_versions", "1.0"),
        ])
    )  # fmt: skip
    standing = {
        (a.name, a.value): how
        for a, how in standings(device.attributes).items()
        if a.evidence[0].log != "site facts"
    }
    assert standing["manufacturer", "Somebody"] == "contradicted"
    assert standing["software_versions", "1.0"] == "contradicted"
    assert standing["model", "B450"] == standing["serial_number", "SN44771"] == "current"
    assert device.software_versions == ("2.1",)
    assert (device.type, device.device_class) == ("Frobnicator", None)
    assert [change.kind for change in changes(device, device.last_seen)] == ["new device"]


def test_a_large_plan_is_fast() -> None:
    """Each address is looked up by the lengths of prefixes, not among all subnets."""
    plan = [
        Fact(
            kind="subnet", values={"cidr": f"10.{n >> 8}.{n & 255}.0/24"}, source="p", line=n, at=1
        )
        for n in range(4_000)
    ]
    wide = Fact(kind="subnet", values={"cidr": "0.0.0.0/0"}, source="p", line=9_999, at=1)
    facts = Facts([*plan, wide])
    for n in range(100_000):
        found = facts.subnet_of(f"10.{(n % 4_000) >> 8}.{n % 4_000 & 255}.7")
        assert found is plan[n % 4_000]
    assert facts.subnet_of("192.0.2.1") is wide
    assert facts.subnet_of("2001:db8::1") is None


def test_nothing_was_done_tomorrow(tmp_path: Path) -> None:
    """A bench test or a patch of a day that is still to come is refused, with its place."""
    path = tmp_path / "bench.csv"
    path.write_text("cve,model,result,date,by\nCVE-2020-1,Any,exploitable,2026-11-30,K. Tester\n")
    with pytest.raises(FactsError, match=r"bench\.csv:2: date: 2026-11-30 is still to come"):
        read(path, datetime(2026, 11, 22, tzinfo=UTC).timestamp())
    assert read(path, datetime(2026, 11, 30, tzinfo=UTC).timestamp())


def test_a_table_of_tests_is_no_register(tmp_path: Path) -> None:
    """One that names vulnerabilities and lacks a column is refused, with what is asked for."""
    path = tmp_path / "tests.csv"
    path.write_text("serial,cve,date,tester\nSN44771,CVE-2020-1,2026-11-01,K. Tester\n")
    with pytest.raises(FactsError, match=r"is about vulnerabilities \(cve\), but lacks columns"):
        read(path, 1000.0)
