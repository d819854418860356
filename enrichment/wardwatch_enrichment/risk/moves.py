"""What brought a new state of a finding about: only what can be told by comparing it with before.

Where nothing tells, it was `ANEW`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wardwatch_enrichment.finding import Answer, Ground
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Label, Risk, Threat
from wardwatch_enrichment.risk.figures import Figures
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import State

ANEW = "worked out anew"
_PROOFS = {
    "refusal": "refusals of the device",
    "configuration": "how it is configured",
    "version": "its version",
    "boundary": "a boundary",
    "bench": "a test of such a device",
    "manufacturer": "a statement of the manufacturer",
    "patch": "a record of a patch",
}
_TOLD = {
    "kev": ("listed in CISA's catalogue (KEV)", "no longer in CISA's catalogue (KEV)"),
    "ransomware": ("known to be used for ransomware (KEV)", "no longer known for ransomware (KEV)"),
    "public": ("an exploit is public", "no exploit is known to be public any more"),
    "attempt": ("an attempt was seen on this network", "no attempt was seen of late"),
    "harm": ("harm was seen", "no harm was seen of late"),
}
_FEEDS = ("kev", "ransomware")


def moved(before: State, after: State, rated: Rated, figures: Figures) -> str:
    """Return what moved a finding from its last state to this one."""
    told = list(dict.fromkeys(_moved(before, after, rated, figures)))
    return "; ".join(told) or ANEW


def _moved(before: State, after: State, rated: Rated, figures: Figures) -> Iterator[str]:
    if before.closed is not None and after.closed is None:
        yield "open again"
    if before.software and after.software and before.software != after.software:
        was, now = ", ".join(before.software), ", ".join(after.software)
        yield f"software changed: {was} before, {now} now"
    if before.case is None:
        return
    yield from _threats(before.case.threat, rated.case.threat)
    yield from _counted(before.case, rated.case, figures)
    if before.case.covered and not rated.case.covered:
        yield f"coverage lost: {rated.unseen or 'no sensor sees it now'}"
    elif rated.case.covered and not before.case.covered:
        yield "coverage: a sensor sees it now"
    yield from _evidence(before, after, rated)
    yield from _told_otherwise(before.case, rated.case)
    if _differs(before, figures):
        yield "figures of the model changed"


def _threats(before: Threat, now: Threat) -> Iterator[str]:
    for name, (came, went) in _TOLD.items():
        was, is_ = getattr(before, name), getattr(now, name)
        if was != is_:
            text = came if is_ else went
            yield f"feed: {text}" if name in _FEEDS else text
    decided = (before.automatable, before.total_impact)
    if decided != (now.automatable, now.total_impact):
        yield "feed: CISA's decision (Vulnrichment) changed"


def _counted(before: Case, now: Case, figures: Figures) -> Iterator[str]:
    """Yield the figures that vary from day to day, where that made a difference."""
    was, is_ = before.threat.epss, now.threat.epss
    if _matters(before, replace(before, threat=replace(before.threat, epss=is_)), figures):
        yield f"feed: EPSS {was:.3f} before, {is_:.3f} now"
    many, units = before.factors.fleet, now.factors.fleet
    if _matters(before, replace(before, factors=replace(before.factors, fleet=units)), figures):
        yield f"devices of its model: {many} before, {units} now"


def _matters(before: Case, other: Case, figures: Figures) -> bool:
    return _shown(scoring.assess(before, figures)) != _shown(scoring.assess(other, figures))


def _shown(risk: Risk) -> tuple[Label, float]:
    return risk.label, round(risk.score, 1)


def _evidence(before: State, after: State, rated: Rated) -> Iterator[str]:
    """Yield what evidence came or went, where the verdict, the version or the zone did."""
    if before.verdict != after.verdict:
        yield from _verdict(before, rated)
    if before.affected != after.affected and rated.finding.matches:
        yield f"new evidence: {rated.finding.matches[0].reason}"
    if before.zone != after.zone:
        words = f"reached from {after.zone}, {before.zone} before: {rated.reached.reason}"
        yield f"new evidence: {words}".replace("_", " ")


def _verdict(before: State, rated: Rated) -> Iterator[str]:
    answers = rated.finding.answers
    known = {one.sentence for one in before.evidence}
    if rated.finding.verdict == "not_exploitable":
        ground = newest(one for one in answers if one.truth == "strong_false")
        if ground and ground.kind in _PROOFS:
            yield f"mitigation proven by {_PROOFS[ground.kind]}: {ground.sentence}"
            return
    fresh = newest(one for one in answers if one.truth != "unknown")
    if fresh and fresh.sentence not in known:
        yield f"new evidence: {fresh.sentence}"
        return
    said = {ground.sentence for one in answers for ground in one.grounds}
    gone = [one.sentence for one in before.evidence if one.log and one.sentence not in said]
    if gone:
        yield f"evidence ran out or no longer holds: {gone[0]}"


def _told_otherwise(before: Case, now: Case) -> Iterator[str]:
    if before.cvss != now.cvss:
        yield "advisory: another vector"
    if before.rubric != now.rubric:
        yield "the answers for its kind of device changed"
    if replace(before.factors, fleet=1) != replace(now.factors, fleet=1):
        yield "what its loss means was told otherwise"
    if before.recall != now.recall:
        yield "a recall names it" if now.recall else "no recall names it any more"


def _differs(before: State, figures: Figures) -> bool:
    """Tell whether the figures of today make something else of what was known then."""
    if before.case is None or before.closed is not None:
        return False
    return _shown(scoring.assess(before.case, figures)) != (before.label, round(before.score, 1))


def newest(answers: Iterator[Answer]) -> Ground | None:
    """Return the latest ground of some answers."""
    grounds = (ground for answer in answers for ground in answer.grounds)
    return max(grounds, key=lambda one: one.time, default=None)
