"""`vex export` as a user types it: from logs, an advisory and a firewall's export to a document."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asset_rows import asset

from wardwatch.cli import main
from wardwatch_enrichment.advisories import vex

CVE = "CVE-2020-12045"  # Telnet; what it needs is in preconditions/baxter.yaml
SETTINGS = """[vex]
author = "St. Example Hospital"
namespace = "https://hospital.example"
"""
RULES = "Extended IP access list PUMPS\n    10 deny tcp any host 10.30.0.6 eq telnet\n"
TELNET = (
    '{{"ts":{ts},"first":{ts},"last":{ts},"host":"10.30.0.5","mac":"02:00:00:00:00:05",'
    '"kind":"service","proto":"tcp","port":23,"service":"telnet","state":"accepted","by":"device",'
    '"count":1,"clients":1,"peers":["10.20.4.7"]}}\n'
)
Run = Callable[..., str]


def pump(address: str, serial: str, version: str, now: float) -> str:
    """Return what a pump says of itself; its MAC ends like its address."""
    rows = asset(
        address,
        ts=now,
        manufacturer="Baxter",
        manufacturer_model_name="Sigma Spectrum",
        device_serial_number=serial,
        software_versions=version,
    )
    mac = f"02:00:00:00:00:0{address[-1]}"
    return rows.replace('"subject":"dicom:aa",', "").replace("02:00:00:00:00:01", mac)


def advisory() -> str:
    """Return an advisory on the pump, of an invented publisher."""
    at = "2026-01-01T12:00:00Z"
    product = {"name": "Sigma Spectrum < 6.5", "product_id": "P1"}
    leaf = {"category": "product_version_range", "name": "< 6.5", "product": product}
    line = {"category": "product_name", "name": "Sigma Spectrum", "branches": [leaf]}
    return json.dumps({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Pumps",
            "publisher": {
                "category": "other", "name": "Example", "namespace": "https://psirt.example.com",
            },
            "tracking": {
                "id": "EX-1", "status": "final", "version": "1", "initial_release_date": at,
                "current_release_date": at,
                "revision_history": [{"date": at, "number": "1", "summary": "First"}],
            },
        },
        "product_tree": {"branches": [
            {"category": "vendor", "name": "Baxter", "branches": [line]}
        ]},
        "vulnerabilities": [{"cve": CVE, "product_status": {"known_affected": ["P1"]}}],
    })  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command at a site with three pumps, and what it says."""
    monkeypatch.chdir(tmp_path)

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + said.err

    now = time.time() - 60
    pumps = [
        ("10.30.0.5", "A-1", "6.2"),
        ("10.30.0.6", "A-2", "6.2"),
        ("10.30.0.7", "A-3", "7.0"),
    ]
    Path("iomt_asset.log").write_text("".join(pump(*one, now) for one in pumps))
    Path("iomt_exposure.log").write_text(TELNET.format(ts=now))
    Path("EX-1.json").write_text(advisory())
    Path("acl.txt").write_text(RULES)
    Path("wardwatch.toml").write_text(SETTINGS)
    running("ingest", "--site", "north", "iomt_asset.log", "iomt_exposure.log")
    running("feeds", "import", "EX-1.json")
    running("facts", "import", "--site", "north", "acl.txt")
    return running


@pytest.mark.parametrize("form", ["openvex", "csaf"])
def test_each_pump_has_its_status(run: Run, form: str) -> None:
    """One is reached, one is kept from being reached, one has another version."""
    said = run("vex", "export", "--form", form, "--site", "north", "-o", "vex.json")
    assert "Wrote vex.json, version 1: 3 devices; 2 affected, 1 not affected." in said
    text = Path("vex.json").read_text()
    assert "St. Example Hospital" in text
    statements = vex.parse(text)
    assert {s.vulnerability for s in statements} == {CVE}
    assert {s.justification for s in statements} == {None, "vulnerable_code_not_present"}
    actions = {s.action for s in statements if s.status == "affected"}
    (kept,) = [text for text in actions if "protected_at_perimeter" in text]
    assert "where it is applied, PUMPS denies tcp/23 to it from anywhere (acl.txt:" in kept
    assert not list(Path().glob(".vex*"))


def test_a_document_is_continued_only_where_it_changes(run: Run) -> None:
    """With all its versions in it."""
    run("vex", "export", "--form", "csaf", "-o", "vex.json")
    first = Path("vex.json").read_bytes()
    assert "version 1 still says all" in run("vex", "export", "--form", "csaf", "-o", "vex.json")
    assert Path("vex.json").read_bytes() == first
    Path("acl.txt").write_text(RULES.replace("deny", "permit"))
    run("facts", "import", "--site", "north", "acl.txt")
    assert "version 2" in run("vex", "export", "--form", "csaf", "-o", "vex.json")
    tracking = read("vex.json")["document"]["tracking"]
    assert [one["number"] for one in tracking["revision_history"]] == ["1", "2"]
    assert tracking["id"] == json.loads(first)["document"]["tracking"]["id"]


def read(name: str) -> dict[str, Any]:
    """Return a document."""
    found: dict[str, Any] = json.loads(Path(name).read_text())
    return found


def test_only_what_was_asked_for_is_stated(run: Run) -> None:
    """One device, one vulnerability; a document about something else is another."""
    device = json.loads(run("devices", "--json").splitlines()[0])
    run("vex", "export", "--device", device["id"][:8], "-o", "one.json")
    (statement,) = read("one.json")["statements"]
    assert statement["products"] == [{"@id": f"urn:wardwatch:device:{device['id']}"}]
    run("vex", "export", "--vulnerability", CVE.lower(), "-o", "cve.json")
    assert len(read("cve.json")["statements"]) == 3
    assert "nothing to state" in run(
        "vex", "export", "--vulnerability", "CVE-2000-0001", "-o", "no.json", code=1
    )
    assert not Path("no.json").exists()


def test_what_is_not_its_own_is_not_written_over(run: Run) -> None:
    """A maker's document, another form, another scope, another hospital."""
    Path("maker.json").write_text('{"@context": "https://openvex.dev/ns"}')
    assert "is no openvex document" in run("vex", "export", "-o", "maker.json", code=1)
    run("vex", "export", "-o", "vex.json")
    before = Path("vex.json").read_bytes()
    for other in (("--form", "csaf"), ("--site", "north"), ("--namespace", "https://b.example")):
        assert "give another file" in run("vex", "export", *other, "-o", "vex.json", code=1)
    assert Path("vex.json").read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("", "who states this?"),
        ('[vex]\nauthor = "A"\n', "under which web address"),
        ('[vex]\nauthor = "A"\nnamespace = "hospital"\n', "under which web address"),
        (SETTINGS + 'tlp = "CLEAR"\n', "'CLEAR' is none of"),
    ],
)
def test_nothing_is_stated_without_a_name(run: Run, settings: str, problem: str) -> None:
    """A statement is somebody's."""
    Path("wardwatch.toml").write_text(settings)
    assert problem in run("vex", "export", "-o", "vex.json", code=1)
    assert not Path("vex.json").exists()
    Path("wardwatch.toml").write_text("")
    named = ("--author", "B", "--namespace", "https://b.example")
    run("vex", "export", *named, "-o", "vex.json")
    assert read("vex.json")["author"] == "B"
