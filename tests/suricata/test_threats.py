"""What the threat rules must not do in real traffic, and what is said about them is so."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import yaml
from bench import traffic
from suricata.engine import HERE, REPOSITORY, RULES, SHARED_TRACES, TRACES, alerts
from suricata.test_rules import ALL, Rule
from zeek.conftest import Conversation, write_pcap

pytestmark = pytest.mark.usefixtures("suricata")
CAPTURES = sorted([*TRACES.rglob("*.pcap"), *SHARED_TRACES.glob("*.pcap")])
SHARED = REPOSITORY.parent / "shared" / "data"
ADVISORIES, MESSAGES = SHARED / "csaf" / "icsma", SHARED / "messages"
CONTENT = REPOSITORY / "enrichment" / "wardwatch_enrichment"
OWN = REPOSITORY / "suricata-rules" / "own-devices.example"
SERVICES = OWN.with_name("threat-services.rules")
THREATS = [rule for rule in ALL if rule.path.name.startswith("threat-")]
SIDS = {rule.sid for rule in THREATS}
TYPES = yaml.safe_load((CONTENT / "device_types.yaml").read_text("utf-8"))["types"].keys()
KEYS = {
    *("signature_severity", "attack_target", "iomt_device_type", "mitre_ics"),
    *("created_at", "updated_at"),
}
EACH = pytest.mark.parametrize("rule", THREATS, ids=lambda rule: f"{rule.path.name}:{rule.line}")
# A company's computer that takes RDP without NLA, a log-in by SMB 1, a device that takes both.
REACHED = {
    "zeek-rdp-x509.pcap": {1805801},
    "zeek-raw_ntlm_in_smb.pcap": {1805800},
    "evidence.pcap": {1805800, 1805806},
    "link.pcap": {1805805, 1805806},
}


def threats(capture: Path, *args: str, rules: tuple[Path, ...] = RULES) -> set[int]:
    """The threat rules that fire."""
    return alerts(capture, rules=rules, args=args).keys() & SIDS


# Somebody tries a published account on a gamma camera, and opens the console of a pump.
TRIED = {"wards": {1805308, 1805320}}


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_no_false_alarm(capture: Path) -> None:
    """A hospital's daily traffic, and traffic that has nothing to do with it, is no threat."""
    assert threats(capture) == TRIED.get(capture.stem, set())


def test_no_false_alarm_in_ordinary_traffic(tmp_path: Path) -> None:
    """Nor is what an office network carries, where nothing is medical; nor an archive's work."""
    chance = random.Random(7)  # noqa: S311  the same in every run
    kinds = chance.choices(list(traffic.ORDINARY), list(traffic.ORDINARY.values()), k=600)
    packets = [packet for kind in kinds for packet in kind(chance)]
    assert alerts(write_pcap(tmp_path / "ordinary.pcap", packets)) == {}
    assert threats(write_pcap(tmp_path / "archive.pcap", traffic.archive(chance))) == set()


@pytest.mark.parametrize(
    "capture", sorted(HERE.glob("threat-*/input.pcap")), ids=lambda path: path.parent.name
)
def test_however_it_is_cut(capture: Path) -> None:
    """What fires does not depend on the size of the pieces that streams are looked at in."""
    randomly = ("--set", "stream.reassembly.randomize-chunk-size=yes")
    assert threats(capture, *randomly) == threats(capture)


def test_external_net_may_be_any() -> None:
    """Where a deployment calls everything external, what stays within is still not outside."""
    any_net = ("--set", "vars.address-groups.EXTERNAL_NET=any")
    assert threats(HERE / "threat-crossing-within" / "input.pcap", *any_net) == set()
    some = "vars.address-groups.HOME_NET=[10.71.0.0/16,!10.71.9.0/24]"
    capture = HERE / "threat-crossing-within" / "input.pcap"
    assert threats(capture, "--set", some) == set()
    capture = HERE / "threat-crossing-out" / "input.pcap"
    assert threats(capture, "--set", some) == threats(capture)


def test_no_false_alarm_in_real_messages(tmp_path: Path) -> None:
    """Nor is what real devices say, each message on a connection of its own."""
    if not MESSAGES.exists():
        pytest.skip("Not run: the public messages are not beside this checkout")
    packets = []
    for number, path in enumerate(sorted(MESSAGES.iterdir())):
        data = path.read_bytes().replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        data = b"\x0b" + data + b"\x1c\r" if path.suffix == ".hl7" else path.read_bytes()
        packets += Conversation(client_port=40000 + number, server_port=2575).packets(
            [(True, data)]
        )
    fired = alerts(write_pcap(tmp_path / "messages.pcap", packets))
    assert fired.keys() & SIDS == set()
    assert fired.keys() >= {1805702, 1805703, 1805704}


def own_mark(addresses: str, folder: Path) -> Path:
    """The rule by which a site marks its devices, as the example shows it."""
    folder.mkdir(exist_ok=True)
    path = folder / "own.rules"
    path.write_text(re.sub(r"\[[\d./,]+\]", f"[{addresses}]", OWN.read_text("utf-8")))
    return path


def test_a_site_marks_its_own(tmp_path: Path) -> None:
    """A device that speaks no medical protocol is one if the site says so."""
    capture = HERE / "threat-services-office" / "input.pcap"
    everything = {rule.sid for rule in THREATS if rule.path == SERVICES}
    assert threats(capture, rules=(SERVICES, own_mark("10.71.0.1", tmp_path))) == everything
    assert threats(capture, rules=(SERVICES, own_mark("10.71.0.9", tmp_path / "other"))) == set()


@pytest.mark.parametrize("name", REACHED)
def test_genuine_services(name: str, tmp_path: Path) -> None:
    """The rules about services see those of other people's captures, once hosts are marked."""
    found = [path for path in CAPTURES if path.name == name]
    if not found:
        pytest.skip(f"Not run: the public capture {name} is not beside this checkout")
    wide = "vars.address-groups.HOME_NET=[0.0.0.0/1,128.0.0.0/2,192.0.0.0/3]"
    rules = (SERVICES, own_mark("0.0.0.0/1,128.0.0.0/1", tmp_path))
    assert threats(found[0], "--set", wide, rules=rules) == REACHED[name]


@EACH
def test_described(rule: Rule) -> None:
    """Each says what it is about, in whose words, and names a CVE both ways."""
    assert rule.metadata.keys() >= KEYS
    assert re.fullmatch(r"T0\d{3}", rule.metadata["mitre_ics"])
    assert rule.metadata["iomt_device_type"].replace("_", " ") in TYPES
    pairs = ",".join(rule.all("metadata"))
    named = {f"cve,{cve}" for cve in re.findall(r"cve CVE-([\d-]+)", pairs)}
    assert named == {one for one in rule.all("reference") if one.startswith("cve,")}


@EACH
def test_advisories_say_so(rule: Rule) -> None:
    """A medical advisory that is referred to is about these CVEs; a password is in its text."""
    for name in re.findall(r"ics-medical-advisories/(icsma-[\d-]+)", rule.text):
        path = ADVISORIES / f"{name}.json"
        if not path.exists():
            pytest.skip(f"Not run: the public advisory {name} is not beside this checkout")
        advisory = json.loads(path.read_text("utf-8"))
        cves = {entry["cve"]: json.dumps(entry) for entry in advisory["vulnerabilities"]}
        named = [cve.replace("cve,", "CVE-") for cve in rule.all("reference") if "cve," in cve]
        assert set(named) <= cves.keys()
        for password in re.findall(r'content:"([^"|]+)\|0d\|"', rule.text):
            assert all(password in cves[cve] for cve in named)
