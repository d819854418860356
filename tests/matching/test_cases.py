"""The cases of this folder: device and evidence and advisory lead to state, verdict and reason."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from evidence_words import attribute, surroundings

from wardwatch_enrichment import curation, matching
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device

HERE = Path(__file__).parent
PUBLIC = HERE.parents[2] / "shared" / "data" / "csaf"
CASES = [
    case
    for path in sorted(HERE.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
_LISTS = ("software_versions", "firmware_versions", "component")
_PLAIN = ("manufacturer", "model")


@cache
def advisory(name: str) -> Advisory | None:
    """Return an advisory by its id; None where the public ones are not at hand."""
    own = HERE / "advisories" / f"{name.lower()}.json"
    paths = [own] if own.exists() else list(PUBLIC.glob(f"*/{name.lower()}.json"))
    return curation.decided(csaf.parse(paths[0].read_bytes())) if paths else None


def device(about: dict[str, Any], number: str = "d") -> Device:
    """Return a device as a case tells of it."""
    unknown = about.keys() - {*_LISTS, *_PLAIN, "model_number", "os", "os_build", "type"}
    assert not unknown, f"not known of a device: {unknown}"
    told = [(name, str(value)) for name in _LISTS for value in about.get(name, [])]
    told += [(name, about[name]) for name in (*_PLAIN, "model_number") if name in about]
    attributes = [attribute(name, value) for name, value in told]
    if "os" in about:
        attributes.append(attribute("os", about["os"]))
        if build := about.get("os_build"):
            attributes[-1] = _proven_by(about["os"], build)
    return Device(
        id=number,
        site="s",
        manufacturer=about.get("manufacturer"),
        model=about.get("model"),
        type=about.get("type"),
        os=about.get("os"),
        software_versions=tuple(map(str, about.get("software_versions", ()))),
        first_seen=0.0,
        last_seen=1.0,
        attributes=tuple(attributes),
    )


def _proven_by(os: str, build: str) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    made = attribute("os", os, "ntlm.os_build")
    return replace(made, evidence=(replace(made.evidence[0], value=build),))


def findings(case: dict[str, Any], known: list[Advisory]) -> dict[str, Finding]:
    """Return what the advisories of a case come to on its device, by vulnerability."""
    about = case["device"]
    others = [device({**about, "software_versions": [v]}) for v in case.get("fleet", [])]
    own = device(about)
    index = matching.Index(known, matching.fleet([own, *others]))
    found = {}
    for number in sorted({key[2] for key in index.about}):
        around = surroundings(own, case.get("seen", []), number)
        made = Assessment(index).findings(around)
        found |= {f.vulnerability: f for f in made if f.vulnerability == number}
    return found


def told(finding: Finding) -> str:
    """Return all that a finding says in words."""
    parts = [finding.wording, *finding.notes, *finding.actions]
    parts += [match.reason for match in finding.matches]
    parts += [t for a in finding.answers for t in (a.predicate, a.missing)]
    parts += [t for a in finding.answers for g in a.grounds for t in (g.sentence, g.signed_by)]
    parts += [text for a in finding.answers for g in a.grounds for text in g.void]
    return " | ".join(parts)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    """What is expected follows, and is said."""
    names = case["advisory"] if isinstance(case["advisory"], list) else [case["advisory"]]
    known = [advisory(name) for name in names]
    if None in known:
        pytest.skip("DID NOT RUN: the public advisories (../shared/data/csaf) are not at hand")
    found = findings(case, [one for one in known if one])
    if case["expect"] == "none":
        assert not found
        return
    for number, expected in case["expect"].items():
        if expected == "none":
            assert number not in found
            continue
        assert number in found, f"no match; there are {sorted(found)}"
        _compare(found[number], expected)


def _compare(one: Finding, expected: dict[str, Any]) -> None:
    got = {
        "state": one.affected,
        "verdict": one.verdict,
        "wording": one.wording,
        "type": one.matches[0].type,
        "access": one.access,
        "justification": one.justification,
    }
    wanted = {key: value for key, value in expected.items() if key != "says"}
    assert {key: got[key] for key in wanted} == wanted, told(one)
    assert expected.get("says", "") in told(one)


def test_the_cases_have_names_of_their_own() -> None:
    """A failing case can be found by its name."""
    names = [case["case"] for case in CASES]
    assert len(names) == len(set(names))


def test_no_advisory_here_is_an_orphan() -> None:
    """Each of the own advisories has a case, and its file's name is its id."""
    used = {
        name
        for case in CASES
        for name in (case["advisory"] if isinstance(case["advisory"], list) else [case["advisory"]])
    }
    for path in (HERE / "advisories").glob("*.json"):
        name = json.loads(path.read_text())["document"]["tracking"]["id"]
        assert name in used
        assert path.stem == name.lower()
