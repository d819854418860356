"""What a hospital states of the vulnerabilities in its own devices (VEX), one unit at a time.

It speaks for the units that it runs, never for a product. Where a boundary, a refusal or a
configuration keeps a weakness from being used, the unit is affected, with the action that keeps it
so: what OpenVEX calls an inline mitigation is built in by the maker, and is never claimed here.
``vex_openvex.py`` and ``vex_csaf.py`` write it down.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from wardwatch_enrichment.content import is_unit_serial
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.vex import words

Status = Literal["affected", "not_affected", "fixed", "under_investigation"]
Remedy = Literal["mitigation", "none_available"]
TOOL = "Wardwatch"
CVE = re.compile(r"CVE-\d{4}-\d{4,}")
# What a hospital can prove itself. The other words of VEX are about the inside of a product.
_OF_PRESENCE = {
    "component_not_present": "component_not_present",
    "vulnerable_code_not_present": "vulnerable_code_not_present",
    "code_not_present": "vulnerable_code_not_present",  # CycloneDX
}
_WORST: tuple[Status, ...] = ("affected", "under_investigation", "not_affected", "fixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """The hospital: `namespace` is a web address under its control, `tlp` who may read it."""

    name: str
    namespace: str
    contact: str | None = None
    tlp: str = "AMBER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a document: its number, when it was issued, and what changed."""

    number: int
    time: float
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A document in its latest version; `site` is what it is about, `tool` our own version."""

    id: str
    site: str
    publisher: Publisher
    revisions: tuple[Revision, ...]
    tool: str = ""

    @property
    def latest(self) -> Revision:
        """The version that is written."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is stated of one vulnerability in one unit, or in units that are all alike in it.

    `impact` is why: the evidence. `action` is what to do, or what would decide it.
    """

    vulnerability: str
    units: tuple[Device, ...]
    status: Status
    justification: str | None = None
    impact: str = ""
    action: str = ""
    remedy: Remedy = "mitigation"
    title: str = ""
    advisories: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """All that is stated, in a stable order, and how many findings were left out and why."""

    stated: tuple[Position, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


def document_id(publisher: Publisher, *scope: str) -> str:
    """Return the id of a document: that of a publisher about the same is always the same."""
    content = json.dumps([publisher.namespace, *scope])
    return f"wardwatch-vex-{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def unit_urn(device: Device) -> str:
    """Return the name of a unit: it says nothing but the id that the inventory has for it."""
    return f"urn:wardwatch:device:{device.id}"


def serial_of(device: Device) -> str | None:
    """Return the serial number of a unit; some devices state an address in its place."""
    serial = device.serial_number
    return serial if serial and is_unit_serial(serial) else None


def positions(known: Iterable[tuple[Device, tuple[Finding, ...]]], now: float) -> Positions:
    """Return what findings come to at a moment; a candidate, or mere posture, states nothing."""
    left_out: Counter[str] = Counter()
    found: dict[tuple[str, str], Position] = {}
    fleet: Counter[tuple[str, ...]] = Counter()
    for device, findings in known:
        fleet[_model(device)] += 1
        for finding in findings:
            if reason := _silent(finding):
                left_out[reason] += 1
                continue
            said = _position(device, finding, now)
            key = (said.vulnerability, device.id)
            found[key] = min(found.get(key, said), said, key=_rank)
    return Positions(
        stated=tuple(_by_model(found.values(), fleet)), left_out=dict(sorted(left_out.items()))
    )


def _silent(finding: Finding) -> str | None:
    """Return why nothing is stated of a finding, if so."""
    if finding.affected == "candidate":
        return "candidates, alike in name only"
    if not finding.matches and not CVE.fullmatch(finding.vulnerability):
        return "posture, which no advisory is about"
    return None


def _rank(said: Position) -> tuple[object, ...]:
    """Sort the worst first: a unit has one status for a vulnerability."""
    return _WORST.index(said.status), said.impact, said.action


def _position(device: Device, finding: Finding, now: float) -> Position:
    status = _status(finding, now)
    reasons = [*words.counted(words.reasons(finding, device))]
    said = Position(
        vulnerability=words.shown(finding.vulnerability, words.NAME),
        units=(device,),
        status=status,
        title=words.shown(finding.title),
        advisories=_advisories(finding),
        impact=words.joined([*reasons, *words.caveats(finding)]),
    )
    if status == "affected":
        return _affected(said, finding, now)
    if status == "under_investigation":
        seen = words.counted(words.evidence(finding, now))
        remedy: Remedy = "mitigation" if finding.actions else "none_available"
        impact = words.joined([said.impact, *seen])
        return replace(said, impact=impact, action=words.missing(finding, now), remedy=remedy)
    proven = words.counted(words.evidence(finding, now))
    why = _justification(finding) if status == "not_affected" else None
    return replace(said, justification=why, impact=words.joined([said.impact, *proven]))


def _advisories(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Return which advisories a finding is from, with their publishers."""
    known = {
        (words.shown(m.advisory, words.NAME), words.shown(m.publisher, words.NAME))
        for m in finding.matches
    }
    return tuple(sorted(known))


def _status(finding: Finding, now: float) -> Status:
    """Return the status of a unit. What is not proven is under investigation."""
    if finding.affected == "fixed":
        return "fixed"
    if finding.affected == "not_affected":
        waits = any(match.affected == "candidate" for match in finding.matches)
        proven = finding.matches or any(answer.grounds for answer in finding.answers)
        doubtful = waits or not proven or words.expired(finding, now)
        return "under_investigation" if doubtful else "not_affected"
    if _without_it(finding, now):
        return "not_affected"
    if finding.affected == "possible":
        return "under_investigation"  # nobody knows yet whether the weakness is in it
    if finding.access == "physical" or finding.verdict == "exploitable":
        return "affected"
    kept = finding.verdict == "not_exploitable" and words.protections(finding, now)
    return "affected" if kept else "under_investigation"


def _without_it(finding: Finding, now: float) -> bool:
    """Tell whether the version of a component proves that the vulnerable code is not there."""
    return finding.verdict == "not_exploitable" and any(
        answer.truth == "strong_false"
        and answer.justification in _OF_PRESENCE
        and proof.kind == "version"
        and (proof.expires is None or proof.expires > now)
        for answer in finding.answers
        for proof in answer.grounds
    )


def _affected(said: Position, finding: Finding, now: float) -> Position:
    if finding.access != "physical" and finding.verdict == "not_exploitable":
        return replace(said, action=words.protected(finding, now))
    seen = words.counted(words.evidence(finding, now))
    remedy: Remedy = "mitigation"
    if not finding.actions and finding.access != "physical":
        remedy = "none_available"
    impact = words.joined([said.impact, *seen])
    return replace(said, impact=impact, action=words.measures(finding), remedy=remedy)


def _justification(finding: Finding) -> str | None:
    """Return why a unit is not affected; None where only words can tell."""
    if finding.affected != "not_affected":  # by a component's version
        words = [a.justification for a in finding.answers if a.truth == "strong_false"]
        return next(_OF_PRESENCE[word] for word in words if word in _OF_PRESENCE)
    if finding.justification is not None:
        return _OF_PRESENCE.get(finding.justification)
    by_version = any(
        match.affected == "not_affected" and match.searched_by.get("versions")
        for match in finding.matches
    )
    return "vulnerable_code_not_present" if by_version else None


def _model(device: Device) -> tuple[str, ...]:
    """Return what units have in common; a unit of unknown make has nothing."""
    if device.manufacturer and device.model:
        return device.site, device.manufacturer, device.model
    return (device.id,)


def _by_model(said: Iterable[Position], fleet: Mapping[tuple[str, ...], int]) -> Iterable[Position]:
    """Say once what is true of all units of a model, to the letter; the rest unit by unit."""
    groups: defaultdict[tuple[str, tuple[str, ...]], list[Position]] = defaultdict(list)
    for one in said:
        groups[one.vulnerability, _model(one.units[0])].append(one)
    for (_, model), found in sorted(groups.items()):
        found.sort(key=lambda one: one.units[0].id)
        units = tuple(one.units[0] for one in found)
        alike = [replace(one, units=units) for one in found]
        if len(found) == fleet[model] and len(set(map(_said, alike))) == 1:
            yield alike[0]
        else:
            yield from found


def _said(position: Position) -> tuple[object, ...]:
    return position.status, position.justification, position.impact, position.action
