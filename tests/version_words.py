"""Versions and what texts say of them, as the tests write them."""

from __future__ import annotations

from wardwatch_enrichment import version_text
from wardwatch_enrichment.advisory import Version, Versions
from wardwatch_enrichment.versions import Order, parse

OPPOSITE: dict[Order, Order] = {
    "less": "greater",
    "greater": "less",
    "within": "around",
    "around": "within",
    "equal": "equal",
    "near": "near",
    "unrelated": "unrelated",
}


def version(text: str) -> Version:
    """Return a version that must be one."""
    found = parse(text)
    assert found, text
    return found


def meant(text: str) -> Versions:
    """Return what a text means, which must be understood."""
    found = version_text.read(text, told=True).versions
    assert found.kind != "curate", (text, found.reason)
    return found
