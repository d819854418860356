"""What is kept of findings over time, and what people decided of them. Times are epoch seconds.

Both are append-only: a finding has a new state where its label, score or verdict changed, and a
decision is never changed, only followed by a later one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wardwatch_enrichment.finding import Affected, Verdict
from wardwatch_enrichment.risk.case import Label

DecisionKind = Literal["accept", "assign", "note"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided of a finding: to accept its risk, who owns it, or a remark.

    `who` decided it and `why`; an acceptance holds until `until`, and then the finding is back.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds of a finding by all decisions: who owns it, whether its risk is accepted now."""

    accepted: Decision | None = None
    owner: str = ""
    status: str = ""
    decisions: tuple[Decision, ...] = ()


def standing(decisions: Iterable[Decision], now: float) -> Standing:
    """Return what the decisions of one finding come to; the latest of each kind counts."""
    known = tuple(sorted(decisions, key=lambda one: (one.at, one.number)))
    accepts = [one for one in known if one.kind == "accept" and one.at <= now]
    last = accepts[-1] if accepts else None
    holds = last is not None and (last.until is None or now < last.until)
    owners = [one.owner for one in known if one.owner]
    statuses = [one.status for one in known if one.status]
    return Standing(
        accepted=last if holds else None,
        owner=owners[-1] if owners else "",
        status=statuses[-1] if statuses else "",
        decisions=known,
    )
