"""Equipment that contributed to an image: what passed it on is told, and its sender is no maker."""

from __future__ import annotations

from typing import Any

import pydicom
import pytest
from zeek.dicom_bytes import (
    BIG_ENDIAN,
    CLIENT,
    EXPLICIT,
    GATEWAY_SAYS,
    IMPLICIT,
    MADE_BY_SCANNER,
    SERVER,
    contributor,
    described,
    encoded,
    opened,
    scan,
    stored,
)


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("segment", [1448, 13])
@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_contributing_equipment(
    run_zeek: Any, capture: Any, transfer: str, segment: int, undefined: bool
) -> None:
    """A gateway that modified an image is a subject of its own; who sends it need not make it."""
    items = [contributor("109101", Manufacturer="COIL"), contributor()]
    dataset = scan(ContributingEquipmentSequence=items)
    for each in items:
        each.is_undefined_length_sequence_item = undefined
        each["PurposeOfReferenceCodeSequence"].is_undefined_length = undefined
    dataset["ContributingEquipmentSequence"].is_undefined_length = undefined
    parts = opened(transfer) + stored(encoded(dataset, transfer)[:9000], size=173)
    run = run_zeek(capture=capture(parts, segment=segment))
    run.assert_quiet()
    told = list(described(run, CLIENT).values())
    assert sorted(told, key=len) == sorted([MADE_BY_SCANNER, GATEWAY_SAYS], key=len)
    assert run.claims("dicom.intermediary") == {
        (CLIENT, "dicom.intermediary", "modifying equipment")
    }
    assert run.rows("dicom")[0]["subjects"] == list(described(run, SERVER))
    for log in run.directory.glob("*.log"):
        assert b"Canary" not in log.read_bytes()


@pytest.mark.parametrize(
    "items",
    [
        [contributor("109101"), contributor("109102")],
        [contributor(scheme="99OWN")],
        [contributor(Manufacturer="ACME Röntgen", DeviceSerialNumber="SN-0815")],
        [],
    ],
    ids=["acquired and processed", "another scheme", "itself", "nobody"],
)
def test_who_did_not_pass_it_on(run_zeek: Any, capture: Any, items: list[pydicom.Dataset]) -> None:
    """What acquired or processed an image, or changed its own, leaves its sender the maker."""
    dataset = scan(ContributingEquipmentSequence=items)
    run = run_zeek(capture=capture(opened() + stored(encoded(dataset, EXPLICIT))))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]
    assert not run.claims("dicom.intermediary")


def test_many_contributors_and_many_images(run_zeek: Any, capture: Any) -> None:
    """Items are read up to a limit; images without any are soon not searched for them."""
    many = [contributor(Manufacturer="GATEWAYS", DeviceSerialNumber=str(n)) for n in range(30)]
    busy = encoded(scan(ContributingEquipmentSequence=many), EXPLICIT)
    alone = encoded(scan(), EXPLICIT)
    run = run_zeek(capture=capture(opened() + stored(busy)))
    run.assert_quiet()
    assert 3 < len(described(run, CLIENT)) <= 9
    few = encoded(scan(ContributingEquipmentSequence=[contributor()]), EXPLICIT)
    parts = opened()
    for message in range(1, 7):
        parts += stored(alone, message)
    run = run_zeek(capture=capture(parts + stored(few, 7)))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]
    run = run_zeek(capture=capture(parts[:5] + stored(few, 7)))
    assert len(described(run, CLIENT)) == 2


@pytest.mark.parametrize("cut", [10, 60, 120, 200])
def test_cut_contribution(run_zeek: Any, capture: Any, cut: int) -> None:
    """Where the sequence ends early the maker is told all the same, and nobody else."""
    data = encoded(scan(ContributingEquipmentSequence=[contributor()]), EXPLICIT)
    start = data.index(b"\x18\x00\x01\xa0SQ")
    run = run_zeek(capture=capture(opened() + stored(data[: start + cut])))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]


@pytest.mark.parametrize(
    "tail",
    [
        b"\x18\x00\x01\xa0SQ\0\0\xff\xff\xff\xff" + b"\x08\x00\x70\x00LO\x04\x00GATE" * 20,
        b"\x18\x00\x01\xa0SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20,
        b"\x18\x00\x01\xa0SQ\0\0\x00\x00\xff\xff" + b"\xfe\xff\x00\xe0\x00\x00\x00\x00" * 900,
        b"\x18\x00\x01\xa0SQ\0\0\x00\x00\x00\x00",
        b"\x18\x00\x01\xa0UN\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\x10\x00\x00\x00" * 40,
        b"\x18\x00\x30\x10XX" + bytes(100),
    ],
)
def test_nonsense_behind_the_maker(run_zeek: Any, capture: Any, tail: bytes) -> None:
    """What cannot be behind the maker's elements takes nothing from them."""
    data = encoded(scan(), EXPLICIT)
    data = data[: data.index(b"\x18\x00\x30\x10LO")] + tail
    run = run_zeek(capture=capture(opened() + stored(data)))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]


def test_a_value_that_swallowed_others(run_zeek: Any, capture: Any) -> None:
    """A length that was damaged on its way brings no neighbour into a claim."""
    dataset = scan(ProtocolName="Canary protocol", PatientPosition="HFS")
    data = encoded(dataset, EXPLICIT)
    start = data.index(b"\x18\x00\x20\x10LO")
    length = data[start + 6]
    damaged = data[: start + 6] + bytes([length + 8 + 16]) + data[start + 7 :]
    run = run_zeek(capture=capture(opened() + stored(damaged)))
    run.assert_quiet()
    [told] = described(run, CLIENT).values()
    assert told == {k: v for k, v in MADE_BY_SCANNER.items() if k != "dicom.software_versions"}
