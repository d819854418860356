"""What would become of a device's findings if something were done: worked out by the engine.

Nothing is estimated: the device is judged again with its evidence as it is and what is supposed
taken for done. Evidence from before a patch still speaks, as if it was watched long enough since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from wardwatch_enrichment import exploitability, predicates, versions
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import SETTLED, Finding, Verdict
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.posture import peers, seen
from wardwatch_enrichment.posture.entries import Posture, entries
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.supposed import Supposed
from wardwatch_enrichment.supposition import SIMULATED, refuted, without
from wardwatch_enrichment.surroundings import Surroundings

_VERSIONS = ("software_versions", "firmware_versions")
_LATER = ("equal", "greater", "within")
_CHECKS = ("crossing", "internet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What judges and rates a device: what the advisories come to on it, and their risks."""

    advised: Callable[[Surroundings], Iterable[Finding]]
    rate: Callable[[Surroundings, Iterable[Finding]], Sequence[Rated]]


class Effect(NamedTuple):
    """A finding before and after; `after` is None where it is gone with its device."""

    before: Rated
    after: Rated | None

    @property
    def removed(self) -> float:
        """How much of its score is gone."""
        return self.before.risk.score - (self.after.risk.score if self.after else 0.0)

    @property
    def closed(self) -> bool:
        """Whether it is no longer open."""
        return self.after is None or self.after.finding.affected in SETTLED

    @property
    def changed(self) -> bool:
        """Whether anything becomes of it that people see."""
        if self.after is None:
            return True
        one, other = self.before, self.after
        same = one.risk == other.risk and one.finding.affected == other.finding.affected
        return not same or one.finding.verdict != other.finding.verdict


def is_open(rated: Rated) -> bool:
    """Tell whether a finding counts: what is settled does not."""
    return rated.finding.affected not in SETTLED


def effects(
    around: Surroundings, rated: Iterable[Rated], what: Supposed, engine: Engine
) -> tuple[Effect, ...]:
    """Return what becomes of the open findings of one device, and of what a change brings up."""
    known = {one.finding.id: one for one in rated}
    after = {one.finding.id: one for one in simulated(around, known.values(), what, engine)}
    found = [Effect(one, after.get(key)) for key, one in known.items() if is_open(one)]
    opened = (one for key, one in after.items() if is_open(one) and key not in known)
    reopened = (
        one
        for key, one in after.items()
        if is_open(one) and key in known and not is_open(known[key])
    )
    return (*found, *(Effect(_nothing(one), one) for one in (*opened, *reopened)))


def _nothing(rated: Rated) -> Rated:
    """Return a finding that there was not before."""
    none = replace(rated.risk, score=0.0, safety=0.0, effectiveness=0.0, data=0.0, label="Track")
    finding = replace(rated.finding, affected="not_affected", verdict=None)
    return replace(rated, finding=finding, risk=none)


def simulated(
    around: Surroundings, rated: Iterable[Rated], what: Supposed, engine: Engine
) -> tuple[Rated, ...]:
    """Return the findings of a device with their risks once all is done that is supposed."""
    if what.replaced:
        return ()
    changed = suppose(around, what)
    found = [*engine.advised(changed)]
    found += [_posture(one.finding, changed) for one in rated if one.finding.is_posture]
    return tuple(engine.rate(changed, (_configured(one, changed) for one in found)))


def suppose(around: Surroundings, what: Supposed) -> Surroundings:
    """Return a device in its surroundings as they are once all is done that is supposed."""
    device = _updated(around.device, what.version) if what.version else around.device
    told = tuple(
        Fact(
            kind="patch",
            values={"vulnerability": number, "status": "applied", "by": SIMULATED},
            source=SIMULATED,
            line=0,
            at=around.now,
        )
        for number in sorted(what.fixed)
    )
    made = replace(
        around,
        device=device,
        handling=(*around.handling, *told),
        answered={},
        judged={},
        supposed=what,
    )
    vars(made)["watched"] = around.watched
    return made


def _updated(device: Device, version: str) -> Device:
    """Return a device with other software; one that has this or a later version keeps its own."""
    wanted = versions.parse(version)
    parsed = (versions.parse(known) for known in device.software_versions)
    if wanted and any(one and versions.compare(one, wanted) in _LATER for one in parsed):
        return device
    since = [a.first_seen for a in device.attributes if a.name in _VERSIONS]
    told = Attribute(
        name="software_versions",
        value=version,
        confidence=1.0,
        current=True,
        first_seen=min(since, default=device.first_seen),
        last_seen=device.last_seen,
        evidence=(),
    )
    kept = (a for a in device.attributes if a.name not in _VERSIONS)
    return replace(device, software_versions=(version,), attributes=(told, *kept))


def _posture(finding: Finding, changed: Surroundings) -> Finding:
    """Return a finding about the posture with its answers as they are then."""
    what = changed.supposed or Supposed()
    entry = next((one for one in entries() if one.id == finding.vulnerability), None)
    if entry is None:
        return finding
    if entry.check in _CHECKS:
        return _checked(finding, entry, changed, what)
    if not entry.needs:
        return finding
    side = seen.of_side(changed, entry.side)
    answers = tuple(predicates.answer(one, side) for one in entry.needs)
    told = exploitability.judged(finding, answers, entry.needs, side)
    return replace(told, wording=finding.wording)


def _checked(finding: Finding, entry: Posture, changed: Surroundings, what: Supposed) -> Finding:
    """Return what is seen of whom it talks with, without what would be cut."""
    left = without(changed, what.blocked)
    crosses = entry.check == "crossing" and any(peers.crossing(left, entry.names))
    if crosses or (entry.check == "internet" and not what.sealed):
        return finding
    if entry.check == "crossing" and not what.blocked:
        return finding
    answers = tuple(
        refuted(one.predicate, changed, "it is cut off from there") for one in finding.answers
    )
    return replace(finding, verdict="not_exploitable", answers=answers)


def _configured(finding: Finding, changed: Surroundings) -> Finding:
    """Return a finding whose device was set so that something that it needs no longer holds."""
    settings = changed.supposed.configured if changed.supposed else frozenset()
    off = {predicate for number, predicate in settings if number == finding.vulnerability}
    names = {answer.predicate for answer in finding.answers} & off
    if not names or finding.verdict in ("not_exploitable", None):
        return finding
    answers = tuple(
        refuted(one.predicate, changed, "the device is set against it")
        if one.predicate in names
        else one
        for one in finding.answers
    )
    # Where nobody looked up what it needs, a proof against the assumed is none.
    verdict: Verdict = "unlikely" if finding.assumed else "not_exploitable"
    return replace(finding, verdict=verdict, answers=answers)


class Sums(NamedTuple):
    """What findings come to together."""

    score: float = 0.0
    labels: Mapping[Label, int] = {}

    def plus(self, other: Sums) -> Sums:
        """Return both together."""
        return Sums(self.score + other.score, Counter(self.labels) + Counter(other.labels))


def sums(found: Iterable[Rated]) -> Sums:
    """Return the sum of scores of open findings, and how many have which label."""
    known = [one for one in found if is_open(one)]
    return Sums(sum(one.risk.score for one in known), Counter(one.risk.label for one in known))


def before(found: Iterable[Effect]) -> Iterator[Rated]:
    """Yield the findings as they are."""
    return (one.before for one in found)


def after(found: Iterable[Effect]) -> Iterator[Rated]:
    """Yield the findings as they would be."""
    return (one.after for one in found if one.after)
