"""Of which kind a weakness is: the classes of ``mitigations.yaml``, the first that fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from wardwatch_enrichment.content import data
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.preconditions import Need

_KEYS = {"posture", "access", "kinds", "components", "services", "cwes", "words"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One way to be of a class; what is empty asks nothing, all else must fit."""

    posture: frozenset[str] = frozenset()
    access: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    components: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    cwes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """A class of weaknesses with its measures; the head of the file says what each key means."""

    name: str
    fits: tuple[Fit, ...]
    first: Mapping[str, Any]
    second: Mapping[str, Any]
    detect: str
    capabilities: tuple[str, ...]
    source: str


@cache
def content() -> Mapping[str, Any]:
    """Return what ``mitigations.yaml`` says."""
    found: Mapping[str, Any] = data("mitigations.yaml")
    return found


def way(name: str) -> Mapping[str, Any]:
    """Return what a kind of measure changes, costs and closes."""
    found: Mapping[str, Any] = content()["ways"][name]
    return found


def attack(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what ATT&CK calls a measure, or else its way: numbers with their names."""
    numbers = told.get("attack", way(told["way"]).get("attack", ()))
    return tuple(f"{number} {content()['attack'][number]}" for number in numbers)


@cache
def weaknesses() -> tuple[Weakness, ...]:
    """Return every class, in the order in which they are tried."""
    return tuple(weakness(entry) for entry in content()["classes"])


def weakness(entry: Mapping[str, Any]) -> Weakness:
    """Return one class; raises `ValueError` for what its file does not know."""
    told = content()
    if unknown := {entry["first"]["way"], entry["second"]["way"]} - set(told["ways"]):
        raise ValueError(f"{entry['name']}: unknown ways: {', '.join(sorted(unknown))}")
    if unknown := set(entry["capabilities"]) - set(told["capabilities"]):
        raise ValueError(f"{entry['name']}: unknown capabilities: {', '.join(sorted(unknown))}")
    return Weakness(
        name=entry["name"],
        fits=tuple(_fit(entry["name"], one) for one in entry["fits"]),
        first=entry["first"],
        second=entry["second"],
        detect=entry.get("detect", ""),
        capabilities=tuple(entry["capabilities"]),
        source=entry["source"],
    )


def _fit(name: str, asked: Mapping[str, Any]) -> Fit:
    if unknown := asked.keys() - _KEYS:
        raise ValueError(f"{name}: unknown keys: {', '.join(sorted(unknown))}")
    pattern = re.compile(asked["words"], re.I) if "words" in asked else None
    return Fit(words=pattern, **{k: frozenset(v) for k, v in asked.items() if k != "words"})


def chosen(finding: Finding, needs: Sequence[Need], cwes: Iterable[str]) -> Weakness:
    """Return the class of a finding: one that names its posture, else the first that fits.

    `needs` are those of its entry, each by itself.
    """
    return _chosen(finding.vulnerability, finding.title, tuple(needs), tuple(cwes))


@lru_cache(maxsize=1 << 14)
def _chosen(number: str, title: str, needs: tuple[Need, ...], cwes: tuple[str, ...]) -> Weakness:
    """Return the class of what many devices have alike."""
    found = _Traits(
        posture=set(_prefixes(number)),
        access={value for need in needs if need.kind == "access" for value in need.values},
        kinds={need.kind for need in needs},
        components={name for need in needs if need.kind == "component" for name in need.names},
        services={
            one
            for need in needs
            if need.kind not in ("component", "calls")
            for one in (*need.ports, *need.names)
        },
        cwes=set(cwes),
        text=" ".join([title, *(need.text for need in needs)]),
    )
    fitting = [one for one in weaknesses() if any(found.fits(fit) for fit in one.fits)]
    by_name = (one for one in fitting if any(found.posture & fit.posture for fit in one.fits))
    return next(by_name, fitting[0])


def _prefixes(number: str) -> Iterator[str]:
    """Yield an id and what it begins with: the end of a posture's id tells several apart."""
    parts = number.partition(":")[0].split("-")
    return ("-".join(parts[:count]) for count in range(1, len(parts) + 1))


def flat(needs: Iterable[Need]) -> Iterator[Need]:
    """Yield needs, those of which one is enough among them."""
    for need in needs:
        if need.kind == "any":
            yield from flat(need.any)
        else:
            yield need


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traits:
    posture: set[str]
    access: set[str]
    kinds: set[str]
    components: set[str]
    services: set[str]
    cwes: set[str]
    text: str

    def fits(self, fit: Fit) -> bool:
        """Tell whether all that a fit asks is there."""
        asked = (
            (fit.posture, self.posture), (fit.access, self.access), (fit.cwes, self.cwes),
            (fit.components, self.components), (fit.services, self.services),
            (fit.kinds, self.kinds),
        )  # fmt: skip
        if fit.words and not fit.words.search(self.text):
            return False
        return all(not wanted or wanted & there for wanted, there in asked)
