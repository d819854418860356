"""The product tree of CSAF: every product that can be named, with the way to it through the tree.

https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html#322-product-tree-property
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wardwatch_enrichment.json_place import Place

_DEEPEST, _MOST = 30, 100_000
_LONGEST = 4_000  # characters of a name; prose gets in there, but no more than a paragraph
_LISTS = ("model_numbers", "serial_numbers", "skus", "purls", "sbom_urls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A product as the tree defines it: `path` is (category, name) of each branch above it.

    A product that a relationship defines has `kind` and the two products that it relates.
    """

    id: str
    title: str
    path: tuple[tuple[str, str], ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    kind: str | None = None
    part: str | None = None
    whole: str | None = None

    def named(self, *categories: str) -> tuple[str, ...]:
        """Return the names of the branches of these categories, from the root on."""
        return tuple(name for category, name in self.path if category in categories)


def leaves(tree: Place) -> tuple[Leaf, ...]:
    """Return all products that a product tree defines, in their order."""
    found: dict[str, Leaf] = {}
    for place, leaf in _defined(tree):
        if leaf.id in found:
            raise place.refuse(f"defines {leaf.id!r} a second time")
        if len(found) >= _MOST:
            raise place.refuse(f"more than {_MOST} products")
        found[leaf.id] = leaf
    for leaf in found.values():
        for other in (leaf.part, leaf.whole):
            if other and other not in found:
                raise tree.refuse(f"a relationship names {other!r}, which is not defined")
    return tuple(found.values())


def groups(tree: Place) -> dict[str, tuple[str, ...]]:
    """Return the products of each group."""
    return {
        place.text("group_id"): place.strings("product_ids")
        for place in tree.each("product_groups")
    }


def _defined(tree: Place) -> Iterator[tuple[Place, Leaf]]:
    yield from _below(tree, ())
    for place in tree.each("full_product_names"):
        yield place, _leaf(place, ())
    for place in tree.each("relationships"):
        named = place.object("full_product_name")
        leaf = _leaf(named, ())
        yield (
            place,
            Leaf(
                id=leaf.id,
                title=leaf.title,
                identifiers=leaf.identifiers,
                kind=place.text("category"),
                part=place.text("product_reference"),
                whole=place.text("relates_to_product_reference"),
            ),
        )


def _below(place: Place, path: tuple[tuple[str, str], ...]) -> Iterator[tuple[Place, Leaf]]:
    if len(path) > _DEEPEST:
        raise place.refuse(f"more than {_DEEPEST} branches deep")
    for branch in place.each("branches"):
        way = (*path, (branch.text("category"), _name(branch)))
        if "product" in branch.value:
            product = branch.object("product")
            yield product, _leaf(product, way)
        yield from _below(branch, way)


def _leaf(product: Place, path: tuple[tuple[str, str], ...]) -> Leaf:
    helper = product.object("product_identification_helper")
    identifiers = [(key, text) for key in ("cpe", "purl") if (text := helper.maybe(key))]
    identifiers += [(key.removesuffix("s"), text) for key in _LISTS for text in helper.strings(key)]
    identifiers += [("uri", place.text("uri")) for place in helper.each("x_generic_uris")]
    identifiers += [
        (hashed.text("algorithm"), hashed.text("value"))
        for file in helper.each("hashes")
        for hashed in file.each("file_hashes")
    ]
    return Leaf(
        id=product.text("product_id"),
        title=_name(product),
        path=path,
        identifiers=tuple(identifiers),
    )


def _name(place: Place) -> str:
    name = " ".join(place.text("name").split())
    if len(name) > _LONGEST:
        raise place.refuse(f"a name of more than {_LONGEST} characters")
    return name
