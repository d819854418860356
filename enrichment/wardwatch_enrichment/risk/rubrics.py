"""Answers to the medical rubric for CVSS: what a vulnerability does to one kind of device.

The rubric of MITRE (qualified by the FDA as MDDT, 2020) asks what happens to patients' data,
diagnosis, therapy and workflow; its answers replace the vector's C, I and A. None are shipped:
they are a person's, who is named with the reason.
https://www.mitre.org/news-insights/publication/rubric-applying-cvss-medical-devices
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wardwatch_enrichment.device_types import device_types, lineage
from wardwatch_enrichment.risk.case import Rubric

_AXES = ("confidentiality", "integrity", "availability")
_NEEDED = ("vulnerability", "type", "by", "reason")
_LEVELS = ("H", "L", "N")
Answers = Mapping[tuple[str, str], Rubric]


class RubricError(ValueError):
    """Answers that cannot be read; the message lists all that is wrong."""


def answers(rows: Iterable[Mapping[str, Any]]) -> Answers:
    """Return the answers by vulnerability and kind of device; raises `RubricError`."""
    found: dict[tuple[str, str], Rubric] = {}
    issues: list[str] = []
    for number, row in enumerate(rows, 1):
        wrong = list(_wrong(row))
        if wrong:
            issues += [f"answer {number}: {text}" for text in wrong]
            continue
        key = (str(row["vulnerability"]).upper(), str(row["type"]))
        if key in found:
            issues.append(f"answer {number}: {key[0]} is answered twice for {key[1]}")
        levels = {axis: row.get(axis) for axis in _AXES}
        found[key] = Rubric(**levels, by=str(row["by"]), reason=str(row["reason"]))
    if issues:
        raise RubricError("\n".join(issues))
    return found


def _wrong(row: Mapping[str, Any]) -> Iterable[str]:
    for name in row.keys() - {*_NEEDED, *_AXES}:
        yield f"{name}: unknown; there are {', '.join((*_NEEDED, *_AXES))}"
    for name in _NEEDED:
        if not row.get(name):
            yield f"{name}: is asked for"
    if row.get("type") and row["type"] not in device_types():
        yield f"type: {row['type']!r} is no kind of device"
    if not any(row.get(axis) for axis in _AXES):
        yield f"one of {', '.join(_AXES)} is asked for"
    for axis in _AXES:
        if row.get(axis) not in (None, *_LEVELS):
            yield f"{axis}: {row[axis]!r} is none of {', '.join(_LEVELS)}"


def of(known: Answers, vulnerability: str, kind: str | None) -> Rubric | None:
    """Return the answers for a vulnerability on a kind of device, or the nearest more general."""
    for name in lineage(kind or ""):
        if found := known.get((vulnerability.upper(), name)):
            return found
    return None
