"""The entries of ``posture.yaml``, and a finding made of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from wardwatch_enrichment import assessment, exploitability
from wardwatch_enrichment.content import data
from wardwatch_enrichment.finding import Affected, Answer, Attack, Finding, Ground
from wardwatch_enrichment.model import Attribute
from wardwatch_enrichment.preconditions import Need, need
from wardwatch_enrichment.reachable import attribute_ground
from wardwatch_enrichment.surroundings import Surroundings

SEEN = "seen on the wire"
CHECKS = (
    "system", "component", "crossing", "internet", "certificate", "account", "harm", "disclosure",
    "recall",
)  # fmt: skip
_TEXTS = ("names", "classes", "actions", "categories", "unless")
_RULES = ("sids", "abroad", "unanswered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """An entry of ``posture.yaml``; the file's head says what each key means."""

    id: str
    title: str
    actions: tuple[str, ...]
    source: str
    needs: tuple[Need, ...] = ()
    side: str = "server"
    check: str = ""
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    sids: tuple[int, ...] = ()
    abroad: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    answers: tuple[Claim, ...] = ()
    cvss: str | None = None
    codeless: bool = False
    attack: Attack | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An answer of a disclosure statement, and what contradicts it."""

    question: str
    answer: str
    says: str
    needs: tuple[Need, ...] = ()
    check: str = ""
    names: tuple[str, ...] = ()
    affected: Affected = "confirmed"


@cache
def entries() -> tuple[Posture, ...]:
    """Return everything that is looked for."""
    return tuple(entry(name, told) for name, told in data("posture.yaml")["posture"].items())


def entry(name: str, told: Mapping[str, Any]) -> Posture:
    """Return one entry; raises `ValueError` where it is not what it should be."""
    said = {key: value for key, value in told.items() if key != "examples"}
    if unknown := said.keys() - Posture.__dataclass_fields__.keys():
        raise ValueError(f"{name}: unknown keys: {', '.join(sorted(unknown))}")
    said |= {key: tuple(map(str, said[key])) for key in _TEXTS if key in said}
    said["needs"] = tuple(need(one) for one in said.get("needs", ()))
    said |= {key: tuple(said[key]) for key in _RULES if key in said}
    said["answers"] = tuple(
        Claim(
            **{
                **claim,
                "needs": tuple(need(one) for one in claim.get("needs", ())),
                "names": tuple(claim.get("names", ())),
            }
        )
        for claim in said.get("answers", ())
    )
    made = Posture(id=name, **said)
    if made.check not in ("", *CHECKS) or not (made.check or made.needs):
        raise ValueError(f"{name}: needs `needs`, or a check of {', '.join(CHECKS)}")
    return made


def made(
    one: Posture,
    around: Surroundings,
    answers: Iterable[Answer],
    needs: Iterable[Need] = (),
    suffix: str = "",
) -> Finding:
    """Return what an entry is on a device, judged by the answers; `suffix` tells several apart."""
    number, needs = one.id + suffix, tuple(needs)
    found = Finding(
        id=assessment.identifier(around.device.id, number),
        device_id=around.device.id,
        vulnerability=number,
        title=one.title,
        affected="confirmed",
        cvss=one.cvss,
        ports=assessment.ports(needs),
        codeless=one.codeless,
        attack=one.attack,
        actions=one.actions,
        notes=(one.note,) if one.note else (),
    )
    judged = exploitability.judged(found, tuple(answers), needs, around)
    return replace(judged, wording=SEEN)


def true(predicate: str, grounds: Iterable[Ground]) -> Answer:
    """Return that something was seen."""
    return Answer(predicate=predicate, truth="true", grounds=tuple(grounds))


def stated(attribute: Attribute, sentence: str) -> Ground:
    """Return an attribute of a device as what an answer rests on."""
    return attribute_ground(attribute, "seen", sentence)
