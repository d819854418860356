"""What a site did about vulnerabilities of its devices: patches, bench tests, MDS2 answers.

A fact that names a unit (serial number, address, name) is of that unit alone; one that names a
model is of all units of the model, by this maker and of this software where it says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime

from wardwatch_enrichment import products
from wardwatch_enrichment.content import plain
from wardwatch_enrichment.facts import Fact, contradicts, keys_in, keys_of
from wardwatch_enrichment.finding import Answer, Ground
from wardwatch_enrichment.model import Device

KINDS = ("patch", "bench", "mds2")
_OF_ONE_UNIT = ("serial_number", "mac")
_DAY = 86_400.0
_ABOUT = 30 * _DAY
_BENCH_LIFE = 365 * _DAY  # of a test that does not say until when it holds


class Handling:
    """The facts of one site that are about vulnerabilities, ready to be asked for by device."""

    def __init__(self, found: Iterable[Fact]) -> None:
        self._by_unit: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._by_model: defaultdict[str, list[Fact]] = defaultdict(list)
        for fact in found:
            if fact.kind not in KINDS:
                continue
            keys = list(keys_in(fact.values))
            for key in keys:
                self._by_unit[key].append(fact)
            if not keys:
                self._by_model[plain(fact.values["model"])].append(fact)

    def of(self, device: Device) -> tuple[Fact, ...]:
        """Return the facts that are about a device, those of the unit first."""
        if not self._by_unit and not self._by_model:
            return ()
        found = [
            fact
            for key in keys_of(device)
            for fact in self._by_unit.get(key, [])
            if not contradicts(fact.values, device)
            if key[0] in _OF_ONE_UNIT or _may_be_of(fact, device)
        ]
        if device.model:
            named = self._by_model.get(plain(device.model), [])
            found += [fact for fact in named if _is_of(fact, device)]
        return tuple({id(fact): fact for fact in found}.values())


def _may_be_of(fact: Fact, device: Device) -> bool:
    """Tell whether a fact can be of this unit: an address and a name are given to the next one."""
    model = fact.values.get("model")
    if model and device.model and plain(model) != plain(device.model):
        return False
    later = device.first_seen > fact.at + _ABOUT  # a list may be there before its sensor is
    return not later or bool({*_OF_ONE_UNIT} & fact.values.keys())


def _is_of(fact: Fact, device: Device) -> bool:
    """Tell whether a fact about a model is of this unit: what is not known fits nothing."""
    maker = fact.values.get("manufacturer")
    if maker and not products.makers(maker) & products.makers(device.manufacturer or ""):
        return False
    version = fact.values.get("software_versions")
    return not version or plain(version) in {plain(known) for known in device.software_versions}


def tested(
    names: Collection[str], facts: Iterable[Fact], now: float, changed: float = 0.0
) -> Answer | None:
    """Return what the latest trial on the bench says, if that still holds.

    `names` are the numbers under which a vulnerability was tested: its own, and its advisories'.
    `changed` is since when the device has the software that it has.
    """
    tests = list(_about(names, facts, "bench"))
    if not tests:
        return None
    latest = max(tests, key=lambda f: (f.values["date"], f.values["result"] == "exploitable"))
    at = _day(latest.values["date"])
    told = latest.values.get("expires")
    expires = _day(told) if told else at + _BENCH_LIFE
    false = latest.values["result"] == "not exploitable"
    if expires < now or (false and changed > at + _DAY):
        return None
    ground = Ground(
        kind="bench",
        sentence=f"tested on {latest.values['date']}: {latest.values['result']}",
        signed_by=latest.values["by"],
        time=at,
        expires=expires,
        void=("other software", "another configuration"),
        log="site facts",
        line=f"{latest.source}:{latest.line}",
    )
    return Answer(
        predicate="bench test",
        truth="strong_false" if false else "true",
        grounds=(ground,),
        justification="requires_environment" if false else None,
    )


def patched(names: Collection[str], facts: Iterable[Fact], changed: float = 0.0) -> Answer | None:
    """Return the record that says that it was mended on this unit, the latest one.

    None where it has had other software since more than a day after that: `changed`.
    """
    applied = [f for f in _about(names, facts, "patch") if f.values["status"] == "applied"]
    if not applied:
        return None
    latest = max(applied, key=lambda fact: (fact.values.get("date", ""), fact.at))
    what = latest.values.get("patch", "a patch")
    at = _day(latest.values["date"]) if "date" in latest.values else latest.at
    if changed > at + 2 * _DAY:
        return None
    ground = Ground(
        kind="patch",
        sentence=f"{what} was applied" + _on(latest),
        signed_by=latest.values.get("by", latest.source),
        time=at,
        void=("other software",),
        log="site facts",
        line=f"{latest.source}:{latest.line}",
    )
    return Answer(
        predicate="not patched",
        truth="strong_false",
        grounds=(ground,),
        justification="code_not_present",
    )


def approvals(names: Collection[str], facts: Iterable[Fact]) -> Iterator[str]:
    """Yield in words which patches the manufacturer approved, or refused."""
    for fact in _about(names, facts, "patch"):
        what = fact.values.get("patch", "a patch")
        if fact.values["status"] == "approved":
            yield f"{what}: approved by the manufacturer{_on(fact)}; it may be applied"
        elif fact.values["status"] == "refused":
            yield f"{what}: refused by the manufacturer{_on(fact)}; it must not be applied"


def _about(names: Collection[str], facts: Iterable[Fact], kind: str) -> Iterator[Fact]:
    wanted = {name.upper() for name in names}
    for fact in facts:
        if fact.kind == kind and fact.values["vulnerability"] in wanted:
            yield fact


def _on(fact: Fact) -> str:
    return f" on {fact.values['date']}" if "date" in fact.values else ""


def _day(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
