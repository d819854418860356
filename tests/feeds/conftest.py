"""A web site of feeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from feeds.documents import Taking, advisory
from feeds.provider import Provider, Updating
from servers.website import Website, serve

from wardwatch.feeds.settings import FeedSettings
from wardwatch.feeds.take import Report, take_files
from wardwatch.feeds.update import Update
from wardwatch.sources import download, feed_files
from wardwatch.store import Store


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Website]:
    """Return a web site without pages; nobody waits long for it, and no proxy stands before it."""
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(download, "TIMEOUT", 5.0)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve() as website:
        yield website


@pytest.fixture
def update(store: Store) -> Updating:
    """Return a function that updates the feeds of these settings."""
    clock = iter(range(1_000, 2_000))

    def updating(**settings: object) -> Report:
        chosen = FeedSettings(**settings)  # type: ignore[arg-type]
        return Update(store, chosen, float(next(clock))).run()

    return updating


@pytest.fixture
def provider(site: Website) -> Provider:
    """Return a provider of one document."""
    made = Provider(site)
    made.put("2026/ex-1.json", advisory("EX-1"))
    return made


@pytest.fixture
def take(store: Store, tmp_path: Path) -> Taking:
    """Return a function that writes files into a folder and imports it, or what it is given."""
    clock = iter(range(1_000, 5_000))

    def taking(*paths: Path, force: bool = False, **files: bytes) -> Report:
        folder = tmp_path / "carried"
        folder.mkdir(exist_ok=True)
        for name, body in files.items():
            (folder / name.replace("__", ".")).write_bytes(body)
        found = (file for path in (paths or (folder,)) for file in feed_files.read(path))
        return take_files(store, found, float(next(clock)), force=force)

    return taking
