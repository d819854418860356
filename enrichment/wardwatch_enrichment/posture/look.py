"""What is seen of a device that makes it easy to attack, whatever its advisories say.

Only what was seen is told: nothing here is assumed, and silence says nothing. ``posture.yaml``
lists what is looked for, and what can be done about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from wardwatch_enrichment.finding import Finding, Match
from wardwatch_enrichment.model import Recall
from wardwatch_enrichment.posture import seen, support
from wardwatch_enrichment.posture.entries import Posture, entries, made
from wardwatch_enrichment.posture.lifecycles import Lifecycles
from wardwatch_enrichment.posture.recalls import Hit, Recalls
from wardwatch_enrichment.surroundings import Surroundings

_SECURITY = re.compile(
    r"cyber.?security|vulnerabilit(?:y|ies)|unauthori[sz]ed (?:access|user|person|part)|hack"
    r"|malware|hard.?coded (?:password|credential)|encrypt",
    re.IGNORECASE,
)
_LONGEST = 300  # characters of what a recall says
_Seeing = Callable[[Posture, Surroundings], Iterator[Finding]]
_Supporting = Callable[[Posture, Surroundings, Lifecycles, date], Iterator[Finding]]


def findings(
    around: Surroundings, lifecycles: Lifecycles, recalls: Sequence[Recall], today: date
) -> Iterator[Finding]:
    """Yield what is seen of a device's posture.

    `lifecycles` returns the release cycles of a product of endoflife.date; it is asked for each
    device. Where there are many devices, give `recalls` as `Recalls`.
    """
    indexed = recalls if isinstance(recalls, Recalls) else Recalls(recalls)
    for one in entries():
        if one.check == "recall":
            yield from (_recalled(one, around, hit) for hit in indexed.of(around.device))
        elif one.check in _SUPPORT:
            yield from _SUPPORT[one.check](one, around, lifecycles, today)
        else:
            yield from _SEEN[one.check](one, around)


def _recalled(one: Posture, around: Surroundings, hit: Hit) -> Finding:
    """Return an open recall as what it is: information, without a verdict."""
    recall, device = hit.recall, around.device
    says = f"it names {hit.scope}" if hit.scope else "scope not proven"
    match = Match(
        advisory=recall.number,
        publisher="FDA",
        vulnerability=recall.number,
        product_id=recall.number,
        product=recall.product[:_LONGEST],
        type="product",
        affected="confirmed" if hit.scope else "possible",
        searched_by={"firm": recall.firm, "product": hit.product},
        found={"manufacturer": device.manufacturer or "", "model": device.model or ""},
        reason=f"{device.model} is named by the recall; {says}",
    )
    found = made(one, around, (), suffix=f"-{recall.number}")
    kind = f"class {recall.classification.removeprefix('Class ')} " if recall.classification else ""
    since = f" since {recall.initiated}" if recall.initiated else ""
    return replace(
        found,
        title=f"{one.title}: {recall.number}",
        affected=match.affected,
        verdict=None,
        wording=f"open {kind}recall{since}: {says}",
        matches=(match,),
        urgent=_is_urgent(hit),
        notes=tuple(f"{name}: {text[:_LONGEST]}" for name, text in _words(recall) if text),
    )


def _is_urgent(hit: Hit) -> bool:
    """Tell whether a recall is one of class I, for a security cause, and names this very unit."""
    grave = hit.recall.classification == "Class I"
    return bool(grave and hit.scope and _SECURITY.search(f"{hit.recall.reason} {hit.recall.cause}"))


def _words(recall: Recall) -> tuple[tuple[str, str], ...]:
    return ("reason", recall.reason), ("cause", recall.cause), ("units", recall.codes)


_SUPPORT: dict[str, _Supporting] = {
    "system": support.system,
    "component": support.component,
}
_SEEN: dict[str, _Seeing] = {
    "": seen.needed,
    "crossing": seen.crossing,
    "internet": seen.internet,
    "certificate": seen.certificate,
    "account": seen.account,
    "harm": seen.harm,
    "disclosure": seen.disclosure,
}
