"""What a value from the wire says of a device: the entries of ``fingerprints/<name>.yaml``.

``fingerprints/README.md`` tells how a file is written. Of a file's entries the first that matches
counts: exact values, then patterns in their order, then the longest prefix, then the registry of
hardware addresses where the file asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from wardwatch_enrichment import oui, vendors

ATTRIBUTES = (
    "manufacturer",
    "model",
    "type",
    "class",
    "serial_number",
    "software_versions",
    "os",
    "component",
)


_COMMON = ("source", "licence", "preference", "preferences")  # of a file, or of an entry


class FingerprintError(Exception):
    """A fingerprint file is not written as it must be; the message names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """One entry. `states` maps attributes to values; ``{group}`` stands for a part of the match.

    `preference` is how far its statements are trusted, 0 to 1, `preferences` where that differs
    between attributes. `examples` and `counter_examples` are values; an example also gives what the
    groups must yield.
    """

    name: str
    states: Mapping[str, str]
    preference: float
    source: str
    licence: str
    preferences: Mapping[str, float] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    examples: tuple[Mapping[str, str], ...] = ()
    counter_examples: tuple[str, ...] = ()

    def read(self, value: str) -> dict[str, str] | None:
        """Return the attributes that a value states, or None where the pattern does not match."""
        if self.pattern is None:
            return dict(self.states)
        found = self.pattern.search(value)
        if found is None:
            return None
        parts = {name: (text or "").strip() for name, text in found.groupdict().items()}
        filled = {name: text.format_map(parts).strip() for name, text in self.states.items()}
        return {name: text for name, text in filled.items() if text}


@dataclass(frozen=True, slots=True)
class Match:
    """The fingerprint that knows a value, and what the value states by it."""

    fingerprint: Fingerprint
    states: dict[str, str]


@dataclass(slots=True)
class _File:
    """The entries of one file, ready to be asked."""

    values: dict[str, Fingerprint] = field(default_factory=dict)
    patterns: list[Fingerprint] = field(default_factory=list)
    prefixes: dict[str, Fingerprint] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)
    separator: str = ""
    registered: Fingerprint | None = None

    def match(self, value: str) -> Match | None:
        plain = value.casefold()
        if found := self.values.get(plain):
            return Match(found, dict(found.states))
        for entry in self.patterns:
            if (states := entry.read(value)) is not None:
                return Match(entry, states)
        for length in self.lengths:
            found = self.prefixes.get(plain[:length])
            if found and (plain[length:] or self.separator).startswith(self.separator):
                return Match(found, dict(found.states))
        return self._registered(value) if self.registered else None

    def _registered(self, mac: str) -> Match | None:
        """Return who had a hardware address assigned; of a module's maker, that it says nothing."""
        prefix, organisation = oui.assigned(mac) or ("", "")
        maker = vendors.vendors().get(vendors.canonical(organisation) or "")
        if self.registered is None or maker is None:
            return None
        states = {} if maker.module else {"manufacturer": maker.name}
        return Match(
            replace(self.registered, name=f"{prefix} {organisation}", states=states), states
        )


def names() -> list[str]:
    """Return the names of all fingerprint files, which are those of the fields that they read."""
    folder = files(__package__).joinpath("fingerprints")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)


def entries(name: str) -> Iterator[Fingerprint]:
    """Yield all fingerprints of a file."""
    file = _load(name)
    yield from file.values.values()
    yield from file.patterns
    yield from file.prefixes.values()


@lru_cache(maxsize=1 << 18)
def match(name: str, value: str) -> Match | None:
    """Return what the file of this name knows of a value; None where it knows nothing."""
    return _load(name).match(value.strip()) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    return frozenset(names())


@cache
def _load(name: str) -> _File:
    path = files(__package__).joinpath("fingerprints", f"{name}.yaml")
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    return _Reader(f"{name}.yaml", content).file()


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """A loader that takes every scalar as text: no value of a wire is a number or a date."""


_Loader.yaml_implicit_resolvers = {}


@dataclass(slots=True)
class _Reader:
    """Turns the text of one file into entries, and says where it cannot."""

    name: str
    content: Any

    _KEYS = frozenset(
        (
            *_COMMON,
            *("about", "values", "patterns", "prefixes", "separator", "registered"),
        )
    )
    _ENTRY = frozenset((*_COMMON, "name", "pattern", "device", "examples", "not"))

    def file(self) -> _File:
        self._only(self.content, self._KEYS, "the file")
        made = _File(separator=self.content.get("separator", ""))
        made.values = self._table("values")
        made.prefixes = self._table("prefixes")
        made.lengths = sorted({len(prefix) for prefix in made.prefixes}, reverse=True)
        made.patterns = [self._pattern(entry) for entry in self.content.get("patterns", ())]
        if about := self.content.get("registered"):
            self._only(about, set(_COMMON), "registered")
            made.registered = self._entry("registered", about, {}, ())
        return made

    def _table(self, key: str) -> dict[str, Fingerprint]:
        table = {}
        for value, entry in self.content.get(key, {}).items():
            states = {name: text for name, text in entry.items() if name in ATTRIBUTES}
            about = {name: text for name, text in entry.items() if name not in ATTRIBUTES}
            self._only(about, set(_COMMON), value)
            if value.casefold() in table:
                raise FingerprintError(f"{self.name}: {value} stands twice; keep one")
            table[value.casefold()] = self._entry(
                value, about, states, examples=({"value": value},)
            )
        return table

    def _pattern(self, entry: dict[str, Any]) -> Fingerprint:
        name = entry.get("name", entry.get("pattern", "an entry without name"))
        self._only(entry, self._ENTRY, name)
        states = entry.get("device", {})
        self._only(states, set(ATTRIBUTES), name)
        try:
            pattern = re.compile(entry["pattern"], re.IGNORECASE)
        except (KeyError, re.error) as error:
            raise FingerprintError(f"{self.name}: {name}: no usable pattern: {error}") from None
        wanted = {part for text in states.values() for part in re.findall(r"{(\w*)}", text)}
        if missing := wanted - set(pattern.groupindex):
            raise FingerprintError(f"{self.name}: {name}: no group named {min(missing)!r}")
        examples = tuple(
            {"value": example} if isinstance(example, str) else example
            for example in entry.get("examples", ())
        )
        made = self._entry(name, entry, states, examples)
        return replace(made, pattern=pattern, counter_examples=tuple(entry.get("not", ())))

    def _entry(
        self, name: str, about: Mapping[str, Any], states: Mapping[str, str], examples: Any
    ) -> Fingerprint:
        def own_or_common(key: str) -> str:
            text = about.get(key) or self.content.get(key)
            if not text:
                raise FingerprintError(f"{self.name}: {name}: has no {key}, nor has the file")
            return str(text)

        return Fingerprint(
            name=name,
            states=states,
            preference=float(own_or_common("preference")),
            # An entry's own number comes before what the file says of an attribute.
            preferences={
                attribute: float(text)
                for common in ((about,) if "preference" in about else (self.content, about))
                for attribute, text in common.get("preferences", {}).items()
            },
            source=own_or_common("source"),
            licence=own_or_common("licence"),
            examples=examples,
        )

    def _only(self, entry: Mapping[str, Any], known: set[str] | frozenset[str], at: str) -> None:
        if unknown := set(entry) - known:
            raise FingerprintError(
                f"{self.name}: {at}: unknown {', '.join(sorted(unknown))}; "
                f"known are {', '.join(sorted(known))}"
            )
