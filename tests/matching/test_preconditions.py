"""Every entry of preconditions/ plays its examples, and quotes its source to the letter."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from evidence_words import surroundings

from wardwatch_enrichment import exploitability, handling, preconditions, predicates
from wardwatch_enrichment.content import data
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.preconditions import Precondition

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "csaf"
ENTRIES = {
    number: entry
    for name in preconditions.files()
    for number, entry in data(f"preconditions/{name}")["preconditions"].items()
}
ASKS_NOBODY = {"access", "condition"}  # nothing on the wire can confirm it


def judge(entry: Precondition, seen: list[str]) -> Finding:
    """Return what evidence in words makes of a vulnerability that a device has."""
    device = Device(id="d", site="s", first_seen=0.0, last_seen=1.0)
    around = surroundings(device, seen, entry.vulnerability)
    answers = tuple(predicates.answer(need, around) for need in entry.needs)
    if test := handling.tested([entry.vulnerability], around.handling, around.now):
        answers += (test,)
    made = Finding(id="f", device_id="d", vulnerability=entry.vulnerability, affected="confirmed")
    return exploitability.judged(made, answers, entry.needs, around)


@pytest.mark.parametrize("number", sorted(ENTRIES))
def test_the_examples_hold(number: str) -> None:
    """Each entry has examples; what was seen leads to the verdict that they state."""
    entry = preconditions.precondition(number, ENTRIES[number])
    examples = ENTRIES[number].get("examples", [])
    kinds = {need.kind for need in entry.needs}
    assert examples or kinds <= ASKS_NOBODY, "has no example"
    for example in examples:
        found = judge(entry, example["seen"])
        spelled = [(a.predicate, a.truth, a.missing) for a in found.answers]
        assert found.verdict == example["verdict"], (example["seen"], spelled)


@pytest.mark.parametrize("number", sorted(ENTRIES))
def test_without_evidence_nothing_is_ruled_out(number: str) -> None:
    """Only access at the device itself is told without anything seen."""
    entry = preconditions.precondition(number, ENTRIES[number])
    found = judge(entry, [])
    kinds = {value for need in entry.needs if need.kind == "access" for value in need.values}
    if "physical" not in kinds:
        assert found.verdict != "not_exploitable"


@cache
def _texts() -> dict[str, str]:
    found = {}
    for path in PUBLIC.glob("**/*.json"):
        content = json.loads(path.read_text())
        found[content["document"]["tracking"]["id"].upper()] = _plain(" ".join(_strings(content)))
    return found


def _strings(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    nodes = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [text for below in nodes for text in _strings(below)]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.casefold())


@pytest.mark.parametrize("number", sorted(n for n in ENTRIES if "quote" in ENTRIES[n]))
def test_the_quotation_is_to_the_letter(number: str) -> None:
    """It stands in the advisory, where that is at hand."""
    entry = ENTRIES[number]
    text = _texts().get(str(entry.get("advisory", "")).upper())
    if text is None:
        assert entry.get("source"), f"{entry.get('advisory')} is not at hand: name the source"
        return
    for part in entry["quote"].split("..."):
        assert _plain(part).strip() in text, part
