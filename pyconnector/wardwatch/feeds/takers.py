"""How each kind of feed is taken: what makes it older, smaller or the same as what is there.

Each taker works inside a transaction, returns the name of the feed, or None where all of it was
there already, and raises `Refused` (or the parser's `FeedError`) where the file is not taken.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from wardwatch.feeds import kinds
from wardwatch.store import Store
from wardwatch.store.feeds import Document, Record
from wardwatch_enrichment.advisories import eol, epss, kev, openfda, ssvc, vex
from wardwatch_enrichment.model import Statement

SHRUNK = 0.5  # of what is there: a catalogue does not lose half of its entries overnight
SIGNED = "signature"


class Refused(Exception):  # noqa: N818  what happens to a file, and no fault of ours
    """A file is not taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a file comes from, and what is known of it.

    `feed` is the address of the feed that led to it. `force` takes what is older or smaller.
    """

    source: str
    name: str
    at: float
    feed: str | None = None
    verified: str | None = None
    url: str | None = None
    listed: float | None = None
    force: bool = False


def _seconds(day: date | None) -> float | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() if day else None


def _not_older(store: Store, name: str, newest: float | None, origin: Origin) -> None:
    known = store.feed(name)
    if origin.force or known is None or known.newest is None or known.taken is None:
        return
    if newest is None:
        raise Refused("does not say of when it is; what is there does (--force takes it)")
    if newest < known.newest:
        was = datetime.fromtimestamp(known.newest, UTC).date()
        raise Refused(f"is older than what is there ({was}; --force takes it)")


def _not_shrunk(before: int, after: int, origin: Origin) -> None:
    if after == 0 or (not origin.force and after < before * SHRUNK):
        raise Refused(f"has {after} entries, {before} are there: cut short? (--force takes it)")


def _csaf(store: Store, body: bytes, origin: Origin) -> str | None:
    about = kinds.csaf_header(body)
    name = kinds.csaf_name(about.publisher)
    digest = hashlib.sha256(body).hexdigest()
    document = Document(
        publisher=about.publisher, id=about.id, feed=name, released=about.released,
        version=about.version, sha256=digest, taken=origin.at, body=body,
        verified=origin.verified, url=origin.url, listed=origin.listed,
    )  # fmt: skip
    if known := store.document_state(about.publisher, about.id):
        released, was, verified = known
        if was == digest:
            store.seen_document(document)
            return None
        if about.released < released and not origin.force:
            day = datetime.fromtimestamp(released, UTC).date()
            raise Refused(f"{about.id} is older than the one that is there ({day})")
        if SIGNED in (verified or "") and SIGNED not in (origin.verified or ""):
            raise Refused(f"{about.id} is not signed, as the one that is there is")
    kinds.check_csaf(body)
    store.put_document(document)
    statements = vex.parse(body) if about.is_vex else ()
    _put_statements(store, f"{about.publisher} {about.id}", statements)
    newest = max(about.released, store.feed_newest(name))
    store.note_taken(name, origin.feed or origin.source, origin.at, newest)
    return name


def _put_statements(store: Store, document: str, found: tuple[Statement, ...]) -> None:
    document = document.replace("#", "_")
    store.drop_of_document("statement", document)
    store.put_records("statement", "vex", [
        (key, f"{document}#{number}", statement)
        for number, statement in enumerate(found)
        for key in dict.fromkeys([statement.vulnerability, *statement.aliases])
    ])  # fmt: skip


def _vex(store: Store, body: bytes, origin: Origin) -> str | None:
    found = vex.parse(body)
    newest = max((s.time for s in found if s.time is not None), default=None)
    if not found:
        raise Refused("states nothing")
    known = [s for s in store.statements(found[0].vulnerability) if s.document == found[0].document]
    if known == [s for s in found if s.vulnerability == found[0].vulnerability]:
        return None
    if not origin.force and any((s.time or 0.0) > (newest or 0.0) for s in known):
        raise Refused(f"{found[0].document} is older than the one that is there")
    _put_statements(store, found[0].document, found)
    store.note_taken("vex", origin.source, origin.at, newest)
    return "vex"


def _kev(store: Store, body: bytes, origin: Origin) -> str | None:
    found = kev.parse(body)
    released = found.released.timestamp()
    known = store.feed("kev")
    if known and known.taken and (known.newest, known.version) == (released, found.version):
        return None
    _not_older(store, "kev", released, origin)
    _not_shrunk(known.records if known else 0, len(found.entries), origin)
    store.drop_records("exploited")
    store.put_records("exploited", "kev", _keyed((entry.cve, entry) for entry in found.entries))
    store.note_taken("kev", origin.source, origin.at, released, found.version)
    return "kev"


def _epss(store: Store, body: bytes, origin: Origin) -> str | None:
    found = epss.parse(io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", errors="replace"))
    newest = _seconds(found.day)
    known = store.feed("epss")
    if known and newest is not None and (known.newest, known.version) == (newest, found.model):
        return None
    _not_older(store, "epss", newest, origin)
    before = store.score_count()
    _not_shrunk(before, store.replace_scores(found.rows), origin)
    store.note_taken("epss", origin.source, origin.at, newest, found.model)
    return "epss"


def _ssvc(store: Store, body: bytes, origin: Origin) -> str | None:
    found = ssvc.parse(body)
    if found is None:
        return None
    known = store.decision(found.cve)
    if known == found:
        return None
    if known and not origin.force and (found.time or 0.0) < (known.time or 0.0):
        raise Refused(f"{found.cve}: the decision is older than the one that is there")
    store.put_records("decision", "ssvc", _keyed([(found.cve, found)]))
    before = store.feed_newest("ssvc")
    store.note_taken("ssvc", origin.source, origin.at, max(found.time or 0.0, before) or None)
    return "ssvc"


def _eol(store: Store, body: bytes, origin: Origin) -> str | None:
    found = eol.parse(body, kinds.product(origin.url or origin.name))
    if not found:
        raise Refused("has no release cycles")
    product = found[0].product
    before = store.lifecycles(product)
    if sorted(before, key=lambda cycle: cycle.cycle) == sorted(found, key=lambda c: c.cycle):
        return None
    _not_shrunk(len(before), len(found), origin)
    store.drop_records("lifecycle", key=product)
    store.put_records("lifecycle", "eol", [(product, cycle.cycle, cycle) for cycle in found])
    store.note_taken("eol", origin.source, origin.at, None)
    return "eol"


def _openfda(store: Store, body: bytes, origin: Origin) -> str | None:
    found = openfda.parse(body)
    newest = _seconds(found.updated)
    name = "fda classification" if found.classifications else "fda recalls"
    _not_older(store, name, newest, origin)
    if not found.recalls and not found.classifications:
        raise Refused("has neither recalls nor classifications of devices")
    store.put_records("classification", name, _keyed(
        (about.product_code, about) for about in found.classifications
    ))  # fmt: skip
    store.put_records("recall", name, (
        (code, recall.number, recall)
        for recall in found.recalls
        for code in recall.product_codes or ("",)
    ))  # fmt: skip
    store.note_taken(name, origin.source, origin.at, newest)
    return name


def _keyed(records: Iterable[tuple[str, Record]]) -> Iterator[tuple[str, str, Record]]:
    return ((key, "", record) for key, record in records)


TAKERS: dict[str, Callable[[Store, bytes, Origin], str | None]] = {
    "csaf": _csaf,
    "vex": _vex,
    "kev": _kev,
    "epss": _epss,
    "ssvc": _ssvc,
    "eol": _eol,
    "openfda": _openfda,
}
