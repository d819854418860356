"""How what was found compares with what is true. README.md defines every figure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from accuracy.catalogue import Label, Persona

from wardwatch_enrichment import device_types, vendors
from wardwatch_enrichment.content import plain
from wardwatch_enrichment.model import Attribute, Device

ATTRIBUTES = ("manufacturer", "type", "model", "serial", "software", "os", "class")
NAMES = {"serial": "serial_number", "software": "software_versions"}
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One attribute of one persona: right, general (the kind only roughly), wrong or missing."""

    persona: Persona
    attribute: str
    expected: str
    found: str | None
    confidence: float | None
    verdict: str
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that was compared."""

    outcomes: tuple[Outcome, ...]
    found: Mapping[str, Device | None]
    others: tuple[Device, ...]  # entries that belong to no persona
    packets_to_identity: Mapping[str, int]


def compare(cast: Iterable[Persona], devices: Iterable[Device],
            packets: Mapping[str, list[float]]) -> Result:  # fmt: skip
    """Find each persona in the inventory, and compare."""
    devices = list(devices)
    index = _Index(devices)
    outcomes: list[Outcome] = []
    found: dict[str, Device | None] = {}
    needed: dict[str, int] = {}
    for persona in cast:
        device = found[persona.id] = index.find(persona)
        outcomes += _outcomes(persona, device)
        if device and not persona.via:
            count = _packets_to_identity(device, packets.get(persona.mac, []))
            if count is not None:
                needed[persona.id] = count
    known = {device.id for device in found.values() if device}
    others = tuple(device for device in devices if device.id not in known)
    return Result(outcomes=tuple(outcomes), found=found, others=others, packets_to_identity=needed)


class _Index:
    """Devices by what a persona can be known by."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._by: dict[str, Device] = {}
        for device in devices:
            keys = [*(f"mac:{m}" for m in device.macs), *(f"ip:{i}" for i in device.ips)]
            keys += [f"known:{plain(k)}" for k in (device.serial_number, device.udi, *device.names)
                     if k]  # fmt: skip
            for key in keys:
                self._by.setdefault(key, device)

    def find(self, persona: Persona) -> Device | None:
        """Return the entry that is the persona; by the address only where it has one."""
        keys = [f"mac:{persona.mac}"]
        if persona.via:
            keys += [f"known:{plain(k)}" for k in persona.known_by]
        else:
            keys.append(f"ip:{persona.ip}")
        return next((self._by[key] for key in keys if key in self._by), None)


def _outcomes(persona: Persona, device: Device | None) -> Iterable[Outcome]:
    label = persona.label
    wanted: dict[str, str | None] = {
        "manufacturer": label.manufacturer,
        "type": label.type,
        "model": label.model,
        "serial": label.serial,
        "software": "\\".join(label.software) or None,
        "os": label.os[0] if label.os else None,
        "class": label.device_class,
    }
    for attribute, expected in wanted.items():
        if expected is None:
            continue
        stated = _stated(device, NAMES.get(attribute, attribute))
        found = "\\".join(one.value for one in stated) or None
        confidence = min((one.confidence for one in stated), default=None)
        verdict, exact = _verdict(attribute, label, [one.value for one in stated])
        yield Outcome(
            persona=persona,
            attribute=attribute,
            expected=expected,
            found=found,
            confidence=confidence,
            verdict=verdict,
            exact=exact,
        )


def _stated(device: Device | None, name: str) -> list[Attribute]:
    if device is None:
        return []
    stated = [one for one in device.attributes if one.name == name and one.current]
    return stated if name == "software_versions" else stated[:1]


def _verdict(attribute: str, label: Label, found: list[str]) -> tuple[str, bool]:
    if not found:
        return "missing", False
    if attribute == "type":
        return _type_verdict(label, found[0])
    right = JUDGES[attribute](label, found)
    return ("right" if right else "wrong"), right


def _type_verdict(label: Label, found: str) -> tuple[str, bool]:
    right = (str(label.type), *label.alternatives.get("type", ()))
    if set(right) & set(device_types.lineage(found)):
        return "right", found in right
    less = {*label.roughly, *(kind for one in right for kind in device_types.lineage(one))}
    return ("general" if found in less else "wrong"), False


def _or(attribute: str, label: Label, own: str | None) -> tuple[str, ...]:
    return (str(own), *label.alternatives.get(attribute, ()))


def same_manufacturer(one: str, other: str) -> bool:
    """Tell whether two spellings are one canonical manufacturer; of unknown ones, one name."""
    known = vendors.canonical(one), vendors.canonical(other)
    if all(known):
        return known[0] == known[1]
    return vendors.bare(one) == vendors.bare(other)


def _model(label: Label, found: list[str]) -> bool:
    written = plain(found[0])
    names = [plain(name) for name in (str(label.model), *label.also)]
    return any(name == written or name in written or written in name for name in names)


def _release(version: str) -> str:
    """Return a version without blanks too many and without the letter for the word version."""
    return re.sub(r"^v\.?\s?(?=\d)", "", " ".join(version.casefold().split()))


def _software(label: Label, found: list[str]) -> bool:
    """Tell whether every stated version is one of the label's, or ends as one after its name."""
    known = [_release(version) for version in label.software]

    def right(version: str) -> bool:
        stated = _release(version)
        return any(
            stated == one or re.search(rf"(^|[\s:_/]){re.escape(short)}$", long)
            for one in known
            for short, long in ((stated, one), (one, stated))
        )

    return all(right(version) for version in found)


def _os(label: Label, found: list[str]) -> bool:
    """Tell whether one of the systems that it may be is the label's, with or without release."""
    possible = [one.casefold() for one in found[0].split(" or ")]
    known = [one.casefold() for one in label.os]
    return any(
        f"{a} ".startswith(f"{b} ") for p in possible for k in known for a, b in ((p, k), (k, p))
    )


JUDGES: dict[str, Callable[[Label, list[str]], bool]] = {
    "manufacturer": lambda label, found: any(
        same_manufacturer(one, found[0]) for one in _or("manufacturer", label, label.manufacturer)
    ),
    "model": _model,
    "serial": lambda label, found: plain(found[0]) == plain(str(label.serial)),
    "software": _software,
    "os": _os,
    "class": lambda label, found: found[0] in _or("class", label, label.device_class),
}


def _packets_to_identity(device: Device, seen: list[float]) -> int | None:
    """Count the packets until manufacturer and type had both been said by some claim."""
    times: list[float] = []
    for name in ("manufacturer", "type"):
        stated = _stated(device, name)
        if not stated:
            return None
        times.append(min(e.time for one in stated for e in one.evidence))
    return bisect_right(seen, max(times) + 1e-6)


def figures(outcomes: Iterable[Outcome]) -> dict[str, float | int | None]:
    """Return precision, recall and coverage of some outcomes of one attribute."""
    listed = list(outcomes)
    counts = Counter(one.verdict for one in listed)
    decided = counts["right"] + counts["wrong"]
    exact = sum(one.exact for one in listed)
    stated = decided + counts["general"]
    return {
        "labelled": len(listed), "right": counts["right"], "wrong": counts["wrong"],
        "general": counts["general"], "missing": counts["missing"],
        "precision": _share(counts["right"], decided),
        "recall": _share(counts["right"], len(listed)),
        "coverage": _share(stated, len(listed)),
        "strict_precision": _share(exact, stated),
        "strict_recall": _share(exact, len(listed)),
    }  # fmt: skip


def calibration(outcomes: Iterable[Outcome]) -> list[dict[str, float | int | None]]:
    """Return, for bins of stated confidence, how many were stated and which share was right."""
    binned: defaultdict[int, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.confidence is not None and one.verdict in ("right", "wrong"):
            binned[bisect_right(BINS, one.confidence) - 1].append(one)
    return [
        {
            "from": BINS[at],
            "to": min(BINS[at + 1], 1.0),
            "stated": len(found),
            "mean_confidence": round(mean(one.confidence or 0 for one in found), 3),
            "right": _share(sum(one.verdict == "right" for one in found), len(found)),
        }
        for at, found in sorted(binned.items())
    ]


def macro_f1(outcomes: Iterable[Outcome], *, strict: bool = False) -> float | None:
    """Return the mean F1 of the labels' types."""
    listed = [one for one in outcomes if one.attribute == "type"]
    kinds = {one.expected for one in listed}
    true: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for one in listed:
        if one.exact if strict else one.verdict == "right":
            true[one.expected] += 1
            continue
        missed[one.expected] += 1
        if one.verdict == "wrong" and one.found:
            for kind in set(device_types.lineage(one.found)) & kinds:
                false[kind] += 1
    scores = [2 * true[k] / (2 * true[k] + false[k] + missed[k]) for k in kinds]
    return round(mean(scores), 4) if scores else None


def medical(cast: Iterable[Persona], found: Mapping[str, Device | None]) -> dict[str, Any]:
    """Return how well medical devices are told from all others; what has no class is no medical."""
    said = Counter(
        (
            one.label.device_class == "medical",
            bool((device := found[one.id]) and device.device_class == "medical"),
        )
        for one in cast
    )
    right = said[True, True] + said[False, False]
    return {
        "accuracy": _share(right, said.total()),
        "medical_found": _share(said[True, True], said[True, True] + said[True, False]),
        "others_taken_for_medical": said[False, True],
        "medical_not_told": said[True, False],
    }


def spread(counts: Iterable[int]) -> dict[str, float | int | None]:
    """Return median, nine tenths and maximum of some counts."""
    listed = sorted(counts)
    if not listed:
        return {"devices": 0, "median": None, "p90": None, "max": None}
    p90 = listed[min(len(listed) - 1, int(len(listed) * 0.9))]
    return {"devices": len(listed), "median": median(listed), "p90": p90, "max": listed[-1]}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
