"""The scenarios of the risk model, as they were worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch_enrichment import risk
from wardwatch_enrichment.risk import Case, Factors, Threat

FILE = Path(__file__).parents[3] / "shared" / "data" / "risk-scenarios.yaml"
CONTENT = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def case(given: dict[str, Any], factors: dict[str, Any]) -> Case:
    """Return what a scenario gives."""
    known = factors[given["device"]]
    threat = given.get("threat", {})
    vector = given["cvss_vector"]
    return Case(
        factors=Factors(
            safety=known["s"], effectiveness=known["e"], data=known["p"],
            life=known.get("life", False), fleet=known["fleet"],
        ),
        cvss=vector,
        affected=given["affected"],
        verdict=verdict(given.get("predicates", []), vector),
        zone=given["zone"],
        threat=Threat(
            kev=threat.get("kev", False), ransomware=threat.get("ransom", False),
            public=threat.get("public", False), codeless=threat.get("codeless", False),
            epss=threat.get("epss", 0.0),
        ),
        boundary_proven=given.get("boundary_proven", False),
        covered=given.get("coverage") != "none",
    )  # fmt: skip


def verdict(predicates: list[str], vector: str) -> Any:
    """Return the verdict of predicates, as the model's table has it."""
    if "AV:P" in vector or "strong_false" in predicates:
        return "not_exploitable"
    if "weak_false" in predicates or "AV:L" in vector:
        return "unlikely"
    return "exploitable" if set(predicates) == {"true"} else "potential"


@pytest.mark.parametrize("row", CONTENT.get("scenarios", []), ids=lambda row: row["id"])
def test_scenario(row: dict[str, Any]) -> None:
    """Each figure, the label and its path."""
    made = case(row["given"], CONTENT["device_factors"])
    found = risk.assess(made)
    expected = dict(row["expect"])
    if expected["verdict"] != "not_affected":
        assert made.verdict == expected["verdict"]
    del expected["verdict"]
    digits = {"ease": 2, "threat": 2, "likelihood": 3}
    for name, wanted in expected.items():
        got = getattr(found, name)
        if isinstance(wanted, (int, float)):
            assert round(got, digits.get(name, 1)) == pytest.approx(wanted, abs=0.011), name
        else:
            assert got == wanted, name
