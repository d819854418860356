"""What one leaf of an advisory says of one subject: how far that is affected, and why.

What cannot be told is possible, never not affected; a leaf that waits for a person settles nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from wardwatch_enrichment import preconditions, products, version_text, versions
from wardwatch_enrichment.advisory import Advisory, Answer, Product, State, Versions
from wardwatch_enrichment.finding import Affected, Match
from wardwatch_enrichment.preconditions import Narrowed
from wardwatch_enrichment.subjects import Seen, Subject, tokens_of

_NAMES_OTHERS = "the advisory's own text names other products"
_OTHER_CVES = "the product's own name says which other CVEs concern it"
OTHER_PRODUCT = frozenset((_NAMES_OTHERS, _OTHER_CVES))
OTHER_LINE = "is of another line of versions than"
# What is known of all units of a product at a site: each version text that was seen of it.
Fleet = Mapping[str, frozenset[str]]
_NOBODY: frozenset[str] = frozenset()


class Leaf(NamedTuple):
    """A product of an advisory, with what holds for it."""

    product: Product
    states: frozenset[State]


def of_leaf(
    advisory: Advisory, number: str, leaf: Leaf, subject: Subject, fleet: Fleet
) -> Match | None:
    """Return what one leaf of an advisory says of a subject, if it says anything."""
    product, states = leaf
    meant, seen = _meant(advisory, number, product, subject)
    answer = _contains(meant, seen)
    known = _known(subject, product, fleet) if not seen else _NOBODY
    told = _told(states, answer, meant, seen, known)
    if told is None:
        return None
    state, reason = told
    if meant is None and not product.needs:
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
    software = tuple(one for one in seen if one.attribute != "firmware_versions")
    answers = {_answer(meant, one) for one in software or seen}
    if software != seen and answers == {"cannot tell"}:
        answers = {_answer(meant, one) for one in seen}
    if len(answers) == 1:
        return answers.pop()
    if meant.kind == "all":
        return "in"
    return "cannot tell"


def _answer(meant: Versions, seen: Seen) -> Answer:
    """Return whether a version is meant; firmware in plain numbers rules no software out."""
    answer = versions.contains(meant, seen.version)
    plain = seen.version and all(atom.kind == "number" for atom in seen.version.atoms)
    if answer == "out" and seen.attribute == "firmware_versions" and plain:
        return "cannot tell"
    return answer


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
    unsure = answer == "cannot tell" or (answer is None and meant and meant.kind != "all")
    if answer == "out" or (unsure and states <= {"fixed", "not_affected"}):
        return None  # what it says of other versions
    if "fixed" in states and (meant is None or meant.kind == "all"):
        return "possible", "the advisory says that it is fixed, but not in which version"
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
        others = all(s.version and versions.is_of_other_lines(meant, s.version) for s in seen)
        why = f"whether {texts} is within {spelled} cannot be told"
        return "possible", f"{texts} {OTHER_LINE} {spelled}" if others else why
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
