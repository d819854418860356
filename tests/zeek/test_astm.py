"""ASTM E1394 headers: who sends, in each framing; no other record is read."""

from __future__ import annotations

from runpy import run_path
from typing import Any

import pytest
from zeek.conftest import SHARED_TRACES, TRACES

LAB = run_path(str(TRACES / "lab_peer.py"))
CLIENT, SERVER = "10.1.0.1", "10.1.0.2"
SENDERS = {
    "architect": "ARCHITECT^7.01^F9000000001^H1P1O1R1C1Q1L1",
    "cobas": "cobas-e411^1",
    "sysmex": "XN-530^00-22^90001^^^^BQ900001",
    "genexpert": "LAB^GeneXpert^6.4",
}
FRAMING = {"frames": "frame", "mllp": "mllp", "bare": "bare"}


def transmission(how: str, name: str) -> list[tuple[bool, bytes]]:
    """Return what an instrument sends and the answers to it."""
    pieces = LAB["pieces"](how, name)
    return [part for piece in pieces for part in ((True, piece), (False, b"\x06"))]


def test_genuine_order(run_zeek: Any) -> None:
    """Each instrument of the capture is told with what it calls itself."""
    run = run_zeek(capture=TRACES / "lab.pcap")
    run.assert_quiet()
    told = {value for _, field, value in run.claims("astm.") if field == "astm.sender"}
    assert told == set(SENDERS.values())
    assert [row["framing"] for row in run.rows("astm")] == ["frame", "bare", "mllp", "frame"]
    assert [row.get("checksum") for row in run.rows("astm")] == [True, None, None, True]
    assert {host for host, *_ in run.claims("astm.")} == {f"10.20.9.{n}" for n in range(11, 15)}


def test_no_patient(run_zeek: Any) -> None:
    """No word of a patient, result or password reaches any log; all are on the wire."""
    raw = (TRACES / "lab.pcap").read_bytes()
    assert [word for word in LAB["CANARIES"] if word.encode() not in raw] == []
    for json_logs in (True, False):
        run = run_zeek(capture=TRACES / "lab.pcap", json_logs=json_logs)
        run.assert_quiet()
        text = b"".join(path.read_bytes() for path in run.directory.glob("*.log"))
        assert [word for word in (*LAB["CANARIES"], "QX9") if word.encode() in text] == []


@pytest.mark.parametrize("segment", [1448, 61, 7, 1])
@pytest.mark.parametrize("how", FRAMING)
@pytest.mark.parametrize("name", SENDERS)
def test_every_framing(run_zeek: Any, capture: Any, how: str, name: str, segment: int) -> None:
    """Every framing and split yields the sender, whatever its delimiters."""
    run = run_zeek(capture=capture(transmission(how, name), segment=segment))
    run.assert_quiet()
    [line] = run.rows("astm")
    assert (line["framing"], line["sender"], line["is_orig"]) == (FRAMING[how], SENDERS[name], True)
    assert line.get("checksum") == (True if how == "frames" else None)
    assert (CLIENT, "astm.sender", SENDERS[name]) in run.claims("astm.")


def test_wrong_checksum(run_zeek: Any, capture: Any) -> None:
    """A frame that was damaged on its way has a line and makes no claim."""
    parts = [(side, data.replace(b"ARCHITECT", b"ARCHITEKT"))
             for side, data in transmission("frames", "architect")]  # fmt: skip
    run = run_zeek(capture=capture(parts))
    run.assert_quiet()
    [line] = run.rows("astm")
    assert line["checksum"] is False
    assert "sender" not in line
    assert not run.claims("astm.")


def test_both_sides(run_zeek: Any, capture: Any) -> None:
    """Analyser and laboratory system each say who they are; the server may begin."""
    host = LAB["frame"](1, r"H|\^&|||LIS|||||architect||P|1")
    answer = [(False, b"\x05"), (True, b"\x06"), (False, host), (True, b"\x06")]
    for parts in (answer + transmission("frames", "cobas"),
                  transmission("frames", "cobas") + answer):  # fmt: skip
        run = run_zeek(capture=capture(parts))
        run.assert_quiet()
        senders = {(row["is_orig"], row["sender"]) for row in run.rows("astm")}
        assert senders == {(False, "LIS"), (True, SENDERS["cobas"])}


@pytest.mark.parametrize("how", FRAMING)
@pytest.mark.parametrize("side", [True, False])
def test_one_sided_and_cut(run_zeek: Any, capture: Any, how: str, side: bool) -> None:
    """A capture of one direction tells what it can and ends quietly."""
    parts = transmission(how, "sysmex")
    run = run_zeek(capture=capture(parts, one_sided=side))
    run.assert_quiet()
    assert len(run.rows("astm")) == int(side)
    run = run_zeek(capture=capture([(True, parts[0][1][:20])], end=False))
    run.assert_quiet()
    assert not run.rows("astm")


def test_version_of_a_maker(run_zeek: Any, capture: Any) -> None:
    """Instruments of one maker write a version of their own, and no purpose."""
    header = rb"H|\^&|||Becton Dickinson||||||||V1.0|20210525091225" + b"\r"
    run = run_zeek(capture=capture([(True, header)]))
    run.assert_quiet()
    [line] = run.rows("astm")
    assert (line["sender"], line["version"]) == ("Becton Dickinson", "V1.0")


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n", b"H|\\^&|\r\n", b"H||||||\r", b"H#####" + b"x" * 3000,
        b"\x05" * 5000, b"H|\\^&|||name|||||||Z|1\r", b"\x05\x021" + bytes(range(256)) * 20,
        b"H|\\^&" + b"|" * 60 + b"\r", b"HELO example.org\r\n",
    ],
)  # fmt: skip
def test_what_is_no_header(run_zeek: Any, capture: Any, data: bytes) -> None:
    """What only begins like a header is not recognised."""
    run = run_zeek(capture=capture([(True, data), (False, data)]))
    run.assert_quiet()
    assert not run.rows("astm")


@pytest.mark.parametrize(
    "path",
    sorted(p for p in (SHARED_TRACES.parent / "messages").glob("*.*")
           if p.suffix == ".astm" or p.name.endswith(".e1381.bin")),
    ids=lambda path: path.name,
)  # fmt: skip
def test_public_messages(run_zeek: Any, capture: Any, path: Any) -> None:
    """Records of real instruments, bare and framed with the checksums that those computed."""
    run = run_zeek(capture=capture([(True, path.read_bytes())]))
    run.assert_quiet()
    [line] = run.rows("astm")
    assert line["sender"].startswith(("ARCHITECT^7.01", "cobas-e411^1", "XN-530^00-22"))
    assert line.get("checksum") is (True if path.suffix == ".bin" else None)
