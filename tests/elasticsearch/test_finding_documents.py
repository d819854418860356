"""What a finding looks like in an index, without any server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from published_findings import NOW, WORST, finding, listed, placed, rate

from wardwatch.documents.bounds import LINE_LENGTH, LIST_LENGTH, TEXT_LENGTH
from wardwatch.documents.closed import Closing, closed_document, recorded_document
from wardwatch.documents.device import EVIDENCE, asset_document
from wardwatch.documents.finding import PREDICATES, Document, device_risk, finding_document
from wardwatch.outputs import elasticsearch
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Clock
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.rating import device_risk as together
from wardwatch_enrichment.risk.records import Decision, Quoted, State, standing

TEMPLATES = Path(elasticsearch.__file__).with_name("index_templates")
DAY = 86_400.0


def rated(device: Device, **values: Any) -> Rated:
    """Return one finding on a device with its risk."""
    (one,) = rate(device, finding(device, "CVE-2020-12045", **values))
    return one


def shown(device: Device, **values: Any) -> Document:
    """Return the document of one finding on a device."""
    return finding_document(listed(device, rated(device), **values))


def mapped(template: str) -> dict[str, Any]:
    """Return all fields of an index by their paths, each with its mapping."""
    found: dict[str, Any] = {}

    def walk(properties: Mapping[str, Any], before: str) -> None:
        for name, told in properties.items():
            found[f"{before}{name}"] = told
            walk(told.get("properties", {}), f"{before}{name}.")

    for part in json.loads((TEMPLATES / f"{template}.json").read_text())["composed_of"]:
        content = json.loads((TEMPLATES / f"{part}.json").read_text())
        assert content["template"]["mappings"]["dynamic"] is False
        walk(content["template"]["mappings"]["properties"], "")
    return found


def paths(value: Any, fields: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a document with its path; what is not indexed as a whole is one."""
    if isinstance(value, dict) and fields.get(at, {}).get("enabled") is not False:
        for name, one in value.items():
            yield from paths(one, fields, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and fields.get(at, {}).get("enabled") is not False:
        for one in value:
            yield from paths(one, fields, at)
    else:
        yield at, value


def full(device: Device) -> Document:
    """Return a document with every field there is."""
    decided = Decision(
        site="north", finding="f", kind="accept", who="me", at=NOW - DAY, until=NOW + DAY, why="so"
    )
    owner = replace(decided, kind="assign", owner="biomed", status="ordered", comment="soon")
    measure = Mitigation(
        weakness="telnet",
        rank="first",
        way="block",
        do="Block 23/tcp.",
        text="Block 23/tcp." + " Agree with clinical engineering." * 30,
        kind="technical",
        effort=1,
        changes={},
    )
    one = replace(
        rated(device, access="local", assumed="by its kind", expires=NOW, notes=("unverified",)),
        clock=Clock(since=NOW, due=NOW + DAY),
    )
    return finding_document(
        listed(
            replace(device, attributes=placed(device, "Ward 1"), os="VxWorks", udi="1"),
            one,
            standing=standing([decided, owner], NOW),
            measures=(measure,),
            versions=("kev 2026.11.20",),
        )
    )


def state(document: Document, **values: Any) -> State:
    """Return the state of a finding that is closed."""
    given: dict[str, Any] = {
        "finding": document["iomt"]["finding"]["id"],
        "device_id": document["device"]["id"],
        "site": "north",
        "vulnerability": "CVE-2020-12045",
        "at": NOW + DAY,
        "label": "Attend",
        "score": 43.2,
        "safety": 43.2,
        "effectiveness": 24.0,
        "data": 7.7,
        "affected": "fixed",
        "verdict": None,
        "zone": "enterprise",
        "reason": "Attend",
        "moved": "patched",
        "closed": "fixed: version 7.0 was seen",
        "evidence": (Quoted(sentence="version 7.0 was seen", log="iomt_asset", line="{}"),),
        "called": "Hospira Pump",
        "advisories": ("ICSMA-01",),
    }
    return State(**{**given, **values})


def test_every_field_of_a_document_is_mapped(devices: list[Device]) -> None:
    """A field that is not is stored and never found: nobody would notice."""
    findings, assets = mapped("logs-iomt_findings"), mapped("logs-iomt_assets")
    document = full(devices[0])
    gone = state(document)
    whole = together(rate(devices[0], finding(devices[0], "CVE-2020-12045")))
    for fields, known in (
        (findings, document),
        (findings, closed_document(Closing.of(gone), document)),
        (findings, closed_document(Closing.of(gone), recorded_document(gone, devices[0]))),
        (findings, recorded_document(gone)),
        (assets, asset_document(devices[0], device_risk(whole, NOW))),
    ):
        assert not dict(paths(known, fields)).keys() - fields.keys()


def test_both_indices_call_a_risk_the_same() -> None:
    findings, assets = mapped("logs-iomt_findings"), mapped("logs-iomt_assets")
    both = findings.keys() & assets.keys()
    assert {"iomt.risk.label", "iomt.risk.score", "iomt.place.ward", "host.ip"} <= both
    assert all(findings[path] == assets[path] for path in both if "type" in findings[path])


def test_every_mapped_field_is_explained_and_no_other() -> None:
    text = (TEMPLATES / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([@a-z0-9_]+(?:\.[a-z0-9_]+)*)`", text))
    fields = {**mapped("logs-iomt_findings"), **mapped("logs-iomt_assets")}
    fields |= mapped("logs-iomt.changes-so")
    leaves = {path for path, known in fields.items() if "properties" not in known}
    nested = {path for path in fields if path.startswith("iomt.attributes.")}
    assert (leaves | nested) - told == set()
    assert {name for name in told if "." in name} - fields.keys() - {
        "iomt.assets",
        "iomt.findings",
    } == (set())


def test_a_document_speaks_ecs(devices: list[Device]) -> None:
    document = full(devices[0])
    assert document["vulnerability"] == {
        "id": "CVE-2020-12045",
        "description": "Telnet with a password that cannot be changed",
        "enumeration": "CVE",
        "classification": "CVSS",
        "reference": "https://www.cisa.gov/icsma-01",
        "severity": "CRITICAL",
        "score": {"base": 9.8, "version": "3.1"},
    }
    assert document["event"]["kind"] == "state"
    assert document["event"]["category"] == ["vulnerability"]
    assert document["event"]["dataset"] == "iomt.findings"
    assert document["event"]["risk_score"] == document["iomt"]["risk"]["score"]
    asset = asset_document(devices[0])
    for name in ("device", "observer", "related"):
        assert document[name] == asset[name]
    assert document["host"]["ip"] == asset["host"]["ip"]


def test_a_document_says_what_the_label_rests_on(devices: list[Device]) -> None:
    one = rated(devices[0])
    document = full(devices[0])
    finding_, risk = document["iomt"]["finding"], document["iomt"]["risk"]
    assert (risk["label"], risk["cvss"]) == (one.risk.label, WORST)
    assert finding_["reason"] == one.reason
    assert risk["path"].startswith("tree(")
    assert (risk["weighed"], risk["factors"]["safety"]) == (
        one.weighed_as,
        one.case.factors.safety,
    )
    assert (risk["likelihood"], risk["threats"]["codeless"]) == (
        round(one.risk.likelihood, 6),
        True,
    )
    (answer,) = finding_["evidence"]
    assert answer["evidence"][0]["line"] == one.finding.answers[0].grounds[0].line
    assert finding_["ways"] == ["block"]
    assert finding_["measures"][0]["text"].endswith("Agree with clinical engineering.")
    decided = document["iomt"]["decision"]
    assert (decided["owner"], decided["accepted"], decided["accepted_by"]) == ("biomed", True, "me")


def test_without_a_vector_there_is_no_score(devices: list[Device]) -> None:
    one = rated(devices[0], vulnerability="POSTURE-RECALL", cvss=None, urgent=True)
    document = finding_document(listed(devices[0], one))
    assert "score" not in document["iomt"]["risk"]
    assert "risk_score" not in document["event"]
    assert document["iomt"]["risk"]["label"] == one.risk.label
    assert "enumeration" not in document["vulnerability"]


def test_the_hash_follows_what_is_said(devices: list[Device]) -> None:
    same = shown(devices[0])
    for other in (shown(devices[0]), shown(devices[0], versions=("kev 2",))):
        assert other["iomt"]["content_hash"] == same["iomt"]["content_hash"]
    clock = replace(rated(devices[0]), clock=Clock(since=NOW, due=NOW))
    told = replace(listed(devices[0], clock).told, base=1.0)
    hashes = {
        same["iomt"]["content_hash"],
        finding_document(listed(devices[0], clock))["iomt"]["content_hash"],
        finding_document(listed(devices[0], rated(devices[0]), told=told))["iomt"]["content_hash"],
        finding_document(listed(devices[0], rated(devices[0], wording="seen")))["iomt"][
            "content_hash"
        ],
    }
    assert len(hashes) == 4


def test_a_document_is_bounded(devices: list[Device]) -> None:
    one = rated(devices[0], title="t" * 10**5, actions=("a" * 10**5,) * 1000)
    (answer,), huge = one.finding.answers, "x" * 10**6
    ground = replace(answer.grounds[0], sentence=huge, line=huge)
    answer = replace(answer, predicate=huge, grounds=(ground,) * 99)
    grown: Finding = replace(one.finding, answers=(answer,) * 99)
    document = finding_document(listed(devices[0], replace(one, finding=grown)))
    said = document["iomt"]["finding"]
    assert len(document["vulnerability"]["description"]) == TEXT_LENGTH
    assert len(said["actions"]) == LIST_LENGTH
    assert len(said["evidence"]) == PREDICATES
    assert len(said["evidence"][0]["evidence"]) == EVIDENCE
    assert len(said["evidence"][0]["evidence"][0]["line"]) == LINE_LENGTH
    assert document["iomt"]["truncated"] is True
    assert len(json.dumps(document)) < 2 * 10**6


def test_a_closed_document_keeps_what_was_known(devices: list[Device]) -> None:
    document = full(devices[0])
    gone = state(document)
    closed = closed_document(Closing.of(gone), document)
    assert document["iomt"]["finding"]["state"] == "open", "the one that was given is not changed"
    assert closed["iomt"]["risk"] == document["iomt"]["risk"]
    said = closed["iomt"]["finding"]
    assert (said["state"], said["closed_reason"]) == ("closed", gone.closed)
    assert said["closing_evidence"] == [
        {"sentence": "version 7.0 was seen", "log": "iomt_asset", "line": "{}"}
    ]
    assert closed["@timestamp"] == said["closed"] == "2026-11-19T11:06:40.000000Z"
    again = closed_document(Closing.of(replace(gone, label="Act")), closed)
    assert again == closed
    later = Closing.of(replace(gone, at=NOW + 2 * DAY))
    assert later.hash != Closing.of(gone).hash


def test_a_recorded_document_makes_nothing_up(devices: list[Device]) -> None:
    gone = state(full(devices[0]))
    alone, here = recorded_document(gone), recorded_document(gone, devices[0])
    assert alone["device"] == {"id": devices[0].id}
    assert "host" not in alone
    assert here["host"]["name"] == devices[0].hostname
    for document in (alone, here):
        assert document["iomt"]["finding"]["device"] == "Hospira Pump"
        assert document["iomt"]["risk"]["score"] == 43.2
        assert "verdict" not in document["iomt"]["finding"]


@pytest.mark.parametrize("settled", [False, True])
def test_a_device_carries_what_is_open_on_it(devices: list[Device], settled: bool) -> None:
    device = devices[0]
    found = [finding(device, f"CVE-2020-{n}", verdict="unlikely") for n in range(3)]
    found.append(finding(device, "CVE-2021-1", affected="fixed", verdict=None))
    whole = together(rate(device, *(found[3:] if settled else found)))
    document: Any = asset_document(device, device_risk(whole, NOW + DAY))
    if settled:
        assert "risk" not in document["iomt"]
        return
    risk = document["iomt"]["risk"]
    assert (risk["findings"], sum(risk["labels"].values())) == (3, 3)
    assert risk["labels"]["track_star" if risk["label"] == "Track*" else "track"] == 3
    assert (risk["score"], risk["band"]) == (round(whole.score, 1), whole.band)
    assert risk["due"] == "2026-11-19"
    assert document["iomt"]["content_hash"] != asset_document(device)["iomt"]["content_hash"]
