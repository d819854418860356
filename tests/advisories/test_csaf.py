"""What becomes of CSAF documents: in own words (``csaf/*.json``), and all public ones at hand."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wardwatch_enrichment import curation
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory, Product
from wardwatch_enrichment.feed_form import FeedError
from wardwatch_enrichment.version_text import read
from wardwatch_enrichment.versions import spelled

HERE = Path(__file__).parent / "csaf"
CASES = sorted(p for p in HERE.iterdir() if not p.name.endswith(".expected.json"))


def told(advisory: Advisory) -> dict[str, Any]:
    """Return an advisory in the form in which it is reviewed."""
    return {
        "advisory": f"{advisory.id} {advisory.title} ({advisory.updated:.0f}, {advisory.status})",
        "products": {product.id: _product(product) for product in advisory.products},
        "vulnerabilities": {
            v.cve or v.ids[0]: {
                "statuses": [
                    " ".join(filter(None, (s.product_id, s.state, s.stated, s.why)))
                    for s in v.statuses
                ],
                "scores": [f"{s.metric} {s.base} {s.vector} {s.product_ids}" for s in v.scores],
                "cwes": v.cwes,
                "remarks": [
                    f"{r.category}: {r.details} {r.product_ids} {r.url or ''} {r.restart or ''}"
                    for r in (*v.remediations, *v.flags, *v.threats)
                ],
            }
            for v in advisory.vulnerabilities
        },
    }


def _product(product: Product) -> dict[str, Any]:
    of_conditions = [
        " ".join(filter(None, (c.kind, c.text, c.versions and f"[{spelled(c.versions)}]")))
        for c in product.conditions
    ]
    fields = {
        "makers": product.makers,
        "line": product.line or product.names[-1],
        "role": product.role if product.role != "product" else None,
        "models": product.models,
        "versions": spelled(product.versions),
        "conditions": of_conditions,
        "cves": product.cves,
        "identifiers": product.identifiers,
        "needs": product.needs,
    }
    return {name: value for name, value in fields.items() if value}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_document_becomes_these_records(case: Path, accept: bool) -> None:
    """As it was reviewed."""
    found = json.loads(json.dumps(told(csaf.parse(case.read_bytes()))))
    expected = case.with_name(f"{case.stem}.expected.json")
    if accept:
        expected.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())


def test_no_expectation_without_its_document() -> None:
    """And none the other way round."""
    expected = {p.name.replace(".expected", "") for p in HERE.iterdir() if "expected" in p.name}
    assert expected == {case.name for case in CASES}


TEXT = (HERE / "next-form.json").read_text()


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    """Return the example with something in it changed."""
    document = json.loads(TEXT)
    change(document)
    return json.dumps(document)


def _deep(document: dict[str, Any]) -> None:
    branch: dict[str, Any] = {"category": "product_family", "name": "x"}
    document["product_tree"]["branches"] = [branch]
    for _ in range(40):
        branch["branches"] = [{"category": "product_family", "name": "x"}]
        branch = branch["branches"][0]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "JSON"),
        (TEXT[:400], "JSON"),
        ("[]", "$: Expected `object`"),
        ("{}", "$.document.csaf_version: is missing"),
        (TEXT.replace('"2.1"', '"3.0"'), "$.document: CSAF 3.0"),
        ('{"a":' * 100_000, "JSON"),
        (TEXT.replace("9.3", "NaN"), "JSON"),
        (changed(lambda d: d["document"]["tracking"].pop("id")), "$.document.tracking.id"),
        (
            changed(lambda d: d["document"]["tracking"].update(current_release_date="soon")),
            "$.document.tracking.current_release_date",
        ),
        (
            changed(lambda d: d["product_tree"].update(branches={})),
            "$.product_tree.branches: must be",
        ),
        (
            changed(lambda d: d["product_tree"]["branches"].append("x")),
            "$.product_tree.branches[4]",
        ),
        (
            changed(
                lambda d: d["product_tree"]["branches"].append(d["product_tree"]["branches"][0])
            ),
            "defines 'DCMTK-OLD' a second time",
        ),
        (
            changed(lambda d: d["product_tree"]["branches"].pop(2)),
            "$.product_tree: a relationship names 'WIN'",
        ),
        (changed(_deep), "30 branches deep"),
        (
            changed(lambda d: d["vulnerabilities"][0].update(cve="CVE-1")),
            "$.vulnerabilities[0]: 'CVE-1' is no CVE",
        ),
        (
            changed(lambda d: d["vulnerabilities"][0]["product_status"].update(cured=[])),
            "$.vulnerabilities[0].product_status: 'cured' is no status",
        ),
        (
            changed(lambda d: d["vulnerabilities"][0]["threats"][0].update(group_ids=["H"])),
            "$.vulnerabilities[0].threats[0]: the group 'H'",
        ),
        (
            changed(lambda d: d["vulnerabilities"][0]["product_status"].update(fixed=[1])),
            "$.vulnerabilities[0].product_status.fixed[0]",
        ),
    ],
)
def test_a_broken_document_is_refused_with_the_place(text: str, place: str) -> None:
    """Whole, and never with another exception."""
    with pytest.raises(FeedError) as caught:
        csaf.parse(text.encode())
    assert place.casefold() in str(caught.value).casefold()


def test_a_relationship_in_a_ring_waits_for_a_person() -> None:
    """It must not take the importer with it."""

    def ring(document: dict[str, Any]) -> None:
        part, installed, _ = document["product_tree"]["relationships"]
        part["product_reference"] = "VUE-WIN"
        installed["product_reference"] = "VUE-DCMTK"

    found = {p.id: p for p in csaf.parse(changed(ring)).products}
    assert any(need.startswith("relationship") for need in found["VUE-DCMTK"].needs)


def test_the_queue_lists_what_waits() -> None:
    """Each with its reasons, which begin with what is in doubt."""
    waiting = list(curation.queue([csaf.parse((HERE / "odd.json").read_bytes())]))
    assert {w.advisory_id for w in waiting} == {"ICSMA-99-003-01"}
    kinds = {w.product.title: w.kinds for w in waiting}
    assert kinds["Thing 1: < 2.0"] == ("maker",)
    assert kinds["Windows XP: all Service Pack versions"] == ("platform",)


def test_a_decision_holds_for_the_words_it_was_taken_on() -> None:
    """One leaf may become two products; where the words change, it waits again."""
    title = "IntelliVue Patient Monitors MX (MX400-550): Rev J-M and (X3/MX100 for Rev M only)"
    document = json.loads((HERE / "names-narrow.json").read_text())
    document["document"]["tracking"]["id"] = "ICSMA-18-156-01"
    leaf = {"category": "product_version", "name": "Rev J-M | (X3/MX100 for Rev M only)"}
    leaf["product"] = {"name": title, "product_id": "P-1"}  # type: ignore[assignment]
    name = {"category": "product_name", "name": "IntelliVue Patient Monitors MX (MX400-550)"}
    name["branches"] = [leaf]  # type: ignore[assignment]
    document["product_tree"] = {
        "branches": [{"category": "vendor", "name": "Philips", "branches": [name]}]
    }
    before = csaf.parse(json.dumps(document))
    after = curation.decided(before).products
    assert [(p.line, spelled(p.versions)) for p in after if p.id == "P-1"] == [
        ("IntelliVue MX400 to MX550", ">= J <= M.x"),
        ("IntelliVue X3 and MX100", "M.x"),
    ]
    leaf["product"]["name"] = title + "!"  # type: ignore[index]
    changed_words = csaf.parse(json.dumps(document))
    assert curation.decided(changed_words) == changed_words


def test_decisions_can_be_read() -> None:
    """Each names a product, says why, and its versions are understood."""
    for (advisory, title), entry in curation.decisions().items():
        assert entry["because"], (advisory, title)
        assert set(entry) == {"title", "products", "because"}
        for product in entry["products"]:
            assert set(product) <= {"name", "vendor", "versions", "conditions", "models"}
            assert read(product.get("versions", "all"), told=True).versions.kind != "curate"


def test_a_document_damaged_at_random_is_read_or_refused() -> None:
    """Never with another exception, and never for long."""
    chance = random.Random(20261122)  # noqa: S311
    odd: list[Any] = [
        None,
        True,
        -1,
        1e308,
        "",
        "\x00",
        "x" * 5_000,
        "(" * 3_000,
        [],
        {},
        [[]],
        "<" * 99,
    ]
    odd += ["1." * 400, "vers:generic/|", "* (", "A-Z", "\u0660.\u0661", ["a"], {"a": 1}]
    refused = 0
    for _ in range(1_500):
        document = json.loads(chance.choice(CASES).read_text())
        at: Any = document
        for _ in range(chance.randrange(1, 9)):
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = chance.choice(keys)
            if not isinstance(at[key], dict | list) or chance.random() < 0.2:
                at[key] = chance.choice(odd)
                break
            at = at[key]
        try:
            csaf.parse(json.dumps(document))
        except FeedError:
            refused += 1
    assert 300 < refused < 1_400
