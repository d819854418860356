"""Statements of whether products are affected: OpenVEX, and CSAF documents of the VEX profile.

https://github.com/openvex/spec, https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.model import Statement

Status = Literal["affected", "not_affected", "fixed", "under_investigation"]
JUSTIFICATIONS = frozenset({
    "component_not_present",
    "inline_mitigations_already_exist",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_not_present",
})  # fmt: skip
_OF_CSAF: dict[str, Status] = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not_affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "under_investigation": "under_investigation",
}
DEEPEST = 30  # branches in branches; real trees have three to five


class _Vulnerability(msgspec.Struct):
    name: str
    aliases: list[str] = []


class _Component(msgspec.Struct, rename={"id": "@id"}):
    id: str | None = None
    identifiers: dict[str, str] = {}


class _Product(_Component, rename={"id": "@id"}):
    subcomponents: list[_Component | str] = []


class _Said(msgspec.Struct):
    vulnerability: _Vulnerability | str
    status: Status
    products: list[_Product | str] = []
    justification: str | None = None
    impact_statement: str = ""
    action_statement: str = ""
    timestamp: datetime | None = None
    last_updated: datetime | None = None


class _OpenVex(msgspec.Struct, rename={"id": "@id", "context": "@context"}):
    context: str
    id: str
    author: str
    timestamp: datetime
    statements: list[_Said]
    last_updated: datetime | None = None


def parse(text: bytes | str) -> tuple[Statement, ...]:
    """Return the statements of a document of either form."""
    about = decode(text, _About)
    if about.context is not None:
        return _openvex(decode(text, _OpenVex))
    if about.document is not None:
        return tuple(_of_csaf(decode(text, _Csaf)))
    raise FeedError("$: is neither OpenVEX (@context) nor CSAF (document)")


class _About(msgspec.Struct, rename={"context": "@context"}):
    context: str | None = None
    document: dict[str, Any] | None = None


def _openvex(found: _OpenVex) -> tuple[Statement, ...]:
    if not found.context.startswith("https://openvex.dev/ns"):
        raise FeedError(f"$.@context: {found.context[:60]!r} is not that of OpenVEX")
    return tuple(_statement(found, place, said) for place, said in enumerate(found.statements))


def _statement(found: _OpenVex, place: int, said: _Said) -> Statement:
    named = said.vulnerability
    about = _Vulnerability(name=named) if isinstance(named, str) else named
    time = said.last_updated or said.timestamp or found.last_updated or found.timestamp
    if said.justification is not None and said.justification not in JUSTIFICATIONS:
        raise FeedError(f"$.statements[{place}].justification: {said.justification[:60]!r}")
    return Statement(
        vulnerability=about.name,
        aliases=tuple(about.aliases),
        products=tuple(dict.fromkeys(_identifiers(said.products))),
        status=said.status,
        justification=said.justification,
        impact=said.impact_statement,
        action=said.action_statement,
        author=found.author,
        document=found.id,
        time=_seconds(f"$.statements[{place}]", time),
    )


def _identifiers(products: list[_Product | str]) -> Iterator[str]:
    for product in products:
        if isinstance(product, str):
            yield product
        else:
            yield from ([product.id] if product.id else [])
            yield from product.identifiers.values()


def _seconds(place: str, time: datetime) -> float:
    if time.tzinfo is None:
        raise FeedError(f"{place}: its time has no time zone")
    return time.timestamp()


class _Names(msgspec.Struct):
    cpe: str | None = None
    purl: str | None = None
    purls: list[str] = []


class _FullName(msgspec.Struct):
    name: str
    product_id: str
    helper: _Names = msgspec.field(name="product_identification_helper", default_factory=_Names)


class _Branch(msgspec.Struct):
    product: _FullName | None = None
    branches: list[_Branch] = []


class _Relationship(msgspec.Struct):
    full_product_name: _FullName


class _Group(msgspec.Struct):
    group_id: str
    product_ids: list[str]


class _Tree(msgspec.Struct):
    branches: list[_Branch] = []
    full_product_names: list[_FullName] = []
    relationships: list[_Relationship] = []
    product_groups: list[_Group] = []


class _Remark(msgspec.Struct):
    """A flag, a threat or a remediation."""

    label: str = ""
    category: str = ""
    details: str = ""
    product_ids: list[str] = []
    group_ids: list[str] = []


class _Id(msgspec.Struct):
    text: str


class _CsafVulnerability(msgspec.Struct):
    cve: str | None = None
    ids: list[_Id] = []
    product_status: dict[str, list[str]] = {}
    flags: list[_Remark] = []
    threats: list[_Remark] = []
    remediations: list[_Remark] = []


class _Publisher(msgspec.Struct):
    name: str


class _Tracking(msgspec.Struct):
    id: str
    current_release_date: datetime


class _Document(msgspec.Struct):
    publisher: _Publisher
    tracking: _Tracking


class _Csaf(msgspec.Struct):
    document: _Document
    product_tree: _Tree = msgspec.field(default_factory=_Tree)
    vulnerabilities: list[_CsafVulnerability] = []


def _of_csaf(found: _Csaf) -> Iterator[Statement]:
    names = {n.product_id: n for n in _full_names(found.product_tree)}
    groups = {group.group_id: group.product_ids for group in found.product_tree.product_groups}
    tracking = found.document.tracking
    time = _seconds("$.document.tracking.current_release_date", tracking.current_release_date)
    for place, about in enumerate(found.vulnerabilities):
        number = about.cve or next((other.text for other in about.ids), None)
        if number is None:
            raise FeedError(f"$.vulnerabilities[{place}]: has neither cve nor ids")
        for (status, why, impact, action), ids in _by_answer(about, groups).items():
            yield Statement(
                vulnerability=number,
                products=tuple(dict.fromkeys(i for p in ids for i in _all_names(p, names))),
                status=status,
                justification=why,
                impact=impact,
                action=action,
                author=found.document.publisher.name,
                document=tracking.id,
                time=time,
            )


_Answer = tuple[Status, str | None, str, str]


def _by_answer(about: _CsafVulnerability, groups: dict[str, list[str]]) -> dict[_Answer, list[str]]:
    """Gather the products of which the same is said."""
    whys = _of_products([(f.label, f) for f in about.flags], groups)
    threats = [(t.details, t) for t in about.threats if t.category == "impact"]
    impacts = _of_products(threats, groups)
    actions = _of_products([(r.details, r) for r in about.remediations], groups)
    found: dict[_Answer, list[str]] = {}
    for group, ids in about.product_status.items():
        if status := _OF_CSAF.get(group):
            for product in ids:
                why = next((w for w in whys.get(product, []) if w in JUSTIFICATIONS), None)
                impact = " ".join(impacts.get(product, []))
                action = " ".join(actions.get(product, []))
                found.setdefault((status, why, impact, action), []).append(product)
    return found


def _of_products(
    remarks: list[tuple[str, _Remark]], groups: dict[str, list[str]]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, remark in remarks:
        grouped = [product for group in remark.group_ids for product in groups.get(group, [])]
        for product in dict.fromkeys([*remark.product_ids, *grouped]):
            found.setdefault(product, []).append(text)
    return found


def _full_names(tree: _Tree) -> Iterator[_FullName]:
    yield from tree.full_product_names
    yield from (relationship.full_product_name for relationship in tree.relationships)
    todo = [(branch, 1) for branch in tree.branches]
    while todo:
        branch, depth = todo.pop()
        if depth > DEEPEST:
            raise FeedError(f"$.product_tree: has more than {DEEPEST} branches in one another")
        if branch.product:
            yield branch.product
        todo += [(below, depth + 1) for below in branch.branches]


def _all_names(product_id: str, names: dict[str, _FullName]) -> Iterator[str]:
    known = names.get(product_id)
    if known is None:
        yield product_id
        return
    helper = known.helper
    yield from (text for text in (helper.purl, *helper.purls, helper.cpe) if text)
    yield known.name
