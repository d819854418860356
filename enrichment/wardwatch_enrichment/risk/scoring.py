"""How large a risk is, on three axes that are never merged before they are shown.

The axes are those of IEC 80001-1: patient safety, clinical effectiveness, data and system
security. All figures are in ``risk_model.yaml``; ``labels.py`` tells what is to be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from wardwatch_enrichment.finding import Verdict
from wardwatch_enrichment.risk import labels
from wardwatch_enrichment.risk.case import LABELS, Case, Factors, Label, Risk, Rubric, Threat
from wardwatch_enrichment.risk.figures import Figures, model

__all__ = ["LABELS", "Case", "Factors", "Label", "Risk", "Rubric", "Threat", "assess", "model"]

_BOUNDED = ("allowlisted", "isolated")
_NO_VECTOR = "AV:N/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N"  # nothing is lost as far as is known
_METRICS = ("AV", "AC", "PR", "UI", "S", "C", "I", "A")
Impact = tuple[float, float, float]


class Group(NamedTuple):
    """The devices of a ward, a site, a model …: one score, and which share of them is high."""

    score: float
    devices: int
    share_high: float


def assess(case: Case, figures: Figures | None = None) -> Risk:
    """Return the risk of one finding; `figures` are a site's own, as `merged` made them."""
    figures = model() if figures is None else figures
    vector = metrics_of(case)
    zone, verdict = zone_of(case), verdict_of(case, vector)
    ease_, threat = ease(vector, zone, figures), max(threats(case.threat, figures).values())
    likely = likelihood(case, verdict, ease_, threat, figures)
    suffered = impact(case.factors, vector, figures)
    axes = [round(10 * one * likely, 9) for one in suffered]
    weights = figures["weights"].values()
    score = round(max(w * axis for w, axis in zip(weights, axes, strict=True)), 9)
    view = labels.View(case, vector, zone, verdict, suffered, figures)
    label, path, task = labels.label(view)
    return Risk(
        verdict=verdict,
        ease=ease_,
        threat=threat,
        likelihood=likely,
        safety=axes[0],
        effectiveness=axes[1],
        data=axes[2],
        score=score,
        label=label,
        path=path,
        due_days=labels.due(label, score, figures),
        task=task,
        bod_26_04=labels.bod_26_04(view, _published(case)),
    )


@lru_cache(maxsize=1 << 14)
def metrics(vector: str) -> Mapping[str, str]:
    """Return the base metrics of a CVSS 3 vector; raises `ValueError` where one is missing."""
    found = dict(re.findall(r"(?:^|/)(AV|AC|PR|UI|S|C|I|A):([A-Z])(?=/|$)", vector.strip()))
    wrong = [name for name in _METRICS if found.get(name, "") not in _known(name)]
    if not re.match(r"(CVSS:3|AV:)", vector.strip()) or wrong:
        about = f" ({', '.join(wrong)} missing or wrong)" if wrong else ""
        raise ValueError(f"{vector!r} is no CVSS 3 vector{about}")
    return found


def _known(name: str) -> Iterable[str]:
    if name == "S":
        return ("U", "C")
    tables: Mapping[str, Mapping[str, float]] = model()["cvss"]
    return tables["impact" if name in "CIA" else name]


def metrics_of(case: Case) -> Mapping[str, str]:
    """Return the metrics of a case: those of its vector, under the answers for its kind."""
    found = _published(case)
    if case.rubric is None:
        return found
    own = {"C": case.rubric.confidentiality, "I": case.rubric.integrity}
    own["A"] = case.rubric.availability
    return {**found, **{name: level for name, level in own.items() if level}}


def _published(case: Case) -> Mapping[str, str]:
    return metrics(case.cvss or _NO_VECTOR)


def zone_of(case: Case) -> str:
    """Return the zone that counts: few peers prove nothing without a proven boundary."""
    if case.zone in _BOUNDED and not case.boundary_proven:
        return "clinical_shared"
    return case.zone


def verdict_of(case: Case, vector: Mapping[str, str]) -> Verdict:
    """Return the verdict that counts: who must be at the device does not come over the network."""
    if case.networked:
        return case.verdict
    if vector["AV"] == "P":
        return "not_exploitable"
    if vector["AV"] == "L" and case.verdict != "not_exploitable":
        return "unlikely"
    return case.verdict


def ease(vector: Mapping[str, str], zone: str, figures: Figures) -> float:
    """Return how easy it is; behind a boundary, the attacker must be adjacent."""
    tables = figures["cvss"]
    way = "A" if vector["AV"] == "N" and zone in _BOUNDED else vector["AV"]
    privileges = tables["PR_changed" if vector["S"] == "C" else "PR"][vector["PR"]]
    product = tables["AV"][way] * tables["AC"][vector["AC"]] * tables["UI"][vector["UI"]]
    return float(product * privileges / figures["ease_of_all"])


def threats(threat: Threat, figures: Figures) -> dict[str, float]:
    """Return each thing that is known of attackers with the least threat that it means."""
    known = {
        "any": True,
        "codeless": threat.codeless,
        "public": threat.public,
        "kev": threat.kev,
        "kev_ransomware": threat.kev and threat.ransomware,
        "attempt": threat.attempt,
    }
    least = {name: float(figures["threat"][name]) for name, holds in known.items() if holds}
    return {**least, "epss": threat.epss} if threat.epss else least


def likelihood(
    case: Case, verdict: Verdict, ease_: float, threat: float, figures: Figures
) -> float:
    """Return how likely it is exploited, as a share of the worst."""
    factor, _ = figures["zones"][zone_of(case)]
    sure = figures["affected"][case.affected] * figures["verdict"][verdict]
    return float(sure * factor * max(threat, figures["ease_weight"] * ease_))


def impact(factors: Factors, vector: Mapping[str, str], figures: Figures) -> Impact:
    """Return what it would do on each axis, from 0 to 10."""
    c, i, a = (figures["cvss"]["impact"][vector[metric]] for metric in "CIA")
    available = figures["availability"]["life_sustaining" if factors.life else "other"]
    foothold = 1.0 if c == i == a == 1 else 0.5 if i == 1 else 0.0
    return (
        round(factors.safety * max(i, available * a), 9),
        round(factors.effectiveness * max(a, figures["integrity_for_effectiveness"] * i), 9),
        round(max(factors.data * c, figures["foothold"] * foothold), 9),
    )


def fold(scores: Iterable[float], figures: Figures | None = None) -> float:
    """Return one score for many: bounded by 100, whatever their order, ruled by the worst."""
    half = (model() if figures is None else figures)["fold"]
    total = 0.0
    for at, score in enumerate(sorted(scores, reverse=True)):
        total += (100 - total) * (score / 100) * half**at
    return total


def group(devices: Iterable[float], figures: Figures | None = None) -> Group:
    """Return the score of a group by the scores of all of its devices."""
    figures = model() if figures is None else figures
    scores = list(devices)
    high = sum(score >= figures["bands"]["high"] for score in scores)
    share = high / len(scores) if scores else 0.0
    return Group(fold(scores, figures), len(scores), share)


def band(score: float, figures: Figures | None = None) -> str:
    """Return the word for a score."""
    figures = model() if figures is None else figures
    bands: Mapping[str, float] = figures["bands"]
    return next(name for name, least in bands.items() if score >= least)
