"""Findings for tests, rated by the model itself: no figure in them is written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wardwatch.documents.finding import Document, Listed, Told, finding_document
from wardwatch_enrichment.assessment import identifier
from wardwatch_enrichment.finding import Answer, Finding, Ground, Match
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.risk.case import Clock
from wardwatch_enrichment.risk.factors import factors
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated, Rater
from wardwatch_enrichment.risk.threats import Known
from wardwatch_enrichment.surroundings import Surroundings

NOW = 1_795_000_000.0
WORST = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
_VERDICTS = ("exploitable", "unlikely", "not_exploitable")
_RATER = Rater(Policy(), Known(), lambda around: factors(around.device))


def finding(device: Device, number: str, **values: Any) -> Finding:
    """Return a finding on a device, proven by a line of a log."""
    line = f'{{"host":"{device.ips[0]}","port":23}}'
    ground = Ground(
        kind="seen",
        sentence=f"a Telnet session to {device.ips[0]} was accepted",
        signed_by="tap1",
        time=NOW,
        log="iomt_exposure",
        line=line,
    )
    match = Match(
        advisory="ICSMA-01",
        publisher="CISA",
        vulnerability=number,
        product_id="P1",
        product="Pump",
        type="product",
        affected="confirmed",
        searched_by={"model": "Pump"},
        found={"version": "1.0"},
        reason="version 1.0 is affected",
    )
    given: dict[str, Any] = {
        "id": identifier(device.id, number),
        "device_id": device.id,
        "vulnerability": number,
        "title": "Telnet with a password that cannot be changed",
        "affected": "confirmed",
        "verdict": "exploitable",
        "wording": "exploitable here",
        "matches": (match,),
        "answers": (Answer(predicate="service telnet", truth="true", grounds=(ground,)),),
        "cvss": WORST,
        "ports": ("tcp/23",),
        "codeless": True,
    }
    return Finding(**{**given, **values})


def rate(device: Device, *found: Finding) -> tuple[Rated, ...]:
    """Return findings with the risk that the model gives them, where no sensor tells of itself."""
    return _RATER.rate(Surroundings(device=device, now=NOW), found)


def listed(device: Device, rated: Rated, **values: Any) -> Listed:
    """Return a finding as it is to be published."""
    told = Told(base=9.8, severity="CRITICAL", reference="https://www.cisa.gov/icsma-01")
    return Listed(**{"device": device, "rated": rated, "told": told, **values})


def documents(
    devices: list[Device], each: int = 2, clock: Clock | None = None, **values: Any
) -> Iterator[Document]:
    """Yield the documents of so many findings on each device, of every verdict."""
    for at, device in enumerate(devices):
        numbers = range(at, at + each)
        found = (finding(device, f"CVE-2020-{1000 + n}", verdict=_VERDICTS[n % 3]) for n in numbers)
        for one in rate(device, *found):
            yield finding_document(listed(device, replace(one, clock=clock), **values))


def placed(device: Device, ward: str) -> tuple[Attribute, ...]:
    """Return the attributes of a device with its place, as its site knows it."""
    known = Attribute(
        name="ward",
        value=ward,
        confidence=1.0,
        current=True,
        first_seen=NOW,
        last_seen=NOW,
        evidence=(),
    )
    return (*device.attributes, known)
