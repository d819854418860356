"""Stored data sets: the device that made each is told, in every encoding and every split."""

from __future__ import annotations

from typing import Any

import pydicom
import pytest
from zeek.dicom_bytes import (
    BIG_ENDIAN,
    CLIENT,
    CT,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    MADE_BY_SCANNER,
    RELEASE,
    SERVER,
    command,
    described,
    encoded,
    fragment,
    opened,
    scan,
    stored,
    unit,
)


@pytest.mark.parametrize("segment", [1448, 61, 7, 1])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_store(run_zeek: Any, capture: Any, transfer: str, segment: int) -> None:
    """Every split of the bytes and every encoding yields the same device and no patient."""
    parts = opened(transfer) + stored(encoded(scan(), transfer)[:9000], size=173) + RELEASE
    run = run_zeek(capture=capture(parts, segment=segment))
    run.assert_quiet()
    [line] = run.rows("dicom")
    assert line["result"] == "accepted"
    assert (line["calling_ae"], line["called_ae"]) == ("SCANNER", "ARCHIVE")
    assert line["requester_implementation_version"] == "ASKER_1"
    assert line["acceptor_implementation_version"] == "TAKER_2"
    assert line["accepted_contexts"] == 1
    assert line["sop_classes"] == [CT]
    assert line["transfer_syntaxes"] == [transfer]
    assert line["operations"] == ["C-STORE=1"]
    assert described(run, CLIENT) == {line["subjects"][0]: MADE_BY_SCANNER}
    assert described(run, SERVER) == {line["subjects"][0]: {"dicom.received": "C-STORE"}}
    assert run.claims("dicom.") >= {
        (CLIENT, "dicom.ae_title", "SCANNER"),
        (SERVER, "dicom.ae_title", "ARCHIVE"),
        (CLIENT, "dicom.implementation_version_name", "ASKER_1"),
        (SERVER, "dicom.implementation_version_name", "TAKER_2"),
        (CLIENT, "dicom.sop_class", CT),
        (SERVER, "dicom.store_scp", CT),
    }
    for log in run.directory.glob("*.log"):
        assert b"Canary" not in log.read_bytes()


@pytest.mark.parametrize("segment", [1448, 61])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_long_values_are_stepped_over(
    run_zeek: Any, capture: Any, transfer: str, segment: int
) -> None:
    """A long comment about the patient does not hide the device that is told after it."""
    long = scan(PatientComments="Canary " * 1400)
    parts = opened(transfer) + stored(encoded(long, transfer)) + RELEASE
    run = run_zeek(capture=capture(parts, segment=segment))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]
    assert b"Canary" not in (run.directory / "iomt_asset.log").read_bytes()


def test_the_walk_ends(run_zeek: Any, capture: Any) -> None:
    """What stands behind more elements than are walked is not told; nothing breaks."""
    many = scan()
    for number in range(1, 2000):
        many.add_new((0x0009, number + 0x1000), "LO", "x")
    run = run_zeek(capture=capture(opened() + stored(encoded(many, EXPLICIT)) + RELEASE))
    run.assert_quiet()
    [told] = described(run, CLIENT).values()
    assert "dicom.manufacturer" in told
    assert "dicom.device_serial_number" not in told


def test_latin_1(run_zeek: Any, capture: Any) -> None:
    """Text in Latin-1 is logged as UTF-8; bytes of an unnamed character set as escapes."""
    data = encoded(scan(SpecificCharacterSet="ISO_IR 100"), EXPLICIT)
    assert b"R\xf6ntgen" in data
    unnamed = data.replace(b"ISO_IR 100", b"ISO_IR 101")
    for dataset, name in ((data, "ACME Röntgen"), (unnamed, "ACME R\\xf6ntgen")):
        run = run_zeek(capture=capture(opened() + stored(dataset)))
        run.assert_quiet()
        [found] = described(run, CLIENT).values()
        assert found["dicom.manufacturer"] == name


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT])
def test_udi(run_zeek: Any, capture: Any, transfer: str, undefined: bool) -> None:
    """The UDI is read out of its sequence, whether that has a length or a delimiter."""
    within = pydicom.Dataset()
    within.UniqueDeviceIdentifier = "(01)00884838012345(21)SN-0815"
    within.DeviceDescription = "not a serial number"
    within.is_undefined_length_sequence_item = undefined
    dataset = scan(UDISequence=[within])
    dataset["UDISequence"].is_undefined_length = undefined
    run = run_zeek(capture=capture(opened(transfer) + stored(encoded(dataset, transfer))))
    run.assert_quiet()
    [found] = described(run, CLIENT).values()
    assert found == MADE_BY_SCANNER | {"dicom.udi": "(01)00884838012345(21)SN-0815"}


def test_retrieved_by_get(run_zeek: Any, capture: Any) -> None:
    """What a C-GET brings is told of its sender, the side that was asked."""
    get = command(AffectedSOPClassUID=CT, CommandField=0x10, MessageID=9, CommandDataSetType=0x101)
    parts = [*opened(), (True, unit(4, fragment(1, get, command=True)))]
    parts += [(not is_orig, data) for is_orig, data in stored(encoded(scan(), EXPLICIT))]
    run = run_zeek(capture=capture(parts))
    run.assert_quiet()
    assert list(described(run, SERVER).values()) == [MADE_BY_SCANNER]
    assert list(described(run, CLIENT).values()) == [{"dicom.received": "C-STORE"}]
    assert (CLIENT, "dicom.store_scp", CT) in run.claims()
    assert run.rows("dicom")[0]["operations"] == ["C-GET=1", "C-STORE=1"]


@pytest.mark.parametrize(
    ("lost", "known"), [(frozenset({10}), True), (frozenset({3}), False)], ids=["image", "header"]
)
def test_gap(run_zeek: Any, capture: Any, lost: frozenset[int], known: bool) -> None:
    """A gap in the image loses nothing; one in the header ends the dissection with a line."""
    parts = opened() + stored(encoded(scan(), EXPLICIT), size=15000)
    parts += stored(encoded(scan(StationName="CT02"), EXPLICIT), message=2)
    run = run_zeek(capture=capture(parts, lost=lost))
    run.assert_quiet()
    assert len(described(run, CLIENT)) == (2 if known else 0)
    assert run.rows("dicom")[0]["result"] == "accepted"


def test_two_devices_through_one_sender(run_zeek: Any, capture: Any) -> None:
    """Each data set's maker is a subject of its own, told once however many images it made."""
    parts = opened()
    for message in range(1, 7):
        dataset = scan(DeviceSerialNumber=f"SN-{message % 2}")
        parts += stored(encoded(dataset, EXPLICIT), message)
    run = run_zeek(capture=capture(parts + RELEASE))
    run.assert_quiet()
    assert len(described(run, CLIENT)) == 2
    assert len(described(run, SERVER)) == 2
    rows = [(r["host"], r.get("subject"), r["field"], r["value"]) for r in run.rows("iomt_asset")]
    assert len(rows) == len(set(rows))
    assert run.rows("dicom")[0]["operations"] == ["C-STORE=6"]


@pytest.mark.parametrize(("status", "taken"), [(0xB000, True), (0xA700, False), (0xC001, False)])
def test_status(run_zeek: Any, capture: Any, status: int, taken: bool) -> None:
    """Only who accepted a data set is one that stores."""
    run = run_zeek(capture=capture(opened() + stored(encoded(scan(), EXPLICIT), status=status)))
    run.assert_quiet()
    assert ((SERVER, "dicom.store_scp", CT) in run.claims()) is taken
    assert bool(described(run, SERVER)) is taken


def test_deflated_is_noted(run_zeek: Any, capture: Any) -> None:
    """A deflated data set is counted and not read."""
    run = run_zeek(capture=capture(opened(DEFLATED) + stored(b"\x4b" * 9000)))
    run.assert_quiet()
    [line] = run.rows("dicom")
    assert line["transfer_syntaxes"] == [DEFLATED]
    assert line["operations"] == ["C-STORE=1"]
    assert described(run, CLIENT) == {}
