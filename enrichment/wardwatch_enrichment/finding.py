"""The records of what vulnerabilities mean on devices. Times are seconds since the epoch, UTC.

Nothing here is a plain yes or no: what is not proven stays unknown, and each answer carries the
evidence that it rests on, until when that holds, and what would void it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# confirmed: product and version were seen and are affected. likely: all versions are, or the fixed
# one is newer than any seen here. possible: the product, but which version is not known.
# candidate: alike in name only, or still waiting for a person; never a finding.
Affected = Literal["confirmed", "likely", "possible", "candidate", "fixed", "not_affected"]
AFFECTED: tuple[Affected, ...] = (
    "confirmed", "likely", "possible", "candidate", "fixed", "not_affected"
)  # fmt: skip
OPEN: tuple[Affected, ...] = ("confirmed", "likely", "possible", "candidate")
SETTLED: tuple[Affected, ...] = ("not_affected", "fixed", "candidate")  # without a verdict
POSTURE = "POSTURE-"  # how the names begin of what is no vulnerability, but seen to be weak
# What a predicate is by the evidence; the strong one is positive proof of the contrary.
Truth = Literal["true", "strong_false", "weak_false", "unknown"]
Verdict = Literal["exploitable", "potential", "unlikely", "not_exploitable"]
# Each as people read it everywhere; what exactly proves the contrary is in a finding's wording.
IN_WORDS: Mapping[Verdict, str] = {
    "exploitable": "exploitable",
    "potential": "cannot be told",
    "unlikely": "unlikely",
    "not_exploitable": "proof of the contrary",
}
Attack = Literal["attempt", "harm"]  # somebody tried; it is compromised, or data left the hospital
# What kind of proof; two of different kinds are independent of each other.
Proof = Literal[
    "seen",
    "refusal",
    "configuration",
    "version",
    "boundary",
    "bench",
    "manufacturer",
    "patch",
    "silence",
]

SENSOR = "0.0.0.0"  # noqa: S104  the host that stands for the sensor itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One row of exposure evidence: all that a sensor saw of a kind at a host in one day.

    The columns are those of ``iomt_exposure.log``; `peers` are addresses and prefixes, `clients`
    how many different addresses called at least, `line` is the first log line that says so. The
    host `SENSOR` is the sensor itself. `hours` has a bit for each hour of the day (UTC) in which
    it was so, of coverage alone; 0 where nobody noted them.
    """

    host: str
    sensor: str
    kind: Literal["service", "peers", "auth", "uses", "coverage"]
    first_seen: float
    last_seen: float
    count: int
    proto: str | None = None
    port: int | None = None
    services: tuple[str, ...] = ()
    state: str | None = None
    by: str | None = None
    value: str | None = None
    peers: tuple[str, ...] = ()
    clients: int = 0
    missed_bytes: int = 0
    mac: str | None = None
    log: str = ""
    line: str = ""
    hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One thing that an answer rests on: a sentence, and where it is from.

    `signed_by` is the sensor, the person or the maker who says so; `line` is the log line or the
    place in a site's file. `expires` is when it no longer holds by itself, `void` what ends it.
    """

    kind: Proof
    sentence: str
    signed_by: str
    time: float
    expires: float | None = None
    void: tuple[str, ...] = ()
    log: str | None = None
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one predicate is on one device. `justification` is CycloneDX's word where it is false.

    `missing` says what would decide it where it is unknown; `lapsed` which sensor's silence takes
    away what decided it before.
    """

    predicate: str
    truth: Truth
    grounds: tuple[Ground, ...] = ()
    justification: str | None = None
    missing: str = ""
    lapsed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Why an advisory is about a device: by what it was searched for, and what was found there.

    `type` says whether the product itself is meant, a component in it, or its operating system.
    """

    advisory: str
    publisher: str
    vulnerability: str
    product_id: str
    product: str
    type: Literal["product", "component", "platform"]
    affected: Affected
    searched_by: Mapping[str, str]
    found: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One vulnerability, or one thing about its posture, on one device.

    `verdict` is None where the device is not affected; `wording` is what may be said of it: not
    exploitable only with two independent kinds of proof. `access` is the badge of what is not
    reached over the network: physical, local, radio. `ports` are those of the service that it is
    in, where they are known; `codeless` tells that no exploit code is needed, `public_exploit`
    where some is published, `urgent` that a class I recall for a security cause names this unit,
    `attack` what sensors report of attackers at this very device.
    """

    id: str
    device_id: str
    vulnerability: str
    title: str = ""
    affected: Affected
    verdict: Verdict | None = None
    wording: str = ""
    matches: tuple[Match, ...] = ()
    answers: tuple[Answer, ...] = ()
    justification: str | None = None
    access: str | None = None
    cvss: str | None = None
    reached_from: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    codeless: bool = False
    public_exploit: str = ""
    urgent: bool = False
    attack: Attack | None = None
    actions: tuple[str, ...] = ()
    expires: float | None = None
    assumed: str | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_posture(self) -> bool:
        """Whether it is about the device's posture, and not about a vulnerability."""
        return self.vulnerability.startswith(POSTURE)
