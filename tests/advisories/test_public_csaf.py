"""The public advisories at hand: all import, and leaves judged by hand are what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from advisories.measure import PUBLIC, figures, parsed

from wardwatch_enrichment import curation
from wardwatch_enrichment.advisory import Product
from wardwatch_enrichment.versions import contains, parse, spelled

needs_public = pytest.mark.skipif(
    not PUBLIC.exists(), reason=f"NOT TESTED: the public advisories are not at {PUBLIC}"
)


@needs_public
def test_all_public_advisories_import_and_three_of_four_leaves_need_nobody() -> None:
    """And every decision is used."""
    found = figures()
    assert found["advisories"] == 157
    assert found["product leaves"] == 734
    assert found["read without a person, %"] >= 75
    titles = {(a.id, p.title) for a in parsed() for p in a.products}
    assert set(curation.decisions()) <= titles


@needs_public
def test_a_monitor_gets_two_of_six_vulnerabilities() -> None:
    """Its name says so, whatever the lists of products say."""
    advisory = next(a for a in parsed() if a.id == "ICSMA-20-023-01")
    b450 = next(p for p in advisory.products if p.line == "CARESCAPE B450")
    affected = [v.cve for v in advisory.vulnerabilities if "affected" in v.states(b450.id)]
    assert affected == ["CVE-2020-6962", "CVE-2020-6965"]
    assert contains(b450.versions, parse("2.0.4")) == "in"
    assert contains(b450.versions, parse("3.0")) == "out"


def judged() -> dict[str, str]:
    """Return what each hand-judged leaf must become."""
    content = yaml.safe_load((Path(__file__).parent / "judged.yaml").read_text())
    return {leaf: wanted for leaves in content.values() for leaf, wanted in leaves.items()}


def _short(product: Product) -> str:
    """Return a product as the judged leaves are written."""
    if product.needs:
        doubts = dict.fromkeys(need.partition(":")[0] for need in product.needs)
        return f"waits: {'; '.join(doubts)}"
    parts = [product.line or product.names[-1], spelled(product.versions)]
    parts += [f"models {', '.join(product.models)}"] if product.models else []
    parts += [f"{len(product.conditions)} conditions"] if product.conditions else []
    parts += [", ".join(product.cves)] if product.cves else []
    return " | ".join(parts)


@needs_public
def test_leaves_judged_by_hand_become_what_they_should() -> None:
    """Of each category of trap; none is read wrongly, none is left that can be read."""
    found: dict[str, list[str]] = {}
    for advisory in map(curation.decided, parsed()):
        for product in advisory.products:
            found.setdefault(f"{advisory.id} {product.id}", []).append(_short(product))
    wanted = judged()
    assert len(wanted) >= 250
    assert {leaf: " && ".join(found[leaf]) for leaf in wanted} == wanted
