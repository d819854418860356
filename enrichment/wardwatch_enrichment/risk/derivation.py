"""Why a risk is what it is: one line for a person, and each step with its figure and its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from wardwatch_enrichment.finding import IN_WORDS, SETTLED
from wardwatch_enrichment.risk import labels, scoring
from wardwatch_enrichment.risk.case import Case, Risk
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.labels import View

_KNOWN = {
    "any": "anybody might try",
    "codeless": "no exploit code is needed",
    "public": "an exploit is public",
    "kev": "exploited, by CISA's catalogue (KEV)",
    "kev_ransomware": "used for ransomware (KEV)",
    "attempt": "an attempt was seen on this network",
    "epss": "EPSS",
}
_AXES = ("safety", "effectiveness", "data")


class Step(NamedTuple):
    """One step of the model: a figure or a word, and why."""

    step: str
    value: str
    why: str


class Explanation(NamedTuple):
    """The line that is printed with a label, and all steps."""

    line: str
    steps: tuple[Step, ...]


def explain(
    case: Case, found: Risk, evidence: str = "", figures: Figures | None = None
) -> Explanation:
    """Return why a case has its risk; `evidence` is the sentence of what was seen."""
    figures = model() if figures is None else figures
    vector = scoring.metrics_of(case)
    zone, verdict = scoring.zone_of(case), scoring.verdict_of(case, vector)
    suffered = scoring.impact(case.factors, vector, figures)
    view = View(case, vector, zone, verdict, suffered, figures)
    steps = (
        *_likely(view, found),
        *_impact(view),
        *_scores(view, found),
        *_label(view, found),
        Step("model", str(figures["model"]), "version of the figures and rules"),
    )
    return Explanation(line(found, evidence), steps)


def line(found: Risk, evidence: str = "") -> str:
    """Return a label with how it came about, as a person reads it."""
    path = found.path.replace("+", " + ")
    for short, words in ((",yes,", ",automatable,"), (",no,", ",not automatable,")):
        path = path.replace(short, words)
    path = path.replace(",", ", ")
    told = f": {evidence}" if evidence else ""
    return f"{found.label} – {path}{told}"  # noqa: RUF001  a dash between words


def _likely(view: View, found: Risk) -> Iterator[Step]:
    case, figures = view.case, view.figures
    sure = figures["affected"][case.affected]
    yield Step("affected", _short(sure), case.affected.replace("_", " "))
    why = IN_WORDS[view.verdict]
    if view.verdict != case.verdict:
        why += f", as its vector has AV:{view.vector['AV']}"
    yield Step("verdict", _short(figures["verdict"][view.verdict]), why)
    factor, exposure = figures["zones"][view.zone]
    why = f"{view.zone}, {exposure}"
    if view.zone != case.zone:
        why += f": nothing proves the boundary of {case.zone}"
    yield Step("exposure", _short(factor), why)
    used = "/".join(f"{name}:{view.vector[name]}" for name in ("AV", "AC", "PR", "UI"))
    near = view.vector["AV"] == "N" and exposure == "small"
    yield Step("ease", f"{found.ease:.2f}", used + (", adjacent behind its boundary" * near))
    known = scoring.threats(case.threat, figures)
    why = "; ".join(f"{_KNOWN[name]} {_short(known[name])}" for name in known)
    yield Step("threat", f"{found.threat:.2f}", why)
    weight = figures["ease_weight"]
    why = (
        f"{_short(sure)} · {_short(figures['verdict'][view.verdict])} · {_short(factor)} · "
        f"max({found.threat:.2f}, {_short(weight)}·{found.ease:.2f})"
    )
    yield Step("likelihood", f"{found.likelihood:.3f}", why)


def _impact(view: View) -> Iterator[Step]:
    factors, vector = view.case.factors, view.vector
    levels = "/".join(f"{name}:{vector[name]}" for name in "CIA")
    source = "CVSS" if view.case.cvss else "nobody: no vector is published"
    if rubric := view.case.rubric:
        source = f"the rubric's answers{f' of {rubric.by}: {rubric.reason}' if rubric.by else ''}"
    yield Step("losses", levels, f"confidentiality, integrity, availability by {source}")
    kind = "life-sustaining or alarm path" if factors.life else "not life-sustaining"
    reasons = {
        "safety": f"{_short(factors.safety)} for patients, {kind}",
        "effectiveness": f"{_short(factors.effectiveness)} for the treatment",
        "data": f"{_short(factors.data)} for data, or a foothold",
    }
    for axis, value in zip(_AXES, view.impact, strict=True):
        yield Step(f"impact on {axis}", _short(value), reasons[axis])


def _scores(view: View, found: Risk) -> Iterator[Step]:
    axes = dict(zip(_AXES, (found.safety, found.effectiveness, found.data), strict=True))
    for (axis, value), suffered in zip(axes.items(), view.impact, strict=True):
        yield Step(axis, f"{value:.1f}", f"10 · {_short(suffered)} · {found.likelihood:.3f}")
    weights: Mapping[str, float] = view.figures["weights"]
    parts = (f"{_short(weights[axis])}·{value:.1f}" for axis, value in axes.items())
    yield Step("score", f"{found.score:.1f}", f"max({', '.join(parts)})")


def _label(view: View, found: Risk) -> Iterator[Step]:
    words: Mapping[str, str] = view.figures["rules"]
    if view.case.affected not in SETTLED:
        points = labels.points_of(view)
        yield Step("table", labels.tree(points), _points(view, points))
        raised = found.path.split("+")[1:]
        for rule in labels.rules(view, points):
            yield Step(rule.name, rule.least, words[rule.name] + _idle(rule.name, raised))
    for name in ("C0", "C1", "C2", "C3", "C4"):
        if name in found.path.split("+"):
            yield Step(name, found.label, words[name])
    after = "no date" if found.due_days is None else f"within {found.due_days} days"
    yield Step("label", found.label, "; ".join(filter(None, (found.path, after, found.task))))
    if found.bod_26_04:
        yield Step("BOD 26-04", found.bod_26_04, "CISA's deadline for what is in its catalogue")


def _idle(name: str, raised: list[str]) -> str:
    return "" if name in raised else " (the label was so already)"


def _points(view: View, points: labels.Points) -> str:
    figures, easy = view.figures, points.automatable == "yes"
    safety = labels.safety_level(view.case.factors, view.impact[0], figures, automatable=easy)
    mission = labels.mission_level(view.impact[1], figures)
    lifted = view.impact[2] >= figures["data_lifts"]
    human = f"human impact {points.human} (safety {safety}, mission {mission}"
    human += ", data counts as high)" if lifted else ")"
    able = "automatable" if easy else "not automatable"
    return f"exploitation {points.exploitation}, exposure {points.exposure}, {able}, {human}"


def _short(value: float) -> str:
    return f"{value:g}"
