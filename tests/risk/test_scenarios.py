"""The scenarios of the risk model, as they were worked out by hand, and two hospitals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch_enrichment.risk import scenarios
from wardwatch_enrichment.risk.scenarios import Checked

HERE = Path(__file__).parent
FILE = HERE.parents[2] / "shared" / "data" / "risk-scenarios.yaml"


def checked(path: Path) -> list[Checked]:
    """Return the rows of a file with what deviates."""
    if not path.exists():
        return []
    return list(scenarios.check(yaml.safe_load(path.read_text(encoding="utf-8"))))


ROWS = [*checked(FILE), *(row for path in sorted(HERE.glob("*.yaml")) for row in checked(path))]


@pytest.mark.skipif(not FILE.exists(), reason=f"NOT TESTED: no scenarios at {FILE}")
def test_the_scenarios_are_all_there() -> None:
    """A file that is cut off would check nothing."""
    assert len(checked(FILE)) >= 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_scenario(row: Checked) -> None:
    """Each figure, the label and its path; each hospital's counts."""
    assert row.errors == ()
    assert row.deviations == (), row.got


def given(**changes: Any) -> dict[str, Any]:
    """Return what a pump's scenario gives, with changes; a None leaves a key out."""
    told: dict[str, Any] = {
        "device": "pump", "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H",
        "threat": {"codeless": True}, "affected": "confirmed", "zone": "enterprise",
        "predicates": ["true"], **changes,
    }  # fmt: skip
    return {key: value for key, value in told.items() if value is not None}


def one(expect: dict[str, Any] | None = None, **changes: Any) -> Checked:
    """Return one row of a file of its own."""
    row = {"id": "X", "given": given(**changes), "expect": expect or {}}
    pump = {"s": 9, "e": 5, "p": 4, "life": True, "fleet": 300}
    (found,) = scenarios.check({"device_factors": {"pump": pump}, "scenarios": [row]})
    return found


@pytest.mark.parametrize(
    ("figure", "wanted", "right"),
    [("score", 43.2, True), ("score", 43.3, False), ("safety", 43.2, True), ("ease", 1.0, True),
     ("ease", 0.99, False), ("likelihood", 0.48, True), ("likelihood", 0.481, False),
     ("threat", 0.45, True), ("threat", 0.46, False), ("label", "Attend", True),
     ("label", "Act", False), ("verdict", "potential", False), ("due_days", 14, True),
     ("path", "tree(none,controlled,yes,very high)", False), ("band", "high", True)],
)  # fmt: skip
def test_a_figure_that_deviates_is_told(figure: str, wanted: Any, right: bool) -> None:
    """To the last digit that is printed."""
    found = one({figure: wanted})
    assert [d.figure for d in found.deviations] == ([] if right else [figure])


@pytest.mark.parametrize(
    ("changes", "place"),
    [({"device": "toaster"}, "given.device: 'toaster'"), ({"zone": "moon"}, "given.zone: 'moon'"),
     ({"colour": "red"}, "given.colour: unknown"), ({"threat": {"kevv": True}}, "threat.kevv"),
     ({"threat": {"epss": 2}}, "threat.epss: 2"), ({"threat": {"kev": "x"}}, "threat.kev: 'x'"),
     ({"predicates": ["perhaps"]}, "predicates 1: 'perhaps'"),
     ({"predicates": [False]}, "predicates 1: False"),
     ({"predicates": "true"}, "predicates: a list"),
     ({"cvss_vector": "AV:N/AC:L"}, "given.cvss_vector: 'AV:N/AC:L'"),
     ({"affected": "maybe"}, "given.affected: 'maybe'"), ({"coverage": "some"}, "given.coverage"),
     ({"boundary_proven": "yes"}, "given.boundary_proven"),
     ({"zone": None}, "given.zone: is missing"),
     ({"rubric": {"I": "M"}}, "rubric.I: 'M'"), ({"rubric": {"X": "H"}}, "rubric.X: unknown"),
     ({"vex": "sure"}, "given.vex"), ({"fleet": 0}, "given.fleet: 0")],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(changes: dict[str, Any], place: str) -> None:
    """Nothing that is not known is passed over."""
    found = one(**changes)
    assert any(place in text for text in found.errors), found.errors
    assert all(text.startswith("scenarios 1 (X).given") for text in found.errors)
    assert found.deviations == ()


@pytest.mark.parametrize(
    ("changes", "expect"),
    [({"vex": "fixed"}, {"label": "Track", "path": "C0", "verdict": "not_affected", "score": 0}),
     ({"patched": True}, {"label": "Track", "path": "C0", "score": 0}),
     ({"affected": "candidate"}, {"path": "C0", "score": 0}),
     ({"affected": "fixed"}, {"verdict": "fixed", "likelihood": 0}),
     ({"predicates": []}, {"verdict": "exploitable"}),
     ({"predicates": None}, {"verdict": "potential"}),
     ({"affected": "possible", "vex": "affected"}, {"score": 43.2}),
     ({"affected": "possible", "vex": "under_investigation"}, {"score": 17.3}),
     ({"predicates": ["weak_false"]}, {"verdict": "unlikely", "label": "Track*"}),
     ({"predicates": ["weak_false"], "coverage": "none"},
      {"verdict": "potential", "label": "Cannot tell", "due_days": None}),
     ({"predicates": ["strong_false"], "coverage": "none"}, {"verdict": "not_exploitable"}),
     ({"predicates": ["strong_false"], "attempt": True},
      {"label": "Track", "path": "tree(active,small,yes,very high)+C1"}),
     ({"predicates": ["strong_false"], "threat": {"harm": True}},
      {"label": "Act", "task": "open an incident; forensic check",
       "path": "tree(none,small,yes,very high)+F4b"}),
     ({"predicates": ["unknown"], "threat": {}, "attempt_seen": True},
      {"label": "Attend", "threat": 1.0}),
     ({"predicates": ["unknown"], "coverage": "none", "compromise": True}, {"label": "Act"}),
     ({"predicates": ["unknown"], "coverage": "none", "attempt": True}, {"label": "Attend"}),
     ({"predicates": ["unknown"], "coverage": "none", "threat": {"kev": True}},
      {"label": "Cannot tell"}),
     ({"predicates": ["unknown"], "zone": "clinical_shared", "recall": True},
      {"label": "Attend", "path": "tree(none,controlled,yes,very high)+F5"}),
     ({"predicates": ["unknown"], "zone": "internet_in", "threat": {"kev": True}},
      {"label": "Act", "bod_26_04": "3 days (row 11)", "task": "forensic check"}),
     ({"affected": "possible", "zone": "internet_in", "threat": {"kev": True}},
      {"label": "Attend", "task": "verify the version",
       "path": "tree(active,open,yes,very high)+C2"}),
     ({"affected": "possible", "threat": {"harm": True}}, {"label": "Act"}),
     ({"zone": "isolated"}, {"path": "tree(none,controlled,yes,very high)+F3", "likelihood": 0.3}),
     ({"cvss_vector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
       "threat": {"automatable": "yes"}}, {"path": "tree(none,controlled,yes,very high)+F3"}),
     ({"rubric": {"A": "N", "I": "N"}}, {"safety": 0, "effectiveness": 0}),
     ({"rubric": {"C": "H", "I": "H"}}, {"data": 28.8}),
     ({"cvss_vector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:L", "fleet": 1,
       "rubric": {"I": "L"}},
      {"path": "tree(none,controlled,no,low)+F6", "task": "clinical review"})],
)  # fmt: skip
def test_what_else_a_row_can_give(changes: dict[str, Any], expect: dict[str, Any]) -> None:
    """Statements, coverage, what was seen, recalls, the rubric's answers."""
    found = one(expect, **changes)
    assert found.errors == ()
    assert found.deviations == (), found.got


def test_a_file_that_is_none() -> None:
    """Said once, with what is asked for."""
    for content in (None, [], {"other": 1}, "x"):
        (found,) = scenarios.check(content)
        assert found.errors == ("a mapping with scenarios or hospitals is asked for",)
    found, *_ = scenarios.check({"scenarios": [], "more": 1})
    assert found.errors == ("more: unknown; there are device_factors, scenarios, hospitals",)
    (found,) = scenarios.check({"scenarios": 5})
    assert found.errors == ("scenarios: a list is asked for",)
    twice = {"id": "A", "given": given(device="infusion pump"), "expect": {}}
    first, second = scenarios.check({"scenarios": [twice, twice]})
    assert (first.errors, second.errors) == (
        (),
        ("scenarios 2 (A): id: there is another row with it",),
    )
