"""Write the captures of identity-*: what no capture of tests/traces holds, and what looks alike.

    python tests/suricata/gen_identity.py

Byte by byte: a device that is asked instead of telling, a terminal, and near misses. All invented;
the terminal's words are those that rapid7/recog (BSD-2-Clause) knows.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from traces.near_misses import BEGINNINGS, LOOK_ALIKES
from zeek.conftest import Conversation, Part, write_pcap
from zeek.udp_frames import datagram

HERE = Path(__file__).parent
CLIENT, SERVER = "10.21.0.1", "10.21.0.2"
MSH = b"\x0bMSH|^~\\&|%s|%s|||2026||%s|1|P|2.6\r"
OBX = (
    b"OBX|1|NM|150016^MDC_PULS^MDC|1.1|CANARYVALUE-QS1AA"
    + b"|" * 13
    + b"PUMP-7^^0012210000000007^EUI-64\r"
)
RECORD = b"H|%s|||ANALYSER-%d^1.0^SN-%d|||||||P|LIS2-A2|2026\r"
MODEL = b"<DEV.model_id V='Meter'/>"
TERMINAL = (
    b"Welcome to the SIGMA Spectrum Diagnostic Terminal\r\n\r\n"
    b"Wireless Battery Module (802.11a/b/g/n)\r\nMAC Address: 00-40-9d-00-00-07 SW: 20 D29\r\n"
    b"Sigma Spectrum SN: 7000007 SW: v8.00.07\r\n\r\nlogin: "
)
PROPERTIES = {b"\x79": b"Controls Ltd", b"\x46": b"AHU-7", b"\x2c": b"7.1", b"\x0c": b"air 7.2"}
SERIAL = b"\x01\x74"


def talk(number: int, parts: list[Part], port: int = 5000) -> list[bytes]:
    """A connection with a port of its own."""
    return Conversation(CLIENT, SERVER, 40000 + number, port).packets(parts)


def text(value: bytes) -> bytes:
    """A character string of BACnet, of five bytes or more."""
    return b"\x75" + bytes([1 + len(value)]) + b"\0" + value


def answer(service: bytes) -> bytes:
    """An answer to a question about the properties of a device."""
    data = b"\x01\0\x30\x01" + service
    return b"\x81\x0a" + struct.pack("!H", 4 + len(data)) + data


def asked(device_first: bool, host: int) -> Iterator[bytes]:
    """A controller that is asked for its properties, one by one and all at once."""
    ends = (f"10.21.{host}.1", f"10.21.{host}.2")
    device = ends[not device_first]
    beginning = datagram(b"\x81\x0a\0\x08\x01\0\x10\x08", *ends, (47808, 47808))
    there = [beginning, datagram(b"\x81\x0a\0\x08\x01\0\x10\x08", *ends[::-1], (47808, 47808))]
    yield from there
    other = ends[device_first]
    single = [(b"\x19" + name, value) for name, value in PROPERTIES.items()]
    single.append((b"\x1a" + SERIAL, b"AC-7007"))
    if host % 2:
        for name, value in single:
            service = b"\x0c\x0c\x02\0\0\x07" + name + b"\x3e" + text(value) + b"\x3f"
            yield datagram(answer(service), device, other, (47808, 47808))
        return
    service = b"\x0e\x0c\x02\0\0\x07\x1e"
    for name, value in single:
        service += bytes([name[0] + 0x10]) + name[1:] + b"\x4e" + text(value) + b"\x4f"
    yield datagram(answer(service + b"\x1f"), device, other, (47808, 47808))


def other_side() -> Iterator[bytes]:
    """What no capture of tests/traces holds."""
    order = MSH % (b"PUMP", b"WARD", b"ORU^R01") + OBX + b"\x1c\r"
    taken = MSH % (b"ENGINE", b"HOSPITAL", b"ACK^R01") + b"MSA|AA|1\r\x1c\r"
    yield from talk(1, [(False, order), (True, taken)])
    for number, signs in enumerate((b"\\^&", b"@^\\")):
        record = RECORD % (signs, number, number)
        yield from talk(2 + number, [(True, b"\x06"), (False, b"\x05"), (False, record)])
        framed = b"\x021" + RECORD % (signs, 2 + number, number)
        yield from talk(6 + number, [(False, b"\x05"), (True, b"\x06"), (False, framed)])
        yield from talk(8 + number, [(True, RECORD % (signs, 4 + number, number))])
    yield from talk(4, [(False, b"\xff\xfb\x01" + TERMINAL), (True, b"x\r\n")], port=23)
    greeting = [
        (False, b"220 Pump 7 file service\r\n"),
        (True, b"USER x\r\n"),
        (False, b"331 ?\r\n"),
    ]
    yield from talk(5, greeting, port=21)
    for host, device_first in enumerate((True, True, False, False), start=1):
        yield from asked(device_first, host)


def alike() -> Iterator[bytes]:
    """What only looks like what the rules look for; none may fire."""
    for number, data in enumerate([*BEGINNINGS, *LOOK_ALIKES]):
        yield from talk(1000 + number, [(True, data), (False, data), (True, data)])
        yield datagram(data[:1400], CLIENT, SERVER, (50000 + number, 24005))
    elements = b"".join(
        b"\x08\0" + tag + kind + b"\x08\0WRONG-7 \x08\0\x80\0LO\x02\0x "
        for tag, kind in ((b"\x60\0", b"CS"), (b"\x70\0", b"LO"), (b"\x10\x10", b"SH"))
    )
    page = (
        b"<pre>MSH|^~\\&|A|B|||2026||ORU^R01|1|P|2.6\r"
        + OBX
        + b"|67880^MDC_ATTR_ID_MODEL^MDC||X|\r"
    )
    answers = (
        b"A context of DICOM is named by 1.2.840.10008.3.1.1.1 and the bytes \x10\0\0\x15.",
        bytes(80)
        + b"\x10\0\0\x151.2.840.10008.3.1.1.1"
        + b"\x51\0\0\4\0\0\x40\0\x52\0\0\x051.2.3\x55\0\0\4NAME",
        bytes(128) + b"DICM" + elements * 4,
        page,
        b"A header record looks like H|\\^&|||Name^1|||||||P|1 or like this: H|@^\\|||Name^1\r",
        b"The greeting <HEL.R01X> has <DEV.vendor_id V='X'/>" + MODEL,
        b"A page that quotes a greeting:\n<HEL.R01>\n<DEV.vendor_id V='X'/>" + MODEL,
        b"A page that quotes records:\nH|\\^&|||Name^1|||||||P|1\r\nH|@^\\|||Name^1\n",
        b"Sigma Spectrum SN: 1 SW: 2 MAC Address: 00-40-9d-00-00-07 SW: 20 D29",
        b"SIGMA Spectrum SN: 1",
    )
    for number, data in enumerate(answers):
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(
            data
        )
        ask = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number
        yield from talk(2000 + number, [(True, ask), (False, head + data)], port=80)
        yield from talk(3000 + number, [(True, b"#" + data), (False, b"#" + data)])
    probe = b"docs.oasis-open.org/ws-dd/ns/discovery/2009/01/Probe</a>11073-20702-2016 sdc.cdc.type:///1"
    yield datagram(probe, CLIENT, "239.255.255.250", (50900, 3702))
    hello = b"docs.oasis-open.org/ws-dd/ns/discovery/2009/01/Hello</a> a printer sdc.ctxt.loc:/a?b"
    yield datagram(hello, CLIENT, "239.255.255.250", (50901, 3702))
    other = (
        b"\0\0\x01\0\0\x01"
        + bytes(18)
        + b"\x0d\x18"
        + b"\x09\x28\0\x14\0\x08Philips\0\0\x07866064\0"
    )
    yield datagram(other, CLIENT, "10.21.255.255", (24105, 24005))
    note = b"\x0c\x0c\x02\0\0\x07\x19\x1c\x3e" + text(b"CANARYNOTE-QS1AB") + b"\x3f"
    yield datagram(answer(note), CLIENT, SERVER, (47808, 47808))
    question = [
        (False, b"220 Password of the user: \r\n"),
        (True, b"USER x\r\n"),
        (False, b"331 ?\r\n"),
    ]
    yield from talk(4000, question, port=21)


def main() -> None:
    """Write both captures."""
    for slug, packets in (("identity-other-side", other_side()), ("identity-alike", alike())):
        (HERE / slug).mkdir(exist_ok=True)
        write_pcap(HERE / slug / "input.pcap", packets)


if __name__ == "__main__":
    main()
