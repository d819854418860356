"""How far each followed log was taken: kept together with what came from it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from wardwatch.sources.files import Place
from wardwatch.sources.growing import Mark


class Marks:
    """The part of the store that remembers how far logs were read."""

    _db: sqlite3.Connection

    def marks(self, site: str, sensor: str) -> dict[str, Mark]:
        """Return how far the logs of a sensor are taken, by their identity."""
        query = """SELECT identity, path, offset, line, skipping, header, size FROM mark
            WHERE site = ? AND sensor = ?"""
        return {
            identity: Mark(
                identity=identity,
                path=path,
                place=Place(offset, line, bool(skipping)),
                header=header,
                size=size,
            )
            for identity, path, offset, line, skipping, header, size in self._db.execute(
                query, (site, sensor)
            )
        }

    def put_mark(self, site: str, sensor: str, mark: Mark) -> None:
        """Keep how far a log is taken; inside the transaction of what came from it."""
        at = mark.place
        path = mark.path.encode(errors="backslashreplace").decode()  # a name need not be text
        self._db.execute(
            "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                site, sensor, mark.identity, path, at.offset, at.line, at.skipping,
                mark.header, mark.size,
            ),
        )  # fmt: skip

    def keep_marks(self, site: str, sensor: str, identities: Iterable[str]) -> None:
        """Forget the marks of all other logs: those are gone; inside a transaction."""
        self._db.execute(
            """DELETE FROM mark WHERE site = ? AND sensor = ? AND identity NOT IN
            (SELECT value FROM json_each(?))""",
            (site, sensor, json.dumps(sorted(identities))),
        )
