"""FHIR in XML, as a genuine library writes it and as nobody should; never the patient."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from zeek.udp_frames import damaged

TRACES = Path(__file__).parents[1] / "traces"
CAPTURE = TRACES / "fhir-xml.pcap"
SAID = run_path(str(TRACES / "fhir_server.py"))
SERVER, GATEWAY = "10.20.7.43", "10.20.7.42"
REQUEST = b"GET /CANARYURL HTTP/1.1\r\nHost: x\r\n\r\n"
NAMESPACE = 'xmlns="http://hl7.org/fhir"'
SERIAL = '<serialNumber value="S1"/>'


def over_http(body: bytes, content_type: str = "application/fhir+xml") -> bytes:
    """An HTTP answer with this body."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.fixture
def answered(capture: Any) -> Callable[..., Path]:
    """Write a capture of one answer."""
    return lambda body, *how: capture([(True, REQUEST), (False, over_http(body.encode(), *how))])


def serials(run: Any) -> set[str]:
    """The serial numbers that were claimed."""
    return {value for _, field, value in run.claims("fhir.") if field == "fhir.serial_number"}


def test_capture(run_zeek: Any) -> None:
    """The same devices as in JSON, one of them within the measurement that it made."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    pump, monitor = (
        'serial:Wardwatch "Test" Pumps/WP-0042',
        "serial:Wardwatch Test Monitors/WM-0008",
    )
    oximeter = "serial:Wardwatch Test Oximeters/WO-0003"
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
        (SERVER, oximeter, "manufacturer", "Wardwatch Test Oximeters"),
        (SERVER, oximeter, "model_name", "Finger Two"),
        (SERVER, oximeter, "serial_number", "WO-0003"),
    }
    for host in (SERVER, GATEWAY):
        expected |= {
            (host, monitor, "manufacturer", "Wardwatch Test Monitors"),
            (host, monitor, "model_number", "VIEW-3"),
            (host, monitor, "serial_number", "WM-0008"),
            (host, monitor, "versions", "7.7"),
        }
    assert told == expected
    kinds = [row["resource"] for row in run.rows("fhir")]
    assert kinds == ["CapabilityStatement", *["Device"] * 2, "DeviceDefinition", *["Device"] * 2]


def test_nothing_of_the_patient(run_zeek: Any) -> None:
    """Neither of the Patient resource, nor of an implant in it, nor names that people give."""
    raw = CAPTURE.read_bytes()
    assert not [word for word in SAID["CANARIES"] if word.encode() not in raw]
    run = run_zeek(capture=CAPTURE)
    for log in ("fhir", "iomt_asset"):
        text = (run.directory / f"{log}.log").read_text("utf-8")
        assert "WP-0042" in text
        assert not [word for word in SAID["CANARIES"] if word in text]


@pytest.mark.parametrize(
    "body",
    [
        f"<Device {NAMESPACE}>{SERIAL}</Device>",
        f"<?xml version='1.0'?>\n<?a <b> ?><!-- it's <c> --><Device {NAMESPACE}>{SERIAL}</Device>",
        f"<Device {NAMESPACE}><!-- <serialNumber value='X'/></Device> -->{SERIAL}</Device>",
        f"<Device {NAMESPACE}><text><div><![CDATA[</Device><a>]]></div></text>{SERIAL}</Device>",
        "<n:Device xmlns:n='http://hl7.org/fhir'><n:serialNumber value='S1'/></n:Device>",
        f"<Device {NAMESPACE}><text><div xmlns='urn:x'><serialNumber value='X'/></div></text>"
        f"{SERIAL}</Device>",
        f"<Device {NAMESPACE}><photo data='{'A' * 20_000}'/>{SERIAL}</Device>",
        f"<Observation {NAMESPACE}><contained><Device>{SERIAL}</Device></contained></Observation>",
    ],
    ids=["plain", "around", "comment", "cdata", "prefix", "other", "photo", "contained"],
)
def test_every_form_of_xml(run_zeek: Any, answered: Any, body: str) -> None:
    """Whatever a writer may put around and between, the device is the same."""
    for content_type in ("application/fhir+xml; fhirVersion=4.0", "x-application/fhir+xml"):
        run = run_zeek(capture=answered(body, content_type))
        run.assert_quiet()
        assert serials(run) == {"S1"}


@pytest.mark.parametrize(
    "body",
    [
        f"<Patient {NAMESPACE}>{SERIAL}<contained><Device>{SERIAL}</Device></contained></Patient>",
        f"<Device {NAMESPACE}><contained><Device>{SERIAL}</Device></contained></Device>",
        f"<DeviceDefinition {NAMESPACE}>{SERIAL}</DeviceDefinition>",
        f"<Device xmlns='http://hl7.org/fhirx'>{SERIAL}</Device><!-- 'http://hl7.org/fhir' -->",
        f"<!DOCTYPE Device [<!ENTITY s 'S1'>]><Device {NAMESPACE}>{SERIAL}</Device>",
        f"<Device {NAMESPACE}><![CDATA[{SERIAL}]]></Device>",
        f"<Device {NAMESPACE}><!-- {SERIAL}</Device>",
        f"<Device {NAMESPACE}>{SERIAL}",
        f"<Device {NAMESPACE}>{'<a>' * 5000}{SERIAL}",
        f"<Device {NAMESPACE}>{'<!---->' * 9000}{SERIAL}</Device>",
        f"<Device {NAMESPACE}>{'<![CDATA[' * 9000}{SERIAL}</Device>",
        "<Device " + "".join(f"xmlns:a{n}='http://hl7.org/fhir' " for n in range(99)) + f">{SERIAL}"
        "</Device>",
    ],
    ids=["patient", "part", "definition", "namespace", "doctype", "text", "open comment", "cut",
         "deep", "comments", "data", "many prefixes"],
)  # fmt: skip
def test_what_names_no_device(run_zeek: Any, answered: Any, body: str) -> None:
    """What is a patient's, a model's, no element or no plain XML is told of nobody."""
    run = run_zeek(capture=answered(body))
    run.assert_quiet()
    assert not run.claims("fhir.")


@pytest.mark.parametrize(
    ("kind", "told"), [("Observation", {"S1"}), ("DeviceMetric", {"S1"}), ("Patient", set())]
)
@pytest.mark.parametrize("last", [False, True])
def test_contained_in_json(
    run_zeek: Any, answered: Any, kind: str, told: set[str], last: bool
) -> None:
    """What contains the device decides, wherever its kind stands."""
    device = {
        "contained": [{"serialNumber": "S1", "resourceType": "Device"}, {"resourceType": "X"}]
    }
    named = {"resourceType": kind}
    resource = device | named if last else named | device
    body = json.dumps({"resourceType": "Bundle", "entry": [{"resource": resource}] * 2})
    run = run_zeek(capture=answered(body, "application/fhir+json"))
    run.assert_quiet()
    assert serials(run) == told


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Bodies whose bytes are changed, cut, lost or repeated."""
    originals = [
        f"<?xml version='1.0'?><Bundle {NAMESPACE}><!-- a --><entry><resource><Device>{SERIAL}"
        "<version><value value='1'/></version></Device></resource></entry></Bundle>".encode(),
        f"<Observation {NAMESPACE}><contained><Device>{SERIAL}</Device></contained><a><![CDATA[b]]>"
        "</a></Observation>".encode(),
    ]
    packets = []
    for number, body in enumerate(damaged(originals, 240, 11)):
        talk = conversation(client=f"10.4.0.{1 + number}", end=number % 3 > 0)
        packets += talk.packets([(True, REQUEST), (False, over_http(body))])
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.rows("fhir")) > 20
