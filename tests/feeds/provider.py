"""A CSAF provider on a web site, and how the tests update from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from servers.website import Website

from wardwatch.feeds.take import Report
from wardwatch.store import Store

Updating = Callable[..., Report]
CSAF = "csaf psirt.example.com"


class Provider:
    """A folder of CSAF documents on a web site, with its indexes."""

    def __init__(self, site: Website) -> None:
        self.site = site
        self.changes: dict[str, str] = {}
        self.url = f"{site.url}/csaf/"

    def put(self, path: str, body: bytes, changed: str = "2026-11-01T12:00:00Z") -> None:
        """Publish a document with its checksum."""
        self.site.put(f"/csaf/{path}", body)
        digest = hashlib.sha512(body).hexdigest()
        self.site.put(f"/csaf/{path}.sha512", f"{digest}  {path}\n")
        self.list(path, changed)

    def list(self, path: str, changed: str = "2026-11-01T12:00:00Z") -> None:
        """Name a document in the indexes."""
        self.changes[path] = changed
        rows = [f'"{name}","{time}"' for name, time in self.changes.items()]
        self.site.put("/csaf/changes.csv", "\n".join(rows) + "\n")
        self.site.put("/csaf/index.txt", "\n".join(self.changes) + "\n")

    def metadata(self, *, rolie: bool = False) -> str:
        """Publish what a provider says of itself, and return its address."""
        ways: dict[str, object] = {"directory_url": self.url.rstrip("/")}
        if rolie:
            ways = {"rolie": {"feeds": [
                {"url": f"{self.url}feed.json", "tlp_label": "WHITE"},
                {"url": f"{self.url}red.json", "tlp_label": "RED"},
            ]}}  # fmt: skip
        return self.site.put("/.well-known/csaf/provider-metadata.json", json.dumps({
            "canonical_url": self.url, "metadata_version": "2.0", "role": "csaf_provider",
            "publisher": {"category": "vendor", "name": "E", "namespace": "https://psirt.example.com"},
            "distributions": [ways],
        }))  # fmt: skip

    def feed(self, *entries: dict[str, object]) -> None:
        """Publish a ROLIE feed."""
        self.site.put("/csaf/feed.json", json.dumps({"feed": {"id": "f", "entry": entries}}))


def ids(store: Store) -> list[str]:
    """Return the documents that are there."""
    return [document.id for document in store.documents()]
