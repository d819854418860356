"""Which advisories are about a device: maker and product must agree, then the versions decide.

A name alone is only a candidate. What cannot be told is possible, never not affected; and what an
advisory says of the operating system below its product is a condition, never a subject.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from wardwatch_enrichment import preconditions, products, version_text, versions
from wardwatch_enrichment.advisory import Advisory, Answer, Product, Versions, Vulnerability
from wardwatch_enrichment.finding import Affected, Match
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.preconditions import Narrowed
from wardwatch_enrichment.subjects import Seen, Subject, subjects, tokens_of

_NAMES_OTHERS = "the advisory's own text names other products"
_OTHER_CVES = "the product's own name says which other CVEs concern it"
OTHER_PRODUCT = frozenset((_NAMES_OTHERS, _OTHER_CVES))
# What is known of all units of a product at a site: each version text that was seen of it.
Fleet = Mapping[str, frozenset[str]]
_ORDER: tuple[Affected, ...] = (
    "confirmed", "likely", "possible", "fixed", "not_affected", "candidate"
)  # fmt: skip


_Leaves = tuple[Advisory, tuple[Product, ...]]


class Index:
    """Advisories by the tokens and makers of their products, for a fleet; asked for its devices."""

    def __init__(self, advisories: Iterable[Advisory], fleet: Fleet) -> None:
        self._fleet = fleet
        self._known: dict[Subject, tuple[Match, ...]] = {}
        self.about: dict[tuple[str, str, str], tuple[Advisory, Vulnerability]] = {}
        self._by_name: defaultdict[tuple[str, str], dict[str, _Leaves]] = defaultdict(dict)
        for advisory in advisories:
            for product in advisory.products:
                self._put(advisory, product)
            for vulnerability in advisory.vulnerabilities:
                number = number_of(advisory, vulnerability)
                self.about[advisory.publisher, advisory.id, number] = (advisory, vulnerability)

    def _put(self, advisory: Advisory, product: Product) -> None:
        makers = {ANY, *(one for maker in product.makers for one in products.makers(maker))}
        name = f"{advisory.publisher} {advisory.id}"
        for token in tokens_of(product):
            for maker in makers:
                known = self._by_name[token, maker]
                _, leaves = known.get(name, (advisory, ()))
                known[name] = (advisory, (*leaves, product))

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
        makers = (ANY,) if anybody else sorted(subject.makers)
        leaves: dict[str, tuple[Advisory, dict[int, Product]]] = {}
        for token in sorted(subject.tokens):
            for maker in makers:
                for name, (advisory, known) in self._by_name.get((token, maker), {}).items():
                    kept = leaves.setdefault(name, (advisory, {}))[1]
                    kept.update((id(product), product) for product in known)
        for advisory, found in leaves.values():
            yield from _of_advisory(advisory, tuple(found.values()), subject, self._fleet)


ANY = ""  # whoever makes it
_NOBODY: frozenset[str] = frozenset()


def fleet(devices: Iterable[Device]) -> Fleet:
    """Return the versions that were seen of each product."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for device in devices:
        for subject in subjects(device):
            for token in subject.tokens:
                found[token].update(seen.text for seen in subject.versions)
    return {token: frozenset(known) for token, known in found.items()}


def number_of(advisory: Advisory, vulnerability: Vulnerability) -> str:
    """Return the number of a vulnerability: its CVE, another one, or that of its advisory."""
    return vulnerability.cve or next(iter(vulnerability.ids), advisory.id)


def affected(matches: Iterable[Match]) -> Affected:
    """Return what several matches of one vulnerability come to: the worst of them."""
    return min((match.affected for match in matches), key=_ORDER.index)


def _rank(match: Match) -> tuple[int, str, str]:
    return _ORDER.index(match.affected), match.advisory, match.product_id


def _of_advisory(
    advisory: Advisory, leaves: tuple[Product, ...], subject: Subject, fleet: Fleet
) -> Iterator[Match]:
    for vulnerability in advisory.vulnerabilities:
        found = [
            match
            for product in leaves
            if (match := _of_leaf(advisory, vulnerability, product, subject, fleet))
        ]
        if found:
            yield _joined(found)


def _joined(found: list[Match]) -> Match:
    """Return what the leaves of one advisory come to, which are about several versions."""
    states = {match.affected for match in found}
    best = min(found, key=_rank)
    if states & {"confirmed", "likely"} and "fixed" in states:
        fixed = next(match for match in found if match.affected == "fixed")
        why = f"it is said to be affected ({best.reason}) and fixed ({fixed.reason})"
        return replace(best, affected="possible", reason=why)
    for state, instead in (("possible", "fixed"), ("not_affected", "candidate")):
        if best.affected == state and instead in states:
            return next(match for match in found if match.affected == instead)
    return best


def _of_leaf(
    advisory: Advisory,
    vulnerability: Vulnerability,
    product: Product,
    subject: Subject,
    fleet: Fleet,
) -> Match | None:
    """Return what one leaf of an advisory says of a subject, if it says anything."""
    states = vulnerability.states(product.id)
    if not states:
        return None
    number = number_of(advisory, vulnerability)
    meant, seen = _meant(advisory, number, product, subject)
    answer = _contains(meant, seen)
    known = _known(subject, product, fleet) if not seen else _NOBODY
    told = _told(states, answer, meant, seen, known)
    if told is None:
        return None
    state, reason = told
    if meant is None:
        state, reason = "not_affected", _NAMES_OTHERS
    elif reason != _OTHER_CVES:
        state, reason = _weakened(state, reason, number, product, subject)
    return Match(
        advisory=advisory.id,
        publisher=advisory.publisher,
        vulnerability=number,
        product_id=product.id,
        product=product.title,
        type=subject.kind,
        affected=state,
        searched_by=_searched(subject),
        found={
            "vendor": product.vendor or ", ".join(product.makers),
            "product": product.line or product.names[-1],
            "versions": versions.spelled(meant or product.versions),
        },
        reason=reason,
    )


def _searched(subject: Subject) -> dict[str, str]:
    found = {
        "manufacturer": ", ".join(sorted(subject.makers)) or "unknown",
        subject.kind: subject.name,
    }
    if subject.versions:
        found["versions"] = ", ".join(seen.text for seen in subject.versions)
    return found


def _meant(
    advisory: Advisory, number: str, product: Product, subject: Subject
) -> tuple[Versions | None, tuple[Seen, ...]]:
    """Return which versions are meant, and which of the subject's can be them."""
    entry = preconditions.preconditions().get(number)
    narrowed = entry.products if entry and _is_from(entry.advisory, advisory.id) else ()
    own = tuple(s for s in subject.versions if s.attribute != "module_software")
    if not narrowed or subject.kind != "product":
        return product.versions, own
    for one in narrowed:
        if f"product:{products.identity(product.makers, one.name)}" in tokens_of(product):
            seen = tuple(s for s in subject.versions if s.attribute == one.attribute)
            own = seen if one.attribute == "module_software" else seen or own
            return _narrower(one) or product.versions, own
    return None, own


def _is_from(name: str, advisory: str) -> bool:
    """Tell whether an entry is of an advisory, or of another update of it (…-01A)."""
    return name.upper().rstrip("ABCDEF") == advisory.upper().rstrip("ABCDEF")


def _narrower(one: Narrowed) -> Versions | None:
    return version_text.read(one.versions, told=True).versions if one.versions else None


def _contains(meant: Versions | None, seen: tuple[Seen, ...]) -> Answer | None:
    """Return whether what was seen is meant; None where no version was seen."""
    if meant is None or not seen:
        return None
    answers = {versions.contains(meant, one.version) for one in seen}
    if len(answers) == 1:
        return answers.pop()
    if meant.kind == "all":
        return "in"
    return "cannot tell"


def _known(subject: Subject, product: Product, fleet: Fleet) -> frozenset[str]:
    shared = subject.tokens & tokens_of(product)
    return frozenset(text for token in shared for text in fleet.get(token, ()))


def _told(
    states: frozenset[str],
    answer: Answer | None,
    meant: Versions | None,
    seen: tuple[Seen, ...],
    fleet: frozenset[str],
) -> tuple[Affected, str] | None:
    if "excluded" in states:
        return "not_affected", _OTHER_CVES
    if "affected" in states:
        state, reason = _affected(answer, meant, seen, fleet)
        if len(states) > 1 and state != "not_affected":
            return "possible", f"the advisory contradicts itself ({', '.join(sorted(states))})"
        return state, reason
    if answer in ("out", "cannot tell") or (answer is None and meant and meant.kind != "all"):
        return None  # what it says of other versions
    return next((told for state, told in _SAID.items() if state in states), None)


_SAID: dict[str, tuple[Affected, str]] = {
    "fixed": ("fixed", "the advisory says that this version is fixed"),
    "not_affected": ("not_affected", "the advisory says that it is not affected"),
    "under_investigation": ("possible", "the publisher has not said yet whether it is affected"),
    "unknown": ("possible", "the publisher does not know whether it is affected"),
}


def _affected(
    answer: Answer | None,
    meant: Versions | None,
    seen: tuple[Seen, ...],
    fleet: frozenset[str],
) -> tuple[Affected, str]:
    texts = ", ".join(one.text for one in seen)
    if meant is None or meant.kind == "all":
        return "likely", "all versions are affected"
    spelled = versions.spelled(meant)
    if answer == "in":
        return "confirmed", f"version {texts} was seen, {spelled} is affected"
    if answer == "out":
        return "not_affected", f"version {texts} was seen, {spelled} is affected"
    if answer == "cannot tell":
        return "possible", f"whether {texts} is within {spelled} cannot be told"
    if fleet and all(versions.contains(meant, versions.parse(t)) == "in" for t in fleet):
        return "likely", f"its version is not known, all others here are within {spelled}"
    return "possible", f"its version is not known, {spelled} is affected"


def _weakened(
    state: Affected, reason: str, number: str, product: Product, subject: Subject
) -> tuple[Affected, str]:
    """Return what is left of a match where more is in doubt; what waits rules nothing out."""
    waits = [need for need in product.needs if not need.startswith("status:") or number in need]
    if waits:
        return "candidate", f"waits for a person: {waits[0]}"
    if state in ("fixed", "not_affected"):
        return state, reason
    if not subject.makers and subject.kind == "product":
        return "candidate", "alike in name; who made it is not known"
    if subject.kind == "platform" and " or " in subject.name:
        return "possible", f"{reason}; which edition it is cannot be told: {subject.name}"
    if product.conditions:
        only = "; ".join(condition.text for condition in product.conditions)
        return "possible", f"{reason}; only if: {only}"
    return state, reason
