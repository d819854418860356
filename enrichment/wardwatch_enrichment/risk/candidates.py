"""What could be done for devices of one model in one place, by the measures of their findings.

Measures that only detect, or that people have to work out first, make nothing less likely and are
no candidates; neither is an update that no source names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wardwatch_enrichment.mitigation import words
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.mitigation.weaknesses import way
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.simulation import is_open
from wardwatch_enrichment.supposed import ZONES, Supposed
from wardwatch_enrichment.surroundings import Surroundings
from wardwatch_enrichment.vex.words import shown

BAR = 5.0  # score from which also a finding that may wait counts
DEVICES = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands in a text for the devices of a task
_UNKNOWN = "unknown model"
_NAME = 80  # characters of a name in a text
_AT_DEVICE = ("off", "configure", "update", "replace")  # the others need an address of it
_NAMES_UPDATE = re.compile(r"\b(?:updat|upgrad|patch|version|release|install)", re.IGNORECASE)


class Known(NamedTuple):
    """A device with its findings and their risks, and what can be done about each by its id.

    Findings whose risk somebody accepted are not among them.
    """

    around: Surroundings
    rated: tuple[Rated, ...]
    measures: Mapping[str, Sequence[Mitigation]]


class Where(NamedTuple):
    """Of which devices a task is: of one model in one place."""

    site: str
    place: str
    model: str


@dataclass(slots=True, kw_only=True)
class Candidate:
    """Something that could be done, in the same way at all of its devices.

    `ports` are those of the services that it is about.
    """

    where: Where
    way: str
    detail: str
    effort: int
    each: bool
    text: str = ""
    what: Supposed = field(default_factory=Supposed)
    agree: bool = False
    ports: frozenset[str] = frozenset()
    sources: dict[str, None] = field(default_factory=dict)
    devices: dict[str, None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """Its name among all."""
        return (*self.where, self.way, self.detail)

    def cost(self, devices: int) -> int:
        """Return the effort for so many devices: once for all, or for each."""
        return self.effort * (devices if self.each else 1)


def is_above(rated: Rated) -> bool:
    """Tell whether something is to be done about a finding."""
    return is_open(rated) and (rated.risk.label != "Track" or rated.risk.score >= BAR)


def where(device: Device) -> Where:
    """Return of which devices a device's tasks are."""
    place = KEYS["ward"](device) or KEYS["subnet"](device) or ""
    name = KEYS["model"](device) or device.type or device.hostname or _UNKNOWN
    return Where(device.site, place, name)


def candidates(known: Iterable[Known]) -> list[Candidate]:
    """Return all that could be done, each once for a model and a place."""
    ports = _Ports()
    steps = [
        (one, rated, measure)
        for one in known
        for rated in one.rated
        if is_above(rated)
        for measure in one.measures.get(rated.finding.id, ())
        if _counts(rated, measure) and (one.around.device.ips or measure.way in _AT_DEVICE)
    ]
    for one, rated, measure in steps:
        ports.put(where(one.around.device), rated, measure)
    found: dict[tuple[str, ...], Candidate] = {}
    for one, rated, measure in sorted(steps, key=_worst_first):
        place = where(one.around.device)
        made = _candidate(place, rated, measure, ports.of(place, rated, measure))
        made.text = _worded(measure, one.around.device, made.what)
        _put(found, made, one.around.device.id, measure)
    return [found[key] for key in sorted(found)]


def _worst_first(step: tuple[Known, Rated, Mitigation]) -> tuple[object, ...]:
    one, rated, _ = step
    return (-rated.risk.score, rated.finding.vulnerability, one.around.device.id)


def _counts(rated: Rated, measure: Mitigation) -> bool:
    """Tell whether a measure makes something less likely, as far as anybody says."""
    if not measure.changes or measure.patch == "refused":
        return False
    if measure.way == "update" and not measure.patch:
        return any(_NAMES_UPDATE.search(told) for told in rated.finding.actions)
    if measure.way == "allow":
        return bool(measure.ports)
    if measure.way in ("block", "off", "configure") and not measure.ports:
        return bool(measure.changes.get("predicate"))
    return True


class _Ports:
    """At which ports a vulnerability is closed, on any device of a model in a place."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], frozenset[str]] = {}

    def put(self, place: Where, rated: Rated, measure: Mitigation) -> None:
        """Take note of the ports of a measure."""
        key = (place, rated.finding.vulnerability, measure.way)
        self._known[key] = self._known.get(key, frozenset()) | frozenset(measure.ports)

    def of(self, place: Where, rated: Rated, measure: Mitigation) -> frozenset[str]:
        """Return the ports of all measures of this kind there."""
        return self._known[place, rated.finding.vulnerability, measure.way]


def _candidate(place: Where, rated: Rated, measure: Mitigation, ports: frozenset[str]) -> Candidate:
    number, kind = rated.finding.vulnerability, measure.way
    shut = kind in ("block", "off") and ports
    detail, what = measure.weakness, Supposed()
    if shut:
        detail, what = ",".join(sorted(ports)), Supposed(blocked=ports)
    elif kind in ("block", "off", "configure"):
        pair = (number, measure.changes.get("predicate", ""))
        what = Supposed(configured=frozenset([pair]))
    elif kind == "allow":
        detail, what = ",".join(sorted(ports)), Supposed(allowed=ports)
    elif kind == "segment":
        detail, what = "", Supposed(zone=measure.changes["zone"])
    elif kind == "edge":
        detail, what = "", Supposed(sealed=True)
    elif kind == "update":
        detail = measure.do if measure.patch else ""
        what = Supposed(fixed=frozenset([number.upper()]))
    elif kind == "replace":
        detail, what = "", Supposed(replaced=True)
    each = bool(way(kind).get("each"))
    return Candidate(
        where=place, way=kind, detail=detail, effort=measure.effort, each=each, what=what
    )


def _put(
    found: dict[tuple[str, ...], Candidate], made: Candidate, device: str, measure: Mitigation
) -> None:
    if made.way == "update" and made.detail:
        made.detail = made.text  # the same patch, whatever device it was worded for
    known = found.setdefault(made.key, made)
    zones = [one.zone for one in (known.what, made.what) if one.zone]
    known.what |= made.what
    if zones:  # what can be told of all of them
        known.what = Supposed(zone=max(zones, key=ZONES.index))
    known.agree = known.agree or measure.agree
    known.devices[device] = None
    known.ports |= frozenset(measure.ports)
    if measure.source:
        known.sources[measure.source] = None


def _worded(measure: Mitigation, device: Device, what: Supposed) -> str:
    """Return what to do in words for all devices of a task."""
    text = measure.do.replace(words.named(device), DEVICES)
    ports = what.blocked or what.allowed
    if measure.ports and ports:
        text = text.replace(", ".join(measure.ports), ", ".join(sorted(ports)))
    return text.removesuffix(words.AGREE).strip()


def counted(number: int, where: Where) -> str:
    """Return the devices of a task in words."""
    many = f"{number} " if number > 1 else ""
    place = shown(where.place, _NAME) or "an unknown place"
    return f"the {many}{shown(where.model, _NAME)} in {place}"


def texts(candidate: Candidate, devices: int) -> str:
    """Return what to do in words, for so many devices."""
    return candidate.text.replace(DEVICES, counted(devices, candidate.where))


def every(known: Iterable[Known]) -> Iterator[tuple[Known, Rated]]:
    """Yield each open finding with its device."""
    return ((one, rated) for one in known for rated in one.rated if is_open(rated))
