"""A site's own figures, and the answers to the rubric: what is taken, and what is refused."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

import pytest
from risk import oracle

from wardwatch_enrichment.risk import rubrics, scoring
from wardwatch_enrichment.risk.case import Case, Factors, Rubric, Threat
from wardwatch_enrichment.risk.figures import FigureError, merged, model
from wardwatch_enrichment.risk.rubrics import RubricError

PUMP = Case(
    factors=Factors(safety=9, effectiveness=5, data=4, life=True, fleet=300),
    cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H",
    affected="confirmed",
    verdict="exploitable",
    zone="guest",
)


def test_a_site_changes_what_it_weighs() -> None:
    """Only what it names; the shipped figures stay as they are."""
    before = scoring.assess(PUMP)
    own = merged({"weights": {"safety": 0.5}, "zones": {"guest": 1.0}, "due_days": {"Attend": 7}})
    after = scoring.assess(PUMP, own)
    assert after.safety == pytest.approx(before.safety / 0.95)
    assert after.score == pytest.approx(max(0.5 * after.safety, 0.9 * after.effectiveness))
    assert (before.due_days, after.due_days) == (14, 7)
    assert own["zones"]["guest"] == [1.0, "open"]
    assert scoring.assess(PUMP) == before
    assert model()["weights"]["safety"] == 1.0
    assert merged({}) == model()


def test_own_figures_over_own_figures() -> None:
    """A site's file over that of its group of hospitals."""
    group = merged({"weights": {"data": 0.9}})
    assert merged({"weights": {"safety": 0.9}}, group)["weights"] == {
        "safety": 0.9, "effectiveness": 0.9, "data": 0.9,
    }  # fmt: skip
    assert scoring.fold([50, 50], merged({"fold": 0.0})) == 50
    assert scoring.fold([50, 50], merged({"fold": 1.0})) == 75
    assert scoring.band(35, merged({"bands": {"high": 30}})) == "high"


@pytest.mark.parametrize(
    ("own", "message"),
    [({"weigths": {}}, "weigths: unknown"), ({"weights": {"money": 1}}, "weights.money: unknown"),
     ({"weights": 1}, "weights: a mapping is asked for"),
     ({"weights": {"data": "x"}}, "weights.data: 'x' is no number"),
     ({"weights": {"data": True}}, "weights.data: True is no number"),
     ({"weights": {"data": 1.1}}, "weights.data: 1.1 is not from 0 to 1"),
     ({"fold": -1}, "fold: -1 is not from 0"), ({"cvss": {}}, "cvss: cannot be changed"),
     ({"deployer": []}, "deployer: cannot be changed"), ({"rules": {}}, "rules: cannot be changed"),
     ({"due_days": {"Act": 1.5}}, "due_days.Act: 1.5 is no whole number"),
     ({"verdict": {"unlikely": 0.9}}, "verdict: must stay in this order"),
     ({"zones": {"isolated": 0.3}}, "zones: must stay in this order"),
     ({"bands": {"low": 30}}, "bands: must stay in this order"),
     ({"safety": {"critical": 1}}, "safety: must stay in this order"),
     ({"threat": {"kev": 0.3}}, "threat: kev must not be less than public"),
     ({"zones": {"guest": float("nan")}}, "zones.guest: nan is not from 0 to 1")],
)  # fmt: skip
def test_figures_that_nothing_can_be_worked_out_with(own: dict[str, Any], message: str) -> None:
    """Refused with their names, and all at once."""
    with pytest.raises(FigureError, match="(?m)^" + message.replace(".", r"\.")):
        merged(own)
    with pytest.raises(FigureError, match=r"(?s)other: unknown.*another: unknown"):
        merged({**own, "other": 1, "another": 2})


@pytest.mark.skipif(not oracle.SSVC.exists(), reason=f"NOT TESTED: no tables at {oracle.SSVC}")
def test_the_published_tables_are_whole() -> None:
    """Row by row as published, in the form of this file."""
    rows = oracle.rows("deployer_patch_application_priority_1_0_0.csv")
    assert len(rows) == 72
    human = ("low", "medium", "high", "very high")
    shipped = {
        (*row[:3], grade): label
        for row in model()["deployer"]
        for grade, label in zip(human, row[3:], strict=True)
    }
    assert shipped == {tuple(row[:4]): oracle.WORDS[row[4]] for row in rows}
    missions = ("degraded", "mef support crippled", "mef failure", "mission failure")
    impacts = {
        (safety, mission): grade
        for safety, grades in model()["human_impact"].items()
        for mission, grade in zip(missions, grades, strict=True)
    }
    wanted = oracle.rows("human_impact_1_0_0.csv")
    assert impacts == {tuple(row[:2]): row[2] for row in wanted}
    with (oracle.SSVC / "cisa_bod_26_04_1_0_0.csv").open(encoding="utf-8") as file:
        assert [row[1:] for row in list(csv.reader(file))[1:]] == model()["bod_26_04"]


def answer(**changes: Any) -> dict[str, Any]:
    """Return an answer to the rubric."""
    return {
        "vulnerability": "CVE-2020-12045", "type": "infusion pump", "integrity": "H",
        "by": "clinical engineering", "reason": "the drug library can be changed", **changes,
    }  # fmt: skip


def test_the_answers_are_of_a_vulnerability_on_a_kind_of_device() -> None:
    """The nearest more general kind, if its own has none."""
    known = rubrics.answers([answer(), answer(type="medical device", availability="N")])
    found = rubrics.of(known, "cve-2020-12045", "syringe pump")
    assert found == Rubric(integrity="H")
    assert rubrics.of(known, "CVE-2020-12045", "CT scanner") == Rubric(
        integrity="H", availability="N"
    )
    assert rubrics.of(known, "CVE-2020-12045", None) is None
    assert rubrics.of(known, "CVE-2020-12046", "infusion pump") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"integrity": "M"}, "integrity: 'M' is none of"), ({"type": "toaster"}, "type: 'toaster'"),
     ({"by": ""}, "by: is asked for"), ({"integrity": None}, "one of confidentiality"),
     ({"colour": "red"}, "colour: unknown"), ({"reason": None}, "reason: is asked for")],
)  # fmt: skip
def test_answers_that_are_none(changes: dict[str, Any], message: str) -> None:
    """Each with its number; nobody answers without a name and a reason."""
    with pytest.raises(RubricError, match=f"answer 1: {message}"):
        rubrics.answers([answer(**changes)])
    with pytest.raises(RubricError, match="answer 2: CVE-2020-12045 is answered twice"):
        rubrics.answers([answer(), answer()])


def test_an_answer_takes_the_place_of_the_vector_on_its_axis_only() -> None:
    """Integrity high: patients more, the rest as the vector has it; its ease does not change."""
    plain = scoring.assess(PUMP)
    asked = scoring.assess(
        Case(
            factors=PUMP.factors,
            cvss=PUMP.cvss.replace("A:H", "A:N"),
            affected="confirmed",
            verdict="exploitable",
            zone="guest",
            rubric=Rubric(integrity="H"),
        )
    )
    assert asked.safety == pytest.approx(plain.safety)
    assert asked.effectiveness == pytest.approx(0.7 * plain.effectiveness)
    assert asked.ease == plain.ease


def test_cisas_deadline_is_of_the_vulnerability() -> None:
    """By the published vector or CISA's own decision, not by what it does to a kind of device."""
    total = replace(
        PUMP, cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", threat=Threat(kev=True)
    )
    assert scoring.assess(total).bod_26_04 == "3 days & forensic investigation (row 13)"
    asked = replace(total, rubric=Rubric(integrity="N"))
    assert scoring.assess(asked).bod_26_04 == "3 days & forensic investigation (row 13)"
    partly = replace(total, threat=Threat(kev=True, total_impact=False))
    assert scoring.assess(partly).bod_26_04 == "14 days (row 6)"
    wholly = replace(PUMP, threat=Threat(kev=True, total_impact=True))
    assert scoring.assess(wholly).bod_26_04 == "3 days & forensic investigation (row 13)"


def test_fractions_of_a_machine_decide_nothing() -> None:
    """A score that is a bound on paper is one here, too."""
    thirds = merged({"weights": {"safety": 0.1, "effectiveness": 0.7, "data": 0.1}})
    for share in range(100):
        found = scoring.assess(replace(PUMP, threat=Threat(epss=share / 100)), thirds)
        assert found.score == round(found.score, 9)


@pytest.mark.parametrize(
    "vector",
    ["", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H", "AV:N/AC:L/Au:N/C:P/I:P/A:P",
     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/C:H/I:H/A:H"],
)  # fmt: skip
def test_a_vector_that_is_none(vector: str) -> None:
    """Nothing is worked out from another version's, or from half of one."""
    with pytest.raises(ValueError, match="is no CVSS 3 vector"):
        scoring.metrics(vector)
