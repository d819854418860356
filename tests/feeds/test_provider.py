"""What `feeds update` makes of CSAF providers, the honest and the broken ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from feeds.documents import advisory, catalogue
from feeds.provider import CSAF, Provider, Updating, ids

from wardwatch.store import Store


def test_only_what_is_new_or_has_changed_is_fetched(
    provider: Provider, update: Updating, store: Store
) -> None:
    """Told by changes.csv; the document and its checksum, once."""
    url = provider.metadata()
    assert update(csaf=(url,)).taken == {CSAF: 1}
    (document,) = store.documents()
    assert (document.verified, document.body) == ("sha512", advisory("EX-1"))
    provider.site.paths()
    provider.put("2026/ex-2.json", advisory("EX-2"), "2026-11-02T12:00:00Z")
    report = update(csaf=(url,))
    assert (report.taken, report.unchanged) == ({CSAF: 1}, 1)
    asked = [path for path in provider.site.paths() if path.endswith((".json", ".sha512"))]
    assert asked == [
        "/.well-known/csaf/provider-metadata.json", "/csaf/2026/ex-2.json",
        "/csaf/2026/ex-2.json.sha512",
    ]  # fmt: skip
    changed = advisory("EX-1", "2026-11-03")
    provider.put("2026/ex-1.json", changed, "2026-11-03T12:00:00Z")
    assert update(csaf=(url,)).taken == {CSAF: 1}
    assert next(store.documents(name="EX-1")).body == changed
    (feed,) = store.feeds()
    assert (feed.name, feed.source, feed.records, feed.failed) == (CSAF, url, 2, None)


def test_a_rolie_feed_is_read(provider: Provider, update: Updating, store: Store) -> None:
    """With the checksums that its links name; what is not public is left alone."""
    body = advisory("EX-1")
    provider.site.put("/csaf/sums/one.sha256", hashlib.sha256(body).hexdigest())
    document = f"{provider.url}2026/ex-1.json"
    provider.feed({
        "id": "EX-1", "updated": "2026-11-01T12:00:00Z",
        "content": {"type": "application/json", "src": document},
        "link": [{"rel": "self", "href": document},
                 {"rel": "hash", "href": f"{provider.url}sums/one.sha256"}],
    }, {"id": "nothing", "link": []})  # fmt: skip
    del provider.site.pages["/csaf/2026/ex-1.json.sha512"]
    report = update(csaf=(provider.metadata(rolie=True),))
    assert report.taken == {CSAF: 1}
    assert "entry 1 names no document" in report.problems[0]
    assert next(store.documents()).verified == "sha256"
    assert "/csaf/red.json" not in provider.site.paths()
    assert update(csaf=(f"{provider.url}feed.json",)).unchanged == 1


def test_a_feed_of_several_that_is_gone_holds_up_none(
    provider: Provider, update: Updating, store: Store
) -> None:
    """What the others list is taken; the status says what was missing."""
    provider.feed({"content": {"src": f"{provider.url}2026/ex-1.json"}})
    url = provider.metadata(rolie=True)
    page = provider.site.pages["/.well-known/csaf/provider-metadata.json"]
    page.body = page.body.replace(b'"RED"', b'"WHITE"')
    report = update(csaf=(url,))
    assert report.taken == {CSAF: 1}
    assert "red.json: the server says 404" in report.problems[0]
    (feed,) = store.feeds()
    assert "404" in (feed.reason or "")


def test_an_index_leads_to_nothing_outside(
    provider: Provider, update: Updating, store: Store
) -> None:
    """Neither up, nor away, nor to what only looks like a document."""
    wrong = [
        "../secret.json", "2026/../../secret.json", "/etc/passwd.json", "..%2fsecret.json",
        "https://elsewhere.example/x.json", "//elsewhere.example/x.json", "C:\\x.json",
        "link.json -> /etc/passwd", "2026/ex.json?x=1", ".hidden/x.json", "ex.txt", "a\tb.json",
        "x/" * 40 + "x.json", "ä.json",
    ]  # fmt: skip
    for path in wrong:
        provider.list(path)
    report = update(csaf=(provider.url,))
    assert ids(store) == ["EX-1"]
    assert report.refused == len(wrong)
    assert all("no path of a document below the index" in text for text in report.problems)
    listings = ["/csaf/changes.csv", "/csaf/index.txt"]
    assert provider.site.paths() == [
        *listings,
        *(f"/csaf/2026/ex-1.json{s}" for s in ("", ".sha512")),
    ]


def _wrong_hash(provider: Provider) -> None:
    provider.put("2026/ex-1.json", advisory("EX-1", "2026-11-09"), "2026-11-09T12:00:00Z")
    provider.site.put("/csaf/2026/ex-1.json.sha512", "0" * 128)


def _no_hash(provider: Provider) -> None:
    provider.put("2026/ex-1.json", advisory("EX-1", "2026-11-09"), "2026-11-09T12:00:00Z")
    provider.site.put("/csaf/2026/ex-1.json.sha512", "<html>not here</html>")


def _cut(provider: Provider) -> None:
    body = advisory("EX-1", "2026-11-09")[:-40]
    provider.put("2026/ex-1.json", body, "2026-11-09T12:00:00Z")


def _broken_off(provider: Provider) -> None:
    _older(provider, "2026-11-09")
    provider.site.pages["/csaf/2026/ex-1.json"].promised = 100_000


def _older(provider: Provider, released: str = "2026-10-01") -> None:
    provider.put("2026/ex-1.json", advisory("EX-1", released), "2026-11-09T12:00:00Z")


def _gone(provider: Provider) -> None:
    _older(provider, "2026-11-09")
    del provider.site.pages["/csaf/2026/ex-1.json"]


def _fails(provider: Provider) -> None:
    _older(provider, "2026-11-09")
    provider.site.pages["/csaf/2026/ex-1.json"].busy = 99


def _huge(provider: Provider) -> None:
    _older(provider, "2026-11-09")
    provider.site.pages["/csaf/2026/ex-1.json"].promised = 10**12


def _other(provider: Provider) -> None:
    provider.put("2026/ex-1.json", catalogue("2026-11-09"), "2026-11-09T12:00:00Z")


def _unknown_version(provider: Provider) -> None:
    body = advisory("EX-1", "2026-11-09", csaf_version="9.0")
    provider.put("2026/ex-1.json", body, "2026-11-09T12:00:00Z")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_wrong_hash, "does not fit its sha512 checksum"),
        (_no_hash, "its sha512 file holds no checksum"),
        (_cut, "is no complete JSON document"),
        (_broken_off, "broke off before its end"),
        (_older, "EX-1 is older than the one that is there (2026-11-01)"),
        (_gone, "404"),
        (_fails, "500"),
        (_huge, "is over 32 MB"),
        (_other, "is no CSAF document"),
        (_unknown_version, "'9.0' is not known"),
    ],
)
def test_a_bad_document_is_refused_and_the_last_good_one_stays(
    spoil: Callable[[Provider], None], problem: str, provider: Provider, update: Updating,
    store: Store,
) -> None:  # fmt: skip
    """The status says why; the next document is not held up by it."""
    url = provider.metadata()
    update(csaf=(url,))
    before = list(store.documents())
    spoil(provider)
    provider.put("2026/ex-2.json", advisory("EX-2"))
    report = update(csaf=(url,))
    assert (report.refused, report.taken) == (1, {CSAF: 1})
    assert problem in report.problems[0]
    assert [d for d in store.documents() if d.id == "EX-1"] == before
    (feed,) = store.feeds()
    assert problem in (feed.reason or "")
    assert feed.failed == feed.taken == 1001.0


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("/.well-known/csaf/provider-metadata.json", b"{", "is no listing of CSAF documents"),
        ("/.well-known/csaf/provider-metadata.json", b"{}", "is neither a provider's metadata"),
        ("/csaf/changes.csv", b"\xff\xfe\xff", "is no text"),
        ("/csaf/changes.csv", b'"' + b"x" * 200_000, "is no table"),
        ("/csaf/changes.csv", b'"2026/ex-9.json","yesterday"\n', "'yesterday' is no time"),
    ],
)
def test_a_bad_listing_is_refused(
    path: str, content: bytes, problem: str, *, provider: Provider, update: Updating, store: Store
) -> None:
    """Also the first time, when there is no other name for it than its host."""
    provider.site.put(path, content)
    url = f"{provider.site.url}/.well-known/csaf/provider-metadata.json"
    if path.startswith("/csaf"):
        provider.metadata()
    report = update(csaf=(url,))
    assert problem in report.problems[0]
    assert store.feeds()[0].reason is not None


def test_a_provider_that_is_down_is_left(provider: Provider, update: Updating) -> None:
    """After some documents in a row, instead of after thousands."""
    for number in range(50):
        provider.list(f"2026/gone-{number:02}.json")
    report = update(csaf=(provider.url,))
    assert "gave up after 10" in report.problems[-1]
    assert report.refused == 11


def test_once_it_works_the_name_of_the_host_is_forgotten(
    provider: Provider, update: Updating, store: Store
) -> None:
    """A provider is called as it calls itself."""
    url = f"{provider.site.url}/.well-known/csaf/provider-metadata.json"
    update(csaf=(url,))
    assert [feed.name for feed in store.feeds()] == ["csaf 127.0.0.1"]
    provider.metadata()
    update(csaf=(url,))
    assert [feed.name for feed in store.feeds()] == [CSAF]


def test_a_feed_may_not_lead_to_a_device(
    provider: Provider, update: Updating, store: Store
) -> None:
    """A document's address is asked only at hosts that the settings name."""
    device = provider.site.url.replace("127.0.0.1", "localhost")
    provider.feed({"content": {"src": f"{device}/csaf/2026/ex-1.json"}})
    url = provider.metadata(rolie=True)
    report = update(csaf=(url,))
    assert "localhost is not among feeds.hosts" in report.problems[0]
    assert "/csaf/2026/ex-1.json" not in provider.site.paths()
    assert update(csaf=(url,), hosts=("localhost",)).taken == {CSAF: 1}
    assert ids(store) == ["EX-1"]
