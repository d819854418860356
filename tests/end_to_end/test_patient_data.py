"""Words about an invented patient that were on the wire appear in nothing that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from traces.canaries import CANARIES

from wardwatch.cli import main
from wardwatch.outputs.elasticsearch import connect, findings_index
from wardwatch.outputs.elasticsearch_settings import ElasticsearchSettings

CAPTURE = Path(__file__).parents[1] / "traces" / "dicom-canary.pcap"


def words(canary: str) -> set[bytes]:
    """Return the forms in which a word could come through: its parts, in two encodings."""
    parts = {canary, *canary.replace("^", " ").split()}
    return {part.encode(form) for part in parts for form in ("utf-8", "utf-16-le")}


FORBIDDEN = {form for canary in CANARIES for form in words(canary)}


def leaks(data: bytes) -> list[bytes]:
    """Return the forbidden words that some bytes hold."""
    return sorted(word for word in FORBIDDEN if word in data)


@pytest.fixture(scope="module")
def planted() -> bytes:
    """Return the capture, in which the words really are."""
    return CAPTURE.read_bytes()


@pytest.fixture
def site(
    run_zeek: Callable[..., object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Callable[..., str]]:
    """Run a real Zeek over the capture and ingest; return how to call further commands."""
    zeek = run_zeek(capture=CAPTURE)
    zeek.assert_quiet()
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        assert main([*arguments, "--db", "w.db"]) == 0
        return "".join(capfd.readouterr())

    call("ingest", str(zeek.directory))
    yield call


def test_the_words_are_on_the_wire(planted: bytes) -> None:
    """Else the other tests could not fail."""
    assert all(canary.encode() in planted for canary in CANARIES)


def test_no_file_holds_a_word(site: Callable[..., str], tmp_path: Path) -> None:
    """Zeek's logs, the database and its journal, the report."""
    site("report", "-o", "report.html")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"w.db", "report.html", "iomt_asset.log", "dicom.log", "conn.log"} <= {
        path.name for path in written
    }
    assert {path: found for path in written if (found := leaks(path.read_bytes()))} == {}


def test_no_output_holds_a_word(site: Callable[..., str]) -> None:
    """Terminal, JSON and CSV: the device is there, the patient is not."""
    outputs = [site("devices"), site("devices", "--json"), site("devices", "--csv")]
    assert all("Canon Medical" in output for output in outputs)
    assert leaks("".join(outputs).encode()) == []


def test_no_index_holds_a_word(site: Callable[..., str], server: object) -> None:
    """All documents of both indices, as stored."""
    site("elasticsearch", "setup", "--url", server.url)
    site("elasticsearch", "publish", "--url", server.url)
    settings = ElasticsearchSettings(url=server.url)
    both = [settings.index, findings_index(settings.index)]
    with connect(settings) as client:
        found = client.search(index=both, size=1000)
        client.indices.delete(index=both)
    assert found["hits"]["total"]["value"] > 0
    assert leaks(str(found.body).encode()) == []
