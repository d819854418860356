"""Kinds of equipment, from the general to the particular: ``device_types.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from wardwatch_enrichment.content import data
from wardwatch_enrichment.model import DeviceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceType:
    """A kind of equipment; the head of the file says what each key means."""

    name: str
    parent: str | None
    device_class: DeviceClass
    fda_product_codes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    life_sustaining: bool = False
    factors: tuple[int, int, int] | None = None


@cache
def device_types() -> dict[str, DeviceType]:
    """Return every kind of equipment by its name."""
    found: dict[str, DeviceType] = {}
    for name, entry in data("device_types.yaml")["types"].items():
        found[name] = _made(name, entry or {}, found)
    return found


def _made(name: str, entry: dict[str, Any], known: dict[str, DeviceType]) -> DeviceType:
    parent = known[entry["is"]] if "is" in entry else None
    factors = entry.get("factors")
    return DeviceType(
        name=name,
        parent=parent.name if parent else None,
        device_class=entry.get("class") or (parent.device_class if parent else "it"),
        fda_product_codes=tuple(entry.get("fda_product_codes", ())),
        also=tuple(entry.get("also", ())),
        life_sustaining=entry.get("life_sustaining", parent.life_sustaining if parent else False),
        factors=tuple(factors) if factors else parent.factors if parent else None,
    )


@cache
def lineage(name: str) -> tuple[str, ...]:
    """Return a kind and all more general ones, itself first; empty for an unknown kind."""
    found: list[str] = []
    at = device_types().get(name)
    while at:
        found.append(at.name)
        at = device_types()[at.parent] if at.parent else None
    return tuple(found)
