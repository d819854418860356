"""Devices of one model with the real engine, for what is tested of simulations and work lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from evidence_words import ADDRESS, NOW, surroundings

from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.matching import Index, fleet
from wardwatch_enrichment.mitigation.measures import mitigations
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.posture.entries import entries
from wardwatch_enrichment.posture.seen import crossing, needed
from wardwatch_enrichment.preconditions import preconditions
from wardwatch_enrichment.risk.candidates import Known
from wardwatch_enrichment.risk.factors import Known as Told
from wardwatch_enrichment.risk.factors import factors
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated, Rater
from wardwatch_enrichment.risk.simulation import Engine
from wardwatch_enrichment.risk.threats import Known as Threats
from wardwatch_enrichment.surroundings import Surroundings

TELNET, FTP, DICOM = "CVE-2020-12045", "CVE-2020-12043", "CVE-2030-0104"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H"  # of T04a
PLAN = {"10.20": "enterprise", "10.30": "clinical"}
FIRST = "9.3"


def document(*numbers: str, name: str = "EXAMPLE-1", text: str = "") -> bytes:
    """Return an advisory on all of the pumps before version 9.5."""
    day = "2026-01-01T00:00:00Z"
    leaf = {
        "category": "product_version_range", "name": "<9.5",
        "product": {"name": "Baxter Model 7", "product_id": "P"},
    }  # fmt: skip
    branch = {"category": "product_name", "name": "Model 7", "branches": [leaf]}
    return json.dumps({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": name,
            "publisher": {"category": "other", "name": "X", "namespace": "https://x.test"},
            "tracking": {
                "id": name, "status": "final", "version": "1", "initial_release_date": day,
                "current_release_date": day,
                "revision_history": [{"date": day, "number": "1", "summary": "first"}],
            },
        },
        "product_tree": {
            "branches": [{"category": "vendor", "name": "Baxter", "branches": [branch]}]
        },
        "vulnerabilities": [
            {
                "cve": number, "notes": [{"category": "description", "text": text or "telnet"}],
                "product_status": {"known_affected": ["P"]},
                "scores": [{"products": ["P"], "cvss_v3": {
                    "version": "3.1", "baseScore": 8.6, "baseSeverity": "HIGH",
                    "vectorString": VECTOR,
                }}],
            }
            for number in numbers
        ],
    }).encode()  # fmt: skip


def device(number: int = 1, ward: str = "ICU", **values: Any) -> Device:
    """Return a pump in a ward."""
    told = tuple(
        Attribute(name=name, value=text, confidence=1.0, current=True, first_seen=0.0,
                  last_seen=NOW, evidence=())
        for name, text in (("ward", ward), ("phone", f"41{number}"), ("owner", "R. Duty"))
    )  # fmt: skip
    given: dict[str, Any] = {
        "id": f"{number:04d}", "site": "s", "first_seen": 0.0, "last_seen": NOW,
        "device_class": "medical", "manufacturer": "Baxter", "model": "Model 7",
        "type": "infusion pump", "software_versions": (FIRST,), "attributes": told,
    }  # fmt: skip
    return Device(**{**given, **values})


def around(words: Iterable[str], of: Device | None = None) -> Surroundings:
    """Return a pump with its evidence in words, in a plan of an office and a clinic."""
    made = surroundings(of or device(), words)
    return replace(made, zone_of=zone_of)


def zone_of(ip: str) -> str:
    """Return the zone of an address by the plan."""
    return PLAN.get(".".join(ip.split(".")[:2]), f"net {ip}")


class Bench:
    """The real engine over some advisories; `posture` is looked at as well."""

    def __init__(
        self, *documents: bytes, units: int = 300, versions: Iterable[str] = (FIRST,)
    ) -> None:
        known = [csaf.parse(one) for one in documents]
        seen = [device(software_versions=(version,)) for version in versions]
        self._assessment = Assessment(Index(known, fleet(seen)))
        threats = Threats(
            exploited=lambda _: None, score=lambda _: None, decision=lambda _: None,
        )  # fmt: skip
        self._rater = Rater(Policy(), threats, lambda one: factors(one.device, Told(fleet=units)))
        self.engine = Engine(advised=self._assessment.findings, rate=self._rater.rate)

    def rated(self, place: Surroundings) -> tuple[Rated, ...]:
        """Return the findings of a device as they are."""
        found = [*self._assessment.findings(place), *posture(place)]
        return tuple(self._rater.rate(place, found))

    def known(self, *places: Surroundings) -> Iterator[Known]:
        """Yield devices with what can be done about each finding."""
        for place in places:
            rated = self.rated(place)
            measures = {
                one.finding.id: mitigations(
                    one.finding, place, preconditions().get(one.finding.vulnerability),
                    cwes=("CWE-798",),
                )
                for one in rated
            }  # fmt: skip
            yield Known(place, rated, measures)


def posture(place: Surroundings) -> Iterator[Finding]:
    """Yield what is seen of the posture without feeds."""
    for one in entries():
        if not one.check:
            yield from needed(one, place)
        elif one.check == "crossing":
            yield from crossing(one, place)


def at(number: int, words: Iterable[str], **values: Any) -> Surroundings:
    """Return another pump, at an address of its own."""
    own = f"10.30.1.{number}"
    made = around(words, device(number, **values))
    moved = tuple(replace(row, host=own) if row.host == ADDRESS else row for row in made.rows)
    return replace(made, device=replace(made.device, ips=(own,)), rows=moved)
