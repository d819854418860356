"""What the process that follows a site last said of itself, and how large the database is."""

from __future__ import annotations

import json
import sqlite3
from typing import Any


class Healths:
    """The part of the store that `status` reads."""

    _db: sqlite3.Connection

    def put_health(self, site: str, body: dict[str, Any]) -> None:
        """Keep what a process says of itself, in the place of what it said before."""
        self._db.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?)", (f"run:{site}", json.dumps(body))
        )

    def health(self, site: str) -> dict[str, Any] | None:
        """Return what the process that follows a site last said of itself."""
        query = "SELECT value FROM setting WHERE name = ?"
        row = self._db.execute(query, (f"run:{site}",)).fetchone()
        found: dict[str, Any] | None = json.loads(row[0]) if row else None
        return found

    def followed(self) -> list[str]:
        """Return the sites that a process followed."""
        query = "SELECT substr(name, 5) FROM setting WHERE name GLOB 'run:*' ORDER BY name"
        return [site for (site,) in self._db.execute(query)]

    def feeds_of(self, advisory: str) -> frozenset[str]:
        """Return the feeds that an advisory came from, by its name."""
        found = self._db.execute("SELECT feed FROM feed_document WHERE id = ?", (advisory,))
        return frozenset(name for (name,) in found)

    def size(self) -> int:
        """Return how many bytes of the database are in use."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
