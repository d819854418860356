"""Feeds over HTTP(S): from the addresses in the settings, and only what is new or has changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from wardwatch.feeds import kinds
from wardwatch.feeds.settings import FeedSettings, SettingsError
from wardwatch.feeds.take import Report, refuse, take
from wardwatch.feeds.takers import Origin
from wardwatch.sources import signatures
from wardwatch.sources.csaf_provider import Listed, Provider, ProviderError
from wardwatch.sources.download import Fetcher, FetchError
from wardwatch.sources.feed_files import FeedFile, FeedFileError, unpacked
from wardwatch.store import Store
from wardwatch.store.feeds import Tag

AT_ONCE = 4  # documents of a provider: each takes several requests
FAILURES = 10  # documents of a provider that cannot be had one after the other: it is down
_Found = tuple[bytes, str | None] | ProviderError | FetchError
_Problem = ProviderError | FetchError | None
NAMES = {"openfda": "fda recalls"}


class Update:
    """One run over all feeds that are set."""

    def __init__(self, store: Store, settings: FeedSettings, at: float) -> None:
        try:
            self._fetcher = Fetcher(settings.all_hosts(), settings.ca_file)
        except OSError as error:
            reason = f"feeds.ca_file: {settings.ca_file}: holds no certificate ({error})"
            raise SettingsError(reason) from None
        self._store, self._settings, self._at = store, settings, at
        self._keys = settings.keys()
        self.report = Report(at=at)
        if self._keys and not signatures.available():
            self.report.problems.append(
                "feeds.signing_keys: GnuPG (gpg) is not installed, so signatures are not verified"
            )

    def run(self) -> Report:
        """Fetch everything; what cannot be had is a problem, and the rest goes on."""
        for kind, url in self._settings.addresses():
            if kind == "csaf":
                self._provider(url)
            else:
                self._file(kind, url)
        return self.report

    def _refuse(self, name: str, url: str, error: Exception) -> None:
        refuse(self._store, name, url, str(error), self.report)

    def _file(self, kind: str, url: str) -> None:
        tag = self._store.tag(url)
        name = self._store.feed_of(url) or NAMES.get(kind, kind)
        try:
            found = self._fetcher.get(url, kinds.LIMITS[kind], etag=tag.etag, modified=tag.modified)
        except FetchError as error:
            self._refuse(name, url, error)
            return
        if found is None:
            self.report.unchanged += 1
            with self._store.transaction():
                self._store.note_taken(name, url, self._at, None)
            return
        taken = [self._content(kind, name, url, file) for file in unpacked(found.body, url)]
        if all(taken):
            with self._store.transaction():
                self._store.keep_tag(url, Tag(etag=found.etag, modified=found.modified))

    def _content(self, kind: str, name: str, url: str, file: FeedFile | FeedFileError) -> bool:
        if isinstance(file, FeedFileError):
            self._refuse(name, url, file)
            return False
        if kinds.of(file.body) != kind:
            self._refuse(name, url, ValueError(f"{url}: is no file of {kind}"))
            return False
        origin = Origin(source=url, name=url, at=self._at, url=url, feed=url)
        return take(self._store, kind, file.body, origin, self.report)

    def _provider(self, url: str) -> None:
        provider = Provider(self._fetcher, url, self._keys)
        first = self._store.feed_of(url) or kinds.csaf_name(url)
        problem = self._documents(provider, first, url)
        name = self._store.feed_of(url) or kinds.csaf_name(provider.namespace or url)
        if problem:
            self._refuse(name, url, problem)
        with self._store.transaction():
            if not problem:
                self._store.note_taken(name, url, self._at, None)
            if name != first:
                self._store.rename_refused(first, name)

    def _documents(self, provider: Provider, name: str, url: str) -> _Problem:
        """Take what is new or has changed; return what is wrong with the whole of it."""
        wanted, broken = self._wanted(provider, name, url)
        failures = 0
        for entry, found in _fetched(provider, wanted):
            if self._document(entry, found, name, url):
                failures = 0
            elif (failures := failures + 1) >= FAILURES:
                return ProviderError(f"{url}: gave up after {FAILURES} documents that failed")
        return broken

    def _wanted(self, provider: Provider, name: str, url: str) -> tuple[list[Listed], _Problem]:
        """Return what is new or has changed, and why the listing broke off, if it did."""
        known = self._store.listed()
        wanted: list[Listed] = []
        try:
            for entry in provider.listed():
                if isinstance(entry, ProviderError):
                    self._refuse(name, url, entry)
                elif _is_new(entry, known):
                    wanted.append(entry)
                else:
                    self.report.unchanged += 1
        except (ProviderError, FetchError) as error:
            return wanted, error
        return wanted, None

    def _document(self, entry: Listed, found: _Found, name: str, url: str) -> bool:
        """Take a document; tell whether its provider works."""
        if isinstance(found, Exception):
            self._refuse(name, entry.url, found)
            return False
        body, verified = found
        if kinds.of(body) != "csaf":
            self._refuse(name, entry.url, ProviderError(f"{entry.url}: is no CSAF document"))
            return False
        origin = Origin(
            source=entry.url, name=entry.url, at=self._at, feed=url,
            verified=verified, url=entry.url, listed=entry.changed,
        )  # fmt: skip
        take(self._store, "csaf", body, origin, self.report)
        return True


def _fetched(provider: Provider, wanted: list[Listed]) -> Iterator[tuple[Listed, _Found]]:
    """Yield documents in their order, a few of them fetched at once."""

    def fetch(entry: Listed) -> _Found:
        try:
            return provider.document(entry)
        except (ProviderError, FetchError) as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(wanted), AT_ONCE):
            batch = wanted[start : start + AT_ONCE]
            yield from zip(batch, pool.map(fetch, batch), strict=True)


def _is_new(entry: Listed, known: dict[str, float | None]) -> bool:
    if entry.url not in known:
        return True
    before = known[entry.url]
    return entry.changed is not None and (before is None or entry.changed > before)
