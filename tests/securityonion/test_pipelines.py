"""Security Onion's ingest pipelines, on a real engine, with lines as Zeek writes them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from securityonion import onion
from securityonion.conftest import call
from securityonion.samples import ENDPOINTS, LINES, PIPELINES, RECORDS, RENAMED, SCRIPTS
from servers.node import Node

# Times become dates; all other values stay what they were.
TIMES = {"iomt_exposure": {"ts", "first", "last"}}


def ingest(node: Node, log: str, message: str) -> dict[str, Any]:
    """Return the document that a log line becomes."""
    docs = [{"_source": onion.envelope(log, message)}]
    path = f"/_ingest/pipeline/zeek.{log}/_simulate"
    (result,) = call(node, "POST", path, {"docs": docs})["docs"]
    assert "doc" in result, result
    found: dict[str, Any] = result["doc"]["_source"]
    return found


def columns(log: str) -> set[str]:
    """Return the columns that the script declares, as they stand in JSON."""
    script = (SCRIPTS / RECORDS[log]).read_text(encoding="utf-8")
    names = set(re.findall(r"^\s*(\w+): [^;]*&log", script, re.MULTILINE))
    renamed = RENAMED.get(log, {})
    ends = ENDPOINTS.keys() if "id" in names else set()
    return {renamed.get(name, name) for name in names - {"id"}} | ends


def leaves(value: object) -> list[object]:
    """Return the values at the ends of nested objects."""
    return [x for v in value.values() for x in leaves(v)] if isinstance(value, dict) else [value]


def test_every_log_of_ours_has_its_pipeline() -> None:
    created = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS.rglob("*.zeek"))
    logs = set(re.findall(r'\$path="(\w+)"', created))
    assert {file.name for file in PIPELINES.iterdir()} == {f"zeek.{log}" for log in logs}
    assert logs == LINES.keys()


@pytest.mark.parametrize("log", LINES)
def test_name_is_not_among_those_that_are_never_collected(log: str) -> None:
    excluded = (
        "analyzer|broker|capture_loss|cluster|conn-summary|console|ecat_arp_info|known_certs|"
        "known_hosts|known_services|loaded_scripts|ntp|ocsp|packet_filter|reporter|stats|stderr|"
        "stdout"
    )
    assert not re.search(rf"({excluded})(\..+)?\.log$", f"/nsm/zeek/logs/current/{log}.log")


@pytest.mark.parametrize("log", LINES)
def test_line_has_the_columns_that_the_script_writes(log: str) -> None:
    assert LINES[log].keys() == columns(log)


@pytest.mark.parametrize("log", LINES)
def test_every_column_ends_in_the_document(pipelines: Node, log: str) -> None:
    message = json.dumps(LINES[log])
    document = ingest(pipelines, log, message)
    assert document.pop("message") == message
    assert "message2" not in document
    assert document.pop("@timestamp") == "2023-11-14T22:13:20.250Z"
    assert document["event"]["dataset"] == f"zeek.{log}"
    assert document["observer"] == {"name": "sensor-1"}
    assert document["tags"] == ["elastic-agent", log]
    values = {json.dumps(value) for value in leaves(document)}
    missing = {name for name, v in LINES[log].items() if json.dumps(v) not in values}
    assert missing == TIMES.get(log, {"ts"})


@pytest.mark.parametrize("log", LINES)
def test_a_column_of_tomorrow_is_passed_over(pipelines: Node, log: str) -> None:
    tomorrow = {"new": "x", "nested": {"id": 1}, "host.name": "y", "source": {"ip": "z"}}
    line = LINES[log] | {name: v for name, v in tomorrow.items() if name not in LINES[log]}
    plain = ingest(pipelines, log, json.dumps(LINES[log]))
    assert ingest(pipelines, log, json.dumps(line)) | {"message": ""} == plain | {"message": ""}


def test_the_hour_of_a_row(pipelines: Node) -> None:
    document = ingest(pipelines, "iomt_exposure", json.dumps(LINES["iomt_exposure"]))
    assert document["event"]["start"] == "2023-11-14T21:13:20.500Z"
    assert document["event"]["end"] == "2023-11-14T22:13:19.750Z"
    assert document["iomt"]["peer_addresses"] == ["10.20.0.5", "10.20.7.0/24"]
    assert document["network"] == {"transport": "tcp"}


def test_claim(pipelines: Node) -> None:
    document = ingest(pipelines, "iomt_asset", json.dumps(LINES["iomt_asset"]))
    assert document["host"] == {"ip": "10.20.0.9", "mac": "02:00:00:00:00:09"}
    assert document["source"] == {"ip": "10.20.0.5", "port": 41822}
    assert document["destination"] == {"ip": "10.20.0.9", "port": 104}
    assert document["network"] == {"vlan": {"id": 120}}
    assert document["client"] == {"ip": "10.20.0.5", "port": "41822"}
    assert document["iomt"] == {
        "subject": "dicom:4f2a90c1",
        "field": "dicom.manufacturer",
        "value": 'SIEMENS "{{x}}" <b>\\x1b',
        "source": "dicom",
    }


def test_claim_without_a_connection_is_its_hosts(pipelines: Node) -> None:
    optional = {"uid", "mac", "vlan", "subject", *ENDPOINTS}
    line = {k: v for k, v in LINES["iomt_asset"].items() if k not in optional}
    document = ingest(pipelines, "iomt_asset", json.dumps({**line, "host": "fe80::1"}))
    assert document["source"] == {"ip": "fe80::1"}
    assert document["host"] == {"ip": "fe80::1"}
    assert "destination" not in document


def test_association(pipelines: Node) -> None:
    document = ingest(pipelines, "dicom", json.dumps(LINES["dicom"]))
    written = {k: v for k, v in LINES["dicom"].items() if k not in {"ts", "uid", *ENDPOINTS}}
    assert document["dicom"] == written
    assert document["log"]["id"] == {"uid": "CHhAvVGS1DHFjwGM9"}
    assert "host" not in document


@pytest.mark.parametrize("log", LINES)
@pytest.mark.parametrize("message", ["", "#close", '{"ts":1.0,"host', "[]", "null"])
def test_a_broken_line_is_kept_as_it_is(pipelines: Node, log: str, message: str) -> None:
    assert ingest(pipelines, log, message)["message"] == message
