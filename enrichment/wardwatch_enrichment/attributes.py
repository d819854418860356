"""From a device's claims to its attributes: every value with its confidence and its evidence."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from wardwatch_enrichment.content import fields
from wardwatch_enrichment.device_types import lineage
from wardwatch_enrichment.fusion import SINGLE, decide
from wardwatch_enrichment.identity import Group
from wardwatch_enrichment.links import UNPROVEN, Addresses, by_number
from wardwatch_enrichment.model import Attribute, Claim, Device, DeviceClass, Evidence
from wardwatch_enrichment.statements import Statement, statements, with_classes

EVIDENCE_PER_VALUE = 4
ADDRESS_AGE = 86_400.0  # an address not seen for so long before the device was is a former one
_OF_A_DEVICE = ("manufacturer", "model", "type")
_IT_SYSTEM = "medical IT system"  # a kind of equipment


def device(
    site: str, found: Group, device_id: str, former_ids: tuple[str, ...], addresses: Addresses
) -> Device:
    """Build the inventory entry of one group of claims."""
    # The latest first, so that equally good values stand in the order of their last statement.
    claims = sorted([*found.said, *found.described], key=lambda c: c.last_seen, reverse=True)
    seen = claims or [claim for at in found.seen_at.values() for claim in at]
    last_seen = max(claim.last_seen for claim in seen)
    attributes = [
        *_decided(claims, addresses),
        *_ips(found, addresses, last_seen),
        *_sensors(seen),
    ]
    current: defaultdict[str, list[str]] = defaultdict(list)
    for attribute in attributes:
        if attribute.current:
            current[attribute.name].append(attribute.value)
    single: Any = {name: next(iter(current[name]), None) for name in SINGLE if name != "class"}
    return Device(
        id=device_id,
        former_ids=former_ids,
        site=site,
        device_class=_device_class(current["class"]),
        **single,
        software_versions=tuple(current["software_versions"]),
        macs=tuple(current["macs"]),
        ips=tuple(current["ips"]),
        names=tuple(current["names"]),
        via=tuple(sorted({c.first.host for c in found.described})) if not found.hosts else (),
        first_seen=min(claim.first_seen for claim in seen),
        last_seen=last_seen,
        attributes=tuple(attributes),
    )


def _device_class(stated: list[str]) -> DeviceClass | None:
    return next((known for known in get_args(DeviceClass) if known in stated), None)


def _decided(claims: Iterable[Claim], addresses: Addresses) -> Iterator[Attribute]:
    stated = [found for claim in claims for found in statements(claim, addresses.routers)]
    if any(fields()[c.first.field].forwarder for c in claims if c.first.field in fields()):
        stated = list(_its_own(stated))
    for found in decide(with_classes(stated)):
        yield Attribute(
            name=found.name,
            value=found.value,
            confidence=found.confidence,
            current=found.current,
            first_seen=min(s.claim.first_seen for s in found.stated),
            last_seen=max(s.claim.last_seen for s in found.stated),
            evidence=_evidence((s.claim, s.rule) for s in found.stated),
        )


def _ips(found: Group, addresses: Addresses, last_seen: float) -> Iterator[Attribute]:
    for ip in sorted(found.seen_at, key=by_number):
        claims = found.seen_at[ip]
        until = max(claim.last_seen for claim in claims)
        held = addresses.latest(ip)
        yield Attribute(
            name="ips",
            value=ip,
            confidence=held.confidence if held else UNPROVEN,
            current=until >= last_seen - ADDRESS_AGE
            and (held is None or held.end <= until or f"mac:{held.mac}" in found.hosts),
            first_seen=min(claim.first_seen for claim in claims),
            last_seen=until,
            evidence=_evidence((claim, claim.first.field) for claim in claims),
        )


def _its_own(stated: list[Statement]) -> Iterator[Statement]:
    """Yield what a host that takes in others' data cannot have from those."""
    systems = {s.claim for s in stated if s.name == "type" and _IT_SYSTEM in lineage(s.value)}
    for statement in stated:
        about = fields().get(statement.claim.first.field)
        passed_on = about is not None and about.passed_on
        if not passed_on or statement.claim in systems or statement.name not in _OF_A_DEVICE:
            yield statement


def _sensors(seen: Iterable[Claim]) -> Iterator[Attribute]:
    """Yield the sensors that hear a device: where it is, as far as a sensor stands for a place."""
    by_sensor: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in seen:
        by_sensor[claim.first.sensor].append(claim)
    for sensor, claims in sorted(by_sensor.items()):
        first = min(claims, key=lambda c: (c.first.ts, c.first.field, c.first.value))
        yield Attribute(
            name="sensors",
            value=sensor,
            confidence=1.0,
            current=True,
            first_seen=min(claim.first_seen for claim in claims),
            last_seen=max(claim.last_seen for claim in claims),
            evidence=_evidence([(first, "sensor")]),
        )


def _evidence(found: Iterable[tuple[Claim, str]]) -> tuple[Evidence, ...]:
    """Quote the earliest lines; one uid, field and value counts once, whichever logs say it."""
    quoted: dict[tuple[str | None, str, str], Evidence] = {}
    for claim, rule in sorted(
        found, key=lambda c: (c[0].first.ts, c[0].first.field, c[0].first.value)
    ):
        first = claim.first
        if len(quoted) == EVIDENCE_PER_VALUE:
            break
        quoted.setdefault(
            (first.uid, first.field, first.value),
            Evidence(
                log=first.log,
                uid=first.uid,
                time=first.ts,
                sensor=first.sensor,
                host=first.host,
                field=first.field,
                value=first.value,
                rule=rule,
                line=first.line,
                sha256=hashlib.sha256(first.line.encode()).hexdigest() if first.line else "",
            ),
        )
    return tuple(quoted.values())
