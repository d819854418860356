"""What is known of attackers, of one vulnerability: by the feeds, its entry, and what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Exploited, SsvcDecision
from wardwatch_enrichment.risk.case import Threat

_CVE = re.compile(r"CVE[-_ ](\d{4})[-_ ](\d{4,7})", re.IGNORECASE)


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What feeds say of a vulnerability by its number, and which were tried on this network."""

    exploited: Callable[[str], Exploited | None] = _nothing
    score: Callable[[str], tuple[float, float | None] | None] = _nothing
    decision: Callable[[str], SsvcDecision | None] = _nothing
    attempted: frozenset[str] = frozenset()


def threat(finding: Finding, known: Known) -> Threat:
    """Return what is known of attackers of a finding."""
    number = finding.vulnerability
    attacked, decided = known.exploited(number), known.decision(number)
    probable = known.score(number)
    poc = decided is not None and decided.exploitation in ("poc", "active")
    impact = decided.technical_impact if decided else None
    return Threat(
        kev=attacked is not None,
        ransomware=attacked is not None and attacked.ransomware is True,
        public=bool(finding.public_exploit) or poc,
        codeless=finding.codeless,
        epss=probable[0] if probable else 0.0,
        attempt=number in known.attempted,
        automatable=decided.automatable if decided else None,
        total_impact=None if impact is None else impact == "total",
    )


def attempted(signatures: Iterable[tuple[int | None, str]]) -> frozenset[str]:
    """Return the vulnerabilities that sensors say were tried, by rules' numbers and texts."""
    return frozenset(
        f"CVE-{year}-{number}" for _, text in signatures for year, number in _CVE.findall(text)
    )
