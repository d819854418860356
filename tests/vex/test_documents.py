"""The two forms: what the specifications ask for, and our own reader reads what is written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from vex.made import (
    DAY,
    HOSPITAL,
    KINDS,
    NOW,
    Known,
    answer,
    edition,
    finding,
    ground,
    match,
    pump,
    site,
)

from wardwatch_enrichment.advisories import vex
from wardwatch_enrichment.feed_form import FeedError
from wardwatch_enrichment.finding import AFFECTED, Truth, Verdict
from wardwatch_enrichment.vex import as_csaf, as_openvex
from wardwatch_enrichment.vex.positions import Edition, Positions, document_id, positions, unit_urn

Write = Callable[[Edition, Positions], dict[str, Any]]
FORMS: dict[str, Write] = {"openvex": as_openvex.document, "csaf": as_csaf.document}
SAID = positions(site(), NOW)
# What go-vex accepts beside what every statement has, by status.
OF_STATUS = {
    "affected": {"action_statement"},
    "not_affected": {"justification", "impact_statement"},
    "fixed": set[str](),
    "under_investigation": set[str](),
}


@pytest.mark.parametrize("form", FORMS)
def test_our_reader_reads_back_what_is_written(form: str) -> None:
    """The same status, justification, reason and action for each unit."""
    text = json.dumps(FORMS[form](edition(), SAID))
    found = {product: statement for statement in vex.parse(text) for product in statement.products}
    assert len(found) == len(SAID.stated)
    for said in SAID.stated:
        (unit,) = said.units
        read = next(one for name, one in found.items() if name.endswith(unit.id))
        assert (read.vulnerability, read.status) == (said.vulnerability, said.status)
        assert read.justification == said.justification
        assert read.author == HOSPITAL.name
        assert read.time == NOW
        if said.status == "affected":
            assert read.action == said.action
        if said.status == "not_affected":
            assert read.impact == said.impact


def every_combination() -> Known:
    """Return findings of all sorts that can be put together, also of those that never should be."""
    known: Known = []
    verdicts: tuple[Verdict | None, ...] = (*get_args(Verdict), None)
    parts = (AFFECTED, verdicts, get_args(Truth), ("version", "boundary", "bench"))
    for affected, verdict, truth, kind in product(*parts):
        proofs = [answer(truth, ground(kind, "seen"), why="code_not_present", missing="a look")]
        for access, days in product((None, "physical", "local"), (None, -1, 1)):
            device = pump(len(known) + 1)
            expires = None if days is None else NOW + days * DAY
            proven = [replace(a, grounds=(replace(a.grounds[0], expires=expires),)) for a in proofs]
            made = finding(
                affected, match(affected, "so"), device=device, verdict=verdict, access=access,
                expires=expires, answers=proven,
            )  # fmt: skip
            known.append((replace(device, model=f"M{len(known)}"), (made,)))
    return known


def test_whatever_is_found_nothing_is_excused_without_proof() -> None:
    """Each unit has one status in both forms, and whoever is affected an action."""
    known = every_combination()
    said = positions(known, NOW)
    assert len(said.stated) + sum(said.left_out.values()) == len(known)
    of = {device.id: one for device, (one,) in known}
    for stated in said.stated:
        found = of[stated.units[0].id]
        if stated.status == "not_affected" and found.affected != "not_affected":
            (shown,) = found.answers
            (proof,) = shown.grounds
            assert (found.verdict, shown.truth) == ("not_exploitable", "strong_false")
            assert proof.kind == "version"
            assert proof.expires is None or proof.expires > NOW
        assert (stated.status == "fixed") == (found.affected == "fixed")
        assert stated.action or stated.status in ("fixed", "not_affected")
    statuses = {one.units[0].id: one.status for one in said.stated}
    for write in FORMS.values():
        text = json.dumps(write(edition(), said))
        assert "inline_mitigations_already_exist" not in text
        read = {name[-16:]: s.status for s in vex.parse(text) for name in s.products}
        assert read == statuses


def test_openvex_has_the_fields_of_its_status_and_no_others() -> None:
    """As the specification ties them together."""
    found = as_openvex.document(edition(NOW - DAY, NOW), SAID)
    assert (found["@context"], found["version"]) == ("https://openvex.dev/ns/v0.2.0", 2)
    assert found["@id"] == "https://hospital.example/vex/vex-1"
    assert found["author"] == "St. Example Hospital"
    always = {"vulnerability", "products", "status", "status_notes", "supplier"}
    for statement in found["statements"]:
        assert set(statement) == always | OF_STATUS[statement["status"]]
        assert all(statement.values())
        assert all(product["@id"].startswith("urn:") for product in statement["products"])


def test_a_unit_is_named_by_no_more_than_is_needed() -> None:
    """Its id, serial number and model; no address, and no name, which may be a patient's."""
    said = positions([(pump(), (KINDS["other version"],))], NOW)
    for write in FORMS.values():
        text = json.dumps(write(edition(), said))
        assert "SN-20411" in text
        assert unit_urn(pump()) in text
        assert not [v for v in ("patient-room-7", "02:00:00", "10.30.1.15") if v in text]


def test_csaf_is_of_the_profile_vex() -> None:
    """In the hospital's name, with its history."""
    found = as_csaf.document(edition(NOW - DAY, NOW), SAID)
    about = found["document"]
    assert about["category"] == "csaf_vex"
    assert about["publisher"]["category"] == "user"
    assert about["distribution"]["tlp"] == {"label": "AMBER"}
    assert about["tracking"]["version"] == "2"
    assert [r["number"] for r in about["tracking"]["revision_history"]] == ["1", "2"]
    assert "candidates, alike in name only: 1" in about["notes"][1]["text"]
    (vulnerability,) = found["vulnerabilities"]
    said = vulnerability["product_status"]
    assert {name: len(ids) for name, ids in said.items()} == {
        "fixed": 1, "known_affected": 4, "known_not_affected": 1, "under_investigation": 3,
    }  # fmt: skip
    acted = {i for r in vulnerability["remediations"] for i in r["product_ids"]}
    assert {*said["known_affected"], *said["under_investigation"]} == acted
    helper = found["product_tree"]["full_product_names"][0]["product_identification_helper"]
    assert helper["serial_numbers"] == ["SN-20411"]
    assert helper["model_numbers"] == ["Sigma Spectrum"]


def test_csaf_passes_the_tests_of_the_standard(tmp_path: Path) -> None:
    """Schema, mandatory and recommended tests, as another program carries them out.

    No score is given, for the maker's is not the hospital's; and no address of the document, which
    nobody knows before it is published.
    """
    program = shutil.which("csaf", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("Not checked by another program: no `csaf` beside Python")
    numbered = finding("not_affected", match("not_affected", "other version"), number="ICSMA-1-2")
    grouped = positions([*site(), *((pump(n), (numbered,)) for n in (21, 22))], NOW)
    for number, said in enumerate((SAID, grouped)):
        path = tmp_path / f"{number}.json"
        text = json.dumps(as_csaf.document(edition(NOW - DAY, NOW), said), sort_keys=True)
        path.write_text(text)
        done = subprocess.run(
            [program, "validate", "--spec-version", "v20", "--preset", "extended", "--no-network",
             "--skip-rules", "6.2.3,6.2.11", path],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        path.write_text(text.replace("known_affected", "first_fixed"))
        assert subprocess.run([*done.args], capture_output=True, check=False).returncode == 1


def test_what_is_no_cve_is_listed_under_its_publisher() -> None:
    """CSAF keeps such numbers apart."""
    said = positions([(pump(), (finding(number="ICSMA-20-170-04"),))], NOW)
    (found,) = as_csaf.document(edition(), said)["vulnerabilities"]
    assert found["ids"] == [{"system_name": "CISA", "text": "ICSMA-20-170-04"}]
    assert "cve" not in found


@pytest.mark.parametrize("form", FORMS)
def test_an_earlier_document_is_continued(form: str) -> None:
    """Only one of ours; a CSAF document keeps its whole history."""
    module = {"openvex": as_openvex, "csaf": as_csaf}[form]
    before = edition(NOW - DAY, NOW)
    text = json.dumps(FORMS[form](before, SAID))
    name, revisions = module.earlier(text)
    assert name.endswith("vex-1")
    assert revisions[-1].number == 2
    assert revisions[-1].time == NOW
    if form == "csaf":
        assert revisions == before.revisions
    for wrong in (text.replace("Wardwatch", "vexctl"), "{}", "[", '{"document": {}}'):
        with pytest.raises(FeedError):
            module.earlier(wrong)


def test_a_document_has_one_id_for_what_it_is_about() -> None:
    """Whatever it says, and whenever."""
    assert document_id(HOSPITAL, "north") == document_id(HOSPITAL, "north")
    assert document_id(HOSPITAL, "north") != document_id(HOSPITAL, "south")
