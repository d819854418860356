"""What public feeds said: documents as they came, and records that are looked up by a key."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from wardwatch.store.schema import Asking, StoreError
from wardwatch_enrichment.model import (
    Classification,
    Exploited,
    Lifecycle,
    Recall,
    Score,
    SsvcDecision,
    Statement,
)

Kind = Literal["exploited", "decision", "lifecycle", "recall", "classification", "statement"]
Record = Exploited | SsvcDecision | Lifecycle | Recall | Classification | Statement
MAX_DOCUMENTS = 200_000
MAX_RECORDS = 2_000_000
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The state of one feed. `newest` is the time that its newest content says of itself.

    `taken` and `failed` are when it last was taken, and last was refused, for that `reason`.
    """

    name: str
    source: str
    version: str | None = None
    newest: float | None = None
    taken: float | None = None
    failed: float | None = None
    reason: str | None = None
    records: int = 0
    unverified: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An advisory as its publisher wrote it. `verified` says by what: checksum, signature, both.

    `listed` is the time of change under which its provider listed it at `url`.
    """

    publisher: str
    id: str
    feed: str
    released: float
    version: str
    sha256: str
    taken: float
    body: bytes
    verified: str | None = None
    url: str | None = None
    listed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What a server said of a file, so that it is asked again only for a newer one."""

    etag: str | None = None
    modified: str | None = None


class Feeds(Asking):
    """The part of the store that feeds fill. All that changes is inside a transaction."""

    _kept: dict[str, int]

    def feeds(self) -> list[Feed]:
        """Return the state of every feed."""
        query = """SELECT f.name, source, version, newest, f.taken, failed, reason,
            (SELECT count(*) FROM feed_document WHERE feed = f.name)
            + (SELECT count(*) FROM feed_record AS r WHERE r.feed = f.name)
            + iif(f.name = 'epss', (SELECT count(*) FROM score), 0),
            (SELECT count(*) FROM feed_document WHERE feed = f.name AND verified IS NULL)
            FROM feed AS f ORDER BY f.name"""
        names = list(Feed.__dataclass_fields__)
        return [Feed(**dict(zip(names, row, strict=True))) for row in self._db.execute(query)]

    def feed(self, name: str) -> Feed | None:
        """Return the state of one feed."""
        return next((feed for feed in self.feeds() if feed.name == name), None)

    def feed_newest(self, name: str) -> float:
        """Return how new the newest content of a feed is, 0 where there is none."""
        row = self._db.execute("SELECT newest FROM feed WHERE name = ?", (name,)).fetchone()
        return (row and row[0]) or 0.0

    def rename_refused(self, before: str, name: str) -> None:
        """Move the state of a feed of which nothing was ever taken to that of another."""
        query = "SELECT failed, reason FROM feed WHERE name = ? AND taken IS NULL"
        if row := self._db.execute(query, (before,)).fetchone():
            self._db.execute("DELETE FROM feed WHERE name = ?", (before,))
            self._db.execute(
                "UPDATE feed SET failed = ?, reason = ? WHERE name = ? AND failed IS NULL",
                (*row, name),
            )

    def feed_of(self, source: str) -> str | None:
        """Return the name of the feed that last came from there."""
        query = "SELECT name FROM feed WHERE source = ? AND taken IS NOT NULL"
        row = self._db.execute(query, (source,)).fetchone()
        return row[0] if row else None

    def note_taken(
        self, name: str, source: str, at: float, newest: float | None, version: str | None = None
    ) -> None:
        """Keep that a feed was taken, and how new its newest content is."""
        self._db.execute(
            """INSERT INTO feed (name, source, version, newest, taken) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET source = excluded.source, taken = excluded.taken,
              version = coalesce(excluded.version, version),
              newest = coalesce(excluded.newest, newest)""",
            (name, source, version, newest, at),
        )

    def note_refused(self, name: str, source: str, at: float, reason: str) -> None:
        """Keep that a feed, or a part of it, was refused."""
        self._db.execute(
            """INSERT INTO feed (name, source, failed, reason) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET failed = excluded.failed, reason = excluded.reason""",
            (name, source, at, reason),
        )

    def tag(self, url: str) -> Tag:
        """Return what the server said of a file when it was last taken."""
        query = "SELECT etag, modified FROM feed_tag WHERE url = ?"
        row = self._db.execute(query, (url,)).fetchone()
        return Tag(etag=row[0], modified=row[1]) if row else Tag()

    def keep_tag(self, url: str, tag: Tag) -> None:
        """Keep what the server said of a file that was taken."""
        query = "INSERT OR REPLACE INTO feed_tag VALUES (?, ?, ?)"
        self._db.execute(query, (url, tag.etag, tag.modified))

    def listed(self) -> dict[str, float | None]:
        """Return the addresses from which documents came, with the times that were listed."""
        query = "SELECT url, max(listed) FROM feed_document WHERE url IS NOT NULL GROUP BY url"
        return dict(self._db.execute(query))

    def put_document(self, document: Document) -> None:
        """Keep a document in the place of its former version."""
        self._make_room("feed_document", None, MAX_DOCUMENTS)
        self._db.execute(
            "INSERT OR REPLACE INTO feed_document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.publisher, document.id, document.feed, document.released,
                document.version, document.sha256, document.taken, document.verified,
                document.url, document.listed, zlib.compress(document.body, 6),
            ),
        )  # fmt: skip

    def documents(
        self, *, publisher: str | None = None, name: str | None = None, since: float | None = None
    ) -> Iterator[Document]:
        """Yield documents: all, one publisher's, those of a name (its id), or those taken since."""
        chosen = {"publisher": publisher, "id": name, "taken": since}
        given = {column: value for column, value in chosen.items() if value is not None}
        where = " AND ".join(f"{c} {'>=' if c == 'taken' else '='} ?" for c in given) or "1"
        query = f"""SELECT publisher, id, feed, released, version, sha256, taken, verified, url,
            listed, body FROM feed_document WHERE {where} ORDER BY publisher, id"""  # noqa: S608
        names = ("publisher", "id", "feed", "released", "version", "sha256", "taken", "verified",
                 "url", "listed")  # fmt: skip
        for *values, body in self._db.execute(query, tuple(given.values())):
            yield Document(**dict(zip(names, values, strict=True)), body=zlib.decompress(body))

    def seen_document(self, document: Document) -> None:
        """Keep where a document that is there was seen again, and what it was verified by."""
        self._db.execute(
            """UPDATE feed_document SET url = coalesce(?, url), listed = coalesce(?, listed),
            verified = coalesce(?, verified) WHERE publisher = ? AND id = ?""",
            (document.url, document.listed, document.verified, document.publisher, document.id),
        )

    def document_state(
        self, publisher: str, document_id: str
    ) -> tuple[float, str, str | None] | None:
        """Return when the document that is there was released, its checksum and verification."""
        query = """SELECT released, sha256, verified FROM feed_document
            WHERE publisher = ? AND id = ?"""
        row = self._db.execute(query, (publisher, document_id)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def put_records(
        self, kind: Kind, feed: str, records: Iterable[tuple[str, str, Record]]
    ) -> None:
        """Keep records with their keys and names, in the place of those that have the same."""
        query = "INSERT OR REPLACE INTO feed_record VALUES (?, ?, ?, ?, ?)"
        for key, name, record in records:
            self._make_room("feed_record", kind, MAX_RECORDS)
            self._db.execute(query, (kind, key, name, feed, msgspec.json.encode(record)))

    def drop_records(self, kind: Kind, *, key: str | None = None) -> None:
        """Drop all records of a kind, or those of one key."""
        query = "DELETE FROM feed_record WHERE kind = ?"
        if key is None:
            self._db.execute(query, (kind,))
        else:
            self._db.execute(f"{query} AND key = ?", (kind, key))

    def drop_of_document(self, kind: Kind, document: str) -> None:
        """Drop the records of a document, which are named `<document>#<number>`."""
        query = "DELETE FROM feed_record WHERE kind = ? AND name >= ? AND name < ?"
        self._db.execute(query, (kind, f"{document}#", f"{document}$"))

    def _make_room(self, table: str, kind: Kind | None, limit: int) -> None:
        """Count one more row.

        What only takes the place of another is counted too; at the limit the rows are counted.
        """
        key = kind or table
        if self._kept.get(key, limit) >= limit:
            query = f"SELECT count(*) FROM {table}{' WHERE kind = ?' if kind else ''}"  # noqa: S608
            (self._kept[key],) = self._db.execute(query, (kind,) if kind else ()).fetchone()
            if self._kept[key] >= limit:
                raise StoreError(f"there are {limit} of {key} already; no more are taken")
        self._kept[key] += 1

    def replace_scores(self, scores: Iterable[Score]) -> int:
        """Put the scores of a day in the place of all others, and return how many they are."""
        self._db.execute("DELETE FROM score")
        self._db.executemany(
            "INSERT OR REPLACE INTO score VALUES (?, ?, ?)",
            ((score.cve, score.probability, score.percentile) for score in _bounded(scores)),
        )
        return self.score_count()

    def score_count(self) -> int:
        """Return how many scores there are."""
        return int(self._db.execute("SELECT count(*) FROM score").fetchone()[0])

    def score(self, cve: str) -> tuple[float, float | None] | None:
        """Return the probability that a vulnerability is attacked, and its percentile."""
        query = "SELECT probability, percentile FROM score WHERE cve = ?"
        row = self._db.execute(query, (cve,)).fetchone()
        return (row[0], row[1]) if row else None

    def exploited(self, cve: str) -> Exploited | None:
        """Return what is known of attacks that use a vulnerability."""
        return next(self._records("exploited", Exploited, cve), None)

    def decision(self, cve: str) -> SsvcDecision | None:
        """Return CISA's decision on a vulnerability."""
        return next(self._records("decision", SsvcDecision, cve), None)

    def lifecycles(self, product: str) -> list[Lifecycle]:
        """Return the release cycles of a product."""
        return list(self._records("lifecycle", Lifecycle, product))

    def recalls(self, product_code: str | None = None) -> list[Recall]:
        """Return all recalls, or those of a kind of device."""
        return list(self._records("recall", Recall, product_code))

    def classification(self, product_code: str) -> Classification | None:
        """Return what the FDA says of a kind of device."""
        return next(self._records("classification", Classification, product_code), None)

    def statements(self, vulnerability: str | None = None) -> list[Statement]:
        """Return all that was stated (VEX), or that of one vulnerability."""
        return list(self._records("statement", Statement, vulnerability))

    def _records(self, kind: Kind, form: type[_T], key: str | None) -> Iterator[_T]:
        query = "SELECT body FROM feed_record WHERE kind = ? ORDER BY key, name"
        if key is not None:  # as a query of its own, for it to find its index
            query = "SELECT body FROM feed_record WHERE kind = ? AND key = ? ORDER BY name"
        wanted = (kind,) if key is None else (kind, key)
        decode: Callable[[Any], _T] = msgspec.json.Decoder(form).decode
        for (body,) in self._db.execute(query, wanted):
            yield decode(body)


def _bounded(scores: Iterable[Score]) -> Iterator[Score]:
    for number, score in enumerate(scores):
        if number >= MAX_RECORDS:
            raise StoreError(f"over {MAX_RECORDS} scores; no more are taken")
        yield score
