"""Servers that cannot be used: each says why and what to do, in one sentence."""

from __future__ import annotations

import http.client
import http.server
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseServer
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch
from servers import opensearch
from servers.elasticsearch import PASSWORD, authority, make_authority
from servers.node import Node
from servers.session import running

from wardwatch.outputs import elasticsearch_client
from wardwatch.outputs.elasticsearch import (
    DEFAULT_INDEX,
    ElasticsearchError,
    ElasticsearchSettings,
    PublishResult,
    check,
    connect,
    publish,
    setup,
    stream,
)
from wardwatch.outputs.elasticsearch_client import PASSWORD_VARIABLE
from wardwatch.outputs.elasticsearch_streams import append
from wardwatch_enrichment.model import Device


@contextmanager
def serving(server: BaseServer) -> Iterator[str]:
    """Serve in a thread, and yield the address."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(settings: ElasticsearchSettings) -> str:
    """Return what is said when the settings are used."""
    with pytest.raises(ElasticsearchError) as caught, connect(settings) as client:
        check(client, settings.index)
    text = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in text
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # reserved, never listening
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        said = refusal(ElasticsearchSettings(url=url))
    assert said.startswith(f"{url} cannot be reached")
    assert "check that it runs" in said


class _Website(http.server.BaseHTTPRequestHandler):
    """Something else that speaks HTTP."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>It works!</h1>")

    def log_message(self, *_: object) -> None:
        pass


def test_nothing_else_is_printed() -> None:
    program = (
        "from wardwatch.outputs.elasticsearch import *\n"
        "try: check(connect(ElasticsearchSettings(url='http://127.0.0.1:1')))\n"
        "except ElasticsearchError: pass\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (ran.stdout, ran.stderr) == (b"", b"")


def test_another_web_server_answers() -> None:
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Website)) as url:
        said = refusal(ElasticsearchSettings(url=url))
    assert "is no Elasticsearch" in said


def test_tls_is_asked_of_a_server_without(server: Node) -> None:
    said = refusal(ElasticsearchSettings(url=server.url.replace("http:", "https:")))
    assert "speaks no TLS" in said


def test_opensearch_answers(request: pytest.FixtureRequest) -> None:
    node = running(request.config, f"OpenSearch {opensearch.VERSION}", opensearch.start)
    assert "is no Elasticsearch" in refusal(ElasticsearchSettings(url=node.url))


def test_index_is_missing_and_not_made_by_accident(
    client: Elasticsearch, devices: list[Device]
) -> None:
    with pytest.raises(ElasticsearchError, match="run `wardwatch elasticsearch setup`"):
        publish(client, "north", devices, f"{DEFAULT_INDEX}_missing")
    assert not client.indices.exists(index=f"{DEFAULT_INDEX}_missing")


def test_index_of_somebody_else(client: Elasticsearch, devices: list[Device]) -> None:
    client.indices.create(index="other")
    try:
        with pytest.raises(ElasticsearchError, match="was not made by this release"):
            publish(client, "north", devices, "other")
        assert client.indices.get_mapping(index="other").body == {"other": {"mappings": {}}}
    finally:
        client.indices.delete(index="other")


def test_index_name_that_the_template_does_not_cover(client: Elasticsearch) -> None:
    with pytest.raises(ElasticsearchError, match="choose such a name"):
        setup(client, "inventory")


def test_index_takes_no_writes(client: Elasticsearch, index: str, devices: list[Device]) -> None:
    client.indices.put_settings(index=index, settings={"blocks.write": True})
    with pytest.raises(ElasticsearchError, match="takes no writes"):
        publish(client, "north", devices, index)
    client.indices.put_settings(index=index, settings={"blocks.write": None})
    assert publish(client, "north", devices, index) == PublishResult(written=50)


class _BusyProxy(http.server.BaseHTTPRequestHandler):
    """Stands before a real server, and turns away every other request."""

    node: Node
    statuses = (503, 429)
    requests = 0

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).requests += 1
        if self.requests % 2:
            self.send_error(self.statuses[self.requests // 2 % 2])
            return
        upstream = http.client.HTTPConnection(urlsplit(self.node.url).netloc)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "X-elastic-product"):
            self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        upstream.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        pass


def test_a_busy_server_is_waited_for(
    server: Node, index: str, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_client, "PAUSES", (0.0,))
    proxy = type("Proxy", (_BusyProxy,), {"node": server})
    with (
        serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), proxy)) as url,
        connect(ElasticsearchSettings(url=url)) as client,
    ):
        assert publish(client, "north", devices, index) == PublishResult(written=50)
        assert publish(client, "north", devices, index) == PublishResult(unchanged=50)
        assert proxy.requests > 10
        monkeypatch.setattr(elasticsearch_client, "PAUSES", ())
        proxy.requests = 0
        with pytest.raises(ElasticsearchError, match="is not ready, even after waiting"):
            publish(client, "north", devices, index)


def _secured(node: Node, user: str, directory: Path, **changes: object) -> ElasticsearchSettings:
    path = directory / "password"
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    settings = {"url": node.url, "ca_file": authority(node), "username": user}
    return ElasticsearchSettings(**{**settings, "password_file": path, **changes})


def test_users_with_no_more_than_they_need(
    secured: Node, tmp_path: Path, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    installer = _secured(secured, "installer", tmp_path)
    with connect(installer) as client:
        setup(client)
        setup(client)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    publisher = _secured(secured, "publisher", tmp_path, password_file=None)
    with connect(publisher) as client:
        assert publish(client, "north", devices) == PublishResult(written=50)
        assert publish(client, "north", devices[1:]) == PublishResult(unchanged=49, deleted=1)
        happened = [("1", {"@timestamp": "2026-01-01T00:00:00Z"})]
        assert append(client, stream("changes"), happened) == PublishResult(written=1)
        with pytest.raises(ElasticsearchError, match="manage_index_templates"):
            setup(client)
    reader = _secured(secured, "reader", tmp_path)
    with connect(reader) as client, pytest.raises(ElasticsearchError, match="needs read, write"):
        publish(client, "north", devices)


def test_wrong_password(secured: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong-and-secret")
    said = refusal(_secured(secured, "publisher", tmp_path))
    assert "refused the credentials" in said
    assert "wrong-and-secret" not in said


def test_wrong_api_key(secured: Node, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("d3Jvbmc6YW5kLXNlY3JldA==\n")
    said = refusal(
        ElasticsearchSettings(
            url=secured.url, ca_file=authority(secured), api_key_file=tmp_path / "key"
        )
    )
    assert "refused the credentials" in said
    assert "d3Jvbmc6" not in said


def test_authority_is_another(secured: Node, tmp_path: Path) -> None:
    make_authority(tmp_path, "other")
    other = tmp_path / "other.crt"
    said = refusal(_secured(secured, "publisher", tmp_path, ca_file=other))
    assert "set ca_file" in said


def test_authority_is_not_named(secured: Node, tmp_path: Path) -> None:
    said = refusal(_secured(secured, "publisher", tmp_path, ca_file=None))
    assert "set ca_file" in said


def test_certificate_is_for_another_name(secured: Node, tmp_path: Path) -> None:
    url = secured.url.replace("127.0.0.1", "localhost")
    said = refusal(_secured(secured, "publisher", tmp_path, url=url))
    assert "use the host name" in said


def test_verification_can_be_switched_off(secured: Node, tmp_path: Path) -> None:
    settings = _secured(secured, "installer", tmp_path, ca_file=None, verify=False)
    with connect(settings) as client:
        setup(client)
        check(client)


def test_http_is_asked_of_a_server_with_tls(secured: Node) -> None:
    said = refusal(ElasticsearchSettings(url=secured.url.replace("https:", "http:")))
    assert "https, not http" in said
