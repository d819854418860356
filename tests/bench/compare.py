"""A list of what has CVSS 7 and more beside Wardwatch's Act and Attend, on one site.

Run by `make compare` on the example site; the figures go into ``build/compare.json``, too. Only
what has a published vector can be in the list of CVSS: what is seen on the wire alone is not.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from wardwatch.risk import risks, worklist
from wardwatch.store import Store
from wardwatch_enrichment.finding import SETTLED
from wardwatch_enrichment.mitigation.words import named
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated, vector_of

BUILD = Path(__file__).parents[2] / "build"
HIGH, ACTIONS = 7.0, 5
URGENT = ("Act", "Attend")
# The weights and the formula of a base score: FIRST, CVSS 3.1 specification, 7.1 and 7.4.
HARM = {"H": 0.56, "L": 0.22, "N": 0.0}


class Listed(NamedTuple):
    """A finding with the device that it is on, and its base score, if it has one."""

    device: Device
    one: Rated
    base: float | None

    @property
    def high(self) -> bool:
        """Whether a list of CVSS would have it."""
        return self.base is not None and self.base >= HIGH

    @property
    def urgent(self) -> bool:
        """Whether Wardwatch would have somebody work on it."""
        return self.one.risk.label in URGENT

    @property
    def told(self) -> dict[str, Any]:
        """What is printed of it."""
        return {
            "device": named(self.device),
            "vulnerability": self.one.finding.vulnerability,
            "cvss": self.base,
            "label": self.one.risk.label,
            "score": round(self.one.risk.score, 1),
            "evidence": self.one.evidence,
        }


def base_score(one: Rated) -> float | None:
    """Return the CVSS base score of a vulnerability; None where nobody published a vector."""
    text = vector_of(one.finding)
    if not text or one.finding.is_posture:
        return None
    metrics = scoring.metrics(text)
    changed = metrics["S"] == "C"
    kept = math.prod(1 - HARM[metrics[name]] for name in "CIA")
    base = 1 - kept
    harm = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if harm <= 0:
        return 0.0
    figures = scoring.model()
    easy = 8.22 * figures["ease_of_all"] * scoring.ease(metrics, "enterprise", figures)
    return math.ceil(min(10.0, (harm + easy) * (1.08 if changed else 1)) * 10 - 1e-9) / 10


def listed(store: Store, site: str, now: float) -> Iterator[Listed]:
    """Yield all that is open on a site."""
    for known in risks.of_site(store, site, now, Policy()):
        for one in known.rated:
            if one.finding.affected not in SETTLED:
                yield Listed(known.device, one, base_score(one))


def counted(found: Iterable[Listed]) -> dict[str, int]:
    """Return of how many findings on how many devices a list is."""
    found = list(found)
    return {"findings": len(found), "devices": len({one.device.id for one in found})}


def compared(store: Store, site: str, now: float) -> dict[str, Any]:
    """Return both lists, where they differ, and what the first actions remove."""
    found = list(listed(store, site, now))
    plan = worklist.of_sites(store, [site], now, Policy(), ACTIONS)
    high = [one for one in found if one.high]
    out = [one for one in high if one.one.risk.verdict == "not_exploitable"]
    waits = [one for one in high if not one.urgent and one not in out]
    more = [one for one in found if one.urgent and not one.high]
    return {
        "cvss_7": counted(high),
        "act": counted(one for one in found if one.one.risk.label == "Act"),
        "attend": counted(one for one in found if one.one.risk.label == "Attend"),
        "in_both": counted(one for one in high if one.urgent),
        "ruled_out": [one.told for one in out],
        "can_wait_or_cannot_be_told": [one.told for one in waits],
        "urgent_without_cvss_7": [one.told for one in more],
        "actions": [{"text": task.text, "removes": round(task.removed, 1)} for task in plan.tasks],
        "score": {"before": round(plan.before.score, 1), "after": round(plan.after.score, 1)},
    }


def show(figures: dict[str, Any]) -> Iterator[str]:
    """Yield the comparison as lines of text."""
    for name, list_of in (
        ("CVSS >= 7", "cvss_7"), ("Act", "act"), ("Attend", "attend"),
        ("CVSS >= 7 and Act or Attend", "in_both"),
    ):  # fmt: skip
        count = figures[list_of]
        yield f"{name:28} {count['findings']:3} findings on {count['devices']:2} devices"
    for title, list_of in (
        ("CVSS >= 7, ruled out with proof:", "ruled_out"),
        ("CVSS >= 7, but neither Act nor Attend:", "can_wait_or_cannot_be_told"),
        ("Act or Attend, though no CVSS >= 7:", "urgent_without_cvss_7"),
    ):
        yield f"\n{title}"
        for one in figures[list_of]:
            cvss = "no CVSS" if one["cvss"] is None else f"CVSS {one['cvss']}"
            yield f"  {one['label']} {one['score']} ({cvss}) {one['device']}: {one['evidence']}"
    yield f"\nThe first {len(figures['actions'])} actions of the work list:"
    for rank, task in enumerate(figures["actions"], 1):
        yield f"  {rank}. removes {task['removes']:5}: {task['text']}"
    before, after = figures["score"]["before"], figures["score"]["after"]
    share = 100 * (before - after) / before if before else 0
    yield f"  together {before - after:.1f} of {before} ({share:.0f} %)"


def main(database: Path) -> None:
    """Compare, print and keep the figures."""
    with Store(database, read_only=True) as store:
        figures = compared(store, store.sites()[0], time.time())
    BUILD.mkdir(exist_ok=True)
    (BUILD / "compare.json").write_text(json.dumps(figures, indent=1) + "\n")
    print("\n".join(show(figures)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
