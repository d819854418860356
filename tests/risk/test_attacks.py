"""Attempts and harm, from an alert of Suricata to the label; and what weak spots weigh."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sensor_logs import OFFICE, Logs, told

from wardwatch_enrichment.posture.entries import entries
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import LABELS, Case, Factors, Risk, Threat
from wardwatch_enrichment.risk.threats import attempted, by_rule

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "matching" / "advisories" / "icsa-15-125-01b.json"
PUMP = "10.30.1.15"
LIFECARE = {
    "manufacturer": "Hospira", "model": "LifeCare PCA Infusion System", "type": "infusion pump",
    "software_versions": "4.1",
}  # fmt: skip
TELNET, OUTSIDE = "CVE-2015-3459", "1.1.1.1"
C2 = {
    "signature_id": 2024792, "signature": "ET MALWARE Example CnC Checkin", "severity": 1,
    "category": "Malware Command and Control Activity Detected",
}  # fmt: skip


def hospital(tmp_path: Path, *alerts: tuple[str, str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what is found of a pump whose telnet answers the offices, by vulnerability."""
    logs = Logs()
    logs.device(PUMP, **LIFECARE)
    logs.device("10.30.1.16", type="infusion pump", manufacturer="Wardwatch Test")
    logs.accepts(PUMP, 23, "telnet")
    for source, target, said in alerts:
        logs.alert(source, target, **said)
    return {one["vulnerability"]: one for one in told(tmp_path, logs, [OWN])}


def tried(text: str, **said: Any) -> dict[str, Any]:
    """Return what an alert says that is only a try."""
    return {"signature_id": 2000001, "signature": text, "severity": 1, "category": "x", **said}


def test_nobody_tried(tmp_path: Path) -> None:
    """Without an alert the threat is that no code is needed."""
    found = hospital(tmp_path)
    assert found[TELNET]["risk"]["threat"] == 0.45
    assert "F4a" not in found[TELNET]["risk"]["path"]
    assert not any(name.startswith("POSTURE-COMPROMISE") for name in found)


@pytest.mark.parametrize("text", ["ET EXPLOIT x CVE-2015-3459", "GPL x (cve 2015-3459) M1"])
def test_an_attempt_on_another_host_counts(tmp_path: Path, text: str) -> None:
    """It was on this network, within thirty days: T is 1.0, and F4a asks for Attend."""
    one = hospital(tmp_path, (OFFICE[0], "10.20.9.9", tried(text)))[TELNET]
    assert (one["risk"]["threat"], one["risk"]["threats"]["attempt"]) == (1.0, True)
    assert one["label"] == "Attend"
    assert one["risk"]["path"].startswith("tree(active,")


def test_an_attempt_alone_asks_for_attend(tmp_path: Path) -> None:
    """Also where the table would not: F4a is in the path."""
    logs = Logs()
    logs.device(PUMP, **LIFECARE)
    logs.called_by(PUMP, "10.30.9.20")
    logs.alert(OFFICE[0], "10.20.9.9", **tried(f"x {TELNET}"))
    (one,) = [o for o in told(tmp_path, logs, [OWN]) if o["vulnerability"] == TELNET]
    assert one["verdict"] == "unlikely"
    assert one["label"] == "Attend"
    factors = Factors(safety=0, effectiveness=1, data=2)
    low = Case(
        factors=factors, cvss="CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", affected="confirmed",
        verdict="exploitable", zone="enterprise", threat=Threat(attempt=True),
    )  # fmt: skip
    assert scoring.assess(low).path.endswith("+F4a")


def test_our_own_rules_are_known_by_number() -> None:
    """What their metadata says is what the connector knows of them: an alert carries none."""
    rules: dict[int, tuple[str, ...]] = {}
    for path in (ROOT / "suricata-rules").glob("threat-*.rules"):
        for line in path.read_text().splitlines():
            found = re.search(r"metadata:([^;]*);.*sid:(\d+);", line)
            if found and not line.startswith("#"):
                numbers = tuple(re.findall(r"\bcve (CVE-\d+-\d+)", found[1]))
                rules |= {int(found[2]): numbers} if numbers else {}
    assert rules == dict(by_rule())
    assert attempted([(1805500, "no number in it")]) == {"CVE-2019-12255"}
    assert attempted([(None, "CVE_2021_44228::LOG4J_ATTEMPT")]) == {"CVE-2021-44228"}
    assert attempted([(2000001, "nothing"), (None, "SSH::Password_Guessing")]) == frozenset()


def test_a_rule_of_ours_from_eve_json(tmp_path: Path) -> None:
    """By its number alone."""
    console = {"signature_id": 1805320, "signature": "WARDWATCH Telnet console of a pump"}
    assert attempted([(console["signature_id"], "")]) >= {"CVE-2020-12045"}  # type: ignore[list-item]
    account = {"signature_id": 1805300, "signature": "WARDWATCH log-in with a published account"}
    found = hospital(tmp_path, (OFFICE[0], PUMP, {**account, "severity": 2, "category": "x"}))
    one = found["POSTURE-PUBLISHED-ACCOUNT"]
    assert (one["affected"], one["label"]) == ("possible", "Attend")
    assert one["risk"]["threats"]["attempt"]


def test_harm_is_an_incident(tmp_path: Path) -> None:
    """The pump calls a server of its rulers: Act, three days, open an incident; as a report."""
    one = hospital(tmp_path, (PUMP, OUTSIDE, C2))["POSTURE-COMPROMISE"]
    assert (one["label"], one["due_days"]) == ("Act", 3)
    assert "open an incident" in one["task"]
    assert one["risk"]["threats"]["harm"]
    assert "a sensor reports: ET MALWARE Example CnC Checkin, to 1.1.1.1" in one["reason"]
    assert one["predicates"][0]["evidence"][0]["log"] == "eve_alert"


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        (OUTSIDE, PUMP, {}),
        (PUMP, OUTSIDE, {"action": "blocked"}),
        (PUMP, OUTSIDE, {"category": "Attempted Administrator Privilege Gain"}),
        (PUMP, OUTSIDE, {"severity": 2}),
        (PUMP, OUTSIDE, {"signature_id": 1805300}),
        (PUMP, "202.114.4.119", {"signature_id": 1805400, "category": "A Network Trojan"}),
    ],
)
def test_what_is_no_harm(tmp_path: Path, source: str, target: str, said: dict[str, Any]) -> None:
    """Sent to it, kept out, only tried, less grave, another of our rules, never answered."""
    found = hospital(tmp_path, (source, target, {**C2, **said}))
    assert "POSTURE-COMPROMISE" not in found


def test_medical_data_to_the_internet_is_an_incident(tmp_path: Path) -> None:
    """But none that goes to another host of the site's plan."""
    sent = {"signature_id": 1805004, "signature": "WARDWATCH HL7 v2 message", "severity": 1}
    one = hospital(tmp_path, (PUMP, OUTSIDE, {**sent, "category": "x"}))["POSTURE-DATA-LEAVING"]
    assert one["label"] == "Act"
    assert one["axes"]["safety"] == 0
    (tmp_path / "inside").mkdir()
    found = hospital(tmp_path / "inside", (PUMP, "10.20.9.9", {**sent, "category": "x"}))
    assert "POSTURE-DATA-LEAVING" not in found


KINDS = {
    "pump": Factors(safety=9, effectiveness=5, data=4, life=True, fleet=50),
    "archive": Factors(safety=5, effectiveness=9, data=10),
    "printer": Factors(safety=0, effectiveness=1, data=2, fleet=200),
}
HINTS = (
    "POSTURE-WEAK-TLS", "POSTURE-WEAK-TLS-CLIENT", "POSTURE-CERTIFICATE-EXPIRED",
    "POSTURE-MDS2", "POSTURE-INTERNET", "POSTURE-SNMP-COMMUNITY", "POSTURE-EOL-COMPONENT",
)  # fmt: skip


def weighed(entry: str, kind: str, zone: str) -> Risk:
    """Return what an entry comes to on a kind of device, surely seen."""
    one = next(one for one in entries() if one.id == entry)
    assert one.cvss
    threat = Threat(codeless=one.codeless, attempt=bool(one.attack), harm=one.attack == "harm")
    case = Case(
        factors=KINDS[kind], cvss=one.cvss, affected="confirmed", verdict="exploitable", zone=zone,
        threat=threat,
    )  # fmt: skip
    return scoring.assess(case)


def test_all_but_the_recall_have_a_vector() -> None:
    """Which the model can read."""
    assert {one.id for one in entries() if not one.cvss} == {"POSTURE-RECALL"}
    assert all(scoring.metrics(one.cvss) for one in entries() if one.cvss)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("zone", ["enterprise", "clinical_shared", "internet_out"])
def test_a_hint_never_becomes_urgent(kind: str, zone: str) -> None:
    """An old TLS of a web server is watched, and comes behind whatever opens the device itself."""
    score = weighed("POSTURE-TELNET-PASSWORD", kind, zone).score
    for entry in HINTS:
        hint = weighed(entry, kind, zone)
        assert LABELS.index(hint.label) <= LABELS.index("Track*"), entry
        assert hint.score < score, entry


@pytest.mark.parametrize("zone", ["enterprise", "clinical_shared"])
def test_what_opens_a_device_is_ordered_by_what_hangs_on_it(zone: str) -> None:
    """A pump before the archive before a printer; harm before all else."""
    for entry in ("POSTURE-TELNET-PASSWORD", "POSTURE-SMB1", "POSTURE-EOL-SYSTEM"):
        pump, archive, printer = (weighed(entry, kind, zone) for kind in KINDS)
        assert pump.label == "Attend"
        assert pump.score > archive.score > printer.score
        assert printer.label == "Track"
    assert {weighed("POSTURE-COMPROMISE", kind, zone).label for kind in KINDS} == {"Act"}
