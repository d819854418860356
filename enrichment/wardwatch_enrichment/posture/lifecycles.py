"""Until when the operating system and the software of a device are supported, as an interval.

A build of Windows is that of several editions, whose support ends years apart, and medical devices
mostly run the long ones. So it is said to have ended only where it has for all that it can be, and
to last only where it does for all. ``lifecycles.yaml`` tells which cycles a name means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from wardwatch_enrichment.content import data
from wardwatch_enrichment.model import Device, Lifecycle

Lifecycles = Callable[[str], Sequence[Lifecycle]]
_CLIENT = re.compile(r"windows (?P<major>10|11)\b(?P<rest>.*)")
_RELEASE = re.compile(r"\d\dh\d|1[5-9]\d\d|2004")
_YEAR = re.compile(r"20\d\d")
_WORD = re.compile(r"[a-z]+|\d\dh\d|\d+")
_SHORT = {"ltsb": "ltsc", "ent": "enterprise"}
_SITE = "site facts"  # what a site's own register says stands in the evidence under this name


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Until when something is supported: for sure to `first`, at the latest to `last`.

    Either is None for a day that nobody names. `extended` is until when updates can still be had
    that not everybody has: those that are bought, or that volunteers make. `contradicted`: the
    site's register names an edition that the wire rules out; both are reckoned with.
    """

    state: Literal["ended", "supported", "depends"]
    name: str
    cycles: tuple[str, ...]
    first: date | None
    last: date | None
    extended: date | None = None
    contradicted: bool = False

    @property
    def wording(self) -> str:
        """What may be said of it."""
        if self.state == "depends":
            return f"depends on edition ({self.first or '?'} … {self.last or 'open'})"
        if self.state == "supported":
            return f"supported until {self.first}" if self.first else "supported"
        if self.last is None:
            return "support has ended"
        if self.first in (None, self.last):
            return f"support ended on {self.last}"
        return f"support ended between {self.first} and {self.last}, by edition"


@dataclass(frozen=True, slots=True)
class _Meant:
    """The cycles that a name means; `vague` if it does not even say which release."""

    cycles: tuple[Lifecycle, ...]
    vague: bool = False


def of_system(device: Device, lifecycles: Lifecycles, today: date) -> Support | None:
    """Return how long a device's operating system is supported; None where that is not known."""
    told = [
        a.value
        for a in device.attributes
        if a.name == "os" and a.current and any(e.log == _SITE for e in a.evidence)
    ]
    seen = device.os if device.os not in told else None
    wire = _all(seen.split(" or "), lifecycles) if seen else None
    fact = _all(told[0].split(" or "), lifecycles) if told else None
    if seen and wire is None and not (told and _names(seen, told[0])):
        return None
    meant, against = _narrowed(wire, fact)
    if meant is None:
        return None
    found = _support(told[0] if told and not against else seen or "", meant.cycles, today, against)
    if found and found.state == "depends" and meant.vague:
        return None
    return found


def of_component(value: str, lifecycles: Lifecycles, today: date) -> Support | None:
    """Return how long its own makers mend a component (name and version); None for not known."""
    found = _versioned(value, _data()["products"]["components"], lifecycles)
    return _support(value, found, today) if found else None


def _narrowed(wire: _Meant | None, fact: _Meant | None) -> tuple[_Meant | None, bool]:
    """Return what can be by the wire and the register, and whether they contradict each other."""
    if wire is None or fact is None:
        return wire or fact, False
    both = tuple(cycle for cycle in wire.cycles if cycle in fact.cycles)
    if both:
        return _Meant(both, wire.vague and fact.vague), False
    return _Meant((*wire.cycles, *fact.cycles)), True


def _names(seen: str, told: str) -> bool:
    return _plain(told).startswith(_plain(seen))


def _support(
    name: str, cycles: Iterable[Lifecycle], today: date, contradicted: bool = False
) -> Support | None:
    known = list({(c.product, c.cycle): c for c in cycles}.values())
    over = [_is_over(cycle, today) for cycle in known]
    if not over or None in over:
        return None
    ends = [cycle.eol for cycle in known]
    dated = sorted(end for end in ends if end)
    later = [cycle.extended for cycle in known if cycle.extended and cycle.extended >= today]
    complete = len(dated) == len(ends)
    return Support(
        state="ended" if all(over) else "depends" if any(over) else "supported",
        name=name,
        cycles=tuple(cycle.label or cycle.cycle for cycle in known),
        first=dated[0] if dated and (complete or not all(over)) else None,
        last=dated[-1] if complete else None,
        extended=max(later, default=None),
        contradicted=contradicted,
    )


def _is_over(cycle: Lifecycle, today: date) -> bool | None:
    return cycle.eol < today if cycle.eol else cycle.ended


def _all(names: Iterable[str], lifecycles: Lifecycles) -> _Meant | None:
    """Return what any of several names means; None where one of them is not known."""
    found = [_meant(_plain(name), name.strip(), lifecycles) for name in names]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    cycles = tuple(cycle for one in known for cycle in one.cycles)
    return _Meant(cycles, any(one.vague for one in known))


def _meant(text: str, name: str, lifecycles: Lifecycles) -> _Meant | None:
    if client := _CLIENT.match(text):
        return _client(client["major"], _WORD.findall(client["rest"]), lifecycles)
    if not text.startswith("windows"):
        found = _versioned(name, _data()["products"]["systems"], lifecycles)
        return _Meant(found) if found else None
    for pattern, cycles in _windows():
        if fits := pattern.match(text):
            wanted = [(p, fits.expand(c)) for p, names in cycles.items() for c in names]
            known = [_cycle(product, cycle, lifecycles) for product, cycle in wanted]
            found = tuple(cycle for cycle in known if cycle)
            return _Meant(found) if len(found) == len(known) else None
    return None


def _client(major: str, words: list[str], lifecycles: Lifecycles) -> _Meant | None:
    """Return the cycles of Windows 10 or 11 that a name leaves, by its release and edition."""
    told = {_SHORT.get(word, word) for word in words}
    release = next((word for word in words if _RELEASE.fullmatch(word)), None)
    year = next((word for word in words if _YEAR.fullmatch(word)), None)
    if year and "ltsc" in told:
        release = release if release not in (None, year) else _data()["ltsc"].get(int(year))
    found: list[tuple[str, Lifecycle]] = []
    for cycle in lifecycles("windows"):
        family, _, rest = cycle.cycle.partition("-")
        of_release, _, edition = rest.partition("-")
        if family == major and release in (None, of_release):
            found.append((edition, cycle))
    leave = next((e for e in _data()["editions"] if set(e["words"]) <= told), None)
    if leave:
        found = _left(found, leave)
    return _Meant(tuple(cycle for _, cycle in found), release is None) if found else None


def _left(
    found: list[tuple[str, Lifecycle]], edition: Mapping[str, list[str]]
) -> list[tuple[str, Lifecycle]]:
    for ends in (edition["leave"], edition.get("or", ())):
        if left := [(end, cycle) for end, cycle in found if end in ends]:
            return left if "ltsc" in edition["words"] else left + _of_all(found)
    return _of_all(found)


def _of_all(found: list[tuple[str, Lifecycle]]) -> list[tuple[str, Lifecycle]]:
    return [(end, cycle) for end, cycle in found if not end]


def _cycle(product: str, name: str, lifecycles: Lifecycles) -> Lifecycle | None:
    known = (*lifecycles(product), *_missing().get(product, ()))
    return next((cycle for cycle in known if cycle.cycle == name), None)


def _versioned(
    value: str, products: Mapping[str, list[str]], lifecycles: Lifecycles
) -> tuple[Lifecycle, ...]:
    """Return the cycle that the version in a value belongs to, the most special."""
    name, _, version = value.rpartition(" ")
    if not any(character.isdigit() for character in version):
        return ()
    for product in products.get(name, ()):
        fitting = [c for c in lifecycles(product) if f"{version}.".startswith(f"{c.cycle}.")]
        if fitting:
            return (max(fitting, key=lambda cycle: len(cycle.cycle)),)
    return ()


def _plain(name: str) -> str:
    """Return a name without its maker and marks, in lower case."""
    text = re.sub(r"\((?:r|tm|c)\)|[®™,]|\bversion\b", " ", name.casefold())
    return " ".join(text.removeprefix("microsoft").split())


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = data("lifecycles.yaml")
    return found


@cache
def _windows() -> list[tuple[re.Pattern[str], dict[str, list[str]]]]:
    return [
        (
            re.compile(rf"(?:{entry['name']})(?![\w.])"),
            {product: list(map(str, cycles)) for product, cycles in entry.items()
             if product != "name"},
        )
        for entry in _data()["windows"]
    ]  # fmt: skip


@cache
def _missing() -> dict[str, tuple[Lifecycle, ...]]:
    return {
        product: tuple(
            Lifecycle(product=product, cycle=c["cycle"], label=c["label"], eol=c["eol"])
            for c in cycles
        )
        for product, cycles in _data()["missing"].items()
    }
