"""The records that a risk is worked out from, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from wardwatch_enrichment.finding import Affected, Verdict

Label = Literal["Track", "Track*", "Attend", "Act", "Cannot tell"]
LABELS: tuple[Label, ...] = ("Track", "Track*", "Attend", "Act")  # from the least to the most
Level = Literal["H", "L", "N"]  # of a loss of confidentiality, integrity, availability


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What the loss of a device does on each axis (0 to 10), and of how many units it is one.

    `life`: it sustains life, or its alarm is the only warning.
    """

    safety: float
    effectiveness: float
    data: float
    life: bool = False
    fleet: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """What is known of attackers.

    `automatable` and `total_impact` are CISA's decisions (Vulnrichment), None for none.
    """

    kev: bool = False
    ransomware: bool = False
    public: bool = False
    codeless: bool = False
    epss: float = 0.0
    attempt: bool = False
    harm: bool = False
    automatable: bool | None = None
    total_impact: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """What a vulnerability does to a kind of device, as somebody answered it; None: as in CVSS.

    `by` is who, `reason` why.
    """

    confidentiality: Level | None = None
    integrity: Level | None = None
    availability: Level | None = None
    by: str = field(default="", compare=False)
    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a risk is worked out from.

    `networked`: somebody looked up that it is reached over the network, though its vector says
    physical or local. `cvss` is empty where nobody published a vector; `informs` tells that it is
    no vulnerability, so that none is missed.
    """

    factors: Factors
    cvss: str
    affected: Affected
    verdict: Verdict
    zone: str
    threat: Threat = field(default_factory=Threat)
    boundary_proven: bool = False
    covered: bool = True
    recall: bool = False
    rubric: Rubric | None = None
    networked: bool = False
    informs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Since when a finding is as urgent as it is, and until when something must be in place."""

    since: float
    due: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The figures of a finding: axes and score run from 0 to 100, the rest from 0 to 1.

    `path` tells how the label came about: the table's row, then each rule that changed it.
    `verdict` is the one that counted; `bod_26_04` is CISA's deadline for what is in KEV.
    """

    verdict: Verdict
    ease: float
    threat: float
    likelihood: float
    safety: float
    effectiveness: float
    data: float
    score: float
    label: Label
    path: str
    due_days: int | None
    task: str | None = None
    bod_26_04: str | None = None
