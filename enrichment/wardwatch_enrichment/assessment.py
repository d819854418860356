"""What all advisories come to on a device: matches and needs put together with its evidence.

What is the same for all devices with the same subjects is worked out once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from wardwatch_enrichment import (
    exploitability,
    handling,
    maker_statements,
    matching,
    preconditions,
    predicates,
)
from wardwatch_enrichment.advisory import Advisory, Vulnerability
from wardwatch_enrichment.finding import OPEN, SETTLED, Affected, Answer, Finding, Match
from wardwatch_enrichment.matching import Index
from wardwatch_enrichment.model import Statement
from wardwatch_enrichment.preconditions import Need, Precondition
from wardwatch_enrichment.subjects import Subject, subjects
from wardwatch_enrichment.surroundings import Surroundings

_SETTLED = {"fixed": "fixed", "not_affected": "not affected", "candidate": "to be looked at"}
_Shared = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stock:
    """A vulnerability of a kind of device: what of its finding is the same for all of them."""

    number: str
    affected: Affected
    names: frozenset[str]
    mended_by: frozenset[str]
    needs: tuple[Need, ...]
    advisory: Advisory
    said: tuple[Statement, ...]
    shared: _Shared


class Assessment:
    """An index of advisories, ready to be asked what is open on devices.

    `said` tells what was stated of a vulnerability (VEX).
    """

    def __init__(
        self, index: Index, said: Callable[[str], Iterable[Statement]] = lambda _: ()
    ) -> None:
        self._index, self._said = index, said
        self._known: dict[tuple[Subject, ...], tuple[_Stock, ...]] = {}
        self._entries: dict[tuple[str, str, str], tuple[Precondition, _Shared]] = {}

    def findings(self, around: Surroundings) -> Iterator[Finding]:
        """Yield what the advisories come to on a device, by vulnerability."""
        key = tuple(subjects(around.device))
        stocks = self._known.get(key)
        if stocks is None:
            found = sorted(self._index.matches(around.device).items())
            stocks = self._known[key] = tuple(self._stock(known) for _, known in found)
        for stock in stocks:
            yield _finding(stock, around)

    def _stock(self, matches: tuple[Match, ...]) -> _Stock:
        advisory, vulnerability = self._index.source(matches[0])
        entry, shared = self._about(matches[0], advisory, vulnerability)
        number = matches[0].vulnerability
        return _Stock(
            number=number,
            affected=matching.affected(matches),
            names=frozenset({number, *(match.advisory for match in matches)}),
            mended_by=frozenset({number, *_whole(matches)}),
            needs=entry.needs,
            advisory=advisory,
            said=tuple(self._said(number)),
            shared={
                **shared,
                "matches": matches,
                "actions": tuple(_actions(entry, vulnerability, matches)),
            },
        )

    def _about(
        self, match: Match, advisory: Advisory, vulnerability: Vulnerability
    ) -> tuple[Precondition, _Shared]:
        """Return what is the same of a vulnerability for all products of its advisory."""
        key = (match.publisher, match.advisory, match.vulnerability)
        if key not in self._entries:
            entry = preconditions.of(advisory, vulnerability)
            vectors = [score.vector for score in vulnerability.scores]
            vector = next((v for v in vectors if v.startswith("CVSS:3")), next(iter(vectors), None))
            self._entries[key] = (
                entry,
                {
                    "vulnerability": match.vulnerability,
                    "title": vulnerability.title or advisory.title,
                    "cvss": vector,
                    "ports": ports(entry.needs),
                    "codeless": entry.codeless,
                    "public_exploit": entry.public_exploit,
                    "assumed": entry.assumed,
                    "notes": tuple(f"unverified: {text}" for text in entry.unverified),
                },
            )
        return self._entries[key]


def identifier(device_id: str, vulnerability: str) -> str:
    """Return the id of a finding, which stays the same for as long as its device has its id."""
    return hashlib.sha256(f"{device_id} {vulnerability}".encode()).hexdigest()[:16]


def ports(needs: Iterable[Need]) -> tuple[str, ...]:
    """Return the ports of the services that needs name, as tcp/23."""
    found: dict[str, None] = {}
    for need in needs:
        found |= dict.fromkeys(p for p in need.ports if not p.endswith("*"))
        found |= dict.fromkeys(ports(need.any))
    return tuple(found)


def _finding(stock: _Stock, around: Surroundings) -> Finding:
    device = around.device
    own = {"id": identifier(device.id, stock.number), "device_id": device.id, **stock.shared}
    if around.handling:
        told = tuple(handling.approvals(stock.names, around.handling))
        own["actions"] = (*told, *stock.shared["actions"])
    if stock.affected in SETTLED:
        why = _absent(stock) if stock.affected == "not_affected" else None
        words = _SETTLED[stock.affected]
        return Finding(affected=stock.affected, wording=words, justification=why, **own)
    changed = around.new_software if stock.affected == "confirmed" and around.handling else 0.0
    if patch := handling.patched(stock.mended_by, around.handling, changed):
        why = patch.justification
        return Finding(
            affected="fixed", wording="fixed", answers=(patch,), justification=why, **own
        )
    judgement = _judgement(stock, around)
    if stock.said and (word := maker_statements.answer(stock.said, device)):
        if judgement.verdict == "exploitable" or _is_seen(stock, word):
            ground = word.grounds[0]
            own["notes"] = (*stock.shared["notes"], f"{ground.sentence} ({ground.line})")
        else:
            answers = (*judgement.answers, word)
            judgement = exploitability.judge(answers, stock.needs, stock.shared["assumed"], around)
    return Finding(affected=stock.affected, **judgement._asdict(), **own)


def _is_seen(stock: _Stock, told: Answer) -> bool:
    """Tell whether software was seen on the wire that its maker says is not there."""
    matches: tuple[Match, ...] = stock.shared["matches"]
    inside = any(m.type == "component" and m.affected == "confirmed" for m in matches)
    return inside and told.justification == "code_not_present"


def _judgement(stock: _Stock, around: Surroundings) -> exploitability.Judgement:
    """Return the verdict; of many vulnerabilities with the same needs it is the same."""
    assumed = stock.shared["assumed"]
    changed = around.new_software if around.handling else 0.0
    test = handling.tested(stock.names, around.handling, around.now, changed)
    physical = any(need.kind == "access" for need in stock.needs)
    if test or physical:
        answers = [_dated(predicates.answer(n, around), n, stock.advisory) for n in stock.needs]
        made = (*answers, test) if test else tuple(answers)
        return exploitability.judge(made, stock.needs, assumed, around)
    known = around.judged.get((stock.needs, assumed))
    if known is None:
        made = tuple(predicates.answer(need, around) for need in stock.needs)
        known = exploitability.judge(made, stock.needs, assumed, around)
        around.judged[stock.needs, assumed] = known
    return known


def _whole(matches: Iterable[Match]) -> Iterator[str]:
    """Yield the advisories about all that is open: the device itself, or software inside."""
    types: dict[str, set[str]] = {}
    for match in matches:
        if match.affected in OPEN:
            types.setdefault(match.advisory, set()).add(match.type)
    every = {kind for kinds in types.values() for kind in kinds}
    yield from (name for name, kinds in types.items() if kinds == every)


def _dated(answer: Answer, need: Need, advisory: Advisory) -> Answer:
    """Return an answer about access with the advisory that says so, and when."""
    if need.kind != "access":
        return answer
    signed = [replace(g, signed_by=advisory.id, time=advisory.updated) for g in answer.grounds]
    return replace(answer, grounds=tuple(signed))


def _absent(stock: _Stock) -> str | None:
    """Return CycloneDX's word where another product, and not another version, is affected."""
    matches: tuple[Match, ...] = stock.shared["matches"]
    other = all(match.reason in matching.OTHER_PRODUCT for match in matches)
    return "component_not_present" if other else None


def _actions(
    entry: Precondition, vulnerability: Vulnerability, matches: Iterable[Match]
) -> Iterator[str]:
    """Yield what can be done, by the entry first, else in the words of the advisory."""
    if entry.patch:
        yield entry.patch
    if entry.workaround:
        yield entry.workaround
    if entry.patch or entry.workaround:
        return
    ids = {match.product_id for match in matches}
    told = [r for r in vulnerability.remediations if not r.product_ids or ids & set(r.product_ids)]
    yield from dict.fromkeys(r.details for r in told if _says_what_to_do(r.details))


def _says_what_to_do(text: str) -> bool:
    """Tell apart what was cut out of lists: addresses of pages, and what leads up to something."""
    return len(text) >= 40 and not text.rstrip().endswith(":") and "http" not in text[:8]
