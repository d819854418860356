"""`kibana build` and `kibana import`, as somebody types them, against a server that answers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from kibana.api import KEY, PASSWORD, USER, Kibana, serving
from kibana.saved import built

from wardwatch.cli import main
from wardwatch.outputs import kibana_objects
from wardwatch.outputs.elasticsearch_settings import ElasticsearchSettings
from wardwatch.outputs.kibana import ANSWER, load
from wardwatch.outputs.kibana_settings import KibanaError, KibanaSettings

EVERY = len(built())


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file with the API key."""
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n", encoding="utf-8")
    return path


def put(url: str, key: Path, *more: str) -> int:
    """Type `wardwatch kibana import`."""
    return main(["kibana", "import", "--url", url, "--api-key-file", str(key), *more])


def test_all_objects_are_put_into_kibana(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kibana = Kibana()
    with serving(kibana) as url:
        assert put(url, key) == 0
    assert set(kibana.spaces["default"]) == {(one["type"], one["id"]) for one in built()}
    assert kibana.spaces["medical"] == {}
    shown = capsys.readouterr().out
    assert f"{EVERY} of {EVERY} saved objects were put into {url}." in shown


def test_security_onions_own_loader_takes_the_file(tmp_path: Path) -> None:
    """What `so-kibana-config-load -i FILE` does: curl, and a look for the word success."""
    if not shutil.which("curl"):
        pytest.skip("Not run as Security Onion's loader does: there is no curl")
    file, kibana = tmp_path / "iomt_dashboards.ndjson", Kibana(secured=False)
    assert main(["kibana", "build", "--output", str(file)]) == 0
    with serving(kibana) as url:
        address = f"{url}/api/saved_objects/_import?overwrite=true"
        form = ["--form", f"file=@{file}"]
        command = ["curl", "-s", "-L", "-X", "POST", address, "-H", "kbn-xsrf: true", *form]
        for _ in range(2):  # and once more, after an upgrade
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert '"success":true' in done.stdout
    assert len(kibana.spaces["default"]) == EVERY


def test_a_second_import_changes_nothing_unless_told_to(
    key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kibana = Kibana()
    with serving(kibana) as url:
        put(url, key)
        changed = ("dashboard", "iomt-overview")
        kibana.spaces["default"][changed]["attributes"]["title"] = "Ours"
        capsys.readouterr()
        assert put(url, key) == 1
        shown = capsys.readouterr()
        assert "0 of" in shown.out
        assert "index-pattern iomt-alerts: is there already; with --overwrite" in shown.err
        assert f"and {EVERY - 10} more with conflict" in shown.err
        assert kibana.spaces["default"][changed]["attributes"]["title"] == "Ours"
        assert put(url, key, "--overwrite") == 0
    assert kibana.spaces["default"][changed]["attributes"]["title"] != "Ours"


def test_a_space_and_a_base_path_are_in_the_address(key: Path) -> None:
    kibana = Kibana(base="/kibana")
    with serving(kibana) as url:
        assert put(url, key, "--space", "medical") == 0
        assert put(f"{url}/", key) == 0
    assert len(kibana.spaces["medical"]) == len(kibana.spaces["default"]) == EVERY


def test_a_user_and_a_password_are_as_good_as_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana, config = Kibana(), tmp_path / "wardwatch.toml"
    monkeypatch.setenv("WARDWATCH_ELASTICSEARCH_PASSWORD", PASSWORD)
    with serving(kibana) as url:
        config.write_text(
            f'[elasticsearch]\nusername = "{USER}"\n[kibana]\nurl = "{url}"\nspace = "medical"\n',
            encoding="utf-8",
        )
        assert main(["kibana", "import", "--config", str(config)]) == 0
    assert len(kibana.spaces["medical"]) == EVERY


def failed(kibana: Kibana, key: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Return what is said where an import fails."""
    with serving(kibana) as url:
        assert put(url, key, *more) == 1
    told = capsys.readouterr().err
    assert KEY not in told
    assert "Traceback" not in told
    return told


def test_what_kibana_answers_is_told_with_a_remedy(
    key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (wrong := key.with_name("wrong")).write_text("bm8=", encoding="utf-8")
    assert "check the API key" in failed(Kibana(), wrong, capsys)
    assert "Kibana privilege" in failed(Kibana(allowed=False), key, capsys)
    assert "the space" in failed(Kibana(), key, capsys, "--space", "nobody's")
    assert "maxImportPayloadBytes" in failed(Kibana(most=1000), key, capsys)
    old = failed(Kibana(types={"index-pattern", "lens", "search", "dashboard"}), key, capsys)
    assert "links iomt-navigation: is of a type that this Kibana does not know" in old


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            400,
            b'{"statusCode":400,"message":"Request must contain a kbn-xsrf header."}',
            "kbn-xsrf",
        ),
        (409, b'{"statusCode":409,"message":"version conflict"}', "try again"),
        (415, b"Unsupported Media Type", "is it Kibana"),
        (429, b"", "too busy"),
        (503, b"Kibana server is not ready yet", "not ready (Kibana server is not ready yet)"),
        (302, b"", "leads elsewhere"),
        (500, b"<html>", "refused: status 500 (status 500)"),
        (200, b"<html>Welcome</html>", "is no Kibana"),
        (200, b"[1]", "is no Kibana"),
        (200, b'{"success": false, "successCount": 0}', "not why"),
    ],
)
def test_other_answers_are_told_too(
    key: Path, capsys: pytest.CaptureFixture[str], status: int, body: bytes, said: str
) -> None:
    assert said in failed(Kibana(instead=(status, body)), key, capsys)


def test_what_is_missing_is_named_and_the_rest_is_taken() -> None:
    lines = kibana_objects.build().splitlines(keepends=True)
    without = b"".join(line for line in lines if json.loads(line)["id"] != "iomt-health")
    kibana = Kibana(secured=False)
    with serving(kibana) as url:
        done = load(KibanaSettings(url=url), ElasticsearchSettings(), without)
    assert "lens iomt-health-lag: refers to index-pattern iomt-health, which is not there" in (
        done.failures
    )
    assert done.count + len(done.failures) == EVERY - 1
    assert len(kibana.spaces["default"]) == done.count


def test_hostile_answers_are_bounded_and_harmless(
    key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = [{"type": "a\x1b[31m", "id": "x" * 9999, "error": "no object"}, "text", {}]
    body = json.dumps({"success": False, "successCount": 1, "errors": errors}).encode()
    told = failed(Kibana(instead=(200, body)), key, capsys)
    assert "\x1b" not in told
    assert len(told) < 2000
    assert "is no Kibana" in failed(Kibana(instead=(200, b" " * (ANSWER + 1))), key, capsys)


def test_nobody_there_is_told(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Kibana()) as url:
        pass
    assert put(url, key) == 1
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://admin:secret@localhost:5601", "would be shown"),
        ("localhost:5601", "no url of Kibana"),
        ("http://localhost:port", "no url of Kibana"),
        ("http://local host", "no url of Kibana"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(KibanaError, match=said) as told:
        load(KibanaSettings(url=url), ElasticsearchSettings(), b"")
    assert "secret" not in str(told.value)


def test_tls_demands_the_authority(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which("openssl"):
        pytest.skip("Not run over TLS: there is no openssl")
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout kibana.key -out kibana.crt"
    name = "-subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    command = ["openssl", *made.split(), *name.split()]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    kibana, trusted = Kibana(), tmp_path / "kibana.crt"
    with serving(kibana, trusted) as url:
        assert put(url, key) == 1
        assert "set ca_file in [kibana]" in capsys.readouterr().err
        assert put(url, key, "--ca-file", str(key)) == 1
        assert "holds no certificate" in capsys.readouterr().err
        assert put(url.replace("https", "http"), key) == 1
        assert "cannot be reached" in capsys.readouterr().err
        assert put(url, key, "--ca-file", str(trusted)) == 0
    assert len(kibana.spaces["default"]) == EVERY


def test_the_file_is_the_same_each_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one.ndjson", tmp_path / "two.ndjson"
    for path in (one, two):
        assert main(["kibana", "build", "--output", str(path)]) == 0
    assert one.read_bytes() == two.read_bytes() == kibana_objects.build()
    assert f"Wrote {two}: {EVERY} saved objects." in capsys.readouterr().out
    assert main(["kibana", "build", "--output", str(tmp_path / "no" / "x")]) == 1


@pytest.mark.parametrize(
    ("address", "page"),
    [
        (
            "https://r.example/a/report-devices/",
            "https://r.example/a/report-devices/{{value}}.html",
        ),
        ("https://r.example/a/report.html", "https://r.example/a/report.html#{{value}}"),
    ],
)
def test_devices_lead_to_their_page_of_the_report(address: str, page: str) -> None:
    known = {one["id"]: one["attributes"] for one in built(address)}
    formats = json.loads(known["iomt-assets"]["fieldFormatMap"])
    assert formats["_id"]["params"]["urlTemplate"] == page
    assert "_id" in known["iomt-device-card"]["columns"]
    (link,) = [one for one in known["iomt-navigation"]["links"] if one["id"] == "report"]
    assert link["destination"] == "https://r.example/a/report.html"


def test_without_a_report_nothing_leads_to_one() -> None:
    text = kibana_objects.build()
    assert b"REPORT" not in text
    assert b'"_id' not in text
    assert b"externalLink" not in text


@pytest.mark.parametrize(
    "address", ["javascript:x", "https://r.example/a", 'https://r"/a.html', ""]
)
def test_what_is_no_report_is_refused(address: str) -> None:
    with pytest.raises(KibanaError, match=r"report\.html"):
        kibana_objects.build(address)
