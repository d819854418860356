"""What the loss of a device does on each axis: by its kind, under what the site says of it.

A site's word wins over all else. Evidence only ever raises a factor: that nothing was seen says
nothing of what a device holds, and one device in an inventory may have others unseen beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.fact_checks import HARMS, PHI
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.posture import peers
from wardwatch_enrichment.posture.entries import entries
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.surroundings import Surroundings

_MEDICAL = "medical device"
# Kinds of which the table says nothing: what is lost with them is other people's work and data.
_OF_CLASS: dict[str | None, tuple[float, float, float]] = {
    "it": (1, 3, 6),
    "iot": (1, 2, 2),
    "building": (2, 5, 1),
}
_HIGH_RISK = HARMS["injury"]  # the least of what a high-risk device can do by its standard
_PHI_WORDS = {
    "none": "no data of patients",
    "single": "data of one patient at a time",
    "clear": "data of patients, readable",
    "archive": "an archive of patients",
}
_READABLE = "POSTURE-CLEAR-TEXT"
_MANY_SPARES = 10
_MOST = 10.0


class Weighed(NamedTuple):
    """The factors of a device, and what they rest on, in words."""

    factors: Factors
    source: str


class Known(NamedTuple):
    """What is known of a device beyond its kind.

    `fleet` is how many of its model there are. `told` is the site's word by its columns. `only`
    says by what it is known to be the only one of its kind, `readable` which medical data it was
    seen to exchange readably, `sustaining` by what the FDA calls its kind life-sustaining; each
    is empty for not known.
    """

    fleet: int = 1
    told: Mapping[str, Fact] = {}
    only: str = ""
    readable: str = ""
    sustaining: str = ""


NOTHING = Known()


def factors(device: Device, known: Known = NOTHING) -> Weighed:
    """Return what a device is weighed by.

    What is not known to be something else is weighed as a medical device.
    """
    (safety, effectiveness, data), life, source = _of_kind(device)
    why = [source]
    weighed = Factors(
        safety=_safety(safety, known, why),
        effectiveness=_effectiveness(effectiveness, known, why),
        data=_data(data, known, why),
        life=_life(known, why, is_by_kind=life),
        fleet=max(known.fleet, 1),
    )
    return Weighed(weighed, "; ".join(why))


def readable(around: Surroundings) -> str:
    """Return which medical data a device was seen to exchange readably; empty for none seen."""
    names = next(entry.names for entry in entries() if entry.id == _READABLE)
    for row, _ in peers.readable(around, names):
        spoken = ", ".join(sorted(set(row.services) & set(names)))
        return f"{spoken} at {row.proto}/{row.port} was seen to be readable"
    return ""


def _of_kind(device: Device) -> tuple[tuple[float, float, float], bool, str]:
    kind = device_types().get(device.type or "")
    if kind and kind.factors:
        return kind.factors, kind.life_sustaining, f"as {_article(kind.name)}"
    if device.device_class in _OF_CLASS:
        return _OF_CLASS[device.device_class], False, f"as {device.device_class} equipment"
    usual = device_types()[_MEDICAL].factors or (4, 4, 4)
    return usual, False, f"as a {_MEDICAL}, as its kind is not known"


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _safety(usual: float, known: Known, why: list[str]) -> float:
    if fact := known.told.get("safety"):
        word = fact.values["safety"]
        found = HARMS[word] if word in HARMS else float(word)
        why.append(f"safety {found:g} by {_who(fact)}{f': {word}' if word in HARMS else ''}")
        usual = found
    fact = known.told.get("high_risk")
    if fact and fact.values["high_risk"] == "yes" and usual < _HIGH_RISK:
        why.append(f"safety {_HIGH_RISK:g}, as high-risk equipment by {_who(fact)}")
        return _HIGH_RISK
    return usual


def _effectiveness(usual: float, known: Known, why: list[str]) -> float:
    if fact := known.told.get("effectiveness"):
        found = float(fact.values["effectiveness"])
        why.append(f"effectiveness {found:g} by {_who(fact)}")
        return found
    found = usual
    if known.only:
        found = min(found + 1, _MOST)
        why.append(f"effectiveness {found:g}, 1 more: {known.only}")
    fact = known.told.get("spares")
    if fact and int(fact.values["spares"]) >= _MANY_SPARES:
        found = max(found - 1, 0.0)
        idle = fact.values["spares"]
        why.append(f"effectiveness {found:g}, 1 less: {idle} units stand by idle by {_who(fact)}")
    return found


def _data(usual: float, known: Known, why: list[str]) -> float:
    if fact := known.told.get("data"):
        found = float(fact.values["data"])
        why.append(f"data {found:g} by {_who(fact)}")
        return found
    if fact := known.told.get("phi"):
        found = PHI[fact.values["phi"]]
        though = f", though {known.readable}" if known.readable and found < PHI["clear"] else ""
        why.append(f"data {found:g}, {_PHI_WORDS[fact.values['phi']]} by {_who(fact)}{though}")
        return found
    if known.readable and usual < PHI["clear"]:
        why.append(f"data {PHI['clear']:g}: {known.readable}")
        return PHI["clear"]
    return usual


def _life(known: Known, why: list[str], *, is_by_kind: bool) -> bool:
    if fact := known.told.get("life_sustaining"):
        found = fact.values["life_sustaining"] == "yes"
        why.append(f"{'' if found else 'not '}life-sustaining by {_who(fact)}")
        return found
    if known.sustaining and not is_by_kind:
        why.append(f"life-sustaining by {known.sustaining}")
        return True
    return is_by_kind


def _who(fact: Fact) -> str:
    """Return the place of a fact in the site's files, and who says so."""
    place = f"{fact.source}:{fact.line}"
    return f"{fact.values['by']} ({place})" if "by" in fact.values else place
