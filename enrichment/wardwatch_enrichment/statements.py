"""From a claim to what it states: a field's own attribute, and what a fingerprint reads in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from wardwatch_enrichment import device_types, fingerprint, vendors
from wardwatch_enrichment.content import fields, identifies, says_something
from wardwatch_enrichment.model import Claim

_IDENTITY = ("serial_number", "udi")
_SURE = 0.5
UNKNOWN_FIELD = 0.5  # confidence in what a script that is not ours calls an attribute


class Reading(NamedTuple):
    """What a value of a field states: an attribute's value, and how far that is trusted, 0 to 1.

    `rule` names what read it: the field itself, or a fingerprint as ``<file>: <entry>``.
    """

    name: str
    value: str
    confidence: float
    rule: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A reading with the claim that it was read in."""

    name: str
    value: str
    confidence: float
    rule: str
    claim: Claim

    @property
    def origin(self) -> str:
        """Return what the statement rests on: what fails together counts once.

        That is the protocol, or where several carry the same (a MAC, a host name) its fingerprints.
        """
        about = fields().get(self.claim.first.field)
        if about and about.fingerprint and self.rule != about.name:
            return about.fingerprint
        return self.claim.first.field.partition(".")[0]


def statements(claim: Claim, routers: Collection[str]) -> Iterator[Statement]:
    """Yield all that a claim states of its device; a router's MAC is not the device's."""
    first = claim.first
    for name, value, confidence, rule in read(first.field, first.value):
        if not (name == "macs" and value in routers):
            yield Statement(name, value, confidence, rule, claim)


@lru_cache(maxsize=1 << 17)
def read(field: str, value: str) -> tuple[Reading, ...]:
    """Return all that a value of a field states."""
    about = fields().get(field)
    if about is None:
        return (Reading(field, value.strip(), UNKNOWN_FIELD, field),)
    found = []
    known = fingerprint.match(about.file, value)
    read = known.states if known else {}
    name = about.attribute or about.name
    if about.confidence and name not in read:
        parts = value.split(about.separator) if about.separator else [value]
        found = [(name, part.strip(), about.confidence, field) for part in parts]
    if known:
        entry = known.fingerprint
        rule = f"{about.file}: {entry.name}"
        found += [
            (name, text, entry.preferences.get(name, entry.preference), rule)
            for name, text in read.items()
        ]
    return tuple(
        Reading(name, _canonical(name, text), confidence, rule)
        for name, text, confidence, rule in found
        if (identifies if name in _IDENTITY else says_something)(text)
    )


def _canonical(name: str, value: str) -> str:
    """Write a manufacturer by the one name that is used here, where it is known."""
    return vendors.canonical(value) or value if name == "manufacturer" else value


def with_classes(stated: list[Statement]) -> list[Statement]:
    """Add the classes that are implied, and leave out the computer that a medical device is built
    on: its kind, and who made it."""
    implied = list(_classes(stated))
    told = [s for s in stated if s.name == "class"]
    if any(s.value == "medical" and s.confidence >= _SURE for s in (*told, *implied)):
        stated = [s for s in stated if not _is_of_computer(s)]
        implied = list(_classes(stated))
    return [*stated, *implied]


def _classes(stated: list[Statement]) -> Iterator[Statement]:
    """Yield the classes that kinds of equipment imply, or else makers of nothing else."""
    kinds = [(s, _class_of_kind(s)) for s in stated if s.name == "type"]
    sure = any(kind and s.confidence >= _SURE for s, kind in kinds)
    makers = [(s, _class_of_maker(s)) for s in stated if s.name == "manufacturer" and not sure]
    for statement, implied in (*kinds, *makers):
        if implied:
            yield Statement("class", implied, statement.confidence, statement.rule, statement.claim)


def _class_of_kind(stated: Statement) -> str | None:
    kind = device_types.device_types().get(stated.value)
    return kind.device_class if kind else None


def _class_of_maker(stated: Statement) -> str | None:
    maker = vendors.vendors().get(stated.value)
    return maker.makes if maker and maker.makes != "mixed" else None


def _is_of_computer(stated: Statement) -> bool:
    if stated.name == "type":
        return "computer" in device_types.lineage(stated.value)
    made_by = stated.name == "manufacturer" and stated.origin == "mac"
    return made_by and _class_of_maker(stated) not in (None, "medical")
