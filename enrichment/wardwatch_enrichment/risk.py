"""How large a risk is, on three axes that are never merged before they are shown, and its label.

The axes are those of IEC 80001-1: patient safety, clinical effectiveness, data and system
security. All figures are in ``risk_model.yaml``; the label is read off SSVC's table, and raised or
lowered by rules whose names are printed with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from wardwatch_enrichment.content import data
from wardwatch_enrichment.finding import Affected, Verdict

Label = Literal["Track", "Track*", "Attend", "Act", "Cannot tell"]
LABELS: tuple[Label, ...] = ("Track", "Track*", "Attend", "Act")
_BOUNDED = ("allowlisted", "isolated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What the loss of a device does on each axis (0 to 10), and of how many units it is one.

    `life`: it sustains life, or its alarm is the only warning.
    """

    safety: float
    effectiveness: float
    data: float
    life: bool = False
    fleet: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """What is known of attackers. `automatable` is CISA's word (Vulnrichment), None for none."""

    kev: bool = False
    ransomware: bool = False
    public: bool = False
    codeless: bool = False
    epss: float = 0.0
    attempt: bool = False
    harm: bool = False
    automatable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a risk is worked out from."""

    factors: Factors
    cvss: str
    affected: Affected
    verdict: Verdict
    zone: str
    threat: Threat = field(default_factory=Threat)
    boundary_proven: bool = False
    covered: bool = True
    recall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The figures of a finding: axes and score run from 0 to 100, the rest from 0 to 1.

    `path` tells how the label came about: the table's row, then each rule that changed it.
    """

    ease: float
    threat: float
    likelihood: float
    safety: float
    effectiveness: float
    data: float
    score: float
    label: Label
    path: str
    due_days: int | None
    task: str | None = None


@cache
def model() -> dict[str, Any]:
    """Return the figures of the model."""
    found: dict[str, Any] = data("risk_model.yaml")
    return found


def assess(case: Case) -> Risk:
    """Return the risk of one finding."""
    vector = metrics(case.cvss)
    zone = _zone(case)
    ease = _ease(vector, zone)
    threat = _threat(case.threat)
    likelihood = _likelihood(case, zone, ease, threat)
    impact = _impact(case.factors, vector)
    axes = [round(10 * one * likelihood, 9) for one in impact]
    weights = model()["weights"]
    score = max(w * axis for w, axis in zip(weights.values(), axes, strict=True))
    label, path, task = _label(case, vector, zone, impact)
    return Risk(
        ease=ease,
        threat=threat,
        likelihood=likelihood,
        safety=axes[0],
        effectiveness=axes[1],
        data=axes[2],
        score=score,
        label=label,
        path=path,
        due_days=_due(label, score),
        task=task,
    )


def metrics(vector: str) -> dict[str, str]:
    """Return the base metrics of a CVSS 3 vector; raises `ValueError` where one is missing."""
    found = dict(re.findall(r"\b(AV|AC|PR|UI|S|C|I|A):([A-Z])", vector))
    if missing := {"AV", "AC", "PR", "UI", "S", "C", "I", "A"} - found.keys():
        raise ValueError(
            f"{vector!r} has no {', '.join(sorted(missing))}; a CVSS 3 vector is asked"
        )
    return found


def _zone(case: Case) -> str:
    """Return the zone that counts: few peers prove nothing without a proven boundary."""
    if case.zone in _BOUNDED and not case.boundary_proven:
        return "clinical_shared"
    return case.zone


def _ease(vector: dict[str, str], zone: str) -> float:
    tables = model()["cvss"]
    way = "A" if vector["AV"] == "N" and zone in _BOUNDED else vector["AV"]
    privileges = tables["PR_changed" if vector["S"] == "C" else "PR"][vector["PR"]]
    product = tables["AV"][way] * tables["AC"][vector["AC"]] * tables["UI"][vector["UI"]]
    return float(product * privileges / model()["ease_of_all"])


def _threat(threat: Threat) -> float:
    least = model()["threat"]
    known = [least["any"], threat.epss]
    known += [least["codeless"]] if threat.codeless else []
    known += [least["public"]] if threat.public else []
    known += [least["kev"]] if threat.kev else []
    known += [least["kev_ransomware"]] if threat.kev and threat.ransomware else []
    known += [least["attempt"]] if threat.attempt else []
    return float(max(known))


def _likelihood(case: Case, zone: str, ease: float, threat: float) -> float:
    figures = model()
    factor, _ = figures["zones"][zone]
    sure = figures["affected"][case.affected] * figures["verdict"][case.verdict]
    return float(sure * factor * max(threat, figures["ease_weight"] * ease))


def _impact(factors: Factors, vector: dict[str, str]) -> tuple[float, float, float]:
    figures = model()
    c, i, a = (figures["cvss"]["impact"][vector[metric]] for metric in "CIA")
    available = figures["availability"]["life_sustaining" if factors.life else "other"]
    foothold = 1.0 if c == i == a == 1 else 0.5 if i == 1 else 0.0
    return (
        factors.safety * max(i, available * a),
        factors.effectiveness * max(a, figures["integrity_for_effectiveness"] * i),
        max(factors.data * c, figures["foothold"] * foothold),
    )


def _due(label: Label, score: float) -> int | None:
    figures = model()
    if label == "Track*" and score < figures["due_from_score"]:
        return None
    days: int | None = figures["due_days"].get(label)
    return days


def _label(
    case: Case, vector: dict[str, str], zone: str, impact: tuple[float, float, float]
) -> tuple[Label, str, str | None]:
    if case.affected in ("not_affected", "fixed", "candidate"):
        return "Track", "C0", None
    points = _points(case, vector, zone, impact)
    label: Label = _table()[points[:3]][_HUMAN.index(points[3])]
    path = f"tree({','.join(points)})"
    for name, least in _rules(case, vector, impact, points):
        if LABELS.index(least) > LABELS.index(label):
            label, path = least, f"{path}+{name}"
    return _capped(case, label, path)


def _capped(case: Case, label: Label, path: str) -> tuple[Label, str, str | None]:
    """Return a label after the rules that lower it."""
    if case.verdict == "not_exploitable" and not case.threat.harm:
        return "Track", f"{path}+C1", None
    if not case.covered and case.verdict == "potential":
        return "Cannot tell", f"{path}+C3", "place a sensor, or import the boundary's rules"
    if case.affected == "possible" and LABELS.index(label) >= LABELS.index("Attend"):
        capped = f"{path}+C2" if label == "Act" else path
        return "Attend", capped, "verify the version"
    return label, path, None


_HUMAN = ("low", "medium", "high", "very high")


@cache
def _table() -> dict[tuple[str, ...], tuple[Label, ...]]:
    return {tuple(row[:3]): tuple(row[3:]) for row in model()["deployer"]}


def _points(
    case: Case, vector: dict[str, str], zone: str, impact: tuple[float, float, float]
) -> tuple[str, str, str, str]:
    """Return SSVC's decision points: exploitation, exposure, automatable, human impact."""
    active = case.threat.kev or case.threat.attempt
    exploitation = "active" if active else "public poc" if case.threat.public else "none"
    exposure = model()["zones"][zone][1]
    if case.verdict in ("not_exploitable", "unlikely"):
        exposure = "small"
    automatable = _automatable(case.threat, vector)
    human = _human(case.factors, impact, automatable=automatable)
    return exploitation, exposure, "yes" if automatable else "no", human


def _automatable(threat: Threat, vector: dict[str, str]) -> bool:
    if threat.automatable:
        return True
    remote = (vector["AV"], vector["PR"], vector["UI"]) == ("N", "N", "N")
    return remote and (vector["AC"] == "L" or (threat.kev and threat.ransomware))


def _human(factors: Factors, impact: tuple[float, float, float], *, automatable: bool) -> str:
    figures = model()
    bounds, missions = figures["safety"], figures["mission"]
    safety, effectiveness, of_data = impact
    level = "negligible"
    for name in ("marginal", "critical"):
        level = name if safety >= bounds[name] else level
    if safety >= bounds["catastrophic"] and automatable and factors.fleet >= bounds["fleet"]:
        level = "catastrophic"
    mission = sum(effectiveness >= bound for bound in missions.values())
    human: str = figures["human_impact"][level][mission]
    if of_data >= figures["data_lifts"] and human in ("low", "medium"):
        return "high"
    return human


def _rules(
    case: Case,
    vector: dict[str, str],
    impact: tuple[float, float, float],
    points: tuple[str, str, str, str],
) -> list[tuple[str, Label]]:
    """Return the rules that hold, each with the label that it asks for at least."""
    threat, verdict = case.threat, case.verdict
    _, exposure, automatable, human = points
    open_, sure = exposure != "small", model()["affected"][case.affected] >= 0.8
    usable, grave = verdict == "exploitable", human in ("high", "very high")
    total = {vector[metric] for metric in "CIA"} == {"H"}
    worst = threat.public and impact[0] >= model()["safety"]["catastrophic"]
    possible = verdict in ("exploitable", "potential")
    easy = automatable == "yes"
    found: list[tuple[str, Label, bool]] = [
        ("F2a", "Attend", threat.kev and possible and sure and case.factors.safety >= 8),
        ("F2b", "Act", threat.kev and easy and total and usable and grave and open_),
        ("F2c", "Act", threat.kev and case.zone == "internet_in"),
        ("F3", "Attend", usable and grave and open_ and (easy or worst)),
        ("F4a", "Attend", threat.attempt),
        ("F4b", "Act", threat.harm),
        ("F5", "Attend", case.recall),
        ("F6", "Attend", case.factors.life and usable and vector["I"] != "N" and open_),
    ]
    return [(name, label) for name, label, holds in found if holds]


def fold(scores: list[float]) -> float:
    """Return one score for many: bounded by 100, whatever their order, ruled by the worst."""
    total = 0.0
    for at, score in enumerate(sorted(scores, reverse=True)):
        total += (100 - total) * (score / 100) * model()["fold"] ** at
    return total


def band(score: float) -> str:
    """Return the word for a score."""
    return next(name for name, least in model()["bands"].items() if score >= least)
