"""Lines of a real Zeek go into a data stream as Security Onion makes it, and none is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kibana import templates
from securityonion import onion
from securityonion.conftest import call
from securityonion.samples import ENDPOINTS, LINES, SCRIPTS
from servers.node import Node

Lines = list[tuple[str, str]]

REPOSITORY = SCRIPTS.parent
TRACES = REPOSITORY / "tests" / "traces"
# One of each log; WARDWATCH_SOAK takes every capture.
CAPTURES = ("bacnet", "dicom-roles", "fhir", "hl7", "intellivue", "lab", "sdc-parts")
OURS = ("assets", "findings")
STREAMS = ("changes", "alerts", "health")
# The same from every line: sent by a hostile device, or by one that says little.
LONG = "ü" * 8000  # more than any script writes, and less than what Lucene takes as one term
ODD = (LONG, "", " ", "\x00\x1b[31m\u202e\ud800", '{{x}} ${y} <b> "\\x1b"', "😀" * 200, "null", "1")
_COUNTS = {"count", "clients", "missed_bytes", "messages", "acknowledgements", "system_type"}
_NUMBERS = count(1)


@pytest.fixture
def stream(pipelines: Node) -> Iterator[tuple[Node, str]]:
    """A data stream of this test's own, with the engine that has it."""
    name = f"logs-zeek-so{next(_NUMBERS)}"
    call(pipelines, "PUT", f"/_data_stream/{name}")
    yield pipelines, name
    call(pipelines, "DELETE", f"/_data_stream/{name}")


def take(node: Node, stream: str, lines: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Send lines, each with its log, through their pipelines; return the documents in order."""
    body = "".join(
        f'{{"create":{{"pipeline":"zeek.{log}"}}}}\n{json.dumps(onion.envelope(log, line))}\n'
        for log, line in lines
    )
    answer = call(node, "POST", f"/{stream}/_bulk", body)
    results = [item["create"] for item in answer["items"]]
    assert [one["error"] for one in results if "error" in one] == []
    asked = {"docs": [{"_index": one["_index"], "_id": one["_id"]} for one in results]}
    found = call(node, "POST", "/_mget", asked)["docs"]
    return [one["_source"] for one in found]


def leaves(properties: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Return each field of a mapping with its type."""
    for name, mapping in properties.items():
        if "properties" in mapping:
            yield from leaves(mapping["properties"], f"{above}{name}.")
        else:
            yield above + name, mapping["type"]


def types(node: Node, stream: str) -> dict[str, str]:
    """Return the type of each field that a data stream has."""
    (index,) = call(node, "GET", f"/{stream}/_mapping").values()
    return dict(leaves(index["mappings"]["properties"]))


def written(root: Path) -> Lines:
    """Return the lines of our logs below a directory."""
    return [
        (log, line)
        for log in LINES
        for path in sorted(root.rglob(f"{log}.log"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def replayed(zeek: str, trace: Path, root: Path) -> Lines:
    """Return the lines that the scripts write of a capture now."""
    directory = root / "-".join(trace.parts[-2:])
    directory.mkdir()
    command = [zeek, "-C", "-r", str(trace), str(SCRIPTS), "LogAscii::use_json=T"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=120)
    return written(directory)


def when(document: dict[str, Any]) -> float:
    """Return the time of a document."""
    return datetime.fromisoformat(document["@timestamp"]).timestamp()


def assert_as_said(documents: list[dict[str, Any]], lines: Lines) -> None:
    """Each document keeps its line, and has its time, host and connection in the fields of ECS."""
    for document, (log, line) in zip(documents, lines, strict=True):
        row = json.loads(line)
        assert document["message"] == line
        assert document["event"]["dataset"] == f"zeek.{log}"
        assert when(document) == pytest.approx(row["ts"], abs=0.0011)
        assert document.get("host", {}).get("ip") == row.get("host")
        ends = row.get("id.orig_h", row.get("host")), row.get("id.resp_h")
        told = [document.get(end, {}).get("ip") for end in ("source", "destination")]
        assert tuple(told) == ends
        assert "message2" not in document


def test_no_line_of_the_example_site_is_refused(stream: tuple[Node, str]) -> None:
    lines = written(REPOSITORY / "examples")
    assert {log for log, _ in lines} == LINES.keys()
    assert_as_said(take(*stream, lines), lines)


def test_no_line_that_the_scripts_write_today_is_refused(
    stream: tuple[Node, str], tmp_path: Path
) -> None:
    zeek = shutil.which("zeek")
    if zeek is None:
        pytest.skip("Not run against a real Zeek: no `zeek` on PATH")
    every = sorted(TRACES.rglob("*.pcap"))
    traces = every if "WARDWATCH_SOAK" in os.environ else [t for t in every if t.stem in CAPTURES]
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda trace: replayed(zeek, trace, tmp_path), traces)
        lines = [line for run in runs for line in run]
    assert {log for log, _ in lines} == LINES.keys()
    assert_as_said(take(*stream, lines), lines)


def said(value: object, odd: str) -> object:
    """Return a value with an odd text in the place of each of its texts."""
    if isinstance(value, str):
        return odd
    return [odd] * 32 if isinstance(value, list) else value


@pytest.mark.parametrize("log", LINES)
def test_no_odd_line_is_refused(stream: tuple[Node, str], log: str) -> None:
    fixed = {"uid", "host", "ts", "proto", *ENDPOINTS}  # not in anybody's own words
    line = LINES[log]
    rows: list[dict[str, object]] = [
        {k: v if k in fixed else said(v, odd) for k, v in line.items()} for odd in ODD
    ]
    rows += [{k: v for k, v in line.items() if k != missing} for missing in line]
    rows += [{k: v for k, v in line.items() if k in ("ts", "host")}]
    rows += [{k: None if k not in ("ts", "host") else v for k, v in line.items()}]
    rows += [
        line | {"id.orig_h": "fe80::1", "id.resp_h": "::ffff:10.0.0.1", "tomorrow": {"ip": "x"}}
    ]
    rows += [{k: 2**63 - 1 if type(v) is int and k in _COUNTS else v for k, v in line.items()}]
    broken = ["", "#close", '{"ts":1.0,"host', "[]", "null"]
    sent = [(log, json.dumps(row)) for row in rows] + [(log, text) for text in broken]
    documents = take(*stream, sent)
    assert len(documents) == len(rows) + len(broken)


def test_types_are_those_of_security_onion_and_of_our_own_indices(stream: tuple[Node, str]) -> None:
    """A field that is of two types in `logs-*` cannot be searched or counted by there."""
    node, name = stream
    take(node, name, [(log, json.dumps(line)) for log, line in LINES.items()])
    found = types(node, name)
    named = {name: mapping["type"] for name, mapping in onion.ECS.items()}
    assert {name: found[name] for name in named} == named
    views = (*(f"logs-iomt_{one}" for one in OURS), *(f"logs-iomt.{one}-so" for one in STREAMS))
    ours = {name: m["type"] for view in views for name, m in templates.fields(view).items()}
    both = found.keys() & ours.keys() - {"message"}  # a text in both, by two names of the type
    assert {name: found[name] for name in both} == {name: ours[name] for name in both}
    assert [one for one in found if any(other.startswith(f"{one}.") for other in ours)] == []
    assert [one for one in ours if any(other.startswith(f"{one}.") for other in found)] == []
    # A float of Elasticsearch's keeps a time to the minute.
    assert [one for one, kind in found.items() if kind in ("float", "double")] == []
