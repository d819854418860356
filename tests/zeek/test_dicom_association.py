"""Associations: who asks and answers, what is refused, one-sided, or nonsense."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from zeek.dicom_bytes import (
    BIG_ENDIAN,
    CLIENT,
    CT,
    EXPLICIT,
    IMPLICIT,
    MADE_BY_SCANNER,
    RELEASE,
    SERVER,
    VERIFICATION,
    asks,
    associate,
    command,
    described,
    encoded,
    fragment,
    item,
    opened,
    scan,
    store_rq,
    stored,
    unit,
)


@pytest.mark.parametrize("transfer", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_originator_alone(run_zeek: Any, capture: Any, transfer: str) -> None:
    """Without the answers the encoding is inferred, and nothing is said of the other side."""
    parts = opened(transfer) + stored(encoded(scan(), transfer))
    run = run_zeek(capture=capture(parts, one_sided=True))
    run.assert_quiet()
    assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]
    assert {host for host, *_ in run.claims("dicom.")} == {CLIENT}
    assert run.rows("dicom")[0]["result"] == "unanswered"


def test_responder_alone(run_zeek: Any, capture: Any) -> None:
    """The acceptor's own words are heard; the titles that it echoes are not trusted.

    With the acceptor's half of the handshake Zeek gives no payload of such a capture to any script.
    """
    parts = opened() + stored(encoded(scan(), EXPLICIT))
    run = run_zeek(capture=capture(parts, one_sided=False, handshake=False))
    run.assert_quiet()
    [line] = run.rows("dicom")
    assert line["result"] == "accepted"
    assert "called_ae" not in line
    assert line["acceptor_implementation_version"] == "TAKER_2"
    assert run.claims("dicom.") == {
        (SERVER, "dicom.implementation_class_uid", "1.2.3.4"),
        (SERVER, "dicom.implementation_version_name", "TAKER_2"),
        (SERVER, "dicom.store_scp", CT),
        (SERVER, "dicom.role", "storage SCP"),
    }


@pytest.mark.parametrize(
    ("answer", "result", "reason"),
    [
        (unit(3, b"\x00\x01\x01\x07"), "rejected", "service-user: called AE title not recognized"),
        (
            unit(3, b"\x00\x02\x03\x01"),
            "rejected",
            "service-provider (presentation): temporary congestion",
        ),
        (unit(3, b"\x00\x01\x09\x09"), "rejected", "unknown-source-9: unknown-reason-9"),
        (unit(7, b"\x00\x00\x00\x00"), "aborted", "service-user"),
        (unit(7, b"\x00\x00\x02\x02"), "aborted", "service-provider: unexpected PDU"),
    ],
)
def test_refusals(run_zeek: Any, capture: Any, answer: bytes, result: str, reason: str) -> None:
    """Who refused, and why, is told in words; the called title is nobody's then."""
    run = run_zeek(capture=capture([opened()[0], (False, answer)]))
    run.assert_quiet()
    [line] = run.rows("dicom")
    assert (line["result"], line["reason"]) == (result, reason)
    assert {host for host, *_ in run.claims("dicom.")} == {CLIENT}


def test_not_agreed_on(run_zeek: Any, capture: Any) -> None:
    """A request in a context that was refused is none."""
    echo = command(AffectedSOPClassUID=VERIFICATION, CommandField=0x30, CommandDataSetType=0x101)
    run = run_zeek(capture=capture([*opened(), (True, unit(4, fragment(3, echo, command=True)))]))
    run.assert_quiet()
    assert run.rows("dicom")[0]["operations"] == []
    assert not run.claims("dicom.sop_class")


def test_one_association_after_another(run_zeek: Any, capture: Any) -> None:
    """A connection that is used again has a line for each association."""
    parts = (opened() + stored(encoded(scan(), EXPLICIT)) + RELEASE) * 3
    run = run_zeek(capture=capture(parts))
    run.assert_quiet()
    assert [row["operations"] for row in run.rows("dicom")] == [["C-STORE=1"]] * 3


def test_user_identity_is_stepped_over(run_zeek: Any, capture: Any) -> None:
    """Credentials in the request never reach a log."""
    secret = item(0x58, b"\x02\x01" + struct.pack("!H", 6) + b"Canary" + b"\x00\x06Canary")
    request = associate(1, [asks(1, CT, EXPLICIT)], "ASKER_1", secret)
    run = run_zeek(capture=capture([(True, request), opened()[1]], segment=50))
    run.assert_quiet()
    assert run.rows("dicom")[0]["requester_implementation_version"] == "ASKER_1"
    for log in run.directory.glob("*.log"):
        assert b"Canary" not in log.read_bytes()


STORE_RQ = unit(4, fragment(1, store_rq(), command=True))
OPEN_SEQUENCE = b"\x08\x00\x05\x00SQ\0\0\xff\xff\xff\xff"
OPEN_ITEM = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"


@pytest.mark.parametrize(
    "tail",
    [
        unit(4, b"")[:2] + b"\xff\xff\xff\xff" + b"\xff\xff\xff\xf0\x01\x00" + bytes(3000),
        unit(4, b"\xff\xff\xff\xff\x01\x00"),
        unit(4, b"\x00\x00\x00\x01\x01\x03"),
        unit(4, b"\x00\x00\x00\x02\x01\x03") * 50,
        unit(4, b"") * 50,
        unit(9, bytes(70)),
        unit(1, bytes(10)),
        unit(3, b""),
        unit(4, fragment(1, bytes(5000), command=True)),
        unit(4, fragment(1, b"\x00\x00\x02\x00\xff\xff\xff\xff", command=True)),
        STORE_RQ + unit(4, fragment(1, OPEN_SEQUENCE + (OPEN_ITEM + OPEN_SEQUENCE) * 40)),
        STORE_RQ + unit(4, fragment(1, b"\xfe\xff\x0d\xe0" + bytes(400))),
        STORE_RQ + unit(4, fragment(1, b"\x08\x00\x70\x00UN\0\0\xfe\xff\xff\xff" + bytes(400))),
    ],
)
def test_nonsense(run_zeek: Any, capture: Any, tail: bytes) -> None:
    """Lengths and elements that cannot be are no reason to complain, nor for a claim."""
    run = run_zeek(capture=capture([*opened(), (True, tail)]))
    run.assert_quiet()
    assert len(run.rows("dicom")) == 1
    assert described(run, CLIENT) == {}


def test_other_users_of_the_stream(run_zeek: Any, capture: Any) -> None:
    """A script that had the stream before gets every byte of it; ours ends after enough repeats."""
    parts = opened()
    for message in range(1, 6):
        parts += stored(encoded(scan(), EXPLICIT), message)
    total = sum(len(data) for is_orig, data in parts if is_orig)
    script = """
        global heard = 0;
        event stream_deliver(c: connection, is_orig: bool, data: string)
            { if ( is_orig ) heard += |data|; }
        event zeek_done() { print fmt("heard %d", heard); }
        redef DICOM::max_repeats = 1;
    """
    register = """
        event zeek_init()
            { Analyzer::register_for_port(Analyzer::ANALYZER_STREAM_EVENT, 104/tcp); }
    """
    shared = run_zeek(capture=capture(parts), script=script + register)
    shared.assert_quiet()
    assert f"heard {total}" in shared.output
    alone = run_zeek(capture=capture(parts), script=script)
    alone.assert_quiet()
    heard = int(alone.output.split("heard ")[1].split()[0])
    assert heard < total / 2
    for run in (shared, alone):
        assert run.rows("dicom")[0]["operations"] == ["C-STORE=2"]
        assert list(described(run, CLIENT).values()) == [MADE_BY_SCANNER]


def test_a_strangers_stream_is_left_alone(run_zeek: Any, capture: Any) -> None:
    """A stream that none of our signatures opened is delivered whole and not dissected."""
    script = """
        event zeek_init()
            { Analyzer::register_for_port(Analyzer::ANALYZER_STREAM_EVENT, 104/tcp); }
        event stream_deliver(c: connection, is_orig: bool, data: string) { print |data|; }
    """
    run = run_zeek(capture=capture([(True, b"x" * 900)] * 5), script=script)
    run.assert_quiet()
    assert run.output.split() == ["900"] * 5
