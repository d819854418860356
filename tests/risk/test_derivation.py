"""Why a risk is what it is: in a line, and step by step with the figures that it was made of."""

from __future__ import annotations

import math
import random
import re

import pytest
from risk.drawn import case, drawn

from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Factors, Rubric, Threat
from wardwatch_enrichment.risk.derivation import Explanation, explain
from wardwatch_enrichment.risk.figures import merged

PUMP = Case(
    factors=Factors(safety=9, effectiveness=5, data=4, life=True, fleet=300),
    cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H",
    affected="confirmed",
    verdict="exploitable",
    zone="enterprise",
    threat=Threat(codeless=True),
)


def told(case: Case, evidence: str = "") -> Explanation:
    """Return why a case has its risk."""
    return explain(case, scoring.assess(case), evidence)


def test_the_line() -> None:
    """As a person reads it, with what was seen at its end."""
    seen = "Telnet session 10.20.4.7→10.30.1.15:23 accepted"
    wanted = "Attend – tree(none, controlled, automatable, very high) + F3: "  # noqa: RUF001
    assert told(PUMP, seen).line == wanted + seen
    assert told(PUMP).line == wanted.removesuffix(": ")
    hard = Case(
        factors=PUMP.factors, cvss="CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:N/I:N/A:L",
        affected="fixed", verdict="potential", zone="unknown",
    )  # fmt: skip
    assert told(hard).line == "Track – C0"  # noqa: RUF001
    open_ = scoring.assess(Case(factors=PUMP.factors, cvss=hard.cvss, affected="likely",
                             verdict="potential", zone="unknown"))  # fmt: skip
    assert ", not automatable, " in explain(PUMP, open_).line


def test_the_steps() -> None:
    """Each with its figure and its reason, from the state to the label."""
    steps = {one.step: one for one in told(PUMP).steps}
    assert list(steps) == [
        "affected", "verdict", "exposure", "ease", "threat", "likelihood", "losses",
        "impact on safety", "impact on effectiveness", "impact on data", "safety",
        "effectiveness", "data", "score", "table", "F3", "F6", "label", "model",
    ]  # fmt: skip
    assert steps["likelihood"].value == "0.480"
    assert steps["likelihood"].why == "1 · 1 · 0.8 · max(0.45, 0.6·1.00)"
    assert steps["threat"].why == "anybody might try 0.1; no exploit code is needed 0.45"
    assert steps["score"] == ("score", "43.2", "max(1·43.2, 0.9·24.0, 0.8·7.7)")
    assert steps["table"].value == "Track*"
    assert "safety catastrophic, mission mef support crippled" in steps["table"].why
    assert steps["F6"].why.endswith("(the label was so already)")
    assert not steps["F3"].why.endswith("(the label was so already)")
    assert "within 14 days" in steps["label"].why


@pytest.mark.parametrize(
    ("changed", "step", "words"),
    [({"zone": "isolated"}, "exposure", "nothing proves the boundary of isolated"),
     ({"zone": "isolated", "boundary_proven": True}, "ease", "adjacent behind its boundary"),
     ({"cvss": PUMP.cvss.replace("AV:N", "AV:P")}, "verdict", "as its vector has AV:P"),
     ({"rubric": Rubric(integrity="H")}, "losses", "by the rubric's answers"),
     ({"verdict": "not_exploitable"}, "C1", "until the proof expires"),
     ({"covered": False, "verdict": "potential"}, "C3", "no sensor sees the segment"),
     ({"threat": Threat(kev=True)}, "BOD 26-04", "CISA's deadline"),
     ({"threat": Threat(epss=0.5)}, "threat", "EPSS 0.5")],
)  # fmt: skip
def test_what_is_special_is_said(changed: dict[str, object], step: str, words: str) -> None:
    """Where something else than the given counted, the step says so."""
    values = {name: getattr(PUMP, name) for name in Case.__dataclass_fields__}
    steps = {one.step: one for one in told(Case(**{**values, **changed})).steps}
    assert words in steps[step].why


def test_the_steps_lead_to_the_figures() -> None:
    """What the steps say multiplies out to what is printed, for any case and a site's figures."""
    rng = random.Random(21)  # noqa: S311  for a test
    own = merged({"weights": {"data": 1.0}, "zones": {"guest": 1.0}})
    for number in range(3_000):
        figures = own if number % 2 else None
        one = case(drawn(rng))
        found = scoring.assess(one, figures)
        steps = {step.step: step for step in explain(one, found, figures=figures).steps}
        said = [float(text) for text in re.findall(r"[\d.]+", steps["likelihood"].why)]
        product = math.prod(said[:3]) * max(said[3], said[4] * said[5])
        assert product == pytest.approx(found.likelihood, abs=0.005)
        axes = re.findall(r"([\d.]+)·([\d.]+)", steps["score"].why)
        assert max(float(w) * float(v) for w, v in axes) == pytest.approx(found.score, abs=0.06)
        for name in re.findall(r"\+(\w+)", found.path):
            assert name in steps
        assert all(step.value and step.why for step in steps.values())
