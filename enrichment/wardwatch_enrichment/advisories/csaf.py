"""Security advisories in CSAF 2.0 and 2.1, as CISA, manufacturers and CERTs publish them.

https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html; of 2.1 what differs: `metrics`,
`cwes`, `purls`, and the status `unknown`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from wardwatch_enrichment.advisory import (
    Advisory,
    Note,
    Product,
    Reference,
    Remark,
    Score,
    State,
    Status,
    Vulnerability,
)
from wardwatch_enrichment.json_place import Place, load
from wardwatch_enrichment.product_leaf import product
from wardwatch_enrichment.product_tree import Leaf, groups, leaves

SOURCE = "csaf"
_VERSIONS = ("2.0", "2.1")
_STATES: Mapping[str, State] = {
    "known_affected": "affected",
    "first_affected": "affected",
    "last_affected": "affected",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "known_not_affected": "not_affected",
    "under_investigation": "under_investigation",
    "unknown": "unknown",
}
_RECOMMENDED = "recommended"  # a fixed version too, but said beside another status
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")
_VECTOR = re.compile(r"CVSS:(\d\.\d)/[A-Za-z:/]+")


def parse(content: bytes | str) -> Advisory:
    """Return the advisory that a file states; raise `FeedError` where it is broken."""
    root = load(content)
    document = root.object("document")
    if (version := document.text("csaf_version")) not in _VERSIONS:
        raise document.refuse(f"CSAF {version} is not known, only {' and '.join(_VERSIONS)}")
    tracking = document.object("tracking")
    name = tracking.text("id")
    updated = tracking.time("current_release_date")
    if updated is None:
        raise tracking.refuse("has no current_release_date")
    tree = root.object("product_tree")
    defined = {leaf.id: leaf for leaf in leaves(tree)}
    medical = name.upper().startswith("ICSMA")
    found = {leaf.id: product(leaf, defined, medical=medical) for leaf in defined.values()}
    grouped = groups(tree)
    vulnerabilities = tuple(_vulnerability(p, grouped) for p in root.each("vulnerabilities"))
    return Advisory(
        id=name,
        source=SOURCE,
        title=document.text("title").removeprefix(name).lstrip(" :_-"),
        category=document.text("category"),
        publisher=document.object("publisher").text("name"),
        published=tracking.time("initial_release_date"),
        updated=updated,
        revision=tracking.text("version"),
        status=tracking.text("status"),
        notes=tuple(_notes(document)),
        references=tuple(_references(document)),
        products=_looked_at(found, vulnerabilities),
        vulnerabilities=tuple(_narrowed(found, one) for one in vulnerabilities),
    )


def _vulnerability(place: Place, grouped: Mapping[str, tuple[str, ...]]) -> Vulnerability:
    cve = place.maybe("cve")
    if cve and not _CVE.fullmatch(cve):
        raise place.refuse(f"{cve!r} is no CVE")
    weaknesses = [place.object("cwe")] if place.value.get("cwe") else []
    references = tuple(_references(place))
    return Vulnerability(
        cve=cve,
        ids=tuple(f"{one.text('system_name')}: {one.text('text')}" for one in place.each("ids")),
        cwes=tuple(one.text("id") for one in (*weaknesses, *place.each("cwes"))),
        title=place.maybe("title"),
        notes=tuple(_notes(place)),
        scores=(*_scores(place), *_linked(references)),
        statuses=tuple(_statuses(place.object("product_status"))),
        remediations=tuple(_remarks(place, "remediations", "category", grouped)),
        flags=tuple(_remarks(place, "flags", "label", grouped)),
        threats=tuple(_remarks(place, "threats", "category", grouped)),
        references=references,
    )


def _notes(place: Place) -> Iterator[Note]:
    for note in place.each("notes"):
        yield Note(
            category=note.text("category"), text=note.text("text"), title=note.maybe("title")
        )


def _references(place: Place) -> Iterator[Reference]:
    for one in place.each("references"):
        yield Reference(
            url=one.text("url"), summary=one.maybe("summary") or "", category=one.maybe("category")
        )


def _scores(place: Place) -> Iterator[Score]:
    for one in place.each("scores"):  # CSAF 2.0
        yield from _metrics(one, one)
    for one in place.each("metrics"):  # CSAF 2.1
        yield from _metrics(one, one.object("content"))


def _metrics(place: Place, content: Place) -> Iterator[Score]:
    ids, source = place.strings("products"), place.maybe("source")
    for key in content.value:
        if key == "products":
            continue
        metric = content.object(key)
        if key.startswith("cvss_v"):
            yield Score(
                metric=f"cvss {metric.text('version')}",
                vector=metric.text("vectorString"),
                base=metric.number("baseScore"),
                severity=metric.maybe("baseSeverity"),
                product_ids=ids,
                source=source,
            )
        else:
            yield Score(metric=key, vector=_flat(metric.value), product_ids=ids, source=source)


def _flat(value: Mapping[str, Any]) -> str:
    return "; ".join(f"{key}: {said}" for key, said in sorted(value.items()))


def _linked(references: tuple[Reference, ...]) -> Iterator[Score]:
    """Yield the vectors of CVSS 4, for which CSAF 2.0 has no place but a link to the calculator."""
    for one in references:
        if (found := _VECTOR.search(one.url)) and found[1].startswith("4"):
            yield Score(metric=f"cvss {found[1]}", vector=found[0], source=one.url)


def _statuses(place: Place) -> Iterator[Status]:
    for stated in place.value:
        state = "fixed" if stated == _RECOMMENDED else _STATES.get(stated)
        if state is None:
            raise place.refuse(f"{stated!r} is no status")
        for name in dict.fromkeys(place.strings(stated)):
            yield Status(product_id=name, state=state, stated=stated)


def _remarks(
    place: Place, key: str, category: str, grouped: Mapping[str, tuple[str, ...]]
) -> Iterator[Remark]:
    for one in place.each(key):
        ids = list(one.strings("product_ids"))
        for group in one.strings("group_ids"):
            if group not in grouped:
                raise one.refuse(f"the group {group!r} is not defined")
            ids += grouped[group]
        yield Remark(
            category=one.text(category),
            details=one.maybe("details") or "",
            product_ids=tuple(dict.fromkeys(ids)),
            url=one.maybe("url"),
            date=one.time("date"),
            restart=one.object("restart_required").maybe("category"),
        )


def _looked_at(
    found: Mapping[str, Product], vulnerabilities: tuple[Vulnerability, ...]
) -> tuple[Product, ...]:
    """Add what a person must look at because of the vulnerabilities' statuses."""
    needs: dict[str, dict[str, None]] = {name: dict.fromkeys(p.needs) for name, p in found.items()}
    cves = {one.cve for one in vulnerabilities}
    demanded = _demanded(found.values())
    for one in found.values():
        if one.cves and not cves.issuperset(one.cves):
            needs[one.id]["cves: its name mentions some that the advisory does not have"] = None
        if _ends(one) & demanded[one.names] and not one.conditions:
            needs[one.id]["versions: may be of what another leaf of this product demands"] = None
    for vulnerability in vulnerabilities:
        for name, states in vulnerability.by_product().items():
            reasons = needs.setdefault(
                name, {"product: a status names it, the tree does not": None}
            )
            if "affected" in states and states & {"fixed", "not_affected"}:
                reasons[f"status: {vulnerability.cve}: {' and '.join(sorted(states))}"] = None
    undefined = {name: product(Leaf(id=name, title=name), {}, medical=False) for name in needs}
    return tuple(
        replace(found.get(name, undefined[name]), needs=tuple(reasons))
        for name, reasons in needs.items()
    )


def _demanded(products: Iterable[Product]) -> Mapping[tuple[str, ...], set[str]]:
    """Return the words of the conditions of each product's leaves."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in products:
        for condition in one.conditions:
            found[one.names].update(condition.text.split())
    return found


def _ends(one: Product) -> set[str]:
    ends = (end for part in one.versions.ranges for end in (part.low, part.high, part.exact))
    return {end.version.text for end in ends if end}


def _narrowed(found: Mapping[str, Product], one: Vulnerability) -> Vulnerability:
    """Exclude products whose names say that other CVEs alone concern them."""
    return replace(one, statuses=tuple(_narrow(found, one, status) for status in one.statuses))


def _narrow(found: Mapping[str, Product], one: Vulnerability, status: Status) -> Status:
    only = found[status.product_id].cves if status.product_id in found else ()
    if status.state != "affected" or not only or one.cve in only:
        return status
    return replace(status, state="excluded", why=f"its name says: {', '.join(only)}")
