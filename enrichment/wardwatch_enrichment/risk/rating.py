"""The risk of each finding on a device, by all that is known of it; and of the device as a whole.

`Rater` brings together what the model asks: the finding, the device's factors, its zone, threats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from wardwatch_enrichment import attempts, presence
from wardwatch_enrichment.finding import SETTLED, Answer, Finding
from wardwatch_enrichment.risk import derivation, rubrics, scoring, zones
from wardwatch_enrichment.risk.case import LABELS, Case, Clock, Factors, Label, Risk
from wardwatch_enrichment.risk.factors import Weighed
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.threats import Known, threat
from wardwatch_enrichment.risk.vectors import as_version_3
from wardwatch_enrichment.risk.zones import Reached
from wardwatch_enrichment.surroundings import LIFE, Surroundings

CANNOT_TELL: Label = "Cannot tell"
# The order of work: what is to be done at once first, what cannot be told before what may wait.
URGENCY: tuple[Label, ...] = ("Act", "Attend", CANNOT_TELL, "Track*", "Track")
_NOTHING = "assumed, as nothing was seen of it"
DECIDING = ("strong_false", "weak_false", "true", "unknown")  # what a verdict rests on first


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A finding with its risk, and what that was worked out from; its dates, by the record.

    `unseen` names the sensors whose silence is why it cannot be told.
    """

    finding: Finding
    case: Case
    risk: Risk
    reached: Reached
    weighed_as: str
    clock: Clock | None = None
    unseen: str = ""

    @property
    def evidence(self) -> str:
        """The sentence that the verdict rests on, with the number of the vulnerability."""
        return f"{_sentence(self.finding)} ({self.finding.vulnerability})"

    @property
    def reason(self) -> str:
        """The label, how it came about, and what was seen: one line."""
        return derivation.line(self.risk, self.evidence)

    @property
    def order(self) -> tuple[object, ...]:
        """Sort the worst first; what is settled comes last."""
        settled = self.finding.affected in SETTLED
        urgency = URGENCY.index(self.risk.label)
        return (settled, urgency, -self.risk.score, self.finding.vulnerability)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRisk:
    """All open findings of a device as one: scores from 0 to 100 on each axis and over all.

    `label` is that of the most urgent, `labels` counts all, `due_days` is the first date.
    """

    score: float
    safety: float
    effectiveness: float
    data: float
    band: str
    label: Label
    labels: Mapping[Label, int]
    due_days: int | None


class Rater:
    """Ready to rate findings; what is the same for many is worked out once."""

    def __init__(
        self, policy: Policy, known: Known, weigh: Callable[[Surroundings], Weighed]
    ) -> None:
        self._policy, self._known, self._weigh = policy, known, weigh
        self._assess: Callable[[Case], Risk] = cache(
            lambda case: scoring.assess(case, policy.figures)
        )

    def rate(self, around: Surroundings, findings: Iterable[Finding]) -> tuple[Rated, ...]:
        """Return findings of one device with their risks, the worst first."""
        weighed, silent = self._weigh(around), presence.told(around.silent)
        places: dict[tuple[tuple[str, ...], tuple[str, ...]], Reached] = {}
        known, found = self._known, []
        if tried := attempts.tried(around.device.events, around.now - LIFE):
            known = replace(known, attempted=known.attempted | tried)
        for finding in findings:
            key = (finding.reached_from, finding.ports)
            if key not in places:
                places[key] = self._place(around, *key)
            case = self._case(around, finding, weighed.factors, places[key], known)
            found.append(
                Rated(
                    finding=finding,
                    case=case,
                    risk=self._assess(case),
                    reached=places[key],
                    weighed_as=weighed.source,
                    unseen=_lapse(finding) or ("" if case.covered else silent),
                )
            )
        return tuple(sorted(found, key=lambda rated: rated.order))

    def _case(
        self,
        around: Surroundings,
        finding: Finding,
        factors: Factors,
        reached: Reached,
        known: Known,
    ) -> Case:
        rubric = rubrics.of(self._policy.rubric, finding.vulnerability, around.device.type)
        return Case(
            factors=factors,
            cvss=vector_of(finding),
            affected=finding.affected,
            verdict=finding.verdict or "potential",
            zone=reached.zone,
            threat=threat(finding, known),
            boundary_proven=reached.boundary_proven,
            covered=around.is_covered and not _lapse(finding),
            recall=finding.urgent,
            rubric=rubric,
            networked=finding.assumed is None and finding.access is None,
            informs=finding.is_posture and not finding.cvss,
        )

    def whole(self, rated: Iterable[Rated]) -> DeviceRisk:
        """Return what the findings of a device come to together."""
        return device_risk(rated, self._policy.figures)

    def _place(
        self, around: Surroundings, reached_from: tuple[str, ...], ports: tuple[str, ...]
    ) -> Reached:
        asked = reached_from if reached_from or ports else None
        return zones.zone(around, asked, ports=ports, sanctioned=self._policy.sanctioned)


def _lapse(finding: Finding) -> str:
    """Return which sensors' silence takes away what decided a finding before."""
    return next((one.lapsed for one in finding.answers if one.lapsed), "")


def vector_of(finding: Finding) -> str:
    """Return the vector that a finding is scored by; empty where nobody published one."""
    vector = as_version_3(finding.cvss) if finding.cvss else None
    return vector.text if vector else ""


def device_risk(rated: Iterable[Rated], figures: Figures | None = None) -> DeviceRisk:
    """Return what the findings of a device come to together."""
    figures = model() if figures is None else figures
    risks = [one.risk for one in rated if one.finding.affected not in SETTLED]
    labels = Counter(risk.label for risk in risks)
    score = scoring.fold((risk.score for risk in risks), figures)
    return DeviceRisk(
        score=score,
        safety=scoring.fold((risk.safety for risk in risks), figures),
        effectiveness=scoring.fold((risk.effectiveness for risk in risks), figures),
        data=scoring.fold((risk.data for risk in risks), figures),
        band=scoring.band(score, figures),
        label=next((label for label in URGENCY if labels[label]), LABELS[0]),
        labels=dict(labels),
        due_days=min((r.due_days for r in risks if r.due_days is not None), default=None),
    )


def _sentence(finding: Finding) -> str:
    """Return what the verdict rests on, in one sentence; what nobody saw is called assumed."""
    answer = min(finding.answers, key=lambda one: DECIDING.index(one.truth), default=None)
    if answer and answer.grounds and answer.truth != "unknown":
        ground = max(answer.grounds, key=lambda one: one.time)
        told = ground.sentence
    elif finding.matches:
        told = _not_seen(answer, finding)
    else:
        told = finding.wording or "assumed"
    return told


def _not_seen(answer: Answer | None, finding: Finding) -> str:
    match = finding.matches[0]
    told = f"{match.reason} by {match.advisory}"
    if answer and answer.truth == "unknown" and finding.affected not in SETTLED:
        why = f"cannot be told, {answer.lapsed}" if answer.lapsed else _NOTHING
        told += f"; {answer.predicate}: {why}"
    return told
