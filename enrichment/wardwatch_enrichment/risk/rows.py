"""What a scenario gives, as the record of a risk; mistakes are told with their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.finding import AFFECTED, Affected, Truth, Verdict
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Factors, Rubric, Threat
from wardwatch_enrichment.risk.figures import model

_FLAGS = {
    "kev": "kev", "ransom": "ransomware", "ransomware": "ransomware", "public": "public",
    "codeless": "codeless", "attempt": "attempt", "attempt_seen": "attempt", "harm": "harm",
    "harm_seen": "harm", "compromise": "harm", "automatable": "automatable",
    "total_impact": "total_impact",
}  # fmt: skip
_SEEN = ("attempt", "attempt_seen", "harm", "harm_seen", "compromise")  # also outside of `threat`
_GIVEN = (
    "device", "fleet", "cvss_vector", "threat", "affected", "zone", "predicates",
    "boundary_proven", "coverage", "recall", "rubric", "vex", "patched", *_SEEN,
)  # fmt: skip
_COVERAGE = {"none": False, False: False, "full": True, True: True}
# A statement wins over what versions say; one that is still looked into says nothing.
_VEX: dict[str, Affected | None] = {
    "affected": "confirmed", "fixed": "fixed", "not_affected": "not_affected",
    "under_investigation": None,
}  # fmt: skip
_RUBRIC = {"C": "confidentiality", "I": "integrity", "A": "availability"}


class Place:
    """Where in a file something stands, and the mistakes found so far."""

    def __init__(self, errors: list[str], path: str = "") -> None:
        self.errors, self._path = errors, path

    def at(self, name: str) -> Place:
        """Return the place of something within."""
        return Place(self.errors, f"{self._path}.{name}" if self._path else name)

    def wrong(self, text: str) -> None:
        """Note a mistake."""
        self.errors.append(f"{self._path}: {text}")

    def mapping(
        self, value: Any, known: Sequence[str], needs: Sequence[str] = ()
    ) -> Mapping[str, Any]:
        """Return a mapping with known keys only."""
        if not isinstance(value, Mapping):
            self.wrong("a mapping is asked for")
            return {}
        for key in value:
            if key not in known:
                self.at(str(key)).wrong(f"unknown; there are {', '.join(known)}")
        for key in needs:
            if key not in value:
                self.at(key).wrong("is missing")
        return {key: one for key, one in value.items() if key in known}

    def listed(self, name: str, value: Any) -> list[Any]:
        """Return a list."""
        if value is not None and not isinstance(value, list):
            self.at(name).wrong("a list is asked for")
        return value if isinstance(value, list) else []

    def number(self, value: Any, least: float, most: float) -> float:
        """Return a number between two."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.wrong(f"{value!r} is no number")
        elif not least <= value <= most:
            self.wrong(f"{value} is not from {least} to {most}")
        else:
            return value
        return least

    def flag(self, value: Any) -> bool:
        """Return true or false."""
        if not isinstance(value, bool):
            self.wrong(f"{value!r} is neither true nor false")
        return value is True

    def one_of(self, value: Any, known: Sequence[Any]) -> Any:
        """Return one of several words."""
        if value not in known:
            self.wrong(f"{value!r} is none of {', '.join(map(str, known))}")
            return known[0]
        return value


def factors_of(place: Place, rows: Any) -> dict[str, Factors]:
    """Return the devices of a file; a kind of `device_types.yaml` is known without."""
    kinds = (kind for kind in device_types().values() if kind.factors)
    found = {kind.name: _of_kind(kind.factors or (0, 0, 0), life=kind.life_sustaining)
             for kind in kinds}  # fmt: skip
    if rows is not None and not isinstance(rows, Mapping):
        place.wrong("a mapping is asked for")
        return found
    for name, row in (rows or {}).items():
        here = place.at(str(name))
        about = here.mapping(row, ("s", "e", "p", "life", "fleet"), needs=("s", "e", "p"))
        s, e, p = (here.at(key).number(about.get(key, 0), 0, 10) for key in "sep")
        found[str(name)] = Factors(
            safety=s,
            effectiveness=e,
            data=p,
            life=here.at("life").flag(about.get("life", False)),
            fleet=int(here.at("fleet").number(about.get("fleet", 1), 1, 10**7)),
        )
    return found


def _of_kind(factors: tuple[int, int, int], *, life: bool) -> Factors:
    return Factors(safety=factors[0], effectiveness=factors[1], data=factors[2], life=life)


def given(place: Place, value: Any, devices: Mapping[str, Factors]) -> Case | None:
    """Return what a row gives; None where something in it cannot be read."""
    before = len(place.errors)
    row = place.mapping(value, _GIVEN, needs=("device", "cvss_vector", "affected", "zone"))
    device = str(row.get("device"))
    if "device" in row and device not in devices:
        place.at("device").wrong(f"{device!r} is not in device_factors, and no known kind")
    vector, truths = _vector(place, row), _predicates(place, row)
    zone = place.at("zone").one_of(row.get("zone"), tuple(model()["zones"]))
    threat, affected, rubric = _threat(place, row), _affected(place, row), _rubric(place, row)
    boundary = place.at("boundary_proven").flag(row.get("boundary_proven", False))
    coverage = place.at("coverage").one_of(row.get("coverage", "full"), tuple(_COVERAGE))
    recall = place.at("recall").flag(row.get("recall", False))
    fleet = int(place.at("fleet").number(row.get("fleet", 1), 1, 10**7))
    if len(place.errors) > before:
        return None
    covered = _COVERAGE[coverage]
    return Case(
        factors=_with(devices[device], fleet if "fleet" in row else None),
        cvss=vector,
        affected=affected,
        verdict=verdict(truths if covered else uncovered(truths), vector),
        zone=zone,
        threat=threat,
        boundary_proven=boundary,
        covered=covered,
        recall=recall,
        rubric=rubric,
    )


def _with(factors: Factors, fleet: int | None) -> Factors:
    return Factors(
        safety=factors.safety,
        effectiveness=factors.effectiveness,
        data=factors.data,
        life=factors.life,
        fleet=factors.fleet if fleet is None else fleet,
    )


def verdict(truths: Sequence[Truth], vector: str) -> Verdict:
    """Return the verdict of predicates and a vector, as the model's table has it.

    Where nothing is asked of an attacker, all of it is there.
    """
    way = scoring.metrics(vector)["AV"]
    if way == "P" or "strong_false" in truths:
        return "not_exploitable"
    if way == "L" or "weak_false" in truths:
        return "unlikely"
    return "exploitable" if set(truths) <= {"true"} else "potential"


def uncovered(truths: Sequence[Truth]) -> tuple[Truth, ...]:
    """Return what is left of predicates without a sensor: its silence says nothing."""
    return tuple("unknown" if truth == "weak_false" else truth for truth in truths)


def _vector(place: Place, row: Mapping[str, Any]) -> str:
    text = row.get("cvss_vector")
    try:
        scoring.metrics(str(text))
    except ValueError as error:
        if "cvss_vector" in row:
            place.at("cvss_vector").wrong(str(error))
    return str(text)


def _predicates(place: Place, row: Mapping[str, Any]) -> tuple[Truth, ...]:
    truths = get_args(Truth)
    if "predicates" not in row:
        return ("unknown",)
    found = []
    for number, one in enumerate(place.listed("predicates", row.get("predicates")), 1):
        said = "true" if one is True else one  # YAML's own true
        found.append(place.at(f"predicates {number}").one_of(said, truths))
    return tuple(found)


def _threat(place: Place, row: Mapping[str, Any]) -> Threat:
    here = place.at("threat")
    told = dict(here.mapping(row.get("threat") or {}, (*_FLAGS, "epss")))
    epss = here.at("epss").number(told.pop("epss", 0.0), 0, 1)
    told |= {name: row[name] for name in _SEEN if name in row}
    flags: dict[str, bool] = {}
    for name, value in told.items():
        said = value == "yes" if name == "automatable" and value in ("yes", "no") else value
        flags[_FLAGS[name]] = here.at(name).flag(said) or flags.get(_FLAGS[name], False)
    return Threat(epss=epss, **flags)


def _affected(place: Place, row: Mapping[str, Any]) -> Affected:
    found: Affected = place.at("affected").one_of(row.get("affected"), AFFECTED)
    if "vex" in row:
        found = _VEX[place.at("vex").one_of(row["vex"], tuple(_VEX))] or found
    return "fixed" if place.at("patched").flag(row.get("patched", False)) else found


def _rubric(place: Place, row: Mapping[str, Any]) -> Rubric | None:
    if "rubric" not in row:
        return None
    here = place.at("rubric")
    told = here.mapping(row["rubric"], tuple(_RUBRIC))
    levels = {_RUBRIC[key]: here.at(key).one_of(level, ("H", "L", "N"))
              for key, level in told.items()}  # fmt: skip
    return Rubric(**levels)
