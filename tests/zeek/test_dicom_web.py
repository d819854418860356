"""DICOM over clear HTTP: who stores, looks up, fetches and serves, and what made the data sets."""

from __future__ import annotations

import io
import json
import random
import runpy
from pathlib import Path
from typing import Any

import pydicom
import pytest
from zeek.dicom_bytes import (
    CANARY,
    CLIENT,
    EXPLICIT,
    GATEWAY_SAYS,
    IMPLICIT,
    MADE_BY_SCANNER,
    SERVER,
    contributor,
    described,
)
from zeek.dicom_bytes import scan as scan_data
from zeek.test_hostile import conversations, mutants, shortened

TRACES = Path(__file__).parents[1] / "traces"
CAPTURE = TRACES / "dicom-web.pcap"
ARCHIVE, MODALITY, GATEWAY, VIEWER = (f"10.20.9.{n}" for n in range(11, 15))
ECLIPSE = {
    "dicom.modality": "MR",
    "dicom.manufacturer": "Philips Medical Systems, Inc.",
    "dicom.manufacturer_model_name": "Eclipse 1.5T",
    "dicom.software_versions": "VIA5.2",
}
TOSHIBA = {
    "dicom.modality": "MR",
    "dicom.manufacturer": "TOSHIBA_MEC",
    "dicom.station_name": "000000000",
    "dicom.manufacturer_model_name": "MRT50H1",
    "dicom.device_serial_number": "-0000200",
    "dicom.software_versions": "V3.51*P25",
}
RECEIVED = {"dicom.received": "HTTP"}
SERIES = "/pacs/studies/1.2/series"
DICOM = "application/dicom"
JSON = "application/dicom+json"
PARTS = 'multipart/related; type="application/dicom"; boundary=xx'
TOLD = ("iomt_asset", "iomt_exposure")


def told(run: Any, host: str) -> list[dict[str, str]]:
    """What a host told of devices, in a fixed order."""
    return sorted(described(run, host).values(), key=lambda about: sorted(about.items()))


def roles(run: Any) -> set[tuple[str, str]]:
    """Who has which role."""
    return {(host, value) for host, _, value in run.claims("dicom.role")}


def test_capture(run_zeek: Any) -> None:
    """Each program's role and each device; neither archive nor gateway is a maker."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    services = ("STOW-RS", "QIDO-RS", "WADO-RS", "WADO-URI")
    assert roles(run) == {
        (MODALITY, "STOW-RS client"),
        (GATEWAY, "STOW-RS client"),
        *((VIEWER, f"{service} client") for service in services[1:]),
        *((ARCHIVE, f"{service} server") for service in services),
    }
    assert run.claims("dicom.intermediary") == {
        (GATEWAY, "dicom.intermediary", "modifying equipment"),
        (ARCHIVE, "dicom.intermediary", "modifying equipment"),
        *((ARCHIVE, "dicom.intermediary", f"{service} server") for service in services),
    }
    assert told(run, MODALITY) == [ECLIPSE]
    by_size = sorted(described(run, GATEWAY).values(), key=len)
    assert by_size == sorted([GATEWAY_SAYS, TOSHIBA], key=len)
    archive = described(run, ARCHIVE).values()
    assert sorted(map(len, archive)) == sorted(map(len, [GATEWAY_SAYS, ECLIPSE | RECEIVED,
                                                         TOSHIBA | RECEIVED]))  # fmt: skip
    assert GATEWAY_SAYS in archive
    assert ECLIPSE | RECEIVED in archive
    assert TOSHIBA | RECEIVED in archive
    assert told(run, VIEWER) == [RECEIVED] * 2
    assert not run.rows("dicom")


def test_nothing_of_the_patient(run_zeek: Any) -> None:
    """No word of the patient, who is in files, answers and URLs, nor any part of a URL."""
    canaries = runpy.run_path(str(TRACES / "canaries.py"))["CANARIES"]
    raw = CAPTURE.read_bytes()
    planted = [word for word in canaries if word.encode() in raw]
    assert len(planted) > 20
    run = run_zeek(capture=CAPTURE)
    for log in TOLD:
        text = (run.directory / f"{log}.log").read_text("utf-8").lower()
        words = [*planted, "studies/", "requesttype", "objectuid", "1.3.6.1.4.1.5962"]
        assert not [word for word in words if word.lower() in text]


def file_of(dataset: pydicom.Dataset, transfer: str = EXPLICIT) -> bytes:
    """A data set as a file."""
    dataset.SOPInstanceUID = "1.2.3"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(transfer)
    out = io.BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def part_of(body: bytes, kind: str = DICOM) -> bytes:
    """A body of one part."""
    return b"--xx\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + body + b"\r\n--xx--\r\n"


def http(start: str, kind: str, body: bytes, *headers: str) -> bytes:
    """A message."""
    lines = [start, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def got(
    kind: str, body: bytes, target: str = "/x", code: int = 200, *headers: str
) -> list[tuple[bool, bytes]]:
    """A request and its answer."""
    ask = "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *headers, "", ""]).encode()
    return [(True, ask), (False, http(f"HTTP/1.1 {code} X", kind, body))]


def stored(body: bytes, code: int = 200, kind: str = PARTS) -> list[tuple[bool, bytes]]:
    """A file that is stored, and the answer."""
    ask = http("POST /studies HTTP/1.1", kind, body, "Host: x")
    return [(True, ask), (False, http(f"HTTP/1.1 {code} X", JSON, b"{}"))]


@pytest.mark.parametrize("segment", [1448, 61])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.4.50"])
def test_files(run_zeek: Any, capture: Any, transfer: str, segment: int) -> None:
    """A file tells of its maker in every encoding, however it is split, alone or as a part."""
    file = file_of(scan_data(ContributingEquipmentSequence=[contributor()]), transfer)
    assert CANARY.encode() in file
    for parts, service in (
        (got(DICOM, file, "/wado?a=b&requestType=WADO"), "WADO-URI"),
        (got(DICOM, file, "/instances/1/file"), "DICOM over HTTP"),
        (got(PARTS, part_of(file), "/studies/1.2.3?x"), "WADO-RS"),
    ):
        run = run_zeek(capture=capture(parts, segment=segment))
        run.assert_quiet()
        assert roles(run) == {(CLIENT, f"{service} client"), (SERVER, f"{service} server")}
        makers = described(run, SERVER).values()
        assert sorted(makers, key=len) == sorted([MADE_BY_SCANNER, GATEWAY_SAYS], key=len)
        assert told(run, CLIENT) == [RECEIVED]
        assert "Canary" not in (run.directory / "iomt_asset.log").read_text("utf-8")


@pytest.mark.parametrize(("code", "taken"), [(200, True), (202, False), (409, False)])
def test_what_is_stored(run_zeek: Any, capture: Any, code: int, taken: bool) -> None:
    """A server that has stored everything says so; else it is not told to have it."""
    run = run_zeek(capture=capture(stored(part_of(file_of(scan_data())), code)))
    run.assert_quiet()
    assert told(run, CLIENT) == [MADE_BY_SCANNER]
    assert told(run, SERVER) == ([RECEIVED] if taken else [])
    provider = {(SERVER, "STOW-RS server")} if code < 300 else set()
    assert roles(run) == {(CLIENT, "STOW-RS client")} | provider


def as_json(*datasets: pydicom.Dataset) -> bytes:
    """Data sets as an answer has them."""
    return json.dumps([dataset.to_json_dict() for dataset in datasets]).encode()


def test_metadata(run_zeek: Any, capture: Any) -> None:
    """Metadata tells the same of a maker as its files, and of who contributed."""
    udi = pydicom.Dataset()
    udi.UniqueDeviceIdentifier = "(01)00884838012345(21)SN-0815"
    body = as_json(
        scan_data(UDISequence=[udi], ContributingEquipmentSequence=[contributor()]),
        scan_data(Manufacturer="OTHER", DeviceSerialNumber='S"/é'),
    )
    run = run_zeek(capture=capture(got(JSON, body, f"{SERIES}/1/metadata")))
    run.assert_quiet()
    other = {"dicom.manufacturer": "OTHER", "dicom.device_serial_number": 'S"/é'}
    makers = [*described(run, SERVER).values()]
    assert MADE_BY_SCANNER | {"dicom.udi": "(01)00884838012345(21)SN-0815"} in makers
    assert MADE_BY_SCANNER | other in makers
    assert GATEWAY_SAYS in makers
    assert len(makers) == 3
    assert told(run, CLIENT) == [RECEIVED] * 2
    assert roles(run) == {(CLIENT, "WADO-RS client"), (SERVER, "WADO-RS server")}
    assert "Canary" not in (run.directory / "iomt_asset.log").read_text("utf-8")
    file = run_zeek(capture=capture(got(DICOM, file_of(scan_data(UDISequence=[udi])))))
    assert set(described(file, SERVER)) < set(described(run, SERVER))


def test_lists_are_not_whole(run_zeek: Any, capture: Any) -> None:
    """A list of series has what was asked for: without a serial number it describes nobody."""
    without = scan_data(DeviceSerialNumber="", StationName="")
    run = run_zeek(capture=capture(got(JSON, as_json(without), SERIES)))
    run.assert_quiet()
    assert roles(run) == {(CLIENT, "QIDO-RS client"), (SERVER, "QIDO-RS server")}
    assert told(run, SERVER) == told(run, CLIENT) == []
    run = run_zeek(capture=capture(got(JSON, as_json(scan_data()), SERIES)))
    assert told(run, SERVER) == [MADE_BY_SCANNER]
    assert told(run, CLIENT) == []


@pytest.mark.parametrize(
    ("kind", "target", "service"),
    [
        ("image/jpeg", "/wado?requestType=WADO&studyUID=1", "WADO-URI"),
        (PARTS.replace("dicom", "dicom+xml"), "/studies/1.2/metadata", None),
        ("application/dicom+xml", "/studies/1.2/metadata", "WADO-RS"),
        (JSON, "/workitems?x=y", "UPS-RS"),
        (JSON, "/studies?PatientName=metadata", "QIDO-RS"),
        ("multipart/related; boundary=x", "/soap", None),
        ("multipart/related; boundary=x", "/case-studies/1.2", None),
        (
            "multipart/related; boundary=x",
            "/studies/1.2/series/3/instances/4/frames/1,2",
            "WADO-RS",
        ),
        ("image/jpeg", "/shop?request=WADO", None),
        ("image/jpeg", "/shop?myrequestType=WADO", None),
        ("application/json", "/studies", None),
        ("text/dicom", "/x", None),
    ],
)
def test_services(run_zeek: Any, capture: Any, kind: str, target: str, service: str | None) -> None:
    """Services by type and target; others' types are not DICOM."""
    run = run_zeek(capture=capture(got(kind, b"{}", target)))
    run.assert_quiet()
    sides = {(CLIENT, f"{service} client"), (SERVER, f"{service} server")} if service else set()
    assert roles(run) == sides
    failed = run_zeek(capture=capture(got(kind, b"{}", target, 404)))
    assert not roles(failed)


def test_proxies(run_zeek: Any, capture: Any) -> None:
    """Who asks and answers for others has no role of its own."""
    target = "http://far/wado?requestType=WADO"
    run = run_zeek(capture=capture(got("image/jpeg", b"x", target)))
    assert roles(run) == {(CLIENT, "WADO-URI client")}
    run = run_zeek(capture=capture(got("image/jpeg", b"x", target[10:], 200, "Via: 1.1 proxy")))
    run.assert_quiet()
    assert not roles(run)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(128) + b"DICM",
        bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\xff\xff\xff\xff" + bytes(5000),
        bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00" + bytes(5000),
        bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\x08\x00\x00\x00\x08\x00\x05\x00XX\xff\xff",
        b"no file" * 100,
        file_of(scan_data())[:400],
        file_of(scan_data(), "1.2.840.10008.1.2.1.99"),
    ],
)
def test_no_files(run_zeek: Any, capture: Any, body: bytes) -> None:
    """What is no file, or cut or deflated, tells of nobody."""
    for parts in (got(DICOM, body), stored(part_of(body)), got(JSON, body, "/metadata")):
        run = run_zeek(capture=capture(parts))
        run.assert_quiet()
        assert not [row for row in run.rows("iomt_asset") if "subject" in row]


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Files and answers with their bytes damaged: nothing to report."""
    whole = scan_data(ContributingEquipmentSequence=[contributor()])
    originals = [shortened(parts) for parts in conversations(CAPTURE)]
    originals += [
        stored(part_of(file_of(whole))),
        got(DICOM, file_of(whole, IMPLICIT)),
        got(JSON, as_json(whole, whole), "/metadata"),
    ]
    run = run_zeek(capture=frames(mutants(originals, conversation, random.Random(32))))  # noqa: S311
    run.assert_quiet()
    assert run.claims("dicom.role")
    assert [row for row in run.rows("iomt_asset") if "subject" in row]


@pytest.mark.parametrize("name", ["evidence", "fhir", "hl7", "sdc"])
def test_no_other_web_is_dicom(run_zeek: Any, name: str) -> None:
    """Other HTTP, XML and JSON, and other TLS, is none of it."""
    run = run_zeek(capture=TRACES / f"{name}.pcap")
    assert run.claims()
    assert not run.claims("dicom.")
