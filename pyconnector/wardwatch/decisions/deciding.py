"""What people decide of findings: what holds of each now, and whether a decision can be taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple, get_args

from wardwatch.heard.claims import seconds
from wardwatch.risk.risks import Appraised, Found
from wardwatch.store import Store
from wardwatch_enrichment.assessment import identifier
from wardwatch_enrichment.finding import SETTLED
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import (
    Decision,
    DecisionKind,
    Grade,
    Standing,
    State,
    standing,
)

DAY = 86_400.0
TEXT = 1_000  # characters of a reason, a remark or a name
KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
Wrong = tuple[str, str]  # a column, and what is wrong with it


class DecisionError(Exception):
    """A decision cannot be taken; the message says why, and what to do instead."""


class Target(NamedTuple):
    """A finding that something is decided of, and its device."""

    device: Device
    rated: Rated


def standings(
    store: Store, site: str, now: float, rated: Iterable[Rated] = ()
) -> dict[str, Standing]:
    """Return what holds of the findings of a site that something was decided of, by their ids.

    `rated` are findings as they are: an acceptance does not hold for what became worse.
    """
    decided = by_finding(store, site)
    grades = {one.finding.id: grade(one) for one in rated if one.finding.id in decided}
    return {key: standing(known, now, grades.get(key)) for key, known in decided.items()}


def standing_of(one: Rated, decided: Mapping[str, Iterable[Decision]], now: float) -> Standing:
    """Return what holds of a finding, by the decisions of its site (`by_finding`)."""
    return standing(decided.get(one.finding.id, ()), now, grade(one))


def held(store: Store, found: Iterable[Found], now: float) -> dict[str, Standing]:
    """Return the same for findings on devices of any sites."""
    rated: defaultdict[str, list[Rated]] = defaultdict(list)
    for device, known in found:
        rated[device.site] += known
    told = (standings(store, site, now, known) for site, known in rated.items())
    return {key: one for by_id in told for key, one in by_id.items()}


def held_then(store: Store, states: Iterable[State], at: float) -> dict[str, Standing]:
    """Return the same for findings as recorded at a time, by what was decided until then."""
    decided, found = by_finding(store), {}
    for state in states:
        if known := decided.get(state.finding):
            found[state.finding] = standing(known, at, grade_then(state))
    return found


def grade_then(state: State) -> Grade:
    """Return how grave a finding was."""
    harm = state.case is not None and state.case.threat.harm
    scored = state.case is not None and state.case.cvss
    return Grade(state.label, state.verdict, harm, state.score if scored else None)


def grade(rated: Rated) -> Grade:
    """Return how grave a finding is."""
    risk, case = rated.risk, rated.case
    score = risk.score if case.cvss else None
    return Grade(risk.label, rated.finding.verdict, case.threat.harm, score)


def by_finding(store: Store, site: str | None = None) -> dict[str, list[Decision]]:
    """Return decisions by the findings that they are of, also where devices became one since."""
    renamed = store.renamed()
    found: defaultdict[str, list[Decision]] = defaultdict(list)
    for one in store.decisions(site):
        device = renamed.get(one.device_id)
        found[identifier(device, one.vulnerability) if device else one.finding].append(one)
    return found


def targets(found: Iterable[Appraised]) -> dict[str, Target]:
    """Return all findings by their ids."""
    return {r.finding.id: Target(one.device, r) for one in found for r in one.rated}


def target(known: Mapping[str, Target], asked: str) -> Target:
    """Return the one finding whose id is, or begins, so; raises `DecisionError`."""
    asked = asked.strip().lower()
    hits = [asked] if asked in known else [key for key in known if asked and key.startswith(asked)]
    if len(hits) != 1:
        problem = "several ids begin so" if hits else "no finding has this id, or it is closed"
        raise DecisionError(
            f"{problem}; `wardwatch findings` tells the ids of findings (a device's is another)"
        )
    return known[hits[0]]


def decision(about: Target, kind: DecisionKind, *, who: str, at: float, **told: Any) -> Decision:
    """Return a decision of a finding, with what that is at this time."""
    finding, now = about.rated.finding, grade(about.rated)
    return Decision(
        site=about.device.site,
        finding=finding.id,
        device_id=finding.device_id,
        vulnerability=finding.vulnerability,
        kind=kind,
        who=who,
        at=at,
        label=now.label,
        verdict=now.verdict,
        score=now.score,
        **told,
    )


def objections(one: Decision, about: Target, now: float, longest: int) -> Iterator[Wrong]:
    """Yield each column of a decision that it cannot be taken for, and why."""
    finding = about.rated.finding
    if finding.affected in SETTLED:
        yield "finding", f"is closed ({finding.wording or finding.affected}): nothing to decide"
    if not one.who:
        yield "who", "names nobody; a decision is a person's"
    if one.at > now:
        yield "at", "is still to come"
    if one.kind == "accept":
        yield from _of_acceptance(one, about, longest)
    elif one.kind == "assign" and not one.owner and not one.status:
        yield "owner", "is empty, and so is the status"
    elif one.kind == "note" and not one.comment:
        yield "comment", "is empty"


def _of_acceptance(one: Decision, about: Target, longest: int) -> Iterator[Wrong]:
    if about.rated.case.threat.harm:
        yield "finding", "harm was seen (F4b), which nobody can accept; open an incident"
    if not one.why:
        yield "why", "is empty; an acceptance needs a reason"
    if one.until is None:
        yield "until", "is empty; an acceptance needs an end, as 2027-03-31"
    elif one.until < one.at:
        yield "until", "lies in the past"
    elif one.until > one.at + (longest + 1) * DAY:
        yield (
            "until",
            f"is more than {longest} days on, the longest by acceptance_days of the risk policy",
        )


def line(text: str) -> str:
    """Return a text as one line; raises `ValueError` where it is too long to be one."""
    found = "".join(c if c.isprintable() else " " for c in text).strip()
    if len(found) > TEXT:
        raise ValueError(f"is over {TEXT} characters")
    return found


def ending(text: str) -> float:
    """Return when something ends: a day holds until it is over, in UTC. Raises `ValueError`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return moment(text)
    return datetime.combine(day, time(23, 59, 59), UTC).timestamp()


def moment(text: str) -> float:
    """Return a time; raises `ValueError`."""
    try:
        return seconds(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no date; write it as 2027-03-31") from None
