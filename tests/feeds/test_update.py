"""What `feeds update` makes of signatures, and of the feeds that are single files."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from feeds.documents import advisory, catalogue
from feeds.provider import Provider, Updating, ids
from servers.website import Website

from wardwatch.feeds.settings import SettingsError
from wardwatch.feeds.take import Report, take_files
from wardwatch.sources.feed_files import read
from wardwatch.store import Store


@pytest.fixture
def keys(tmp_path: Path) -> Callable[[str, bytes], tuple[Path, bytes]]:
    """Return a function that makes a key and signs something with it."""
    if shutil.which("gpg") is None:
        pytest.skip("GnuPG is not installed")

    def signing(name: str, body: bytes) -> tuple[Path, bytes]:
        home = tmp_path / name
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(home), "--batch", "--pinentry-mode", "loopback",
               "--passphrase", ""]  # fmt: skip
        made = [*gpg, "--quick-generate-key", f"{name}@example.com", "ed25519", "sign"]
        subprocess.run(made, check=True, capture_output=True)
        sign = [*gpg, "--armor", "--detach-sign", "--output", "-"]
        signed = subprocess.run(sign, input=body, check=True, capture_output=True)
        public = tmp_path / f"{name}.asc"
        exported = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
        public.write_bytes(exported.stdout)
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        return public, signed.stdout

    return signing


def test_signatures_are_verified_where_keys_are_set(
    provider: Provider, update: Updating, store: Store, keys: Callable[..., tuple[Path, bytes]]
) -> None:
    """By these keys and no other; without one nothing is taken."""
    body = advisory("EX-1")
    own, signature = keys("own", body)
    _, foreign = keys("foreign", body)
    chosen = {"csaf": (provider.url,), "signing_keys": (f"127.0.0.1={own}",)}
    assert "is not signed" in update(**chosen).problems[0]
    for wrong in (foreign, b"nonsense", keys("third", body + b" ")[1]):
        provider.site.put("/csaf/2026/ex-1.json.asc", wrong)
        assert "signature is not by one of the keys" in update(**chosen).problems[0]
    assert ids(store) == []
    provider.site.put("/csaf/2026/ex-1.json.asc", signature)
    assert update(**chosen).problems == []
    assert next(store.documents()).verified == "sha512, signature"


def test_signatures_of_what_is_carried_in_are_verified_too(
    store: Store, tmp_path: Path, keys: Callable[..., tuple[Path, bytes]]
) -> None:
    """By the key of the publisher that the document names."""
    body = advisory("EX-1")
    own, signature = keys("own", body)
    chosen = {"psirt.example.com": own}
    (tmp_path / "a.json").write_bytes(body)

    def take(**options: object) -> Report:
        return take_files(store, read(tmp_path / "a.json"), 1000.0, **options)  # type: ignore[arg-type]

    assert "is not signed" in take(keys=chosen).problems[0]
    (tmp_path / "a.json.asc").write_bytes(keys("foreign", body)[1])
    assert "is not by one of the keys" in take(keys=chosen).problems[0]
    assert ids(store) == []
    (tmp_path / "a.json.asc").write_bytes(signature)
    assert take(keys=chosen).problems == []
    assert next(store.documents()).verified == "signature"
    (tmp_path / "a.json").write_bytes(advisory("EX-1", "2026-11-30"))
    assert "is not signed, as the one that is there is" in take().problems[0]
    assert next(store.documents()).body == body


def test_without_gnupg_it_says_not_verified(
    provider: Provider, update: Updating, store: Store, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Instead of pretending."""
    key = tmp_path / "key.asc"
    key.write_text("a key")
    monkeypatch.setenv("PATH", str(tmp_path))
    report = update(csaf=(provider.url,), signing_keys=(f"127.0.0.1={key}",))
    assert "signatures are not verified" in report.problems[0]
    assert next(store.documents()).verified == "sha512"


def test_settings_that_cannot_be_are_named(update: Updating) -> None:
    """Before anything is asked."""
    for settings, problem in (
        ({"kev": ("known.json",)}, "is no address"),
        ({"csaf": ("https://x.example/",), "signing_keys": ("x",)}, "write HOST=FILE"),
        ({"kev": ("https://x.example/",), "ca_file": Path("none.pem")}, "holds no certificate"),
    ):
        with pytest.raises(SettingsError, match=problem):
            update(**settings)


def test_single_files_are_asked_for_once(site: Website, update: Updating, store: Store) -> None:
    """An unchanged one is not sent again, and is up to date all the same."""
    url = site.put("/kev.json", catalogue("2026-11-01", "CVE-2099-10001"), headers={"ETag": '"1"'})
    assert update(kev=(url,)).taken == {"kev": 1}
    assert update(kev=(url,)).unchanged == 1
    (feed,) = store.feeds()
    assert (feed.taken, feed.version, feed.records) == (1001.0, "1", 1)
    exploited = store.exploited("CVE-2099-10001")
    assert exploited is not None
    assert exploited.added.isoformat() == "2026-11-01"


def test_files_come_packed(site: Website, update: Updating, store: Store) -> None:
    """EPSS as .gz, openFDA as .zip."""
    here = Path(__file__).parents[1] / "advisories"
    epss = site.put("/epss.csv.gz", gzip.compress((here / "epss" / "a-day.csv").read_bytes()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(here / "openfda" / "recalls.json", "device-recall.json")
    recalls = site.put("/device-recall.json.zip", packed.getvalue())
    eol = site.put("/api/example.json", (here / "eol" / "cycles.json").read_bytes())
    vex = site.put("/vex.json", (here / "vex" / "openvex.json").read_bytes())
    report = update(epss=(epss,), openfda=(recalls,), eol=(eol,), vex=(vex,))
    assert report.problems == []
    assert report.taken == {"epss": 1, "fda recalls": 1, "eol": 1, "vex": 1}
    assert store.score("CVE-2099-10001") == (0.91234, 0.99871)
    assert [recall.number for recall in store.recalls("FRN")] == ["Z-9001-2026"]
    assert len(store.recalls()) == 2
    assert {cycle.cycle for cycle in store.lifecycles("example")} == {"2", "12", "14"}
    assert store.statements("GHSA-aaaa-bbbb-cccc")[0].status == "not_affected"


def test_a_file_of_another_kind_is_refused(site: Website, update: Updating) -> None:
    """And asked for again the next time."""
    url = site.put("/kev.json", b"<html>Please log in</html>", headers={"ETag": '"1"'})
    assert "is no file of kev" in update(kev=(url,)).problems[0]
    site.put("/kev.json", catalogue("2026-11-01", "CVE-2099-10001"), headers={"ETag": '"1"'})
    assert update(kev=(url,)).taken == {"kev": 1}
