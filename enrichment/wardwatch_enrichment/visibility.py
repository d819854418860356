"""How well a device is known, what is missing, and what would reveal it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from wardwatch_enrichment import device_types, fingerprint
from wardwatch_enrichment.content import data, fields
from wardwatch_enrichment.model import Device

Level = Literal["identified", "recognised", "seen"]
# What an engineer needs to find the device and its advisories, by weight; together 1.
WEIGHTS = {
    "type": 0.2,
    "manufacturer": 0.2,
    "model": 0.2,
    "software_versions": 0.15,
    "serial_number": 0.15,
    "macs": 0.05,
    "hostname": 0.05,
}
_WORDS = {"software_versions": "software version", "serial_number": "serial number"}
_WORDS |= {"macs": "hardware address", "hostname": "host name"}
_RECOGNISED = 0.5  # less confidence than that is a hint, no knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """How well a device is known; `score` runs from 0 to 1.

    `heard` are the protocols that told something, `missing` are attributes, `reveal` the exchanges
    that would tell them, the likeliest first.
    """

    level: Level
    score: float
    heard: tuple[str, ...]
    missing: tuple[str, ...]
    reveal: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class _Exchange:
    heard: str
    says: str
    kinds: frozenset[str]
    gives: frozenset[str]


def visibility(device: Device) -> Visibility:
    """Tell how well a device is known."""
    sure = {a.name: a.confidence for a in device.attributes if a.current}
    score = sum(weight * sure.get(name, 0.0) for name, weight in WEIGHTS.items())
    missing = tuple(name for name in WEIGHTS if sure.get(name, 0.0) < _RECOGNISED)
    protocols = {e.field.partition(".")[0] for a in device.attributes for e in a.evidence}
    known = exchanges()
    heard = tuple(exchange.heard for name, exchange in known.items() if name in protocols)
    reveal = _likely(device.type or "", missing)
    identity = {"type", "manufacturer", "model"}
    level: Level = "seen" if identity <= set(missing) else "recognised"
    if not identity & set(missing):
        level = "identified"
    sentence = _sentence(heard, missing, reveal)
    return Visibility(
        level=level,
        score=round(score, 2),
        heard=heard,
        missing=missing,
        reveal=reveal,
        sentence=sentence,
    )


@cache
def exchanges() -> dict[str, _Exchange]:
    """Return what can be heard, by the first part of its fields' names."""
    gives: defaultdict[str, set[str]] = defaultdict(set)
    for field in fields().values():
        known = gives[field.name.partition(".")[0]]
        known |= {field.attribute} if field.attribute else set()
        known |= _read_in(field.file)
    return {
        name: _Exchange(
            entry["heard"],
            entry["says"],
            frozenset(entry.get("kinds", ())),
            frozenset(gives.get(name, ())),
        )
        for name, entry in data("visibility.yaml")["exchanges"].items()
    }


def _read_in(file: str) -> set[str]:
    """Return the attributes that fingerprints read in a value, and are trusted to."""
    if file not in fingerprint.names():
        return set()
    return {
        attribute
        for entry in fingerprint.entries(file)
        for attribute in entry.states
        if entry.preferences.get(attribute, entry.preference) >= _RECOGNISED
    }


@lru_cache(maxsize=1 << 12)
def _likely(kind: str, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Return the exchanges that would give most of what is missing, as far as they are usual."""
    kinds = set(device_types.lineage(kind))
    usual = [
        exchange
        for exchange in exchanges().values()
        if exchange.gives & set(missing)
        and (kinds & exchange.kinds or not (kinds and exchange.kinds))
    ]
    usual.sort(key=lambda exchange: sum(WEIGHTS[n] for n in exchange.gives & set(missing)))
    return tuple(exchange.says for exchange in usual[:-4:-1])


def _sentence(heard: tuple[str, ...], missing: tuple[str, ...], reveal: tuple[str, ...]) -> str:
    by = f"Heard by {_and(heard)}" if heard else "Only its address was seen"
    if not missing:
        return f"{by}; fully known."
    lacks = _and(tuple(_WORDS.get(name, name) for name in missing))
    if not reveal:
        return f"{by}; {lacks} unknown."
    return f"{by}; {lacks} unknown: {_or(reveal)} could tell."


def _and(words: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
