"""What is known of attackers, of one vulnerability: by the feeds, its entry, and what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from wardwatch_enrichment.attempts import NOTE
from wardwatch_enrichment.content import data
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
        attempt=finding.attack is not None or number in known.attempted,
        harm=finding.attack == "harm",
        automatable=decided.automatable if decided else None,
        total_impact=None if impact is None else impact == "total",
    )


def attempted(signatures: Iterable[tuple[int | None, str]]) -> frozenset[str]:
    """Return the vulnerabilities that sensors say were tried, by rules' numbers and texts."""
    found: set[str] = set()
    for sid, text in signatures:
        if text.startswith(NOTE):  # of one device, see `attempts.tried`
            continue
        found.update(by_rule().get(sid or 0, ()))
        found.update(f"CVE-{year}-{number}" for year, number in _CVE.findall(text))
    return frozenset(found)


@cache
def by_rule() -> Mapping[int, tuple[str, ...]]:
    """Return which vulnerabilities our own rules are about, by their numbers."""
    told = data("attempts.yaml")["rules"]
    return {sid: tuple(numbers) for sid, numbers in told.items()}
