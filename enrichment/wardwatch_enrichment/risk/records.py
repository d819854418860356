"""What is kept of findings over time, and what people decided of them. Times are epoch seconds.

Both are append-only: a finding has a new state where its label, score or verdict changed, and a
decision is never changed, only followed by a later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, get_args

from wardwatch_enrichment.finding import Affected, Verdict
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Label
from wardwatch_enrichment.risk.figures import model
from wardwatch_enrichment.risk.rating import URGENCY

DecisionKind = Literal["accept", "assign", "note"]
_VERDICTS: tuple[str, ...] = get_args(Verdict)  # the worst first
_BANDS: tuple[str, ...] = tuple(f"a score of {name}" for name in model()["bands"])  # so are these


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A sentence that a state rests on, and the log line or place in a file that it is from."""

    sentence: str
    log: str | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A finding as it was from `at` on, until its next state.

    `closed` tells why it is no longer open, None while it is. `moved` tells what brought this
    state about. `due` is until when something must be in place. `run` is the number of the
    assessment that found it, which keeps the versions of model and data.

    `called` is the device as it was named then, `software` what ran on it, `case` what the risk
    was worked out from, `wording` the verdict in words. `began` tells since when each label, or a
    more urgent one, has lasted.
    """

    finding: str
    device_id: str
    site: str
    vulnerability: str
    title: str = ""
    at: float
    label: Label
    score: float
    safety: float
    effectiveness: float
    data: float
    affected: Affected
    verdict: Verdict | None
    zone: str
    reason: str
    moved: str
    due: float | None = None
    closed: str | None = None
    evidence: tuple[Quoted, ...] = ()
    run: int = 0
    called: str = ""
    case: Case | None = None
    began: Mapping[Label, float] = field(default_factory=dict)
    software: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()
    wording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided of a finding: to accept its risk, who owns it, or a remark.

    `who` decided it and `why`; an acceptance holds until `until`, and then the finding is back.
    `label`, `verdict` and `score` are what the finding was when that was decided.
    """

    number: int = 0
    site: str
    finding: str
    kind: DecisionKind
    who: str
    at: float
    why: str = ""
    owner: str = ""
    status: str = ""
    comment: str = ""
    until: float | None = None
    device_id: str = ""
    vulnerability: str = ""
    label: Label | None = None
    verdict: Verdict | None = None
    score: float | None = None


class Grade(NamedTuple):
    """How grave a finding is now: an acceptance does not outlive what it was given for."""

    label: Label
    verdict: Verdict | None = None
    harm: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds of a finding by all decisions: who owns it, whether its risk is accepted now.

    `lapsed` tells why the last acceptance does not hold, empty where there is none or it does.
    """

    accepted: Decision | None = None
    owner: str = ""
    status: str = ""
    lapsed: str = ""
    decisions: tuple[Decision, ...] = ()


def standing(decisions: Iterable[Decision], now: float, grade: Grade | None = None) -> Standing:
    """Return what the decisions of one finding come to; the latest of each kind counts."""
    known = sorted((one for one in decisions if one.at <= now), key=lambda d: (d.at, d.number))
    last = next((one for one in reversed(known) if one.kind == "accept"), None)
    lapsed = _lapsed(last, now, grade) if last else ""
    return Standing(
        accepted=None if lapsed else last,
        owner=next((one.owner for one in reversed(known) if one.owner), ""),
        status=next((one.status for one in reversed(known) if one.status), ""),
        lapsed=lapsed,
        decisions=tuple(known),
    )


def _lapsed(given: Decision, now: float, grade: Grade | None) -> str:
    """Return why an acceptance does not hold: it ran out, or the finding is worse than it was."""
    told = f"acceptance by {given.who}"
    if given.until is None or given.until <= given.at:
        return f"acceptance was withdrawn by {given.who} on {_day(given.at)}"
    if given.until <= now:
        return f"{told} ran out on {_day(given.until)}"
    if grade is None:
        return ""
    if grade.harm:
        return f"{told} no longer holds: harm was seen"
    worse = [
        f"{then} then, {since} now".replace("_", " ")
        for order, then, since in (
            (URGENCY, given.label, grade.label),
            (_VERDICTS, given.verdict, grade.verdict),
            (_BANDS, _band(given.score), _band(grade.score)),
        )
        if then in order and since in order and order.index(since) < order.index(then)
    ]
    return f"{told} no longer holds: {'; '.join(worse)}" if worse else ""


def _band(score: float | None) -> str | None:
    """Return the word for a score, always by the model as shipped: a site's change moves none."""
    return None if score is None else f"a score of {scoring.band(score)}"


def _day(ts: float) -> str:
    return datetime.fromtimestamp(ts, UTC).date().isoformat()
