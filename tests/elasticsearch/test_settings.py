"""Settings that cannot be used are refused before anything is sent, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardwatch.outputs.elasticsearch import ElasticsearchError, ElasticsearchSettings, connect
from wardwatch.outputs.elasticsearch_client import API_KEY_VARIABLE, PASSWORD_VARIABLE, one_line
from wardwatch.outputs.elasticsearch_setup import STREAMS, stream_template


@pytest.fixture(autouse=True)
def no_secrets_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person who runs the tests may have some in the environment."""
    monkeypatch.delenv(API_KEY_VARIABLE, raising=False)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


@pytest.mark.parametrize(
    "url", ["", "es:9200", "ftp://es:9200", "https://es", "https://es:port", "http://a:1,b:2"]
)
def test_url_is_incomplete(url: str) -> None:
    with pytest.raises(ElasticsearchError, match="write it as https://name:9200"):
        connect(ElasticsearchSettings(url=url))


def test_url_with_a_password() -> None:
    with pytest.raises(ElasticsearchError, match="use username and password_file") as caught:
        connect(ElasticsearchSettings(url="https://elastic:geheim@es:9200"))
    assert "geheim" not in str(caught.value)


def test_several_urls_of_one_cluster() -> None:
    with connect(ElasticsearchSettings(url="http://a:9200, http://b:9200")) as client:
        nodes = {node.base_url for node in client.transport.node_pool.all()}
    assert nodes == {"http://a:9200", "http://b:9200"}


def test_authority_that_is_none(tmp_path: Path) -> None:
    missing = ElasticsearchSettings(ca_file=tmp_path / "ca.crt")
    with pytest.raises(ElasticsearchError, match="There is no file"):
        connect(missing)
    (tmp_path / "ca.crt").write_text("no certificate")
    with pytest.raises(ElasticsearchError, match="holds no certificate"):
        connect(missing)


def test_authority_without_tls(tmp_path: Path) -> None:
    with pytest.raises(ElasticsearchError, match="write it with https"):
        connect(ElasticsearchSettings(url="http://es:9200", ca_file=tmp_path / "ca.crt"))


@pytest.mark.parametrize("content", [b"", b"  \n", b"gehe im", b"geheim\x01", b"geh\nim", b"\xff"])
def test_api_key_file_holds_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ElasticsearchError, match="api_key_file") as caught:
        connect(ElasticsearchSettings(api_key_file=path))
    assert "geh" not in str(caught.value)


def test_api_key_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ElasticsearchError, match="cannot be read"):
        connect(ElasticsearchSettings(api_key_file=tmp_path / "key"))


def test_api_key_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(API_KEY_VARIABLE, "geheim")
    with pytest.raises(ElasticsearchError, match="keep one") as caught:
        connect(ElasticsearchSettings(username="u"))
    assert "geheim" not in str(caught.value)


def test_user_without_password() -> None:
    with pytest.raises(ElasticsearchError, match="password_file"):
        connect(ElasticsearchSettings(username="u"))


def test_password_without_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "geheim")
    with pytest.raises(ElasticsearchError, match="username") as caught:
        connect(ElasticsearchSettings())
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("name", STREAMS)
def test_history_is_kept_by_a_policy_of_the_server_or_else_by_a_retention(name: str) -> None:
    ours, theirs = stream_template(name), stream_template(name, "hospital-logs")
    assert ours["template"].pop("lifecycle").keys() == {"data_retention"}
    assert theirs["template"]["settings"]["index"].pop("lifecycle") == {"name": "hospital-logs"}
    assert ours == theirs, "nothing else differs"


def test_a_servers_words_are_fit_for_a_terminal() -> None:
    assert one_line("a\x1b[31mb\nc") == "a\\x1b[31mb\\x0ac"
    assert one_line("x" * 1000) == "x" * 300 + "…"
