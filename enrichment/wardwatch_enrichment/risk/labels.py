"""What is to be done: a label by SSVC's table, raised or lowered by rules whose names are printed.

https://certcc.github.io/SSVC/ (deployer model); CISA's BOD 26-04 for what is known exploited.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from wardwatch_enrichment.finding import SETTLED, Verdict
from wardwatch_enrichment.risk.case import LABELS, Case, Factors, Label, Threat
from wardwatch_enrichment.risk.figures import Figures, model

_HUMAN = ("low", "medium", "high", "very high")
_SEE = "place a sensor, or mend the silent one, or import the boundary's rules"
_SEEN = ("F2c", "F4a", "F4b", "F5")  # rest on what is known, so that no sensor could unsay them


class View(NamedTuple):
    """A case with what was worked out of it so far."""

    case: Case
    vector: Mapping[str, str]
    zone: str
    verdict: Verdict
    impact: tuple[float, float, float]
    figures: Figures


class Points(NamedTuple):
    """SSVC's decision points, in the words of its table."""

    exploitation: str
    exposure: str
    automatable: str
    human: str


class Rule(NamedTuple):
    """A rule that holds, and the label that it asks for at least."""

    name: str
    least: Label


def label(view: View) -> tuple[Label, str, str | None]:
    """Return the label, how it came about, and what is to be done besides."""
    if view.case.affected in SETTLED:
        return "Track", "C0", None
    points, path = points_of(view), ""
    found, holding = tree(points), rules(view, points)
    for rule in holding:
        if LABELS.index(rule.least) > LABELS.index(found):
            found, path = rule.least, f"{path}+{rule.name}"
    path = f"tree({','.join(points)}){path}"
    return _lowered(view, found, path, {rule.name for rule in holding})


def _lowered(
    view: View, found: Label, path: str, holding: set[str]
) -> tuple[Label, str, str | None]:
    """Return a label after the rules that lower it; harm that was seen is never lowered."""
    case, harm = view.case, view.case.threat.harm
    if view.verdict == "not_exploitable" and not harm:
        return "Track", f"{path}+C1", None
    if not case.covered and view.verdict == "potential" and not holding & set(_SEEN):
        return "Cannot tell", f"{path}+C3", _SEE
    if not case.cvss and not case.informs and found not in ("Attend", "Act"):
        return "Cannot tell", f"{path}+C4", "look up what is lost: nobody published a vector"
    if case.affected == "possible" and found == "Act" and not harm:
        found, path = "Attend", f"{path}+C2"
    return found, path, "; ".join(_tasks(case, found, path)) or None


def _tasks(case: Case, found: Label, path: str) -> list[str]:
    tasks = ["open an incident"] if case.threat.harm else []
    tasks += ["forensic check"] if found == "Act" else []
    tasks += ["verify the version"] if case.affected == "possible" else []
    tasks += ["clinical review"] if path.endswith("+F6") else []
    return tasks


def tree(points: Points) -> Label:
    """Return the label of the table alone."""
    return _table()[points[:3]][_HUMAN.index(points.human)]


@cache
def _table() -> dict[tuple[str, ...], tuple[Label, ...]]:
    return {tuple(row[:3]): tuple(row[3:]) for row in model()["deployer"]}


def points_of(view: View) -> Points:
    """Return SSVC's decision points."""
    threat = view.case.threat
    active = threat.kev or threat.attempt
    exploitation = "active" if active else "public poc" if threat.public else "none"
    exposure = view.figures["zones"][view.zone][1]
    if view.verdict in ("not_exploitable", "unlikely"):
        exposure = "small"
    easy = automatable(threat, view.vector)
    human = human_impact(view.case.factors, view.impact, view.figures, automatable=easy)
    return Points(exploitation, exposure, "yes" if easy else "no", human)


def automatable(threat: Threat, vector: Mapping[str, str]) -> bool:
    """Tell whether attackers need nobody's help and no luck, or CISA says so."""
    if threat.automatable:
        return True
    remote = (vector["AV"], vector["PR"], vector["UI"]) == ("N", "N", "N")
    return remote and (vector["AC"] == "L" or (threat.kev and threat.ransomware))


def safety_level(factors: Factors, safety: float, figures: Figures, *, automatable: bool) -> str:
    """Return SSVC's word for what happens to patients."""
    bounds = figures["safety"]
    if safety >= bounds["catastrophic"] and automatable and factors.fleet >= bounds["fleet"]:
        return "catastrophic"
    known = [name for name in ("marginal", "critical") if safety >= bounds[name]]
    return known[-1] if known else "negligible"


def mission_level(effectiveness: float, figures: Figures) -> str:
    """Return SSVC's word for what happens to the treatment."""
    known = [name for name, bound in figures["mission"].items() if effectiveness >= bound]
    return known[-1] if known else "degraded"


def human_impact(
    factors: Factors,
    impact: tuple[float, float, float],
    figures: Figures,
    *,
    automatable: bool,
) -> str:
    """Return how grave it is for people, by safety and mission; data lifts it to high."""
    level = safety_level(factors, impact[0], figures, automatable=automatable)
    mission = ["degraded", *figures["mission"]].index(mission_level(impact[1], figures))
    human: str = figures["human_impact"][level][mission]
    lifted = impact[2] >= figures["data_lifts"] and human in ("low", "medium")
    return "high" if lifted else human


def rules(view: View, points: Points) -> list[Rule]:
    """Return the rules that hold; `risk_model.yaml` says each in words."""
    case, threat, verdict = view.case, view.case.threat, view.verdict
    sure = case.affected in ("confirmed", "likely")
    used, possible = verdict == "exploitable", verdict in ("exploitable", "potential")
    grave, open_ = points.human in ("high", "very high"), points.exposure != "small"
    easy, total = points.automatable == "yes", _total(view.vector)
    worst = threat.public and view.impact[0] >= view.figures["safety"]["catastrophic"]
    vital = case.factors.life and view.vector["I"] != "N"
    found: list[tuple[str, Label, bool]] = [
        ("F2a", "Attend", threat.kev and possible and sure and case.factors.safety >= 8),
        ("F2b", "Act", threat.kev and easy and total and used and grave and open_),
        ("F2c", "Act", threat.kev and view.zone == "internet_in"),
        ("F3", "Attend", used and grave and open_ and (easy or worst)),
        ("F4a", "Attend", threat.attempt),
        ("F4b", "Act", threat.harm),
        ("F5", "Attend", case.recall),
        ("F6", "Attend", vital and used and open_),
    ]
    return [Rule(name, least) for name, least, holds in found if holds]


def _total(vector: Mapping[str, str]) -> bool:
    return vector["C"] == vector["I"] == vector["A"] == "H"


def bod_26_04(view: View, published: Mapping[str, str]) -> str | None:
    """Return CISA's deadline for what is in KEV, with the row of its table; None for the rest.

    Its technical impact is of the vulnerability, so that it is read off the `published` vector.
    """
    threat = view.case.threat
    if not threat.kev or view.case.affected in SETTLED:
        return None
    total = _total(published) if threat.total_impact is None else threat.total_impact
    exposed = "yes" if view.zone == "internet_in" else "no"
    easy = "yes" if automatable(threat, published) else "no"
    wanted = ["yes", exposed, easy, "total" if total else "partial"]
    rows = view.figures["bod_26_04"]
    number = next(at for at, row in enumerate(rows) if row[:4] == wanted)
    return f"{rows[number][4]} (row {number})"


def due(label: Label, score: float, figures: Figures) -> int | None:
    """Return within how many days something must be in place; None for no date."""
    if label == "Track*" and score < figures["due_from_score"]:
        return None
    days: int | None = figures["due_days"].get(label)
    return days
