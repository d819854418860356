"""What a number was worked out by besides the figures: the data of each feed, the knowledge."""

from __future__ import annotations

from typing import Any

from wardwatch.store import Store
from wardwatch_enrichment import knowledge


def versions(store: Store) -> dict[str, Any]:
    """Return of which day and version the data is."""
    feeds = {
        feed.name: {"version": feed.version, "newest": feed.newest, "taken": feed.taken}
        for feed in store.feeds()
        if feed.taken is not None
    }
    return {**feeds, "knowledge": knowledge.digest()}
