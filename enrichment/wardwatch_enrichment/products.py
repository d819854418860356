"""Products under the names that advisories, labels and the wire give them: ``product_lines.yaml``.

A product that has no entry there stands for itself: its name, without the maker's, is its line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from wardwatch_enrichment import vendors
from wardwatch_enrichment.advisory import Role
from wardwatch_enrichment.content import data, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A product line; the head of the file says what each key means.

    `groups`: its models, those together that are one under several names or numbers.
    """

    name: str
    vendor: str
    source: str
    role: Role = "product"
    aliases: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Return the names and numbers of all models."""
        return tuple(model for group in self.groups for model in group)


@cache
def lines() -> tuple[Line, ...]:
    """Return all product lines."""
    return tuple(
        _line(name, vendor, entry)
        for vendor, entries in data("product_lines.yaml")["lines"].items()
        for name, entry in entries.items()
    )


@cache
def namesakes() -> dict[str, str]:
    """Return, for a maker of many things, its medical company that advisories call alike."""
    return dict(data("product_lines.yaml")["namesakes"])


@lru_cache(maxsize=1 << 14)
def makers(name: str) -> frozenset[str]:
    """Return the names under which a maker is known: its own, its successors', its namesake's."""
    known = vendors.lineage(name) or ((name,) if name else ())
    return frozenset((*known, *(namesakes()[one] for one in known if one in namesakes())))


def _line(name: str, vendor: str, entry: dict[str, Any]) -> Line:
    return Line(
        name=name,
        vendor=vendor,
        source=entry["source"],
        role=entry.get("role", "product"),
        aliases=tuple(entry.get("aliases", ())),
        groups=tuple(
            tuple(map(str, model)) if isinstance(model, list) else (str(model),)
            for model in entry.get("models", ())
        ),
        prefixes=tuple(entry.get("prefixes", ())),
    )


@cache
def _spellings() -> dict[str, tuple[Line, ...]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines():
        for spelling in (line.name, *line.aliases, *line.models):
            if line not in found[key(spelling)]:
                found[key(spelling)].append(line)
    return {spelling: tuple(known) for spelling, known in found.items()}


@lru_cache(maxsize=1 << 14)
def find(makers: tuple[str, ...], name: str) -> Line | None:
    """Return the line that a product of these makers belongs to, by its whole name or model.

    A component is found whoever is said to make it: advisories name those who built it in.
    """
    known = _called(makers, name)
    own = {maker for name in makers for maker in vendors.lineage(name)} | set(makers)
    of_them = [
        line
        for line in known
        if line.role == "component" or own & set(vendors.lineage(line.vendor))
    ]
    return of_them[0] if len(of_them) == 1 else None


@lru_cache(maxsize=1 << 14)
def model(makers: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return all spellings of the one model of a line that a name is; none if it is the line's."""
    line = find(makers, name)
    if line is None or {key(name), key(bare(makers, name))} & _own(line):
        return ()
    spelled = {key(name), key(bare(makers, name))}
    groups = (group for group in line.groups if spelled & {key(one) for one in group})
    return tuple(one for group in groups for one in group)


def _own(line: Line) -> set[str]:
    return {key(spelling) for spelling in (line.name, *line.aliases)}


def identity(makers: tuple[str, ...], name: str) -> str:
    """Return what two names of one product share: its line, or its own name without the maker's."""
    line = find(makers, name)
    return line.name if line else key(bare(makers, name))


@lru_cache(maxsize=1 << 14)
def others(makers: tuple[str, ...], name: str) -> tuple[Line, ...]:
    """Return the lines of other makers that are called so, if none of these makers' is."""
    return () if find(makers, name) else _called(makers, name)


def _called(makers: Iterable[str], name: str) -> tuple[Line, ...]:
    return _spellings().get(key(name)) or _spellings().get(key(bare(makers, name)), ())


def key(name: str) -> str:
    """Return what two spellings of one name share: a plus counts, XR656+ is not XR656."""
    return plain(name.replace("+", " plus "))


def bare(makers: Iterable[str], name: str) -> str:
    """Return a product's name without the maker's in front of it."""
    for maker in makers:
        if found := _in_front(maker).match(name):
            return name[found.end() :]
    return name


@lru_cache(maxsize=1 << 12)
def _in_front(maker: str) -> re.Pattern[str]:
    """Return what finds a maker's name, under any of its spellings, in front of another."""
    vendor = vendors.vendors().get(maker)
    spellings = (maker, *(vendor.aliases if vendor else ()), *maker.split()[:1])
    return re.compile(rf"(?:{'|'.join(map(re.escape, spellings))})\s+", re.IGNORECASE)
