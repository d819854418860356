"""What is taken from a web server, and the many things that are not."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from servers.website import Page, Website, serve

from wardwatch.sources import download
from wardwatch.sources.download import Fetcher, FetchError

KB = 1 << 10
MB = 1 << 20


@pytest.fixture
def fetcher(site: Website) -> Fetcher:
    """Return one that may ask the web site."""
    assert site.url
    return Fetcher(["127.0.0.1"])


def refused(fetcher: Fetcher, url: str, limit: int = MB) -> FetchError:
    """Return why a file cannot be had."""
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, limit)
    return caught.value


def test_a_file_and_the_same_again(site: Website, fetcher: Fetcher) -> None:
    """The second time only the header is sent."""
    when = "Sat, 21 Nov 2026 08:00:00 GMT"
    url = site.put("/a.json", b"{}", headers={"ETag": '"v1"', "Last-Modified": when})
    found = fetcher.get(url, MB)
    assert found is not None
    assert (found.body, found.etag, found.modified) == (b"{}", '"v1"', when)
    assert fetcher.get(url, MB, etag=found.etag, modified=found.modified) is None
    assert site.asked[-1][1]["if-modified-since"] == when


def test_what_is_packed_on_the_way_is_unpacked(site: Website, fetcher: Fetcher) -> None:
    """Up to the limit: a few bytes can stand for gigabytes."""
    encoded = {"Content-Encoding": "gzip"}
    url = site.put("/a", gzip.compress(b"x" * 9000), headers=encoded)
    found = fetcher.get(url, MB)
    assert found is not None
    assert found.body == b"x" * 9000
    bomb = site.put("/bomb", gzip.compress(bytes(50 * MB)), headers=encoded)
    assert "is over 1 MB" in str(refused(fetcher, bomb))
    cut = site.put("/cut", gzip.compress(b"x" * 9000)[:-9], headers=encoded)
    assert "broke off" in str(refused(fetcher, cut))
    damaged = site.put("/damaged", b"\x1f\x8b\x08" + b"\xff" * 40, headers=encoded)
    assert "is damaged" in str(refused(fetcher, damaged))


def test_what_is_too_large_is_not_read(site: Website, fetcher: Fetcher) -> None:
    """Neither by its own word nor by what comes."""
    url = site.put("/a", b"x", promised=10**15)
    assert "is over 1 MB" in str(refused(fetcher, url))
    url = site.put("/b", b"x" * (MB + 1))
    assert "is over 1 MB" in str(refused(fetcher, url))
    chunks = b"".join(b"%x\r\n%s\r\n" % (100 * KB, b"x" * 100 * KB) for _ in range(40))
    url = site.put("/c", chunks + b"0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
    assert "is over 1 MB" in str(refused(fetcher, url))


def test_what_breaks_off_is_asked_for_again(site: Website, fetcher: Fetcher) -> None:
    """And refused if it does so each time."""
    url = site.put("/a", b"half", promised=8)
    assert "broke off" in str(refused(fetcher, url))
    assert site.paths() == ["/a"] * 3
    url = site.put("/b", b"4\r\nhal", headers={"Transfer-Encoding": "chunked"})
    assert "cannot be had" in str(refused(fetcher, url))


def test_a_busy_server_is_asked_again(site: Website, fetcher: Fetcher) -> None:
    """An error that will stay is not."""
    url = site.put("/a", b"now", busy=2)
    found = fetcher.get(url, MB)
    assert found is not None
    assert found.body == b"now"
    assert len(site.paths()) == 3
    url = site.put("/b", b"", busy=9)
    assert refused(fetcher, url).status == 500
    assert len(site.paths()) == 3
    assert refused(fetcher, site.url + "/none").status == 404
    assert len(site.paths()) == 1


def test_a_slow_drip_ends(site: Website, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never would; and a server that says nothing at all."""
    monkeypatch.setattr(download, "DEADLINE", 0.5)
    url = site.put("/slow", b"x" * 2000, drip=0.05)
    before = time.monotonic()
    assert "took longer" in str(refused(fetcher, url))
    assert time.monotonic() - before < 5
    monkeypatch.setattr(download, "DEADLINE", 30.0)
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    url = site.put("/stuck", b"xx", drip=9.0)
    assert "timed out" in str(refused(fetcher, url))


def test_a_redirect_leads_nowhere_else(site: Website, fetcher: Fetcher) -> None:
    """Not to another host (that could be a device), not to a file, not in circles."""
    site.put("/real", b"found")
    near = site.put("/near", b"", status=302, headers={"Location": "/real"})
    found = fetcher.get(near, MB)
    assert found is not None
    assert found.body == b"found"
    site.paths()
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    for target, problem in (
        (f"{elsewhere}/real", "localhost is not among feeds.hosts"),
        ("http://169.254.169.254/latest", "169.254.169.254 is not among"),
        ("file:///etc/passwd", "302"),
        ("ftp://127.0.0.1/real", "which is no address"),
        ("/loop", "302"),
    ):
        url = site.put("/loop", b"", status=302, headers={"Location": target})
        assert problem in str(refused(fetcher, url))
    assert set(site.paths()) == {"/loop"}
    allowed = Fetcher(["127.0.0.1", "localhost"])
    url = site.put("/far", b"", status=301, headers={"Location": f"{elsewhere}/real"})
    assert allowed.get(url, MB) is not None


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "//127.0.0.1/x", "http://[::1", "http://other/x",
     "http://127.0.0.1:port/", "data:,x", ""],
)  # fmt: skip
def test_other_addresses_are_not_even_tried(url: str, fetcher: Fetcher) -> None:
    """Whatever a document may name."""
    assert refused(fetcher, url).status is None


def test_a_password_in_an_address_is_not_shown(fetcher: Fetcher) -> None:
    """It is refused, and the message does not repeat it."""
    problem = str(refused(fetcher, "http://me:secret@127.0.0.1/"))
    assert "user name" in problem
    assert "secret" not in problem


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a certificate for loopback, signed by nobody, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both


def test_tls_is_verified(site: Website, certificate: Path) -> None:
    """Against the authority in the settings, and it is not left for plain HTTP."""
    with serve(certificate) as secure:
        url = secure.put("/a", b"safe")
        problem = str(refused(Fetcher(["127.0.0.1"]), url))
        assert "cannot be trusted" in problem
        assert "feeds.ca_file" in problem
        trusting = Fetcher(["127.0.0.1"], certificate)
        found = trusting.get(url, MB)
        assert found is not None
        assert found.body == b"safe"
        plain = site.put("/plain", b"unsafe")
        url = secure.put("/down", b"", status=302, headers={"Location": plain})
        assert "from https to" in str(refused(trusting, url))
        assert site.paths() == []


def test_a_proxy_of_the_environment_is_used(site: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out of most hospitals; the hosts that may be asked stay the same."""
    monkeypatch.setenv("http_proxy", site.url)
    site.pages["http://feeds.example/a"] = Page(body=b"by proxy")
    found = Fetcher(["feeds.example"]).get("http://feeds.example/a", MB)
    assert found is not None
    assert found.body == b"by proxy"
    assert "feeds.hosts" in str(refused(Fetcher([]), "http://feeds.example/a"))
