"""The package's own data files, checked as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from wardwatch_enrichment.model import DeviceClass


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
    translate: str | None = None
    device_class: DeviceClass | None = None
    forwarder: bool = False


@cache
def fields() -> dict[str, Field]:
    """Return every field by its name."""
    return {
        name: Field(name=name, **entry) for name, entry in _read("fields.yaml")["fields"].items()
    }


@cache
def device_types() -> dict[str, dict[str, str | None]]:
    """Return the tables that translate a code from the wire; None: names no kind of equipment."""
    return {table: dict(codes) for table, codes in _read("device_types.yaml").items()}


@cache
def placeholders() -> frozenset[str]:
    """Return the values that say nothing, in lower case."""
    return frozenset(str(value).lower() for value in _read("placeholders.yaml")["values"])


def says_something(value: str) -> bool:
    """Tell whether a value is more than a placeholder (UNKNOWN, N/A, ---, …)."""
    text = value.strip().lower()
    return text not in placeholders() and bool(text.strip(".-_*?x "))


def identifies(value: str) -> bool:
    """Tell whether a value can tell one device from another: zeros are a version, but no serial."""
    return says_something(value) and bool(value.strip("0.-_ "))


def _read(name: str) -> Any:
    return yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
