"""CSAF providers: what they list, and their documents with checksum and signature verified.

An address may be that of a ``provider-metadata.json``, of a ROLIE feed, or of a folder (ending in
``/``) with ``changes.csv`` and ``index.txt``.
https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html#7-distributing-csaf-documents
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec

from wardwatch.sources import signatures
from wardwatch.sources.download import Fetcher, FetchError
from wardwatch.sources.feed_files import HASHES, checksum

MAX_LISTING = 64 << 20
MAX_DOCUMENT = 32 << 20
MAX_LISTED = 200_000
SMALL = 1 << 20
_OPEN = (None, "WHITE", "CLEAR", "UNLABELED")  # labels of what everybody may fetch
# What stands in an index is a path below it; a name of CSAF has letters, digits, plus and dashes.
_PATH = re.compile(r"(?:[A-Za-z0-9_+-][A-Za-z0-9._+-]*/){0,8}[A-Za-z0-9_+-][A-Za-z0-9._+-]*\.json")


class ProviderError(Exception):
    """A provider, or one of its documents, cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document that a provider lists, and when it says that it changed (epoch seconds)."""

    url: str
    changed: float | None = None
    hashes: tuple[str, ...] = ()
    signature: str | None = None


class _Rolie(msgspec.Struct):
    feeds: list[_FeedLink] = []


class _FeedLink(msgspec.Struct):
    url: str
    tlp_label: str | None = None


class _Distribution(msgspec.Struct):
    directory_url: str | None = None
    rolie: _Rolie | None = None


class _Publisher(msgspec.Struct):
    namespace: str


class _Link(msgspec.Struct):
    rel: str
    href: str


class _Content(msgspec.Struct):
    src: str


class _Entry(msgspec.Struct):
    updated: datetime | None = None
    content: _Content | None = None
    link: list[_Link] = []


class _Feed(msgspec.Struct):
    entry: list[_Entry] = []


class _Listing(msgspec.Struct):
    """Provider metadata, or a ROLIE feed."""

    distributions: list[_Distribution] | None = None
    publisher: _Publisher | None = None
    feed: _Feed | None = None


class Provider:
    """One provider. `namespace` is its name, once it was listed and if it says one."""

    def __init__(self, fetcher: Fetcher, url: str, keys: Mapping[str, Path]) -> None:
        self._fetcher, self._url = fetcher, url
        self._keys = keys.get(urlsplit(url).hostname or "")
        self.namespace: str | None = None

    def listed(self) -> Iterator[Listed | ProviderError]:
        """Yield what the provider lists; an entry that cannot be is an error in its place.

        Raises `ProviderError` and `FetchError` where the listing itself cannot be read.
        """
        found = self._folder(self._url) if self._url.endswith("/") else self._document(self._url)
        for number, listed in enumerate(found):
            if number >= MAX_LISTED:
                raise ProviderError(f"{self._url}: lists over {MAX_LISTED} documents")
            yield listed

    def _document(self, url: str) -> Iterator[Listed | ProviderError]:
        about = self._read(url)
        if about.feed is not None:
            yield from _entries(url, about.feed)
            return
        if about.distributions is None:
            raise ProviderError(f"{url}: is neither a provider's metadata nor a ROLIE feed")
        self.namespace = about.publisher.namespace if about.publisher else None
        feeds = [f for d in about.distributions if d.rolie for f in d.rolie.feeds]
        wanted = [f.url for f in feeds if f.tlp_label in _OPEN]
        folders = [d.directory_url for d in about.distributions if d.directory_url]
        for address in wanted:
            listing = self._read(address)
            if listing.feed is None:
                raise ProviderError(f"{address}: is no ROLIE feed")
            yield from _entries(address, listing.feed)
        for folder in [] if wanted else folders:
            yield from self._folder(folder.rstrip("/") + "/")

    def _read(self, url: str) -> _Listing:
        body = self._get(url, MAX_LISTING)
        try:
            return msgspec.json.decode(body, type=_Listing)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderError(f"{url}: is no listing of CSAF documents: {error}") from None

    def _folder(self, url: str) -> Iterator[Listed | ProviderError]:
        changes = self._text(url, "changes.csv")
        index = self._text(url, "index.txt")
        if changes is None and index is None:
            raise ProviderError(f"{url}: has neither changes.csv nor index.txt")
        seen: set[str] = set()
        for number, row in enumerate(_table(f"{url}changes.csv", changes or ""), 1):
            if row:
                place = f"{url}changes.csv:{number}"
                found = _at(url, row[0], place, row[1] if len(row) == 2 else "")
                seen.add(row[0])
                yield found
        for number, line in enumerate((index or "").splitlines(), 1):
            if (path := line.strip()) and path not in seen:
                yield _at(url, path, f"{url}index.txt:{number}")

    def _text(self, folder: str, name: str) -> str | None:
        try:
            return self._get(folder + name, MAX_LISTING).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ProviderError(f"{folder}{name}: is no text") from None
        except FetchError as error:
            if error.status == 404:
                return None
            raise

    def document(self, listed: Listed) -> tuple[bytes, str | None]:
        """Return a document, and what it was verified by; raises `ProviderError`, `FetchError`."""
        body = self._get(listed.url, MAX_DOCUMENT)
        verified = [name for name in (self._hash(listed, body), self._signed(listed, body)) if name]
        return body, ", ".join(verified) or None

    def _hash(self, listed: Listed, body: bytes) -> str | None:
        for kind, _ in HASHES:
            given = [url for url in listed.hashes if url.lower().endswith(kind)]
            text = self._maybe(given[0] if given else f"{listed.url}.{kind}")
            if text is None:
                continue
            wanted = checksum(text, kind)
            if wanted is None:
                raise ProviderError(f"{listed.url}: its {kind} file holds no checksum")
            if wanted != hashlib.new(kind, body).hexdigest():
                raise ProviderError(f"{listed.url}: does not fit its {kind} checksum")
            return kind
        return None

    def _signed(self, listed: Listed, body: bytes) -> str | None:
        if self._keys is None or not signatures.available():
            return None
        signature = self._maybe(listed.signature or f"{listed.url}.asc")
        if signature is None:
            raise ProviderError(f"{listed.url}: is not signed, but its provider has signing_keys")
        try:
            signatures.verify(body, signature, self._keys)
        except signatures.SignatureError as error:
            raise ProviderError(f"{listed.url}: {error}") from None
        return "signature"

    def _maybe(self, url: str) -> bytes | None:
        try:
            return self._get(url, SMALL)
        except FetchError as error:
            if error.status == 404:
                return None
            raise

    def _get(self, url: str, limit: int) -> bytes:
        found = self._fetcher.get(url, limit)
        assert found is not None  # nothing conditional was asked  # noqa: S101
        return found.body


def _table(place: str, text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(text.splitlines())
    except csv.Error as error:
        raise ProviderError(f"{place}: is no table: {error}") from None


def _entries(url: str, feed: _Feed) -> Iterator[Listed | ProviderError]:
    for number, entry in enumerate(feed.entry):
        try:
            yield _entry(url, entry)
        except ValueError as error:
            yield ProviderError(f"{url}: entry {number} names no document: {error}")


def _entry(url: str, entry: _Entry) -> Listed:
    links: dict[str, list[str]] = {}
    for link in entry.link:
        links.setdefault(link.rel, []).append(urljoin(url, link.href))
    address = urljoin(url, entry.content.src) if entry.content else None
    address = address or next(iter(links.get("self", [])), "")
    if not address.endswith(".json"):
        raise ValueError(f"{address[:200]!r}")
    changed = entry.updated
    return Listed(
        url=address,
        changed=changed.timestamp() if changed and changed.tzinfo else None,
        hashes=tuple(links.get("hash", [])),
        signature=next(iter(links.get("signature", [])), None),
    )


def _at(folder: str, path: str, place: str, time: str | None = None) -> Listed | ProviderError:
    """Return what an index names, where it is a document below the index."""
    if len(path) > 300 or not _PATH.fullmatch(path):
        return ProviderError(f"{place}: {path[:80]!r} is no path of a document below the index")
    changed = None
    if time is not None:
        try:
            stamp = datetime.fromisoformat(time)
            changed = stamp.timestamp() if stamp.tzinfo else None
        except (ValueError, OverflowError):
            return ProviderError(f"{place}: {time[:40]!r} is no time")
    return Listed(url=folder + path, changed=changed)
