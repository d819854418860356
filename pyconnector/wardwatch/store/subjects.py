"""What advisories are looked for by: the few values of each device, and the tokens of both sides.

Devices weigh a hundred times more with all of their evidence. What advisories are about is kept
beside them, so that one new advisory finds its devices at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from wardwatch.store.feeds import Document
from wardwatch_enrichment import subjects
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.model import Attribute, Device

_DECODER = msgspec.json.Decoder(Device)
_ADVISORIES = msgspec.json.Decoder(Advisory)


class Subjects:
    """The part of the store that matching asks."""

    _db: sqlite3.Connection
    _unread: tuple[tuple[str, int, int], list[tuple[str, str]]] | None = None

    def put_subject(self, device: Device) -> None:
        """Keep what advisories can be about; inside a transaction."""
        body = msgspec.json.encode(_slight(device))
        self._db.execute(
            "INSERT OR REPLACE INTO subject VALUES (?, ?, ?)", (device.id, device.site, body)
        )
        tokens = {token for one in subjects.subjects(device) for token in one.tokens}
        self._db.executemany(
            "INSERT OR REPLACE INTO subject_token VALUES (?, ?)", [(t, device.id) for t in tokens]
        )

    def drop_subject(self, device_id: str) -> None:
        """Drop what was kept of a device; inside a transaction."""
        self._db.execute("DELETE FROM subject WHERE id = ?", (device_id,))
        self._db.execute("DELETE FROM subject_token WHERE id = ?", (device_id,))

    def slight_devices(self, site: str, tokens: Iterable[str] | None = None) -> list[Device]:
        """Return the devices of a site, or those with one of the tokens, without their evidence.

        Of the attributes there are only those that advisories ask for.
        """
        query, given = "SELECT body FROM subject WHERE site = ? ORDER BY id", [site]
        if tokens is not None:  # a reader has no tables of its own to list them in
            given.append(json.dumps(sorted(tokens)))
            query = """SELECT body FROM subject WHERE site = ? AND id IN
                (SELECT t.id FROM json_each(?) AS told CROSS JOIN subject_token AS t
                ON t.token = told.value)
                ORDER BY id"""
        return [_DECODER.decode(body) for (body,) in self._db.execute(query, given)]

    def count_subjects(self, tokens: Iterable[str]) -> int:
        """Return how many devices have one of the tokens."""
        query = """SELECT count(DISTINCT t.id) FROM json_each(?) AS told
            CROSS JOIN subject_token AS t ON t.token = told.value"""
        (count,) = self._db.execute(query, (json.dumps(sorted(tokens)),)).fetchone()
        return int(count)

    def put_advisory(
        self, document: Document, advisory: Advisory, tokens: Iterable[str], knowledge: str
    ) -> None:
        """Keep an advisory as this knowledge reads it, and its tokens; inside a transaction."""
        name = (document.publisher, document.id)
        self._db.execute("DELETE FROM advisory_token WHERE publisher = ? AND id = ?", name)
        self._db.executemany(
            "INSERT OR IGNORE INTO advisory_token VALUES (?, ?, ?)", [(t, *name) for t in tokens]
        )
        self._db.execute(
            "INSERT OR REPLACE INTO advisory_read VALUES (?, ?, ?, ?, ?)",
            (*name, document.sha256, knowledge, msgspec.json.encode(advisory)),
        )

    def unread_advisories(self, knowledge: str) -> list[tuple[str, str]]:
        """Return (publisher, id) of the documents whose tokens are not those of this knowledge.

        It is asked for each device; outside of a transaction, which may be taken back, the answer
        holds until this or another connection writes.
        """
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        state = (knowledge, version, self._db.total_changes)
        if self._unread is not None and self._unread[0] == state:
            return self._unread[1]
        query = """SELECT d.publisher, d.id FROM feed_document AS d LEFT JOIN advisory_read AS r
            ON r.publisher = d.publisher AND r.id = d.id AND r.sha256 = d.sha256
            AND r.knowledge = ? WHERE r.id IS NULL ORDER BY 1, 2"""
        found = list(self._db.execute(query, (knowledge,)))
        self._unread = None if self._db.in_transaction else (state, found)
        return found

    def unreadable(self) -> list[tuple[str, str]]:
        """Return (publisher, id) of the documents that this release could not read."""
        row = self._db.execute("SELECT value FROM setting WHERE name = 'unreadable'").fetchone()
        return [(publisher, name) for publisher, name in json.loads(row[0])] if row else []

    def note_unreadable(self, names: list[tuple[str, str]]) -> None:
        """Keep which those are; inside a transaction."""
        query = "INSERT OR REPLACE INTO setting VALUES ('unreadable', ?)"
        self._db.execute(query, (json.dumps(names),))

    def advisory(self, publisher: str, name: str, knowledge: str | None) -> Advisory | None:
        """Return an advisory as some knowledge reads it, or as any did; None where none has."""
        query = """SELECT body FROM advisory_read WHERE publisher = ? AND id = ?
            AND knowledge = coalesce(?, knowledge)"""
        row = self._db.execute(query, (publisher, name, knowledge)).fetchone()
        return _ADVISORIES.decode(row[0]) if row else None

    def advisories_called(self, name: str, knowledge: str) -> Iterator[Advisory]:
        """Yield the advisories of an id, as this knowledge reads them: publishers may share one."""
        query = "SELECT body FROM advisory_read WHERE id = ? AND knowledge = ? ORDER BY publisher"
        for (body,) in self._db.execute(query, (name, knowledge)):
            yield _ADVISORIES.decode(body)

    def advisories_with(self, tokens: Iterable[str]) -> set[tuple[str, str]]:
        """Return (publisher, id) of the documents that have one of the tokens."""
        query = """SELECT a.publisher, a.id FROM json_each(?) AS told
            CROSS JOIN advisory_token AS a ON a.token = told.value"""
        return set(self._db.execute(query, (json.dumps(sorted(tokens)),)))

    def tokens(self, site: str) -> Iterator[str]:
        """Yield the tokens of all devices of a site."""
        query = """SELECT DISTINCT token FROM subject AS s
            JOIN subject_token AS t ON t.id = s.id WHERE site = ?"""
        for (token,) in self._db.execute(query, (site,)):
            yield token


def _slight(device: Device) -> Device:
    kept = tuple(
        _bare(attribute)
        for attribute in device.attributes
        if attribute.name in subjects.ATTRIBUTES and attribute.current
    )
    return replace(device, attributes=kept)


def _bare(attribute: Attribute) -> Attribute:
    """Return an attribute with no more of its evidence than a build of Windows is told by."""
    if attribute.name != "os":
        return replace(attribute, evidence=())
    return replace(attribute, evidence=tuple(replace(e, line="") for e in attribute.evidence[:4]))
