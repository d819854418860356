"""A device as its site knows it: facts beside the evidence, which stays visible below them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wardwatch_enrichment import device_types
from wardwatch_enrichment.content import plain
from wardwatch_enrichment.model import Attribute, Device, Evidence

if TYPE_CHECKING:
    from wardwatch_enrichment.facts import Fact

_PLACE = ("subnet", "zone", "vlan", "building", "ward", "owner", "phone")
_OVER = ("manufacturer", "model", "type", "serial_number", "hostname")
_VERSIONS = "software_versions"


def laid_over(device: Device, own: Fact | None, place: Fact | None) -> Device:
    """Return a device with what is told of it and of its place.

    Evidence that says the same stands beside a fact; what says something else is contradicted.
    """
    told = list(_told(device, own, place))
    if not told:
        return device
    won = {a.name: plain(a.value) for a in told if a.name in (*_OVER, _VERSIONS)}
    kept = [
        replace(a, current=plain(a.value) == won[a.name]) if a.name in won else a
        for a in device.attributes
    ]
    said: dict[str, Any] = {a.name: a.value for a in told if a.name in _OVER}
    if kind := device_types.device_types().get(said.get("type", "")):
        said["device_class"] = kind.device_class
    versions = tuple(a.value for a in told if a.name == _VERSIONS)
    return replace(
        device,
        **said,
        software_versions=versions or device.software_versions,
        attributes=(*told, *kept),
    )


def _told(device: Device, own: Fact | None, place: Fact | None) -> Iterator[Attribute]:
    given: dict[str, tuple[str, Fact]] = {}
    if place:
        named = {**place.values, "subnet": place.values.get("name", place.values["cidr"])}
        given |= {name: (named[name], place) for name in _PLACE if name in named}
    if own:
        given |= {
            name: (text, own) for name, text in own.values.items() if name not in ("ip", "mac")
        }
    for name, (value, fact) in given.items():
        # A fact holds for all of the time from which there is evidence, whenever it was told.
        since = min((a.first_seen for a in device.attributes if a.name == name), default=fact.at)
        yield Attribute(
            name=name,
            value=value,
            confidence=1.0,
            current=True,
            first_seen=min(since, fact.at),
            last_seen=fact.at,
            evidence=(_evidence(name, value, fact),),
        )


def _evidence(name: str, value: str, fact: Fact) -> Evidence:
    line = ", ".join(f"{key}={text}" for key, text in fact.values.items())
    return Evidence(
        log="site facts",
        uid=None,
        time=fact.at,
        sensor=fact.source,
        host=fact.values.get("ip", fact.values.get("cidr", "")),
        field=name,
        value=value,
        rule=f"{fact.source}:{fact.line}",
        line=line,
        sha256=hashlib.sha256(line.encode()).hexdigest(),
    )
