"""What can be done about a finding on the device at hand: ``mitigations.yaml``.

A patch comes first, with what its manufacturer says of it, then what the advisory advises, then
the measures of the weakness's kind. No measure closes what carries alarms or therapy: that is
handed to people, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.finding import SETTLED, Finding
from wardwatch_enrichment.mitigation import patches, weaknesses, words
from wardwatch_enrichment.mitigation.flows import Flow, flows, kept, ports_of, toward
from wardwatch_enrichment.mitigation.weaknesses import Weakness
from wardwatch_enrichment.posture import peers
from wardwatch_enrichment.posture.entries import Posture
from wardwatch_enrichment.preconditions import Need, Precondition
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.surroundings import Surroundings

Rank = Literal["patch", "workaround", "first", "second", "segment", "detection"]
GRAVE = 8.0  # safety factor from which clinical engineering and the manufacturer must agree
_SERVICES = ("service", "no_authentication", "shows", "clear")
_NOT_REACHED = {"physical", "local", "radio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """One measure, worded for one device.

    `do` is what to do, without the flows that `text` tells of. `changes` is what a simulation sets:
    an affected state, a zone, or the truth of a predicate; empty where nothing is less likely by
    it. `ports` are those that it is about, `blocks` those that it closes, `cut` the flows seen that
    would end with it, `allow` those that have to go on.
    """

    weakness: str
    rank: Rank
    way: str
    text: str
    do: str
    kind: Literal["technical", "administrative"]
    effort: int
    changes: Mapping[str, str]
    ports: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    allow: tuple[Flow, ...] = ()
    cut: tuple[Flow, ...] = ()
    capabilities: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    patch: patches.Status | None = None
    agree: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A finding with all that its measures are made of.

    `ports` are those of the vulnerable service that may be closed, `held` those that must stay
    open; `named` is the service in words.
    """

    finding: Finding
    around: Surroundings
    entry: Precondition | None
    needs: tuple[Need, ...]
    weakness: Weakness
    seen: tuple[Flow, ...]
    ports: tuple[str, ...]
    held: tuple[str, ...]
    named: str
    agree: bool

    def make(self, rank: Rank, way: str, text: str, **values: Any) -> Mitigation:
        """Return a measure; what is not given is as its way has it."""
        told = weaknesses.way(way)
        agree = self.agree and rank != "detection"
        given = {
            "kind": told.get("kind", "technical"),
            "effort": told["effort"],
            "changes": self._changes(told["changes"]),
            "source": self.weakness.source,
            "do": text,
            "attack": weaknesses.attack({"way": way}),
        }
        return Mitigation(
            weakness=self.weakness.name,
            rank=rank,
            way=way,
            text=words.bounded(text, words.AGREE if agree else ""),
            capabilities=self.weakness.capabilities,
            agree=agree,
            **(given | values),
        )

    def fill(self, template: str) -> str:
        """Return the words of an entry for the device and the service at hand."""
        return words.filled(template, self.around.device, self.named)

    def _changes(self, told: Mapping[str, str]) -> Mapping[str, str]:
        if "truth" not in told:
            return told
        names = [answer.predicate for answer in self.finding.answers]
        asked = [name for name in names if name.startswith(("service", "no auth", "clear"))]
        return {**told, "predicate": next(iter(asked or names), "")}


def mitigations(
    finding: Finding,
    around: Surroundings,
    entry: Precondition | Posture | None = None,
    *,
    cwes: Sequence[str] = (),
    factors: Factors | None = None,
) -> tuple[Mitigation, ...]:
    """Return what can be done about a finding, the first choice first; nothing where it is closed.

    `entry` is what the finding was judged by, `cwes` the weakness classes that the advisory names,
    `factors` what the loss of the device does, by its type where they are not given.
    """
    if finding.affected in SETTLED:
        return ()
    case = _case(finding, around, entry, cwes, grave=is_grave(around, factors))
    found = [*_patch(case), *_workaround(case)]
    found += _measures(case, found)
    if case.weakness.detect:
        text = f"Watch for this: {case.fill(case.weakness.detect)} {words.WATCHED}"
        found.append(case.make("detection", "watch", text))
    return tuple(found)


def _case(
    finding: Finding,
    around: Surroundings,
    entry: Precondition | Posture | None,
    cwes: Sequence[str],
    *,
    grave: bool,
) -> _Case:
    needs = tuple(weaknesses.flat(entry.needs)) if entry else ()
    if isinstance(entry, Posture) and not needs and entry.names:
        needs = (Need(kind="service", names=entry.names),)
    services = [need for need in needs if need.kind in _SERVICES]
    seen, type_ = flows(around), around.device.type
    names = frozenset(name for need in services for name in need.names)
    ports = ports_of(services, seen)
    bound = {port for port in ports if kept(port, frozenset(), None, type_)}
    held = bound | {flow.port for flow in seen if flow.never}
    unseen = not ports and bool(kept("", names, None, type_))
    return _Case(
        finding=finding,
        around=around,
        entry=entry if isinstance(entry, Precondition) else None,
        needs=needs,
        weakness=weaknesses.chosen(finding, needs, cwes),
        seen=seen,
        ports=tuple(sorted(ports - held)),
        held=tuple(sorted(names if unseen else ports & held)),
        named=", ".join(sorted(ports - held or ports or names)) or words.ITS_SERVICE,
        agree=grave or any(flow.never for flow in seen),
    )


def is_grave(around: Surroundings, factors: Factors | None = None) -> bool:
    """Tell whether people have to agree first: also where nobody knows what the device does."""
    kind = device_types().get(around.device.type or "")
    if (kind and kind.life_sustaining) or (factors and factors.life):
        return True
    unknown = kind is None or kind.factors is None
    if unknown and around.device.device_class in (None, "medical"):
        return True
    usual = kind.factors[0] if kind and kind.factors else 0.0
    return (factors.safety if factors else usual) >= GRAVE


def _patch(case: _Case) -> Iterator[Mitigation]:
    if known := patches.patch(case.finding, case.entry, case.around):
        way = "handle" if known.status == "refused" else "update"
        text = words.patched(known, case.around.device)
        yield case.make("patch", way, text, patch=known.status, source=known.source)


def _workaround(case: _Case) -> Iterator[Mitigation]:
    if not case.entry or not case.entry.workaround:
        return
    told, device = case.entry.workaround, case.around.device
    rules = weaknesses.content()["workaround"]
    rule = next((one for one in rules if re.search(one["words"], told, re.I)), {"way": "handle"})
    text = words.advised(told, device, case.entry.advisory)
    if rule.get("takes_off") and (case.agree or any(flow.never for flow in case.seen)):
        yield case.make("workaround", "handle", words.held(text, case.seen, case.held))
    elif made := _measure(case, "workaround", rule, text):
        yield made


def _measures(case: _Case, before: Sequence[Mitigation]) -> Iterator[Mitigation]:
    ways = {one.way for one in before}
    patched = any(one.patch for one in before)
    first, second = case.weakness.first, case.weakness.second
    steps: tuple[tuple[Rank, Mapping[str, Any]], ...] = (("first", first), ("second", second))
    for rank, told in steps:
        if patched and told["way"] == "update":
            continue
        if made := _measure(case, rank, told, case.fill(told["do"])):
            ways.add(told["way"])
            yield made
    access = {value for need in case.needs if need.kind == "access" for value in need.values}
    if "segment" not in ways and not access & _NOT_REACHED:
        yield _segment(case, "segment", case.fill(words.SEGMENT), {})


def _measure(case: _Case, rank: Rank, told: Mapping[str, Any], text: str) -> Mitigation | None:
    """Return a measure with its flows; what would close alarms or therapy is for people."""
    way, given = told["way"], {key: told[key] for key in ("effort", "kind") if key in told}
    given |= {"attack": weaknesses.attack(told)}
    if way == "segment":
        return _segment(case, rank, text, given)
    if not told.get("closes", weaknesses.way(way).get("closes")):
        return case.make(rank, way, text, **given, **_edge(case, way))
    if case.held and not case.ports:
        text = words.held(text, case.seen, case.held)
        return case.make(rank, "handle", text, attack=given["attack"])
    known = case.ports or (way in ("off", "configure") and case.named != words.ITS_SERVICE)
    if not known and rank != "workaround":
        return None
    there = toward(case.seen, case.ports)
    never = words.never(case.seen) or ("" if case.ports else words.OPEN)
    if way in ("allow", "configure"):
        full = f"{text} {never} {words.callers(there, case.around)}"
        return case.make(rank, way, full, do=text, ports=case.ports, allow=there, **given)
    near = [flow for flow in there if way == "block" and case.around.is_near(flow.peer)]
    full = f"{text} {never} {words.cut(there, case.around)} {words.within(near)}"
    closed = {"ports": case.ports, "blocks": case.ports}
    return case.make(rank, way, full, do=text, cut=there, **closed, **given)


def _edge(case: _Case, way: str) -> Mapping[str, Any]:
    """Return what would end at the way to the internet."""
    if way != "edge":
        return {}
    outside = {peer for _, peer in peers.outside(case.around)}
    calls = (f for f in case.seen if f.direction == "out" and f.never is None)
    return {"cut": tuple(flow for flow in calls if flow.peer in outside)}


def _segment(case: _Case, rank: Rank, text: str, given: Mapping[str, Any]) -> Mitigation:
    """Return a move to a segment: all that was seen goes on, but for the vulnerable service."""
    cut = toward(case.seen, case.ports)
    allow = tuple(flow for flow in case.seen if flow not in cut)
    told = f"{text} {words.OPEN} {words.allowed(allow, case.around)} {words.ended(cut)}"
    changes = {"zone": "isolated" if case.ports and not case.held else "allowlisted"}
    given = {"changes": changes, "ports": case.ports, **given}
    return case.make(rank, "segment", told, do=text, allow=allow, cut=cut, **given)
