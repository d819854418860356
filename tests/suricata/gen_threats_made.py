"""Make the captures of the threat rules that no genuine program should make.

    python tests/suricata/gen_threats_made.py

Frames of attacks that are described in public, with nothing in them that does anything, each
beside what a sound stack, sender or device sends instead.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from zeek import dicom_bytes as dicom  # noqa: E402  what the Zeek scripts' tests share
from zeek.conftest import Conversation, Part, write_pcap  # noqa: E402
from zeek.udp_frames import datagram  # noqa: E402

ATTACKER, DEVICE, OUTSIDE = "10.9.0.66", "10.9.0.5", "203.0.113.9"
MONITOR, CONTEC = "10.9.0.7", "202.114.4.119"
ETHERNET = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
SYN, ACK, URG_PUSH_ACK = 0x02, 0x10, 0x38
MSS, WINDOW_SCALE = b"\x02\x04\x05\xb4", b"\x03\x03\x07"
HEADER = b"MSH|^~\\&|PUMPSRV|ICU|ENGINE|HOSP|20240101||%s|1|P|2.5"


def ip4(protocol: int, payload: bytes, options: bytes = b"", fragment: int = 0) -> bytes:
    """An IPv4 packet to the device; `fragment` is flags and offset as they stand in the header."""
    options += b"\0" * (-len(options) % 4)
    size, words = 20 + len(options) + len(payload), 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH", 0x40 | words, 0, size, 7, fragment, 64, protocol, 0)
    addresses = IPv4Address(ATTACKER).packed + IPv4Address(DEVICE).packed
    return ETHERNET + b"\x08\0" + header + addresses + options + payload


def ip6(routing: bytes) -> bytes:
    """An IPv6 packet with a routing header, an echo request behind it."""
    body = routing + b"\x80\0\0\0\0\0\0\0"
    header = struct.pack("!IHBB", 6 << 28, len(body), 43, 64)
    addresses = IPv6Address("fd71::66").packed + IPv6Address("fd71::5").packed
    return ETHERNET + b"\x86\xdd" + header + addresses + body


def segment(port: int, flags: int, options: bytes = b"", urgent: int = 0) -> bytes:
    """A TCP segment with 40 bytes of data unless it opens the connection."""
    options += b"\x01" * (-len(options) % 4)
    offset = (5 + len(options) // 4) << 4
    head = struct.pack("!HHIIBBHHH", port, 23, 1, 0, offset, flags, 65535, 0, urgent)
    return head + options + (b"" if flags & SYN else bytes(40))


def dhcp(address: str) -> bytes:
    """A server's offer of an address."""
    head = struct.pack("!BBBBI", 2, 1, 6, 0, 0x71717171) + bytes(8) + IPv4Address(address).packed
    options = b"\x63\x82\x53\x63\x35\x01\x02\xff"
    payload = head + bytes(8 + 16 + 64 + 128) + options
    return datagram(payload, "10.9.0.1", DEVICE, (67, 68))


def command(port: int, line: bytes) -> list[bytes]:
    """A line that is sent to an FTP server, after a log-in."""
    parts: list[Part] = [(False, b"220 ready\r\n"), (True, line + b"\r\n"), (False, b"500 no\r\n")]
    return Conversation(ATTACKER, DEVICE, port, 21).packets(parts)


def request(port: int, cookie: bytes) -> list[bytes]:
    """A request for a page with a cookie, and the page."""
    head = b"GET / HTTP/1.1\r\nHost: device\r\nCookie: %s\r\n\r\n" % cookie
    parts = [(True, head), (False, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    return Conversation(ATTACKER, DEVICE, port, 80).packets(parts)


def stacks(bad: bool) -> Iterable[list[bytes]]:
    """What breaks network stacks, or what looks most like it and is sound."""
    yield [ip4(6, segment(1, URG_PUSH_ACK, urgent=0 if bad else 1))]
    authentication = b"\x1d\x02" if bad else b"\x1d\x10" + bytes(14)
    yield [ip4(6, segment(2, SYN, MSS + authentication))]
    scale = b"\x01\x03\x02" if bad else b"\x01"
    yield [ip4(6, segment(3, SYN, MSS + scale + WINDOW_SCALE))]
    route = b"\x83\x03\x27\x83\x03\x27" if bad else b"\x83\x07\x04\x0a\x09\x00\x01"
    yield [ip4(6, segment(4, SYN), route)]
    yield [dhcp("239.1.2.3" if bad else DEVICE)]
    more = 0x2000 if bad else 0
    yield [ip4(2, b"\x11\0\0\0" + bytes(12), fragment=more)]
    yield [ip4(4, ip4(17, bytes(16))[14:], fragment=more)]
    yield [ip6(bytes([58, 2, 0 if bad else 2, 1]) + bytes(4) + IPv6Address("fd71::7").packed)]
    yield [ip4(1, bytes([18 if bad else 17]) + bytes(11))]
    yield [ip4(1, bytes([165 if bad else 8]) + bytes(11))]
    yield command(21001, b"USER " + b"a" * (300 if bad else 60))
    yield command(21002, b"XPWD " + b"a" * (100 if bad else 3))
    yield command(21003, b"MKD " + b"a" * (600 if bad else 250))
    yield request(8001, b"C107373883=/test" if bad else b"C10=/test; session=107373883")
    text = bytes(range(33, 105)) + b"\r\n"
    yield [datagram(text, ATTACKER, DEVICE, (19, 7 if bad else 50007))]


def message(kind: bytes, more: bytes = b"", after: bytes = b"") -> bytes:
    """A message in its frame."""
    return b"\x0b" + HEADER % kind + more + b"\rPID|1\r" + after + b"\x1c\r"


def sent(port: int, data: bytes, source: str = ATTACKER) -> list[bytes]:
    """Two daily messages and this one on a connection, with their acknowledgements."""
    answer = message(b"ACK^R01", after=b"MSA|AA|1\r")
    daily = message(b"ORU^R01", after=b"OBX|1|NM|8867-4||60\r" * 40)
    parts = [(True, daily), (False, answer), (True, daily), (False, answer), (True, data)]
    return Conversation(source, DEVICE, port, 2575).packets([*parts, (False, answer)])


def hl7(bad: bool) -> Iterable[list[bytes]]:
    """Orders from outside and headers that are attacks, or a hospital's daily ones."""
    yield sent(1, message(b"RGV^O15^RGV_O15"), OUTSIDE if bad else ATTACKER)
    strange = b"|||||$(id)" if bad else b"|||||A$ 5"
    yield sent(2, message(b"ORU^R01", strange, b"NTE|1||see ../archive, $(x) `y`\r"))
    yield sent(3, message(b"ORU^R01", b"|\x01" if bad else b"|\t", b"NTE|1||a\x01b\r"))
    yield sent(4, message(b"ORU^R01", b"|" + b"9" * (1100 if bad else 427)))


def call(program: int, path: bytes) -> bytes:
    """A call of ONC RPC: mount this directory."""
    head = struct.pack("!IIIIII", 0x71, 0, 2, program, 1, 1) + bytes(16)
    return head + struct.pack("!I", len(path)) + path + bytes(-len(path) % 4)


def contec(bad: bool) -> Iterable[list[bytes]]:
    """A monitor calls the address in its firmware and mounts, or another address and directory."""
    there = CONTEC if bad else "202.114.5.119"
    yield Conversation(MONITOR, there, 1, 515).packets([(True, b"vital signs")])
    mount = call(100005, b"/pm" if bad else b"/pm2")
    yield [datagram(mount, MONITOR, ATTACKER, (700, 635))]
    record = struct.pack("!I", 0x80000000 | len(mount)) + mount
    yield Conversation(MONITOR, ATTACKER, 701, 635).packets([(True, record)])


def paths(bad: bool) -> Iterable[list[bytes]]:
    """An image is stored, and another fetched by C-GET, under a name that is a path or a number."""
    named = dicom.command(
        AffectedSOPClassUID=dicom.CT, CommandField=1, MessageID=1, Priority=0,
        CommandDataSetType=0, AffectedSOPInstanceUID="1.2.3.4.5.6.7.8.9",
    )  # fmt: skip
    if bad:
        named = named.replace(b"1.2.3.4.5.6.7.8.9", b"../../../etc/oops")
    for port, is_orig in ((1, True), (2, False)):
        parts = [*dicom.opened(), dicom.said(is_orig, named), *dicom.RELEASE]
        yield Conversation(ATTACKER, DEVICE, port, 104).packets(parts)


def main() -> None:
    """Write each pair of captures."""
    for slug, other, made in (
        ("stacks", "stacks-sound", stacks),
        ("hl7", "hl7-daily", hl7),
        ("contec", "contec-others", contec),
        ("dicom-paths", "dicom-numbers", paths),
    ):
        for name, bad in ((slug, True), (other, False)):
            folder = HERE / f"threat-{name}"
            folder.mkdir(exist_ok=True)
            packets = [packet for packets in made(bad) for packet in packets]
            write_pcap(folder / "input.pcap", packets)


if __name__ == "__main__":
    main()
