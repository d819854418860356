"""The one record type per stage. Times are seconds since the epoch, UTC; `None` means unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

DeviceClass = Literal["medical", "it", "iot", "building"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One claim that a sensor saw on the wire. Never a conclusion.

    `host` is the address that the claim came from; `subject` names the device that it is about
    when that is described apart from its sender (``<kind>:<value>``, a DICOM dataset's origin).
    `mac` is the host's own: seen with proof that it is on the link. `line` is the log line as
    written, kept as evidence because monitors delete their logs.
    """

    ts: float
    site: str
    sensor: str
    log: str
    host: str
    field: str
    value: str
    uid: str | None = None
    mac: str | None = None
    vlan: int | None = None
    subject: str | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """All observations that say the same: when first and last, with the first line as evidence.

    `since` is later than the evidence where only a later part of the time is meant.
    """

    first: Observation
    last_seen: float
    since: float | None = None

    @property
    def first_seen(self) -> float:
        """When it was first observed."""
        return self.first.ts if self.since is None else self.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where an attribute comes from: one log line, what stood in it, and the rule that read it."""

    log: str
    uid: str | None
    time: float
    sensor: str
    host: str
    field: str
    value: str
    rule: str
    line: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One value of one attribute of a device, with what it rests on.

    `confidence` runs from 0 to 1. `current` is false for a value that a later one replaced, that
    a stronger source contradicts, or that is more likely wrong than right: such values are kept and
    shown, never overwritten and never stated.
    """

    name: str
    value: str
    confidence: float
    current: bool
    first_seen: float
    last_seen: float
    evidence: tuple[Evidence, ...]


Standing = Literal["current", "earlier", "contradicted", "hint"]


def standings(attributes: Iterable[Attribute]) -> dict[Attribute, Standing]:
    """Return how each value stands beside the others of its attribute.

    It holds, was replaced by a later one, is claimed beside another, or is too unsure to be stated.
    """
    known = tuple(attributes)
    since: dict[str, float] = {}
    for a in known:
        if a.current:
            since[a.name] = min(a.first_seen, since.get(a.name, a.first_seen))
    found: dict[Attribute, Standing] = {}
    for a in known:
        if a.current:
            found[a] = "current"
        elif a.name not in since:
            found[a] = "hint"
        else:
            found[a] = "earlier" if a.last_seen < since[a.name] else "contradicted"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An address was held by a MAC, or just seen, from `start` to `end` (inclusive)."""

    ip: str
    mac: str | None
    start: float
    end: float
    source: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """An entry of the inventory: the current attributes, and below them all that was claimed."""

    id: str
    former_ids: tuple[str, ...] = ()
    site: str
    device_class: DeviceClass | None = None
    manufacturer: str | None = None
    model: str | None = None
    type: str | None = None
    serial_number: str | None = None
    software_versions: tuple[str, ...] = ()
    udi: str | None = None
    os: str | None = None
    hostname: str | None = None
    macs: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    first_seen: float
    last_seen: float
    attributes: tuple[Attribute, ...] = ()
