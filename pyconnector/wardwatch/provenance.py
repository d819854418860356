"""What a number was worked out by: the site's figures, the data of each feed, the knowledge."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from wardwatch.store import Store
from wardwatch_enrichment import knowledge
from wardwatch_enrichment.risk.policy import Policy


def digest(decided: Policy) -> str:
    """Return a digest of all that a site decided of the model."""
    told: Any = {
        "figures": decided.figures,
        "rubric": sorted(map(repr, decided.rubric.items())),
        "sanctioned": sorted(decided.sanctioned),
    }
    body = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def versions(store: Store) -> dict[str, Any]:
    """Return of which day and version the data is."""
    feeds = {
        feed.name: {"version": feed.version, "newest": feed.newest, "taken": feed.taken}
        for feed in store.feeds()
        if feed.taken is not None
    }
    return {**feeds, "knowledge": knowledge.digest()}
