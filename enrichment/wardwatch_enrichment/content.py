"""The package's own data files, checked as they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

UNIT_SERIAL_LENGTH = 4
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, ten times as fast
_ADDRESS = re.compile(r"\d+(?:\.\d+){3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """An entry of ``fields.yaml``; the file's head says what each key means."""

    name: str
    meaning: str
    standard: str
    example: str
    attribute: str | None = None
    confidence: float = 0.0
    separator: str | None = None
    fingerprint: str | None = None
    forwarder: bool = False
    passed_on: bool = False

    @property
    def file(self) -> str:
        """The file of fingerprints that reads the value: its own, or one that several share."""
        return self.fingerprint or self.name


@cache
def fields() -> dict[str, Field]:
    """Return every field by its name."""
    return {
        name: Field(name=name, **entry) for name, entry in data("fields.yaml")["fields"].items()
    }


@cache
def placeholders() -> frozenset[str]:
    """Return the values that say nothing, as `plain` writes them."""
    return frozenset(plain(str(value)) for value in data("placeholders.yaml")["values"])


@lru_cache(maxsize=1 << 16)
def plain(value: str) -> str:
    """Return the letters and digits of a value in lower case: what two spellings share."""
    return "".join(character for character in value.casefold() if character.isalnum())


def says_something(value: str) -> bool:
    """Tell whether a value is more than a placeholder (UNKNOWN, N/A, ---, …)."""
    text = plain(value)
    return text not in placeholders() and bool(text.strip("x"))


def identifies(value: str) -> bool:
    """Tell whether a value can tell one device from another: zeros are a version, but no serial."""
    return says_something(value) and bool(plain(value).strip("0"))


@lru_cache(maxsize=1 << 16)
def is_unit_serial(value: str) -> bool:
    """Tell whether a serial number can be one unit's alone, so that entries may be merged by it.

    Short and repetitive ones, counting sequences and addresses are typed in by hand or by default.
    """
    text = plain(value)
    digits = text.removeprefix("sn")
    if not identifies(value) or len(digits) < UNIT_SERIAL_LENGTH or len(set(digits)) == 1:
        return False
    if len(digits.lstrip("0")) < UNIT_SERIAL_LENGTH - 1:
        return False
    return digits not in "01234567890" and not _ADDRESS.fullmatch(value.strip())


def data(name: str) -> Any:
    """Return what a data file of this package says."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, _LOADER)  # noqa: S506  a SafeLoader
