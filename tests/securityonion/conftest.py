"""A real engine for the ingest pipelines, with all of them put into it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.error import HTTPError

import pytest
from securityonion import onion
from securityonion.samples import PIPELINES
from securityonion.soc_documents import cases
from servers import opensearch
from servers.node import Node
from servers.session import running

TEMPLATES = files("wardwatch.outputs") / "index_templates"


def call(node: Node, method: str, path: str, body: object = None) -> Any:
    """Return the engine's answer to a JSON body, or to lines of them."""
    lines = body if isinstance(body, str) else json.dumps(body)
    request = urllib.request.Request(  # noqa: S310 - loopback
        node.url + path,
        None if body is None else lines.encode("utf-8", "surrogatepass"),
        {"Content-Type": "application/x-ndjson" if isinstance(body, str) else "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)
    except HTTPError as error:
        pytest.fail(f"{method} {path}: {error.read().decode()}")


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Node:
    """A server that runs pipelines."""
    return running(request.config, f"OpenSearch {opensearch.VERSION}", opensearch.start)


@pytest.fixture(scope="session")
def pipelines(engine: Node) -> Node:
    """The engine with those of Security Onion, and ours, each put as its file is."""
    for name, pipeline in onion.pipelines():
        call(engine, "PUT", f"/_ingest/pipeline/{name}", pipeline)
    for file in PIPELINES.iterdir():
        call(engine, "PUT", f"/_ingest/pipeline/{file.name}", json.loads(file.read_text()))
    call(engine, "PUT", "/_index_template/so-zeek", onion.TEMPLATE)
    return engine


@pytest.fixture(scope="session")
def day(pipelines: Node) -> Iterator[Node]:
    """The engine with the documents of a day, in the data streams and indices where they belong."""
    _put_templates(pipelines)
    lines: list[object] = []
    for case in cases():
        where = {"_index": case.stream, "_id": case.name}
        lines += [{"create": where | ({"pipeline": case.pipeline} if case.pipeline else {})}]
        lines += [case.document]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    answer = call(pipelines, "POST", "/_bulk?refresh=true", body)
    wrong = [one["create"] for one in answer["items"] if "error" in one["create"]]
    assert wrong == []
    yield pipelines
    for stream in {case.stream for case in cases()}:
        kind = "" if stream.startswith("logs-iomt_") else "/_data_stream"
        call(pipelines, "DELETE", f"{kind}/{stream}")


def _put_templates(node: Node) -> None:
    for kind, name in (("component", "iomt-"), ("index", "logs-iomt")):
        for file in TEMPLATES.iterdir():
            if file.name.startswith(name) and file.name.endswith(".json"):
                whole = json.loads(file.read_text())
                whole["template"].pop("lifecycle", None)  # Elasticsearch's own
                path = f"/_{kind}_template/{file.name.removesuffix('.json')}"
                call(node, "PUT", path, whole)
