"""From a device's claims to its attributes: every value with its confidence and its evidence."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wardwatch_enrichment.content import Field, device_types, fields, identifies, says_something
from wardwatch_enrichment.identity import Group
from wardwatch_enrichment.links import UNPROVEN, Addresses, by_number
from wardwatch_enrichment.model import Attribute, Claim, Device, DeviceClass, Evidence

EVIDENCE_PER_VALUE = 4
ADDRESS_AGE = 86_400.0  # an address not seen for so long before the device was is a former one
_SINGLE = ("manufacturer", "model", "type", "serial_number", "udi", "os", "hostname")
_IDENTITY = ("serial_number", "udi")
_STATEMENTS = ("software_versions",)  # the latest statement holds in full


@dataclass(frozen=True, slots=True)
class _Stated:
    name: str
    value: str
    confidence: float
    claim: Claim


def device(
    site: str, found: Group, device_id: str, former_ids: tuple[str, ...], addresses: Addresses
) -> Device:
    """Build the inventory entry of one group of claims."""
    # The latest first, so that equally good values stand in the order of their last statement.
    claims = sorted([*found.said, *found.described], key=lambda c: c.last_seen, reverse=True)
    stated = [statement for claim in claims for statement in _stated(claim, addresses)]
    seen = claims or [claim for at in found.seen_at.values() for claim in at]
    last_seen = max(claim.last_seen for claim in seen)
    attributes = [*_attributes(stated), *_ips(found, addresses, last_seen)]
    current: defaultdict[str, list[str]] = defaultdict(list)
    for attribute in attributes:
        if attribute.current:
            current[attribute.name].append(attribute.value)
    single = {name: current[name][0] if current[name] else None for name in _SINGLE}
    return Device(
        id=device_id,
        former_ids=former_ids,
        site=site,
        device_class=_device_class(claims),
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


def _stated(claim: Claim, addresses: Addresses) -> Iterator[_Stated]:
    about = fields().get(claim.first.field)
    value = claim.first.value.strip()
    if about is None:
        yield _Stated(claim.first.field, value, 0.5, claim)
    elif about.confidence and not (about.attribute == "macs" and value in addresses.routers):
        for part in value.split(about.separator) if about.separator else [value]:
            translated = _translate(about, part.strip())
            tells = identifies if about.attribute in _IDENTITY else says_something
            if translated and tells(translated):
                yield _Stated(about.attribute or about.name, translated, about.confidence, claim)


def _translate(about: Field, value: str) -> str | None:
    return device_types()[about.translate].get(value.upper()) if about.translate else value


def _device_class(claims: Iterable[Claim]) -> DeviceClass | None:
    """Return what a device's claims make it; medical, if any of them does."""
    classes: set[DeviceClass] = set()
    for claim in claims:
        about = fields().get(claim.first.field)
        if about and about.device_class:
            table = device_types()[about.translate] if about.translate else {}
            if table.get(claim.first.value.strip().upper(), "") is not None:
                classes.add(about.device_class)
    return "medical" if "medical" in classes else min(classes, default=None)


def _attributes(stated: Iterable[_Stated]) -> Iterator[Attribute]:
    by_name: defaultdict[str, dict[str, list[_Stated]]] = defaultdict(lambda: defaultdict(list))
    for statement in stated:
        by_name[statement.name][statement.value].append(statement)
    for name in sorted(by_name):
        values = by_name[name]
        ordered = sorted(values, key=lambda value: _weight(values[value]), reverse=True)
        latest = max(s.claim.last_seen for found in values.values() for s in found)
        for at, value in enumerate(ordered):
            seen_last = max(s.claim.last_seen for s in values[value])
            chosen = at == 0 or name not in _SINGLE or _same_host_name(name, ordered[0], value)
            current = seen_last == latest if name in _STATEMENTS else chosen
            yield _attribute(name, value, values[value], current)


def _same_host_name(name: str, one: str, other: str) -> bool:
    """Tell whether a host name is given once with its domain and once without."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return name == "hostname" and long.startswith(f"{short}.")


def _weight(statements: list[_Stated]) -> tuple[float, float]:
    """Order values of one attribute: the better trusted first, then the one seen last.

    Values of one statement keep its order, because sorting is stable.
    """
    return (
        max(statement.confidence for statement in statements),
        max(statement.claim.last_seen for statement in statements),
    )


def _attribute(name: str, value: str, stated: list[_Stated], current: bool) -> Attribute:
    return Attribute(
        name=name,
        value=value,
        confidence=max(statement.confidence for statement in stated),
        current=current,
        first_seen=min(statement.claim.first_seen for statement in stated),
        last_seen=max(statement.claim.last_seen for statement in stated),
        evidence=_evidence(statement.claim for statement in stated),
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
            evidence=_evidence(claims),
        )


def _evidence(claims: Iterable[Claim]) -> tuple[Evidence, ...]:
    """Quote the earliest lines; one uid, field and value counts once, whichever logs say it."""
    quoted: dict[tuple[str | None, str, str], Evidence] = {}
    for claim in sorted(claims, key=lambda c: (c.first.ts, c.first.field, c.first.value)):
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
                line=first.line,
                sha256=hashlib.sha256(first.line.encode()).hexdigest(),
            ),
        )
    return tuple(quoted.values())
