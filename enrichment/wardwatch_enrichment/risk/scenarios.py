"""Scenarios: rows of what is given and which figures are expected, read and checked.

A file has `device_factors` (s safety, e effectiveness, p data, life, fleet), `scenarios` with
`id`, `name`, `given`, `expect`, and perhaps `hospitals`: groups of such, counted by their labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wardwatch_enrichment.finding import SETTLED
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Risk
from wardwatch_enrichment.risk.rows import Place, factors_of, given

_DIGITS = {"ease": 2, "threat": 2, "likelihood": 3}  # as printed; the rest with one
_NUMBERS = ("ease", "threat", "likelihood", "safety", "effectiveness", "data", "score")
_WORDS = ("verdict", "label", "path", "band", "task", "bod_26_04")
_LABELS = ("Act", "Attend", "Track*", "Track", "Cannot tell")
_PARTS = ("device_factors", "scenarios", "hospitals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A figure that is not as expected."""

    figure: str
    expected: Any
    got: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a row came to: its deviations, or why it could not be read."""

    id: str
    name: str
    deviations: tuple[Deviation, ...] = ()
    errors: tuple[str, ...] = ()
    got: Mapping[str, Any]


def check(content: Any) -> Iterator[Checked]:
    """Yield each row of a file with what deviates; what cannot be read comes with its place."""
    if not isinstance(content, Mapping) or not (content.keys() & set(_PARTS[1:])):
        told = "a mapping with scenarios or hospitals is asked for"
        yield Checked(id="", name="", errors=(told,), got={})
        return
    errors = [
        f"{key}: unknown; there are {', '.join(_PARTS)}" for key in content.keys() - {*_PARTS}
    ]
    place = Place(errors)
    devices = factors_of(place.at("device_factors"), content.get("device_factors"))
    if errors:
        yield Checked(id="", name="", errors=tuple(errors), got={})
    seen: Counter[str] = Counter()
    for part, checked in (("scenarios", _scenario), ("hospitals", _hospital)):
        rows = content.get(part) or []
        if not isinstance(rows, list):
            yield Checked(id="", name="", errors=(f"{part}: a list is asked for",), got={})
            continue
        for number, row in enumerate(rows, 1):
            errors = []
            name = row.get("id") if isinstance(row, Mapping) else None
            about = f"{part} {number}" + (f" ({name})" if name else "")
            seen[str(name)] += 1
            if name and seen[str(name)] > 1:
                errors.append(f"{about}: id: there is another row with it")
            yield checked(Place(errors, about), row, devices)


def _scenario(place: Place, row: Any, devices: Mapping[str, Any]) -> Checked:
    about = place.mapping(row, ("id", "name", "given", "expect"), needs=("id", "given", "expect"))
    case = given(place.at("given"), about.get("given"), devices) if "given" in about else None
    known = (*_NUMBERS, *_WORDS, "due_days")
    expect = place.at("expect").mapping(about.get("expect", {}), known)
    for name in _NUMBERS:
        if name in expect:
            place.at(f"expect.{name}").number(expect[name], 0, 100)
    deviations: tuple[Deviation, ...] = ()
    got: dict[str, Any] = {}
    if case and not place.errors:
        found = scoring.assess(case)
        got = figures(case, found)
        if case.affected in SETTLED and expect.get("verdict") == case.affected:
            got["verdict"] = case.affected  # said more exactly
        deviations = tuple(_deviating(expect, got))
    return Checked(
        id=str(about.get("id", "")),
        name=str(about.get("name", "")),
        deviations=deviations,
        errors=tuple(place.errors),
        got={name: _printed(name, value) for name, value in got.items()},
    )


def figures(case: Case, found: Risk) -> dict[str, Any]:
    """Return what a row can expect of a case."""
    settled = case.affected in SETTLED
    got: dict[str, Any] = {"verdict": "not_affected" if settled else found.verdict}
    got |= {name: getattr(found, name) for name in _NUMBERS}
    got |= {"label": found.label, "path": found.path, "band": scoring.band(found.score)}
    got |= {"due_days": found.due_days, "task": found.task, "bod_26_04": found.bod_26_04}
    return got


def _deviating(expect: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[Deviation]:
    for name, wanted in expect.items():
        if name in _NUMBERS:
            same = _close(wanted, got[name], _DIGITS.get(name, 1))
        else:
            same = wanted == got[name]
        if not same:
            yield Deviation(figure=name, expected=wanted, got=_printed(name, got[name]))


def _close(wanted: float, got: float, digits: int) -> bool:
    """Tell whether a figure is the one that was printed: within half of the last digit."""
    after = len(str(float(wanted)).partition(".")[2])
    half = 0.5 / 10.0 ** max(digits, after)
    return abs(got - wanted) <= half + 1e-9


def _printed(name: str, value: Any) -> Any:
    return round(value, _DIGITS.get(name, 1)) if name in _NUMBERS else value


def _hospital(place: Place, row: Any, devices: Mapping[str, Any]) -> Checked:
    keys = ("id", "name", "groups", "expect")
    about = place.mapping(row, keys, needs=("id", "groups", "expect"))
    expect = place.at("expect").mapping(about.get("expect", {}), (*_LABELS, "order"))
    counted: Counter[str] = Counter()
    urgent: set[float] = set()
    for number, one in enumerate(place.listed("groups", about.get("groups")), 1):
        here = place.at(f"groups {number}")
        told = here.mapping(one, ("name", "count", "given"), needs=("count", "given"))
        count = here.at("count").number(told.get("count", 0), 0, 10**7)
        case = given(here.at("given"), told.get("given"), devices) if "given" in told else None
        if case:
            found = scoring.assess(case)
            counted[found.label] += int(count)
            urgent |= {round(found.score, 1)} if found.label in ("Act", "Attend") else set()
    got: dict[str, Any] = {label: counted[label] for label in _LABELS}
    got["order"] = sorted(urgent, reverse=True)
    wrong = [(name, wanted) for name, wanted in expect.items() if wanted != got[name]]
    return Checked(
        id=str(about.get("id", "")),
        name=str(about.get("name", "")),
        deviations=()
        if place.errors
        else tuple(Deviation(figure=name, expected=w, got=got[name]) for name, w in wrong),
        errors=tuple(place.errors),
        got=got,
    )
