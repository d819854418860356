"""A device with a finding, and its evidence, for what is tested of mitigations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from evidence_words import NOW, surroundings

from wardwatch_enrichment import preconditions
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Finding, Match
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.preconditions import Precondition
from wardwatch_enrichment.surroundings import Surroundings

DEVICE = Device(
    id="d", site="s", first_seen=0.0, last_seen=NOW, device_class="medical", manufacturer="Example",
    model="Model 7", type="infusion pump",
)  # fmt: skip


def entry(**values: Any) -> Precondition:
    """Return an entry with needs in their written form."""
    needs = tuple(preconditions.need(one) for one in values.pop("needs", ()))
    return Precondition(**{"vulnerability": "CVE-2030-0001", "needs": needs, **values})


def found(number: str = "CVE-2030-0001", **values: Any) -> Finding:
    """Return a finding of the device."""
    return Finding(
        **{"id": "f", "device_id": "d", "vulnerability": number, "affected": "confirmed", **values}
    )


def match(type_: Any = "product") -> Match:
    """Return why an advisory is about the device."""
    return Match(
        advisory="ICSMA-30-001-01", publisher="CISA", vulnerability="CVE-2030-0001", product_id="p",
        product="Model 7", type=type_, affected="confirmed", searched_by={}, found={}, reason="",
    )  # fmt: skip


def around(seen: Iterable[str], device: Device = DEVICE, *facts: Fact) -> Surroundings:
    """Return the device with its evidence in words."""
    made = surroundings(device, seen)
    return replace(made, handling=facts, zone_of=zone_of)


def zone_of(ip: str) -> str:
    """Return the zone of an address: what is public is the internet."""
    return "internet" if ip_network(ip).is_global else "clinical"


TELNET = {"needs": [{"service": {"ports": ["tcp/23"], "names": ["telnet"]}}]}


def fact(status: str, date: str = "2026-10-01", **values: str) -> Fact:
    """Return what the site was told of a patch."""
    told = {"vulnerability": "CVE-2030-0001", "status": status, "date": date, **values}
    return Fact(kind="patch", values=told, source="patches.csv", line=3, at=NOW)
