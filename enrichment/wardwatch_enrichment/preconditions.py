"""What an attacker needs for each vulnerability: ``preconditions/<vendor>.yaml``.

Each entry quotes its source in a few words and carries examples that a test plays. Where there is
no entry, ``preconditions/defaults.yaml`` tells by weakness class and words of the advisory what is
needed at least; such needs are called assumed wherever they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from wardwatch_enrichment.advisory import Advisory, Vulnerability
from wardwatch_enrichment.content import data

PACKAGE = "preconditions"
KINDS = (
    "service", "no_authentication", "shows", "uses", "role", "clear", "calls", "component",
    "access", "condition", "any",
)  # fmt: skip
ACCESS = ("physical", "local", "radio", "adjacent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One predicate: its kind, and what that asks for (preconditions/README.md lists them)."""

    kind: str
    ports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    contrary: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    versions: str = ""
    text: str = ""
    mode_dependent: bool = False
    any: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """A product that a vulnerability really is in, where a feed lists all for all."""

    name: str
    versions: str = ""
    attribute: str = "software_versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """An entry; `assumed` says by which default it was made where nobody has looked."""

    vulnerability: str
    needs: tuple[Need, ...]
    advisory: str = ""
    quote: str = ""
    source: str = ""
    codeless: bool = False
    public_exploit: str = ""
    workaround: str = ""
    patch: str = ""
    products: tuple[Narrowed, ...] = ()
    unverified: tuple[str, ...] = ()
    assumed: str | None = None


@cache
def preconditions() -> dict[str, Precondition]:
    """Return every entry by the number of its vulnerability."""
    found: dict[str, Precondition] = {}
    for name in files():
        for number, entry in data(f"{PACKAGE}/{name}")["preconditions"].items():
            if number in found:
                raise ValueError(f"{PACKAGE}/{name}: {number} stands in another file, too")
            found[number] = precondition(number, entry)
    return found


def files() -> list[str]:
    """Return the names of the files with entries."""
    folder = resources.files("wardwatch_enrichment") / PACKAGE
    names = {path.name for path in folder.iterdir()}
    return sorted(n for n in names if n.endswith(".yaml") and n != "defaults.yaml")


def precondition(number: str, entry: Mapping[str, Any]) -> Precondition:
    """Return one entry; raises `ValueError` where it is not what it should be."""
    known = set(Precondition.__dataclass_fields__) - {"vulnerability", "assumed"} | {"examples"}
    if unknown := entry.keys() - known:
        raise ValueError(f"{number}: unknown keys: {', '.join(sorted(unknown))}")
    try:
        needs = tuple(need(one) for one in entry["needs"])
        products = tuple(Narrowed(**one) for one in entry.get("products", ()))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{number}: {error}") from None
    plain = {k: v for k, v in entry.items() if k not in ("needs", "products", "examples")}
    plain["unverified"] = tuple(plain.get("unverified", ()))
    return Precondition(vulnerability=number, needs=needs, products=products, **plain)


def need(entry: Mapping[str, Any]) -> Need:
    """Return one predicate; raises `ValueError` where it is not what it should be."""
    if len(entry) != 1 or (kind := next(iter(entry))) not in KINDS:
        raise ValueError(f"a need is one of {', '.join(KINDS)}; not {entry!r}")
    asked = entry[kind]
    if kind == "any":
        return Need(kind=kind, any=tuple(need(one) for one in asked))
    if kind in ("condition", "access", "uses", "role"):
        asked = {"text": asked} if kind == "condition" else {"values": asked}
    made = Need(kind=kind, **{key: _texts(key, value) for key, value in asked.items()})
    for port in made.ports:
        if not re.fullmatch(r"(?:tcp|udp)/(?:\d{1,5}|\*)", port):
            raise ValueError(f"{port!r} is no port; write tcp/23, or tcp/* for any")
    if kind == "access" and set(made.values) - set(ACCESS):
        raise ValueError(f"access is one of {', '.join(ACCESS)}")
    return made


def _texts(key: str, value: Any) -> Any:
    if key in ("ports", "names", "values", "contrary", "to"):
        return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
    return value


def of(advisory: Advisory, vulnerability: Vulnerability) -> Precondition:
    """Return what a vulnerability needs: its entry, or else what is assumed of its kind."""
    number = advisory.number_of(vulnerability)
    if found := preconditions().get(number):
        return found
    return _assumed(number, vulnerability)


@cache
def _defaults() -> list[tuple[str, frozenset[str], re.Pattern[str] | None, tuple[Need, ...], bool]]:
    return [
        (
            entry["name"],
            frozenset(entry.get("cwes", ())),
            re.compile(entry["words"], re.I) if "words" in entry else None,
            tuple(need(one) for one in entry["needs"]),
            entry.get("codeless", False),
        )
        for entry in data(f"{PACKAGE}/defaults.yaml")["defaults"]
    ]


def _assumed(number: str, vulnerability: Vulnerability) -> Precondition:
    """Return the first default that fits; needs of vectors come before those of words."""
    text = " ".join([vulnerability.title or "", *(note.text for note in vulnerability.notes)])
    access = access_of(score.vector for score in vulnerability.scores)
    if access in ("physical", "local"):
        named = Need(kind="access", values=(access,))
        return Precondition(vulnerability=number, needs=(named,), assumed="its CVSS vector")
    for name, cwes, words, needs, codeless in _defaults():
        if (not cwes or cwes & set(vulnerability.cwes)) and (words is None or words.search(text)):
            return Precondition(vulnerability=number, needs=needs, codeless=codeless, assumed=name)
    raise ValueError("the last default fits everything")


def access_of(vectors: Iterable[str]) -> str | None:
    """Return from where CVSS says that an attack comes; the widest of several vectors."""
    found = {metric[1] for vector in vectors if (metric := re.search(r"AV:([NALP])", vector))}
    words = {"N": "network", "A": "adjacent", "L": "local", "P": "physical"}
    return next((words[letter] for letter in words if letter in found), None)
