"""Captures of generated traffic, the same on every machine and kept in build/bench-traces.

"ordinary" is an hour of a subnet of 24 clients, which call the same few servers again and again:
some 280 connections of a host, 74 % of them UDP, 20 % TCP and 6 % ICMP, with about 50 packets and
30 kB in the mean, nearly all of it in few TCP connections. It holds DNS look-ups, echoes, what
looks like TLS (a ClientHello, a ServerHello, then random records), HTTP with one to six downloads
(web pages, scripts, JSON, XML, pictures), mail, copies of 1 MB, talks of hundreds of small requests
and answers, and SYNs nobody answers. No medical protocol is in it.

"short" is the worst case: nothing but connections of one to ten packets, DNS look-ups and a line
each way, and hardly two between the same hosts.

"dicom" is a DICOM archive's traffic: scanners send it CT images of 512 x 512, 20 in an association,
three at a time, in segments of 1448 bytes, which is what an MTU of 1500 leaves.
"""

from __future__ import annotations

import json
import random
import shutil
import struct
import zlib
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from pynetdicom import dsutils
from zeek import dicom_bytes as dicom
from zeek.conftest import Conversation, Part
from zeek.udp_frames import datagram

BUILD = Path(__file__).parents[2] / "build"
# Of the recipe that this file is: another one makes other captures.
CAPTURES = BUILD / "bench-traces" / f"{zlib.crc32(Path(__file__).read_bytes()):08x}"
WORDS = b"ward menu title update value number report list the".split()
BODIES = {
    b"text/html": b"<!DOCTYPE html><html>%s</html>",
    b"application/json": b'[{"text": "%s"}]',
    b"text/xml": b"<?xml version='1.0'?><a>%s</a>",
}


def text(chance: random.Random, size: int) -> bytes:
    """Return lines of words."""
    line = b" ".join(chance.choices(WORDS, k=12)) + b"\r\n"
    return (line * (size // len(line) + 1))[:size]


def ends(chance: random.Random, port: int) -> Conversation:
    """Return a connection of a client to one of the few servers that it calls, mostly to the first.

    Of the TLS servers two in three are outside.
    """
    client = chance.randrange(24)
    choice = min(int(chance.expovariate(0.5)), 11)
    server = f"10.40.0.{1 + (7 * client + 5 * choice) % 60}"
    if port == 53:
        server = f"10.40.1.{1 + choice % 2}"
    elif port == 443 and choice % 3:
        server = f"198.51.100.{1 + (7 * client + 5 * choice) % 90}"
    return Conversation(f"10.30.0.{1 + client}", server, chance.randrange(32768, 61000), port)


def strangers(chance: random.Random, port: int) -> Conversation:
    """Return a connection of one of 500 clients to one of 100 servers."""
    client = chance.randrange(500)
    ours, theirs = f"10.30.{client // 250}.{1 + client % 250}", f"10.40.0.{chance.randint(1, 100)}"
    return Conversation(ours, theirs, chance.randrange(32768, 61000), port)


def echo(chance: random.Random) -> list[bytes]:
    """Return a ping and its answer."""
    to = ends(chance, 7)
    frames = []
    for kind, (source, target) in ((8, (to.client, to.server)), (0, (to.server, to.client))):
        frame = bytearray(datagram(bytes(56), source, target, (1, 1)))
        frame[23] = 1  # ICMP, whose header is as long as UDP's
        frame[34:42] = struct.pack("!BBHHH", kind, 0, 0, to.client_port, 1)
        frames.append(bytes(frame))
    return frames


def dns(chance: random.Random, to: Conversation | None = None) -> list[bytes]:
    """Return a look-up and its answer."""
    to = to or ends(chance, 53)
    question = b"\x04h%03d\x07example\x03org\0\0\1\0\1" % chance.randrange(999)
    answer = question + b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4" + chance.randbytes(4)
    number, ports = chance.randbytes(2), (to.client_port, to.server_port)
    ask = number + b"\1\0\0\1" + bytes(6) + question
    tell = number + b"\x81\x80\0\1\0\1" + bytes(4) + answer
    there = datagram(ask, to.client, to.server, ports)
    return [there, datagram(tell, to.server, to.client, ports[::-1])]


def body(chance: random.Random) -> tuple[bytes, bytes]:
    """Return a content type and what may be of it."""
    size = 2_000_000 if chance.random() < 0.01 else 200 + int(chance.expovariate(1 / 20_000))
    if chance.random() < 0.3:
        return b"image/png", b"\x89PNG\r\n\x1a\n" + chance.randbytes(size)
    kind = chance.choice(list(BODIES))
    return kind, BODIES[kind] % text(chance, size)


def http(chance: random.Random) -> list[bytes]:
    """Return some downloads over one connection."""
    parts: list[Part] = []
    for _ in range(chance.randint(1, 6)):
        head = b"GET /%x HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Agent/1.0\r\n\r\n"
        parts.append((True, head % chance.getrandbits(40)))
        kind, data = body(chance)
        head = b"HTTP/1.1 200 OK\r\nServer: httpd\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        parts.append((False, head % (kind, len(data)) + data))
    return ends(chance, chance.choice((80, 80, 8080))).packets(parts)


def record(kind: int, data: bytes) -> bytes:
    """Return a record of TLS."""
    return struct.pack("!BHH", kind, 0x0303, len(data)) + data


def tls(chance: random.Random) -> list[bytes]:
    """Return two greetings, and records of random bytes."""
    hello = b"\3\3" + chance.randbytes(32) + b"\0\0\4\xc0\x2f\0\x9c\1\0"
    hello += b"\0\x14\0\0\0\x10\0\x0e\0\0\x0bexample.org"
    answer = b"\3\3" + chance.randbytes(32) + b"\0\xc0\x2f\0"
    parts: list[Part] = []
    for kind, data in ((1, hello), (2, answer)):
        parts.append((kind == 1, record(22, struct.pack("!BBH", kind, 0, len(data)) + data)))
    ready = record(20, b"\1") + record(22, chance.randbytes(40))
    parts += [(True, ready), (False, ready)]
    for _ in range(chance.randint(1, 12)):
        parts.append((True, record(23, chance.randbytes(chance.randint(50, 1500)))))
        size = int(chance.expovariate(1 / 12_000))
        records = [record(23, chance.randbytes(min(16_000, size))) for _ in range(1 + size // 9000)]
        parts.append((False, b"".join(records)))
    return ends(chance, 443).packets(parts)


def mail(chance: random.Random) -> list[bytes]:
    """Return a mail that is delivered."""
    said = b"220 mail|EHLO client|250 mail|MAIL FROM:<a@example.org>|250 ok|RCPT TO:<b@example.org>"
    said += b"|250 ok|DATA|354 go on|Subject: report\r\n\r\n" + text(chance, 20_000)
    said += b"\r\n.|250 ok|QUIT|221 bye"
    lines = enumerate(said.split(b"|"))
    return ends(chance, 25).packets((number % 2 == 1, line + b"\r\n") for number, line in lines)


def copy(chance: random.Random) -> list[bytes]:
    """Return a file that is copied by some protocol."""
    parts = [(True, chance.randbytes(80)), (False, chance.randbytes(1_000_000))]
    return ends(chance, 2049).packets(parts)


def talk(chance: random.Random) -> list[bytes]:
    """Return small requests and answers of a protocol that nobody knows."""
    said = [(n % 2 == 0, chance.randbytes(chance.randint(1, 400))) for n in range(600)]
    return ends(chance, 1433).packets(said)


def unanswered(chance: random.Random) -> list[bytes]:
    """Return the first packet of a connection that never was."""
    return ends(chance, chance.choice((445, 8443, 9100))).packets([])[:1]


def strange_dns(chance: random.Random) -> list[bytes]:
    """Return a look-up in any server."""
    return dns(chance, strangers(chance, 53))


def line(chance: random.Random) -> list[bytes]:
    """Return a line each way of a protocol that nobody knows."""
    parts = [(True, chance.randbytes(20)), (False, chance.randbytes(20))]
    return strangers(chance, 5555).packets(parts)


def archive(chance: random.Random) -> list[bytes]:
    """Return an association in which a scanner stores 20 CT images."""
    parts = dicom.opened()
    dataset = dicom.scan(Rows=512, Columns=512, BitsAllocated=16, DeviceSerialNumber="SN-1")
    for message in range(1, 21):
        dataset.PixelData = chance.randbytes(512 * 512 * 2)
        dataset["PixelData"].VR = "OW"
        data = bytes(dsutils.encode(dataset, False, True) or b"")
        parts.append((True, dicom.unit(4, dicom.fragment(1, dicom.store_rq(message), True))))
        for at in range(0, len(data), 16_372):
            piece = dicom.fragment(1, data[at : at + 16_372], last=at + 16_372 >= len(data))
            parts.append((True, dicom.unit(4, piece)))
        parts.append((False, dicom.unit(4, dicom.fragment(1, dicom.store_rsp(message), True))))
    scanner, port = f"10.31.0.{chance.randint(1, 8)}", chance.randrange(32768, 61000)
    return Conversation(scanner, "10.40.0.1", port).packets(parts + dicom.RELEASE)


# How many connections, in how many seconds, of which kinds.
ORDINARY = {
    dns: 740, echo: 60, tls: 65, http: 50, talk: 40, mail: 10, copy: 5, unanswered: 30
}  # fmt: skip
RECIPES: dict[str, tuple[int, int, dict[Any, int]]] = {
    "ordinary": (6_600, 3_600, ORDINARY),
    "short": (20_000, 600, {strange_dns: 2, line: 1}),
    "dicom": (24, 60, {archive: 1}),
}


def acknowledged(packets: list[bytes]) -> Iterator[bytes]:
    """Follow every second full TCP segment by the packet that acknowledges it."""
    for number, packet in enumerate(packets):
        yield packet
        if number % 2 and len(packet) > 1400 and packet[23] == 6:
            seq, ack = struct.unpack_from("!II", packet, 38)
            ip = packet[14:16] + b"\0\x28" + packet[18:26] + packet[30:34] + packet[26:30]
            tcp = packet[36:38] + packet[34:36] + struct.pack("!II", ack, seq + len(packet) - 54)
            yield packet[6:12] + packet[:6] + packet[12:14] + ip + tcp + b"\x50\x10\xff\xff\0\0\0\0"


def mixed(name: str) -> Iterator[tuple[float, bytes]]:
    """Yield the packets of a capture, by their time.

    Those of a connection are a millisecond apart, with a pause now and then.
    """
    chance = random.Random(4)  # noqa: S311  repeatable, not secret
    count, seconds, kinds = RECIPES[name]
    running: list[tuple[float, int, Iterator[bytes] | None]] = []
    for number in range(count):
        heappush(running, (chance.uniform(0, seconds), number, None))
    while running:
        now, number, packets = heappop(running)
        if packets is None:
            kind = chance.choices(list(kinds), list(kinds.values()))[0]
            packets = acknowledged(kind(chance))
        if packet := next(packets, b""):
            yield now, packet
            pause = chance.expovariate(2) if chance.random() < 0.02 and name != "dicom" else 0
            heappush(running, (now + 0.001 + pause, number, packets))


def write(name: str, path: Path) -> dict[str, float]:
    """Write a capture; returns how much is in it."""
    count, size = 0, 24
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for now, packet in mixed(name) if name in RECIPES else ():
            stamp = divmod(int(now * 1e6), 1_000_000)
            out.write(struct.pack("<IIII", 1_700_000_000 + stamp[0], stamp[1], *(len(packet),) * 2))
            out.write(packet)
            count, size = count + 1, size + 16 + len(packet)
    connections = RECIPES[name][0] if name in RECIPES else 0
    return {"connections": connections, "packets": count, "mb": round(size / 1e6, 1)}


def generate() -> None:
    """Write the captures that are not there yet; "start" has no packet."""
    if not CAPTURES.exists():
        shutil.rmtree(CAPTURES.parent, ignore_errors=True)
        CAPTURES.mkdir(parents=True)
    for name in ("start", *RECIPES):
        path = CAPTURES / f"{name}.pcap"
        if not path.exists():
            contents = write(name, path.with_suffix(".part"))
            path.with_suffix(".json").write_text(json.dumps(contents))
            path.with_suffix(".part").rename(path)
