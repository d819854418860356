"""Every entry of the knowledge base proves itself: examples, sources, names that exist."""

from __future__ import annotations

import re

import pytest

from wardwatch_enrichment import device_types, fingerprint, vendors
from wardwatch_enrichment.content import fields, says_something
from wardwatch_enrichment.fingerprint import Fingerprint

CLASSES = {"medical", "it", "iot", "building"}
ENTRIES = [(name, entry) for name in fingerprint.names() for entry in fingerprint.entries(name)]
READ = {field.file for field in fields().values()}


@pytest.mark.parametrize("name", fingerprint.names())
def test_a_file_is_named_as_a_field(name: str) -> None:
    """A file that no field leads to would never be asked."""
    assert name in READ


@pytest.mark.parametrize("entry", [entry for _, entry in ENTRIES], ids=lambda e: e.name)
def test_an_entry_is_complete(entry: Fingerprint) -> None:
    """Sources and licences are given, and what is stated has its canonical name."""
    assert entry.source and entry.licence
    assert 0 < entry.preference < 1
    assert entry.examples, "give at least one example"
    states = entry.states
    if "{" not in (maker := states.get("manufacturer", "{")):
        assert vendors.canonical(maker) == maker, f"{maker} is no canonical name of vendors.yaml"
    if "{" not in (kind := states.get("type", "{")):
        assert kind in device_types.device_types(), f"{kind} is not in device_types.yaml"
    assert states.get("class", "it") in CLASSES


@pytest.mark.parametrize(("name", "entry"), ENTRIES, ids=lambda p: getattr(p, "name", p))
def test_an_entry_matches_its_examples_first(name: str, entry: Fingerprint) -> None:
    """No entry before it takes its examples, its groups yield what they say, and no more."""
    for example in entry.examples:
        found = fingerprint.match(name, example["value"])
        assert found is not None, example
        assert found.fingerprint is entry, f"{found.fingerprint.name} takes {example['value']}"
        expected = {key: value for key, value in example.items() if key != "value"}
        assert {key: found.states.get(key) for key in expected} == expected
        filled = {key for key, text in entry.states.items() if "{" in text}
        assert filled <= set(expected), f"say in the example what {filled} must be"
        assert all(says_something(text) for text in found.states.values())
    for value in entry.counter_examples:
        found = fingerprint.match(name, value)
        assert found is None or found.fingerprint is not entry, value


def test_no_pattern_can_run_away() -> None:
    """A repeated group inside a repetition takes exponential time on hostile values."""
    nested = re.compile(r"\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)[+*]")
    for name, entry in ENTRIES:
        if entry.pattern:
            assert not nested.search(entry.pattern.pattern), f"{name}: {entry.name}"


@pytest.mark.parametrize("vendor", vendors.vendors().values(), ids=lambda v: v.name)
def test_a_vendor_resolves(vendor: vendors.Vendor) -> None:
    """Each spelling leads to its own entry, and a successor is an entry."""
    for spelling in (vendor.name, *vendor.aliases):
        assert vendors.canonical(spelling) == vendor.name, spelling
    assert vendor.makes in CLASSES | {"mixed"}
    assert vendor.successor is None or vendor.successor in vendors.vendors()
    assert len(vendors.lineage(vendor.name)) < 5


@pytest.mark.parametrize("kind", device_types.device_types().values(), ids=lambda k: k.name)
def test_a_device_type_is_complete(kind: device_types.DeviceType) -> None:
    """Every kind has a class; codes are the FDA's three letters; factors are three, 0 to 10."""
    assert kind.device_class in CLASSES
    assert kind.name == kind.name.strip()
    assert all(re.fullmatch("[A-Z]{3}", code) for code in kind.fda_product_codes)
    if kind.device_class == "medical":
        assert kind.factors and len(kind.factors) == 3
        assert all(0 <= factor <= 10 for factor in kind.factors)
    assert len(device_types.lineage(kind.name)) >= 1
