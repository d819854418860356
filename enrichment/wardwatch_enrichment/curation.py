"""The leaves of advisories that a person has to look at: a list with reasons, and the decisions.

What was decided is content, ``advisory_decisions.yaml``; a decision holds for the very words of
the leaf that it was taken on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from wardwatch_enrichment import products, vendors, version_text
from wardwatch_enrichment.advisory import Advisory, Condition, Product, Versions
from wardwatch_enrichment.content import data

_NOT_OF_THE_LEAF = ("status:", "cves:")  # what a decision on a name does not settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A leaf that waits for a decision; each of `reasons` begins with what is in doubt."""

    advisory_id: str
    product: Product

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return why nobody may match it yet."""
        return self.product.needs

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return what is in doubt, in one word each."""
        return tuple(dict.fromkeys(reason.partition(":")[0] for reason in self.reasons))


def queue(advisories: Iterable[Advisory]) -> Iterator[Waiting]:
    """Yield what waits, in the order of the advisories and their trees."""
    for advisory in advisories:
        for product in advisory.products:
            if product.needs:
                yield Waiting(advisory_id=advisory.id, product=product)


@cache
def decisions() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the decisions by advisory and title."""
    return {
        (advisory, entry["title"]): entry
        for advisory, entries in data("advisory_decisions.yaml")["decisions"].items()
        for entry in entries
    }


def decided(advisory: Advisory) -> Advisory:
    """Return an advisory with what persons decided on its leaves.

    One leaf may become several products, all of its id.
    """
    made = tuple(after for before in advisory.products for after in _decided(advisory.id, before))
    return advisory if made == advisory.products else replace(advisory, products=made)


def _decided(advisory_id: str, product: Product) -> Iterator[Product]:
    decision = decisions().get((advisory_id, product.title))
    if decision is None:
        yield product
        return
    for entry in decision["products"]:
        yield _changed(product, entry)


def _changed(product: Product, entry: dict[str, Any]) -> Product:
    name = entry["name"]
    maker = vendors.canonical(entry["vendor"]) if "vendor" in entry else None
    makers = (maker,) if maker else product.makers
    line = products.find(makers, name)
    meant = Versions(kind="all", text=product.versions.text)
    if "versions" in entry:
        meant = version_text.read(entry["versions"], told=True).versions
    return replace(
        product,
        names=(name,),
        makers=(line.vendor,) if line else makers,
        line=line.name if line else None,
        role=line.role if line else product.role,
        models=tuple(entry.get("models", ())),
        versions=meant,
        conditions=tuple(Condition(kind="text", text=t) for t in entry.get("conditions", ())),
        needs=tuple(need for need in product.needs if need.startswith(_NOT_OF_THE_LEAF)),
    )
