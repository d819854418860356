"""The data files say what they should."""

from __future__ import annotations

import pytest

from wardwatch_enrichment.content import (
    device_types,
    fields,
    identifies,
    placeholders,
    says_something,
)

FIELDS = fields().values()


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_is_complete(field: object) -> None:
    """Each entry has what the head of the file asks for, and its table exists."""
    assert field.meaning and field.standard and field.example
    assert 0 <= field.confidence <= 1
    assert not (field.attribute and not field.confidence)
    assert not field.translate or field.example in device_types()[field.translate]
    assert not field.separator or field.attribute


@pytest.mark.parametrize("table", device_types(), ids=str)
def test_a_device_type_is_a_plain_term_or_none(table: str) -> None:
    """Types are written as a clinical engineer writes them."""
    for code, kind in device_types()[table].items():
        assert code == code.upper()
        assert kind is None or kind == kind.strip()


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
