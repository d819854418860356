"""FHIR over clear HTTP: devices and servers, never patients nor the names that they give."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from zeek.udp_frames import damaged

TRACES = Path(__file__).parents[1] / "traces"
CAPTURE = TRACES / "fhir.pcap"
SERVER, GATEWAY = "10.20.7.41", "10.20.7.42"
REQUEST = b"GET /CANARYURL HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> ModuleType:
    """Load the program that played the server, which knows what it said."""
    spec = importlib.util.spec_from_file_location("fhir_server", TRACES / "fhir_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def over_http(body: bytes, content_type: str = "application/fhir+json") -> bytes:
    """An HTTP answer with this body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture
def answered(capture: Any) -> Callable[..., Path]:
    """Write a capture of one answer."""
    return lambda body, *how: capture([(True, REQUEST), (False, over_http(body, *how))])


def test_capture(run_zeek: Any) -> None:
    """A server's statement, devices of a bundle, and one that is stored; gzip or not."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    pump, monitor = 'serial:Wardwatch "Test" Pumps/WP-0042', "serial:Wardwatch Test Monitors/WM-000"
    rows = [row for row in run.rows("iomt_asset") if row["source"] == "fhir"]
    told = {(row["host"], row.get("subject"), row["field"][5:], row["value"]) for row in rows}
    expected = {
        (SERVER, None, "software", "Wardwatch Test FHIR 0.9.3"),
        (SERVER, None, "version", "4.0.1"),
        (SERVER, pump, "manufacturer", 'Wardwatch "Test" Pumps'),
        (SERVER, pump, "model_name", "Drip Seven"),
        (SERVER, pump, "model_number", "DRIP-7"),
        (SERVER, pump, "serial_number", "WP-0042"),
        (SERVER, pump, "versions", "2.0.1\\boot 7"),
        (SERVER, pump, "udi", "(01)04012345678918(21)P1"),
        (SERVER, pump, "device_type", "69985"),
    }
    for host, number in ((SERVER, "7"), (SERVER, "8"), (GATEWAY, "8")):
        expected |= {
            (host, monitor + number, "manufacturer", "Wardwatch Test Monitors"),
            (host, monitor + number, "model_number", "VIEW-3"),
            (host, monitor + number, "serial_number", f"WM-000{number}"),
            (host, monitor + number, "versions", "7.7"),
        }
    assert told == expected
    kinds = [row["resource"] for row in run.rows("fhir")]
    assert kinds == ["CapabilityStatement", *["Device"] * 4]


def test_nothing_of_the_patient(run_zeek: Any, server: ModuleType) -> None:
    """Neither of the Patient resource nor of what a patient may write into a Device."""
    run = run_zeek(capture=CAPTURE)
    for log in ("fhir", "iomt_asset"):
        text = (run.directory / f"{log}.log").read_text("utf-8")
        assert "WP-0042" in text
        assert not [word for word in server.CANARIES if word in text]


def test_escapes_and_order(run_zeek: Any, answered: Any) -> None:
    """The kind may stand last, and texts may be escaped in every way that JSON has."""
    body = rb"""{"serialNumber":"A\\\"1\"\/\u00fc", "note":[{"x":"\\"},"y\\\\"],
      "model" : "M", "resourceType": "Device"}"""
    run = run_zeek(capture=answered(body, "application/json+fhir"))
    run.assert_quiet()
    told = {(field, value) for _, field, value in run.claims("fhir.")}
    assert told == {("fhir.serial_number", 'A\\"1"/ü'), ("fhir.model_number", "M")}


@pytest.mark.parametrize(
    "body",
    [
        b'{"resourceType":"Device","serialNumber":1,"model":null}',
        b'{"resourceType":"Patient","serialNumber":"CANARY"}',
        b'{"resourceType":"Device","contained":[{"resourceType":"Device","serialNumber":"X"}]}',
        b'{"resourceType":"Device","serialNumber":"X"',
        b'{"resourceType":"Device"' + b',"a":[' * 20_000 + b'"serialNumber":"X"}',
        b'{"resourceType":"Device"' + b',"\\"' * 50_000 + b'"serialNumber":"X"}',
        b'["resourceType","Device","serialNumber","X"]',
    ],
    ids=["numbers", "patient", "contained", "cut", "deep", "escapes", "list"],
)
def test_what_names_no_device(run_zeek: Any, answered: Any, body: bytes) -> None:
    """Without a serial number or identifier of its own there is nothing to tell."""
    run = run_zeek(capture=answered(body))
    run.assert_quiet()
    assert not run.claims("fhir.")


def test_only_its_own_content_type(run_zeek: Any, answered: Any, server: ModuleType) -> None:
    """Any other JSON is left alone."""
    run = run_zeek(capture=answered(json.dumps(server.PUMP).encode(), "application/json"))
    run.assert_quiet()
    assert not run.rows("fhir")


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any, server: ModuleType) -> None:
    """Bodies whose bytes are changed, cut, lost or repeated, in connections that may not end."""
    originals = [json.dumps(server.BUNDLE).encode(), json.dumps(server.STATEMENT).encode()]
    packets = []
    for number, body in enumerate(damaged(originals, 240, 9)):
        talk = conversation(
            client=f"10.4.0.{1 + number}",
            end=number % 3 > 0,
            one_sided=(None, False)[number % 9 == 0],
        )
        packets += talk.packets([(True, REQUEST), (False, over_http(body))])
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.claims("fhir.")) > 20


def test_a_gap_ends_it(run_zeek: Any, capture: Any, server: ModuleType) -> None:
    """What stands on both sides of bytes that were not captured is not read as one."""
    padded = {**server.MONITOR, "note": [{"text": "x" * 3000}], "modelNumber": "BEHIND"}
    parts = [(True, REQUEST), (False, over_http(json.dumps(padded).encode()))]
    assert run_zeek(capture=capture(parts)).claims("fhir.")
    run = run_zeek(capture=capture(parts, lost=frozenset({2})))
    run.assert_quiet()
    assert not run.claims("fhir.")
