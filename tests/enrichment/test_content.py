"""The data files say what they should."""

from __future__ import annotations

import pytest

from wardwatch_enrichment.content import (
    fields,
    identifies,
    placeholders,
    says_something,
)
from wardwatch_enrichment.fingerprint import names

FIELDS = fields().values()


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_is_complete(field: object) -> None:
    """Each entry has what the head of the file asks for, and its fingerprints exist."""
    assert field.meaning and field.standard and field.example
    assert 0 <= field.confidence <= 1
    assert not (field.attribute and not field.confidence)
    assert not field.fingerprint or field.fingerprint in names()
    assert not field.separator or field.attribute


@pytest.mark.parametrize("value", ["", "  ", "---", "xxx", "Unknown", "N/A", "1..."])
def test_placeholders_say_nothing(value: str) -> None:
    """What stands for nothing is no attribute."""
    assert says_something(value) is (value == "1...")


def test_zeros_are_a_version_but_no_serial_number() -> None:
    """Some software really is 0.0.0."""
    assert says_something("0.0.0")
    assert not identifies("0.0.0")


def test_placeholders_are_in_lower_case() -> None:
    """They are compared so."""
    assert all(value == value.strip() for value in placeholders())
