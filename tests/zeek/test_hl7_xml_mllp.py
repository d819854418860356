"""HL7 in XML over MLLP: in every split, in part, without end, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from zeek.test_hl7 import ACK, about
from zeek.test_hl7_xml import MINE, MSH, V2, author, framed, obx, version2, written


@pytest.mark.parametrize("segment", [1448, 61, 7])
@pytest.mark.parametrize("acknowledged", [True, False])
def test_mllp(run_zeek: Any, capture: Any, segment: int, acknowledged: bool) -> None:
    """Every split of several messages, on any port, acknowledged in the usual form or not."""
    ends = [(False, framed(ACK.encode()))] if acknowledged else []
    two = framed(version2(MINE).encode()) + framed(author(written("<id root='2.999.1'/>")).encode())
    head = '<?xml version="1.0"?>\n<!-- ' + "x" * 900 + " -->"
    third = framed(b"\xef\xbb\xbf" + head.encode() + version2(obx("531972", "S3")).encode())
    run = run_zeek(capture=capture([(True, third), *ends, (True, two), *ends], segment=segment))
    run.assert_quiet()
    assert about(run).keys() - {""} == {"serial:^^S1", "serial:^^S3", "serial:2.999.1"}
    [line] = run.rows("hl7")
    assert (line["framing"], line["messages"]) == ("mllp", 3)
    assert line["acknowledgements"] == (2 if acknowledged else 0)


def test_mllp_in_part(run_zeek: Any, capture: Any) -> None:
    """A gap, a message without end, one that is too long and an end are no reason to stop."""
    one = framed(version2(MINE).encode())
    other = framed(version2(obx("531972", "S2")).encode())
    endless = other[:-20]
    long = framed(version2(obx("531972", "S3") + "<x>" + "y" * 400_000 + "</x>" + MINE).encode())
    run = run_zeek(capture=capture([(True, endless + one)]))
    run.assert_quiet()
    assert about(run).keys() == {"", "serial:^^S1"}
    run = run_zeek(capture=capture([(True, long + other)], "long.pcap"))
    run.assert_quiet()
    assert about(run).keys() == {"", "serial:^^S3", "serial:^^S2"}
    torn = other.replace(b"</ORU", b"<x>" + b"y" * 9000 + b"</x></ORU")
    parts = [(True, torn), (False, framed(ACK.encode())), (True, one)]
    lost = capture(parts, "lost.pcap", lost=frozenset({2}))
    run = run_zeek(capture=lost)
    run.assert_quiet()
    assert about(run).keys() == {"", "serial:^^S1"}
    for sides in (True, False):
        parts = [(True, one), (False, framed(ACK.encode()))]
        run = run_zeek(capture=capture(parts, f"{sides}.pcap", one_sided=sides))
        run.assert_quiet()


def test_a_flood_is_passed_over(run_zeek: Any, capture: Any) -> None:
    """What is beyond a second's share is not read; the next second's messages are."""
    flood = framed(version2("<x>" + "y" * 5000 + "</x>").encode()) * 40
    pause = [(False, b"x")] * 1100
    parts = [(True, flood + framed(version2(MINE).encode())), *pause]
    late = [(True, framed(version2(obx("531972", "S2")).encode()))]
    run = run_zeek(capture=capture(parts + late), script="redef HL7::max_segments = 1000;")
    run.assert_quiet()
    assert about(run).keys() == {"", "serial:^^S2"}


def test_open_connections_are_bounded(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Messages that never end are collected up to a limit, which is free again afterwards."""
    packets = []
    head = b"\x0b" + version2("").encode()[:-10]
    for number in range(40):
        talk = conversation(client=f"10.4.0.{1 + number}", end=False)
        packets += talk.packets([(True, head + b"x" * 5000)])
    last = conversation(client="10.4.1.1").packets([(True, framed(version2(MINE).encode()))])
    script = "redef HL7::max_collected = %d;"
    for most, told in ((20, False), (41, True)):
        run = run_zeek(capture=frames(packets + last), script=script % most)
        run.assert_quiet()
        assert bool(about(run, "10.4.1.1")) is told


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b<html><body>MSH|^~\\&|A|B</body></html>" * 99,
        b"\x0b<a xmlns='urn:x'><v3:sender/></a>\x1c\r",
        b"\x0b<?xml version='1.0'?>",
        b"\x0b" + b"<" * 3000,
        f"<ORU_R01 xmlns='{V2}'>{MSH}</ORU_R01>".encode(),
        b"\x0b  text urn:hl7-org:v3 \x1c\r",
    ],
)
def test_what_is_no_message(run_zeek: Any, capture: Any, data: bytes) -> None:
    """Without frame, tag or namespace nothing is recognised."""
    run = run_zeek(capture=capture([(True, data), (False, b"+OK\r\n"), (True, b"x" * 3000)]))
    run.assert_quiet()
    assert not run.rows("hl7")
    assert not run.claims("hl7.")
