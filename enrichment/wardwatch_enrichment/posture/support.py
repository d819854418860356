"""Whether a device's operating system, and what is in it, is still supported, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from wardwatch_enrichment import predicates
from wardwatch_enrichment.finding import Affected, Answer, Finding, Ground
from wardwatch_enrichment.model import Attribute
from wardwatch_enrichment.posture import lifecycles
from wardwatch_enrichment.posture.entries import Posture, made, stated
from wardwatch_enrichment.posture.lifecycles import Lifecycles, Support
from wardwatch_enrichment.surroundings import LIFE, Surroundings


def system(one: Posture, around: Surroundings, known: Lifecycles, today: date) -> Iterator[Finding]:
    """Yield that the operating system's support has ended, or that it depends on the edition."""
    support = lifecycles.of_system(around.device, known, today)
    if support is None or support.state == "supported":
        return
    attribute = next((a for a in around.device.attributes if a.name == "os" and a.current), None)
    listening = (predicates.answer(asked, around) for asked in one.needs)
    answers = (_answer(support, attribute, around), *listening)
    found = made(one, around, answers, one.needs)
    ended = support.state == "ended"
    yield replace(
        found,
        title=one.title if ended else "Whether its operating system is supported is not known",
        wording=support.wording,
        affected=_affected(support),
        notes=(*found.notes, *_remarks(support)),
    )


def component(
    one: Posture, around: Surroundings, known: Lifecycles, today: date
) -> Iterator[Finding]:
    """Yield each component that its own makers no longer mend."""
    for attribute in around.device.attributes:
        is_fresh = attribute.current and around.now - attribute.last_seen <= LIFE
        if attribute.name != "component" or not is_fresh:
            continue
        support = lifecycles.of_component(attribute.value, known, today)
        if support is None or support.state != "ended":
            continue
        answer = _answer(support, attribute, around)
        found = made(one, around, (answer,), suffix=f":{attribute.value.replace(' ', '-')}")
        yield replace(
            found,
            title=f"{one.title}: {attribute.value}",
            wording=support.wording,
            affected="likely",
        )


def _answer(support: Support, attribute: Attribute | None, around: Surroundings) -> Answer:
    sentence = f"{support.name}: {support.wording}"
    bare = Ground(kind="seen", sentence=sentence, signed_by="", time=around.now)
    ended = support.state == "ended"
    return Answer(
        predicate=f"support of {support.name}",
        truth="true" if ended else "unknown",
        grounds=(stated(attribute, sentence) if attribute else bare,),
        missing="" if ended else "its edition, from the equipment register",
    )


def _affected(support: Support) -> Affected:
    """Return how sure a hole is that nobody mends: likely after the end, else possible."""
    return "possible" if support.state == "depends" else "likely"


def _remarks(support: Support) -> Iterator[str]:
    if support.extended:
        yield f"extended updates until {support.extended}, where somebody has them"
    if support.contradicted:
        yield "the register names an edition that the wire rules out"
    if len(support.cycles) > 1:
        yield f"it can be {', '.join(support.cycles)}"
