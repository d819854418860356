"""Public feeds: recognised by what they hold, checked, and taken whole or not at all.

What is refused changes nothing: the last good data stays, and the feed's status says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wardwatch.feeds import kinds
from wardwatch.feeds.takers import TAKERS, Origin, Refused
from wardwatch.sources import signatures
from wardwatch.sources.feed_files import FeedFile, FeedFileError
from wardwatch.store import Store, StoreError

LONGEST = 500  # characters of a reason
NAMED = 20  # problems of one run that are told; the rest is counted


@dataclass(slots=True)
class Report:
    """What a run at a time did: files taken by feed, those there already, and what was refused."""

    at: float
    taken: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    ignored: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)

    def refuse(self, problem: str) -> None:
        """Count a problem, and keep it if there is room."""
        self.refused += 1
        if len(self.problems) < NAMED:
            self.problems.append(problem)


def take_files(
    store: Store,
    files: Iterator[FeedFile | FeedFileError],
    at: float,
    *,
    keys: Mapping[str, Path] | None = None,
    force: bool = False,
) -> Report:
    """Take everything that is a feed among files.

    `keys` holds, by the host of a publisher, the keys that its CSAF documents must be signed with.
    """
    report = Report(at=at)
    for file in files:
        if isinstance(file, FeedFileError):
            report.refuse(str(file))
            continue
        kind = kinds.of(file.body)
        if kind is None or kind == "listing":
            if file.named:
                report.refuse(f"{file.place}: is none of the feeds that are known")
            else:
                report.ignored += 1
            continue
        try:
            verified = _verified(kind, file, keys or {})
        except signatures.SignatureError as error:
            refuse(store, kinds.name(kind, file.body), file.place, str(error), report)
            continue
        origin = Origin(source=file.place, name=file.name, at=at, verified=verified, force=force)
        take(store, kind, file.body, origin, report)
    return report


def _verified(kind: str, file: FeedFile, keys: Mapping[str, Path]) -> str | None:
    """Return what a file was verified by; raises `SignatureError`."""
    key = keys.get(kinds.name(kind, file.body).partition(" ")[2]) if kind == "csaf" else None
    if key is None or not signatures.available():
        return file.verified
    if file.signature is None:
        raise signatures.SignatureError("is not signed, but its publisher has signing_keys")
    signatures.verify(file.body, file.signature, key)
    return f"{file.verified}, signature" if file.verified else "signature"


def take(store: Store, kind: str, body: bytes, origin: Origin, report: Report) -> bool:
    """Take one file of a feed, in one transaction; tell whether it is in (or was)."""
    try:
        if len(body) > kinds.LIMITS[kind]:
            raise Refused(f"is over {kinds.LIMITS[kind] >> 20} MB; no such file is so large")
        with store.transaction():
            name = TAKERS[kind](store, body, origin)
    except (Refused, StoreError, ValueError, OverflowError) as error:  # ValueError: also FeedError
        refuse(store, kinds.name(kind, body), origin.source, str(error), report)
        return False
    if name is None:
        report.unchanged += 1
    else:
        report.taken[name] += 1
    return True


def refuse(store: Store, name: str, source: str, reason: str, report: Report) -> None:
    """Keep and report that something was refused."""
    reason = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"  # it may quote the file
    with store.transaction():
        store.note_refused(name, source, report.at, reason)
    report.refuse(reason if reason.startswith(source) else f"{source}: {reason}")
