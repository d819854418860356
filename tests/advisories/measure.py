"""Import all public advisories at hand; print how many leaves were read without a person.

Run by `make advisories`; the figures are also written to ``build/advisories.json``.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from wardwatch_enrichment import curation
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory

ROOT = Path(__file__).parents[2]
PUBLIC = ROOT.parent / "shared" / "data" / "csaf"
OUT = ROOT / "build" / "advisories.json"


@cache
def parsed() -> tuple[Advisory, ...]:
    """Return all advisories in the folder of public data."""
    return tuple(csaf.parse(path.read_bytes()) for path in sorted(PUBLIC.glob("**/*.json")))


def figures() -> dict[str, Any]:
    """Return how many leaves were read, how many wait, and why."""
    start = time.perf_counter()
    advisories = parsed()
    seconds = time.perf_counter() - start
    leaves = sum(len(advisory.products) for advisory in advisories)
    waiting = list(curation.queue(advisories))
    left = list(curation.queue(map(curation.decided, advisories)))
    products = [p for a in advisories for p in a.products if not p.needs]
    return {
        "advisories": len(advisories),
        "seconds": round(seconds, 2),
        "product leaves": leaves,
        "read without a person": leaves - len(waiting),
        "read without a person, %": round(100 * (1 - len(waiting) / leaves), 1),
        "decided by a person": len(curation.decisions()),
        "in the queue": len(left),
        "in the queue, by what is in doubt": dict(
            Counter(kind for one in left for kind in one.kinds).most_common()
        ),
        "read as": dict(Counter(p.versions.kind for p in products).most_common()),
        "read, with a condition in words": sum(bool(p.conditions) for p in products),
        "product lines found": sum(bool(p.line) for p in products),
        "restricted to CVEs by their names": sum(bool(p.cves) for p in products),
        "queue": [
            {
                "advisory": one.advisory_id,
                "title": one.product.title,
                "versions": one.product.versions.text,
                "reasons": one.reasons,
            }
            for one in left
        ],
    }


def main() -> None:
    """Print the figures and write them down."""
    found = figures()
    for name, value in found.items():
        if name != "queue":
            print(f"{name:36} {value}")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
