"""Which advisories are about a device: maker and product must agree, then the versions decide.

A name alone is only a candidate. What cannot be told is possible, never not affected; and what an
advisory says of the operating system below its product is a condition, never a subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from wardwatch_enrichment import products
from wardwatch_enrichment.advisory import Advisory, Product, State, Vulnerability
from wardwatch_enrichment.finding import Affected, Match
from wardwatch_enrichment.leaf_match import OTHER_LINE, OTHER_PRODUCT, Fleet, Leaf, of_leaf
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.subjects import Subject, subjects, tokens_of

__all__ = ["ANY", "OTHER_PRODUCT", "Fleet", "Index", "affected", "fleet"]

_ORDER: tuple[Affected, ...] = (
    "confirmed", "likely", "possible", "fixed", "candidate", "not_affected"
)  # fmt: skip


_Leaves = tuple[Advisory, list[Product]]
_States = Mapping[str, frozenset[State]]


class Index:
    """Advisories by the tokens and makers of their products, for a fleet; asked for its devices."""

    def __init__(self, advisories: Iterable[Advisory], fleet: Fleet) -> None:
        self._fleet = fleet
        self._known: dict[Subject, tuple[Match, ...]] = {}
        self._states: dict[int, _States] = {}
        self.about: dict[tuple[str, str, str], tuple[Advisory, Vulnerability]] = {}
        self._by_name: defaultdict[tuple[str, str], dict[str, _Leaves]] = defaultdict(dict)
        for advisory in advisories:
            for product in advisory.products:
                self._put(advisory, product)
            for vulnerability in advisory.vulnerabilities:
                number = advisory.number_of(vulnerability)
                self.about[advisory.publisher, advisory.id, number] = (advisory, vulnerability)

    def _put(self, advisory: Advisory, product: Product) -> None:
        makers = {ANY, *(one for maker in product.makers for one in products.makers(maker))}
        if not product.makers:
            makers.add(UNKNOWN)
        name = f"{advisory.publisher} {advisory.id}"
        for token in tokens_of(product):
            for maker in makers:
                known = self._by_name[token, maker]
                known.setdefault(name, (advisory, []))[1].append(product)

    def source(self, match: Match) -> tuple[Advisory, Vulnerability]:
        """Return what a match was made of."""
        return self.about[match.publisher, match.advisory, match.vulnerability]

    def matches(self, device: Device) -> dict[str, tuple[Match, ...]]:
        """Return the matches of a device by vulnerability, those that count most first."""
        found: defaultdict[str, list[Match]] = defaultdict(list)
        for subject in subjects(device):
            known = self._known.get(subject)
            if known is None:
                known = self._known[subject] = tuple(self._of_subject(subject))
            for match in known:
                found[match.vulnerability].append(match)
        return {cve: tuple(sorted(known, key=_rank)) for cve, known in found.items()}

    def _of_subject(self, subject: Subject) -> Iterator[Match]:
        """Yield the matches of one subject; another maker's product of its name is none."""
        anybody = subject.kind == "component" or not subject.makers
        makers = (ANY,) if anybody else (*sorted(subject.makers), UNKNOWN)
        leaves: dict[str, tuple[Advisory, dict[int, Product]]] = {}
        for token in sorted(subject.tokens):
            for maker in makers:
                for name, (advisory, known) in self._by_name.get((token, maker), {}).items():
                    kept = leaves.setdefault(name, (advisory, {}))[1]
                    kept.update((id(product), product) for product in known)
        for advisory, found in leaves.values():
            for vulnerability in advisory.vulnerabilities:
                number, states = advisory.number_of(vulnerability), self._stated(vulnerability)
                about = (Leaf(p, states[p.id]) for p in found.values() if p.id in states)
                told = (of_leaf(advisory, number, leaf, subject, self._fleet) for leaf in about)
                if matched := [match for match in told if match]:
                    yield _joined(matched)

    def _stated(self, vulnerability: Vulnerability) -> _States:
        """Return what holds for each product, which is asked for again and again."""
        known = self._states.get(id(vulnerability))
        if known is None:
            known = self._states[id(vulnerability)] = vulnerability.by_product()
        return known


ANY = ""  # whoever makes it
UNKNOWN = "?"  # an advisory's maker whom nobody knows: it may be anyone


def fleet(devices: Iterable[Device]) -> Fleet:
    """Return the versions that were seen of each product."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for device in devices:
        for subject in subjects(device):
            for token in subject.tokens:
                found[token].update(seen.text for seen in subject.versions)
    return {token: frozenset(known) for token, known in found.items()}


def affected(matches: Iterable[Match]) -> Affected:
    """Return what several matches of one vulnerability come to: the worst of them."""
    return min((match.affected for match in matches), key=_ORDER.index)


def _rank(match: Match) -> tuple[int, str, str]:
    return _ORDER.index(match.affected), match.advisory, match.product_id


def _joined(found: list[Match]) -> Match:
    """Return what the leaves of one advisory come to, which are about several versions."""
    states = {match.affected for match in found}
    best = min(found, key=_rank)
    if states & {"confirmed", "likely"} and "fixed" in states:
        fixed = next(match for match in found if match.affected == "fixed")
        why = f"it is said to be affected ({best.reason}) and fixed ({fixed.reason})"
        return replace(best, affected="possible", reason=why)
    if best.affected == "possible" and "fixed" in states:
        return next(match for match in found if match.affected == "fixed")
    if best.affected == "possible" and (out := _of_its_line(found)):
        return out
    return best


def _of_its_line(found: list[Match]) -> Match | None:
    """Return the leaf that rules a version out, where all others are of other lines."""
    open_ = [match.reason for match in found if match.affected in ("possible", "candidate")]
    if not all(OTHER_LINE in reason for reason in open_):
        return None
    out = (match for match in found if match.affected == "not_affected")
    return next((match for match in out if match.reason not in OTHER_PRODUCT), None)
