"""The one record type per stage. Times are seconds since the epoch, UTC; `None` means unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

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


Direction = Literal["inbound", "outbound"]
BLOCKED = " (blocked)"  # how the text of an alarm ends about what its own sensor kept out


class Alarm(NamedTuple):
    """What a sensor's rule or script says of a host at one moment; never what was in the packets.

    It is `inbound` where the host was sent it, `outbound` where it sent it. `sid` is the rule's
    number, `severity` 1 for the worst.
    """

    host: str
    peer: str | None
    direction: Direction
    signature: str
    sid: int | None = None
    severity: int | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """All alarms at a host of one signature, peer and direction: a threat present on a device.

    `count` is how often it was reported at least.
    """

    host: str
    peer: str | None
    direction: Direction
    signature: str
    sid: int | None
    severity: int | None
    category: str | None
    log: str
    sensor: str
    first_seen: float
    last_seen: float
    count: int


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
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploited:
    """A vulnerability that is known to be used in attacks. `ransomware` is None for not known."""

    cve: str
    added: date
    due: date | None = None
    ransomware: bool | None = None
    name: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How probable it is that a vulnerability is attacked anywhere within 30 days (EPSS).

    `percentile` is the share of all vulnerabilities that are no more probable; `model` and `day`
    say which version of the model gave the figure, and when.
    """

    cve: str
    probability: float
    percentile: float | None = None
    model: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SsvcDecision:
    """What CISA decided of a vulnerability for SSVC (Vulnrichment)."""

    cve: str
    exploitation: Literal["none", "poc", "active"] | None = None
    automatable: bool | None = None
    technical_impact: Literal["partial", "total"] | None = None
    version: str | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long one release cycle of a product is supported; `latest` is its newest version.

    `ended` is what is said without a date: True for over, False for no end known. `extended` is
    the end of support that is paid for, or was.
    """

    product: str
    cycle: str
    label: str = ""
    release: date | None = None
    active: date | None = None
    eol: date | None = None
    extended: date | None = None
    ended: bool | None = None
    latest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A recall of a product, as the FDA lists it. `codes` says in words which units it is about."""

    number: str
    event: str | None = None
    classification: str | None = None
    status: str | None = None
    initiated: date | None = None
    terminated: date | None = None
    product_codes: tuple[str, ...] = ()
    clearances: tuple[str, ...] = ()
    firm: str = ""
    product: str = ""
    codes: str = ""
    reason: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What the FDA says of a kind of device, by its three-letter product code."""

    product_code: str
    name: str = ""
    device_class: str | None = None
    specialty: str | None = None
    regulation: str | None = None
    definition: str = ""
    implant: bool | None = None
    life_sustaining: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an author says of a vulnerability in products (VEX).

    `products` are identifiers as given: purl, CPE, names. `justification` is one of the five that
    OpenVEX and CSAF share; `impact` is the reason in words.
    """

    vulnerability: str
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    status: Literal["affected", "not_affected", "fixed", "under_investigation"]
    justification: str | None = None
    impact: str = ""
    action: str = ""
    author: str = ""
    document: str = ""
    time: float | None = None
