"""IEEE 11073 SDC: announced by WS-Discovery, described over HTTP; never the patient."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from zeek.udp_frames import damaged, datagram, payloads

CAPTURE = Path(__file__).parents[1] / "traces" / "sdc.pcap"
DEVICE, CONSUMER = "10.20.7.21", "10.20.7.22"
SUBJECT = "uuid:5d7a1f52-0c4e-4b7e-9a3f-20c0ffee0042"
CANARIES = (
    *("CANARYGIVEN-QS7AA", "CANARYFAMILY-QS7AB", "CANARYPATID-QS7AC", "1887-01-13"),
    *("CANARYVALIDATOR-QS7AD", "CANARYNOTE-QS7AE"),
)
OTHER = "uuid:00000000-0000-4000-8000-00000000000b"
MEDICAL = "http://standards.ieee.org/downloads/11073/11073-20702-2016"
OLD = {
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "d": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
}


def match(endpoint: str, scopes: str, number: int) -> str:
    """One device of an answer, in prefixes that nobody else uses."""
    return f"""<d:ProbeMatch><a:EndpointReference><a:Address>urn:{endpoint}</a:Address>
      </a:EndpointReference><d:Types xmlns:q{number}="{MEDICAL}">q{number}:MedicalDevice</d:Types>
      <d:Scopes>{scopes}</d:Scopes><d:XAddrs>http://10.9.9.{number}:6464/x</d:XAddrs>
      </d:ProbeMatch>"""


def answer(*matches: str, before: str = "") -> bytes:
    """A WS-Discovery answer in the namespaces of DPWS 1.0."""
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in OLD.items())
    return f"""<?xml version="1.0"?>{before}
      <Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'{declared}><Header><a:Action>
      {OLD["d"]}/ProbeMatches</a:Action></Header><Body><d:ProbeMatches>{"".join(matches)}
      </d:ProbeMatches></Body></Envelope>""".encode()


@pytest.fixture
def sent(frames: Any) -> Callable[[bytes], Path]:
    """Write a capture of one answer from any port to any other."""
    return lambda data: frames([datagram(data, "10.1.0.5", "10.1.0.6", (50001, 50002))])


def test_capture(run_zeek: Any) -> None:
    """All that a genuine provider tells of itself, and that a consumer looks for it."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    assert b"Content-Encoding: gzip" in CAPTURE.read_bytes()
    assert run.claims("sdc.") == {
        (DEVICE, "sdc.endpoint", SUBJECT),
        (DEVICE, "sdc.device_type", "70001"),
        (DEVICE, "sdc.location", "HOSP/ICU 3/Bed/07"),
        (DEVICE, "sdc.manufacturer", "Wardwatch Test & Ventilation"),
        (DEVICE, "sdc.model_name", "BreatheWell 9"),
        (DEVICE, "sdc.model_number", "BW-9000"),
        (DEVICE, "sdc.serial_number", "BW9-004711"),
        (DEVICE, "sdc.firmware_version", "4.2.1-b7"),
        (DEVICE, "sdc.friendly_name", "ICU 3 ventilator"),
        (DEVICE, "sdc.udi", "(01)04012345678901(21)BW9-004711"),
        (DEVICE, "sdc.device_identifier", "04012345678901"),
        (CONSUMER, "sdc.role", "consumer"),
    }
    rows = [row for row in run.rows("iomt_asset") if row["source"] == "sdc"]
    assert {row.get("subject") for row in rows} == {SUBJECT, None}
    assert [row["field"] for row in rows if "subject" not in row] == ["sdc.role"]
    said = {row["message"] for row in run.rows("sdc")}
    assert said == {"hello", "probe", "probe_match", "metadata", "mdib"}


def test_nothing_of_the_patient(run_zeek: Any) -> None:
    """The consumer got the patient (its generator checks that); no log has anything of it."""
    run = run_zeek(capture=CAPTURE)
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    assert SUBJECT in logs
    assert not [word for word in CANARIES if word in logs]


def test_public_capture(run_zeek: Any, public_capture: Any) -> None:
    """Provider and consumer on one host: metadata and discovery are told apart by subject."""
    run = run_zeek(capture=public_capture("gen-sdc11073-loopback-hello-probe-get.pcap"))
    run.assert_quiet()
    told = {(field, value) for _, field, value in run.claims("sdc.")}
    assert told == {
        ("sdc.endpoint", "uuid:cc013678-79f6-403c-998f-3cc0cc050230"),
        ("sdc.device_type", "130535"),
        ("sdc.location", "HOSP/CU2/BedSim"),
        ("sdc.manufacturer", "Example Medical"),
        ("sdc.model_name", "VentSim 500"),
        ("sdc.model_number", "VS-500"),
        ("sdc.friendly_name", "ICU vent sim"),
        ("sdc.firmware_version", "2.1.3"),
        ("sdc.serial_number", "VS500-000123"),
        ("sdc.role", "consumer"),
    }


def test_other_prefixes_and_several_devices(run_zeek: Any, sent: Any) -> None:
    """A proxy answers for two devices: old namespaces, a default one, prefixes declared late."""
    patient = "sdc.ctxt.pat:/CANARY/CANARYPAT?given=CANARYGIVEN"
    first = f"{patient} sdc.cdc.type:///69985 sdc.ctxt.loc:/x/y?bed=7&amp;fac=H%20A&amp;note=CANARY"
    data = answer(
        match(SUBJECT, first, 1), match(OTHER, "sdc.cdc.type:/urn%3Aoid%3A9.9//1 http://x/", 2)
    )
    run = run_zeek(capture=sent(data))
    run.assert_quiet()
    rows = [row for row in run.rows("iomt_asset") if row["source"] == "sdc"]
    assert {(row["subject"], row["field"], row["value"]) for row in rows} == {
        (SUBJECT, "sdc.endpoint", SUBJECT),
        (SUBJECT, "sdc.device_type", "69985"),
        (SUBJECT, "sdc.location", "H A/7"),
        (OTHER, "sdc.endpoint", OTHER),
    }
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    assert "CANARY" not in logs


@pytest.mark.parametrize(
    "before",
    ['<!DOCTYPE x [<!ENTITY e "e">]>', "<x>" * 60, "<" * 2000, '<a b="' * 500, "<a>" * 20_000],
    ids=["doctype", "deep", "brackets", "quotes", "very deep"],
)
def test_what_is_no_plain_xml_is_not_read(run_zeek: Any, sent: Any, before: str) -> None:
    """Nothing is expanded, and nesting has an end."""
    data = answer(match(SUBJECT, "sdc.mds.pkp:1.2.840.10004.20701.1.1", 1), before=before)
    run = run_zeek(capture=sent(data[:60_000]))
    run.assert_quiet()
    assert not run.rows("sdc")


@pytest.mark.parametrize("uri", [MEDICAL + "x", "http://schemas.microsoft.com/windows/2006/08/wdp"])
def test_a_printer_is_no_medical_device(run_zeek: Any, sent: Any, uri: str) -> None:
    """The namespace counts, not the prefix nor the word."""
    data = answer(match(SUBJECT, "ldap:///ou=print", 1)).replace(MEDICAL.encode(), uri.encode())
    run = run_zeek(capture=sent(data))
    run.assert_quiet()
    assert not run.rows("sdc")
    assert not run.claims("sdc.")


def described(text: str) -> bytes:
    """A description that begins as an MDIB does and has this inside its first system."""
    base = "http://standards.ieee.org/downloads/11073/11073-10207-2017"
    return f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
      <GetMdibResponse xmlns="{base}/message"><Mdib><p:MdDescription xmlns:p="{base}/participant">
      <p:Mds>{text}</p:Mds></p:MdDescription></Mdib></GetMdibResponse></s:Body></s:Envelope>
      """.encode()


def over_http(body: bytes, *headers: str) -> bytes:
    """An HTTP answer with this body."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/soap+xml", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


REQUEST = b"POST /CANARYURL HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


def test_description_of_an_unknown_endpoint(run_zeek: Any, capture: Any) -> None:
    """Without an announcement it is the answering host that is described."""
    text = "<p:Type Code='69985'/><p:MetaData><p:SerialNumber>S1</p:SerialNumber></p:MetaData>"
    body = gzip.compress(described(text + "<p:x>y</p:x>" * 3000))
    parts = [(True, REQUEST), (False, over_http(body, "Content-Encoding: gzip"))]
    run = run_zeek(capture=capture(parts, server_port=6464))
    run.assert_quiet()
    assert run.claims("sdc.") == {
        ("10.1.0.2", "sdc.device_type", "69985"),
        ("10.1.0.2", "sdc.serial_number", "S1"),
    }
    assert all("subject" not in row for row in run.rows("iomt_asset"))


def test_only_the_beginning_of_a_large_body_is_read(run_zeek: Any, capture: Any) -> None:
    """What stands beyond the limit is not seen, and what stands before it is."""
    serial = "<p:MetaData><p:SerialNumber>S1</p:SerialNumber></p:MetaData>"
    udi = "<p:MetaData><p:ModelNumber>M2</p:ModelNumber></p:MetaData>"
    body = described(serial + "<p:x>yy</p:x>" * 25_000 + udi)
    parts = [(True, REQUEST), (False, over_http(body))]
    run = run_zeek(capture=capture(parts, server_port=6464))
    run.assert_quiet()
    assert run.claims("sdc.") == {("10.1.0.2", "sdc.serial_number", "S1")}


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Datagrams and bodies whose bytes are changed, cut, lost or repeated."""
    said = {data for _, port, data in payloads(CAPTURE.read_bytes()) if b"11073" in data and port}
    assert len(said) >= 3
    originals = sorted(said)
    ports = ((40000, 3702), (40000, 50002))
    packets = [
        datagram(data, f"10.2.{n // 250}.{1 + n % 250}", "239.255.255.250", ports[n % 2])
        for n, data in enumerate(damaged(originals, 300, 7))
        if len(data) < 60_000
    ]
    chance = random.Random(7)  # noqa: S311  the same damage in every run
    text = "<p:Type Code='69985'/><p:MetaData><p:ModelName>M</p:ModelName></p:MetaData>"
    for n, body in enumerate(damaged([described(text)], 200, 8)):
        parts = [(True, REQUEST), (False, over_http(body)[: chance.choice((300, 9999))])]
        talk = conversation(client=f"10.4.0.{1 + n}", server_port=6464, end=n % 3 > 0)
        packets += talk.packets(parts)
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.claims("sdc.")) > 100
