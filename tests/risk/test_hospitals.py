"""Whole hospitals of the risk model (4.9) from the front: from their logs to counts of labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sensor_logs import OFFICE, Logs, told

PUBLIC = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason=f"DID NOT RUN: the public advisories ({PUBLIC}) are not there"
)
ICSMA = PUBLIC / "csaf" / "icsma"
SPECTRUM, MONITORS = ICSMA / "icsma-20-170-04.json", ICSMA / "icsma-18-156-01.json"
TELNET, MONITOR = "CVE-2020-12045", "CVE-2018-10601"
ARCHIVE, SMB, WEB = "CVE-2020-1938", "CVE-2017-0144", "CVE-2023-33538"
ASKED = {TELNET, MONITOR, ARCHIVE, SMB, WEB}
PUMP = {"manufacturer": "Baxter", "model": "35700BAX2", "type": "infusion pump"}
MAKER = "Philips"  # the products are invented: an advisory of an unknown maker waits for a person
FLAT, ISOLATED = "10.20", "10.40.1"
Found = list[dict[str, Any]]


def advisory(folder: Path, product: str, number: str, vector: str, text: str) -> Path:
    """Write an advisory on a product up to version 9, in own words."""
    # A hole in an operating system is there whatever the version of the product around it.
    told = "vers:all/*" if number == SMB else "<=9"
    product_id = {"name": f"{MAKER} {product}: {told}", "product_id": "P-1"}
    known = {"category": "product_version_range", "name": told, "product": product_id}
    named = {"category": "product_name", "name": product, "branches": [known]}
    vendor = {"category": "vendor", "name": MAKER, "branches": [named]}
    day = "2026-01-01T00:00:00Z"
    document = {
        "category": "csaf_security_advisory", "csaf_version": "2.0", "lang": "en", "title": text,
        "publisher": {"category": "other", "name": "Test", "namespace": "https://example.org"},
        "tracking": {
            "id": f"TEST-{number}", "current_release_date": day, "initial_release_date": day,
            "revision_history": [{"date": day, "number": "1", "summary": "First"}],
            "status": "final", "version": "1",
        },
    }  # fmt: skip
    score = {"baseScore": 9.8, "baseSeverity": "CRITICAL", "vectorString": vector, "version": "3.1"}
    weakness = {
        "cve": number, "notes": [{"category": "summary", "text": text}],
        "product_status": {"known_affected": ["P-1"]},
        "scores": [{"cvss_v3": score, "products": ["P-1"]}],
    }  # fmt: skip
    tree = {"branches": [vendor]}
    path = folder / f"{number}.json"
    made = {"document": document, "product_tree": tree, "vulnerabilities": [weakness]}
    path.write_text(json.dumps(made))
    return path


def own(folder: Path) -> list[Path]:
    """Write the advisories that are not among the public ones, and name the feeds."""
    easy = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    hard = easy.replace("AC:L", "AC:H")
    web = "Its web server runs commands of anybody."
    return [
        advisory(
            folder, "Example Archive", ARCHIVE, easy, "Its Tomcat's AJP connector reads files."
        ),
        advisory(folder, "Example Echo", SMB, hard, "Its Windows 7 has a hole in SMB 1."),
        advisory(folder, "Example Printer", WEB, easy, web),
        *(SPECTRUM, MONITORS, PUBLIC / "kev.json", PUBLIC / "epss-subset.csv"),
    ]


def addresses(net: str, count: int) -> Iterable[str]:
    """Yield addresses of a network."""
    return (f"{net}.{number // 250}.{number % 250 + 2}" for number in range(count))


def pumps(logs: Logs) -> None:
    """Add 300, of which 12 answer telnet; the other's configuration was tested on the bench."""
    for at, ip in enumerate(addresses(f"{FLAT}", 300)):
        logs.device(ip, **PUMP, software_versions="8.00.01" if at < 12 else "8.00.02")
        if at < 12:
            logs.accepts(ip, 23, "telnet")
    model = {"manufacturer": "Baxter", "model": PUMP["model"], "software_versions": "8.00.02"}
    logs.tested(TELNET, "not exploitable", **model)


def monitors(logs: Logs) -> None:
    """Add 60 on a segment that a firewall shuts off."""
    about = {"manufacturer": "Philips", "model": "IntelliVue MP70", "type": "patient monitor"}
    for number in range(60):
        logs.device(f"{ISOLATED}.{number + 2}", **about, software_versions="J.10.50")
    logs.closed(f"{ISOLATED}.0/24")


def others(logs: Logs) -> None:
    """Add the archive, 12 ultrasounds of which 3 speak SMB 1, and 200 printers, 40 of them weak."""
    test = {"manufacturer": MAKER, "software_versions": "8.1"}
    archive = logs.device("10.20.200.2", **test, model="Example Archive", type="PACS")
    logs.accepts(archive, 8009, "")
    for at in range(12):
        ip = f"10.20.201.{at + 2}"
        logs.device(ip, **test, model="Example Echo", type="ultrasound system")
        if at < 3:
            logs.accepts(ip, 445, "smb")
            row = {"proto": "tcp", "port": 445, "service": "smb", "value": "smb_1"}
            logs.see(ip, 1, "auth", **row, peers=OFFICE[:1])
        else:
            for port in (445, 139):
                logs.refuses(ip, port)
            logs.called_by(ip, OFFICE[0])
    for at in range(200):
        model = "Example Printer" if at < 40 else "Example Copier"
        ip = logs.device(f"10.20.202.{at + 2}", **test, model=model, type="printer")
        logs.accepts(ip, 80, "http")


def labels(found: Found) -> Counter[str]:
    """Count the labels of the vulnerabilities that the hospital is about, one of each device."""
    return Counter(one["label"] for one in found if one["vulnerability"] in ASKED)


def urgent(found: Found) -> Found:
    """Return those of them that are Act or Attend, as they are listed."""
    known = (one for one in found if one["vulnerability"] in ASKED)
    return [one for one in known if one["label"] in ("Act", "Attend")]


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Return what is found in the flat hospital of 300 beds (H1)."""
    folder, logs = tmp_path_factory.mktemp("flat"), Logs(days=16)
    pumps(logs)
    monitors(logs)
    others(logs)
    logs.device("10.20.203.2", type="PACS", manufacturer="Wardwatch Test")  # so that none is alone
    return told(folder, logs, own(folder))


def test_a_flat_hospital(flat: Found) -> None:
    """One to act upon, 55 to attend to; a list by CVSS would show all 413 devices."""
    assert labels(flat) == {"Act": 1, "Attend": 55, "Track*": 60, "Track": 297}
    by_number = Counter(one["vulnerability"] for one in urgent(flat))
    assert by_number == {ARCHIVE: 1, TELNET: 12, SMB: 3, WEB: 40}


def test_its_order(flat: Found) -> None:
    """The archive, the pumps, the printers and the ultrasounds: 61.2, 43.2, 34.6 and 30.7.

    The printers' vulnerability has an EPSS of 0.906, and that of the model of 0.9: 34.8.
    """
    listed = [(one["vulnerability"], one["score"]) for one in urgent(flat)]
    assert list(dict.fromkeys(listed)) == [
        (ARCHIVE, 61.2),
        (TELNET, 43.2),
        (WEB, 34.8),
        (SMB, 30.7),
    ]


def test_what_was_tested_is_listed_with_its_expiry(flat: Found) -> None:
    """The 288 pumps are not hidden."""
    tested = [one for one in flat if one["vulnerability"] == TELNET and one["label"] == "Track"]
    assert len(tested) == 288
    assert {one["wording"] for one in tested} == {"not exploitable when tested"}
    assert all(one["expires"] for one in tested)


def test_no_sensor_on_the_pumps_network(tmp_path: Path) -> None:
    """All 300 cannot be told (H3): none is green, and it says what would tell."""
    logs = Logs()
    for ip in addresses("10.30", 300):
        logs.device(ip, **PUMP, software_versions="8.00.01", watched=False)
    found = [one for one in told(tmp_path, logs, [SPECTRUM]) if one["vulnerability"] == TELNET]
    assert labels(found) == {"Cannot tell": 300}
    assert {one["score"] for one in found} == {19.4}
    assert {one["due_days"] for one in found} == {None}
    (task,) = {one["task"] for one in found}
    assert task == "place a sensor, or mend the silent one, or import the boundary's rules"


def ultrasounds(folder: Path, named: int) -> Counter[str]:
    """Return how the support of 40 ultrasounds of one build is worded; some have an edition."""
    logs = Logs()
    for at in range(40):
        about = {"os": "Windows 10 IoT Enterprise LTSC 2021"} if at < named else {}
        ip = logs.device(f"10.30.1.{at + 2}", type="ultrasound system", **about)
        logs.claim(ip, "ntlm.os_build", "10.0.19044")
        logs.accepts(ip, 445, "smb")
    folder.mkdir()
    found = told(folder, logs, [PUBLIC / "eol" / "windows.md"])
    return Counter(one["wording"] for one in found if one["vulnerability"] == "POSTURE-EOL-SYSTEM")


def test_forty_ultrasounds_of_one_build(tmp_path: Path) -> None:
    """None is at its end for sure (H5); what the register names is supported."""
    depends = "depends on edition (2023-06-13 … 2032-01-13)"
    assert ultrasounds(tmp_path / "unknown", 0) == {depends: 40}
    assert ultrasounds(tmp_path / "named", 5) == {depends: 35}
