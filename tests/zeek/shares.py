"""All captures as one, and that shared out between two workers by connection."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

PAUSE = 0.3  # seconds, the longest between two frames
# What has to do with each other in different connections, by type, addresses and ports: a DHCP
# request and the answer to it, what an SDC device announces and what it then tells over HTTP.
IPV4 = rb"(?s)\x08\x00\x45.{8}"
VENTILATOR, SERVER = rb"\x0a\x14\x07\x15", rb"\x0a\x14\x00\x01"
PAIRS = [
    tuple(map(re.compile, pair))
    for pair in (
        (
            IPV4 + rb"\x11..\x00{4}\xff{4}\x00\x44",
            IPV4 + rb"\x11.." + SERVER + rb"\x0a\x14\x01\x0b\x00\x43",
        ),
        (IPV4 + rb"\x11.." + VENTILATOR, IPV4 + rb"\x06.." + VENTILATOR),
    )
]
Packet = tuple[float, bytes]


def packets(path: Path) -> Iterator[Packet]:
    """Each frame of a capture with its time."""
    data, at = path.read_bytes(), 24
    while at + 16 <= len(data):
        seconds, micro, kept = struct.unpack_from("<III", data, at)
        yield seconds + micro / 1e6, data[at + 16 : at + 16 + kept]
        at += 16 + kept


def elsewhere(frame: bytes, number: int) -> bytes:
    """Move a frame's IPv4 addresses and hardware addresses to a network of their own."""
    moved = bytearray(frame)
    for at in (0, 6):
        if moved[at : at + 2] == b"\x02\x20":
            moved[at + 2] = number
    ends = {b"\x08\x00": (26, 30), b"\x08\x06": (28, 38)}.get(bytes(moved[12:14]), ())
    for at in ends:
        if moved[at] == 10:
            moved[at + 1] = 100 + number
    for at in (22, 32) if moved[12:14] == b"\x08\x06" else ():
        if moved[at : at + 2] == b"\x02\x20":
            moved[at + 2] = number
    return bytes(moved)


def joined(paths: Iterable[Path]) -> list[Packet]:
    """Return captures after one another, pauses shortened, each of other stations if need be."""
    found: list[Packet] = []
    now = 1.7e9
    for number, path in enumerate(paths):
        # These have the same addresses, some the same connections.
        move = path.name.startswith("dicom-") and "ipv6" not in path.name
        before = 0.0
        for ts, data in packets(path):
            now += min(max(ts - before, 0), PAUSE)
            before = ts
            found.append((now, elsewhere(data, number) if move else data))
    return found


class Balancer:
    """Sends both directions of a connection to one of two workers, as a sensor's card does."""

    def __init__(self, kind: int) -> None:
        self.kind = kind  # which of many ways to share out
        self.begun: dict[bytes, bytes] = {}  # the ports of datagrams in fragments

    def ends(self, frame: bytes) -> tuple[bytes, ...]:
        """What is hashed: addresses and ports, without their order; one worker has the rest."""
        kind = frame[12:14]
        if kind == b"\x86\xdd" and len(frame) >= 58:
            ports = (frame[54:56], frame[56:58]) if frame[20] in (6, 17) else (b"", b"")
            return tuple(sorted((frame[22:38] + ports[0], frame[38:54] + ports[1])))
        if kind != b"\x08\x00" or len(frame) < 34:
            return (b"",)
        at = 14 + (frame[14] & 15) * 4
        ports4 = frame[at : at + 4] if frame[23] in (6, 17) else b""
        part = int.from_bytes(frame[20:22]) & 0x3FFF
        if part:
            datagram = frame[18:20] + frame[26:34]
            ports4 = self.begun.setdefault(datagram, ports4)
        return tuple(sorted((frame[26:30] + ports4[:2], frame[30:34] + ports4[2:])))

    def worker(self, frame: bytes) -> int:
        """Whose the frame is."""
        return zlib.crc32(b"".join(self.ends(frame))) // self.kind % 2

    def divides(self, frames: list[Packet], one: re.Pattern[bytes], two: re.Pattern[bytes]) -> bool:
        """Whether all of the one are seen by a worker who sees none of the other."""
        ones, twos = (
            {self.worker(data) for _, data in frames if wanted.match(data[12:])}
            for wanted in (one, two)
        )
        return len(ones) == len(twos) == 1 and ones != twos


def balance(frames: list[Packet]) -> Balancer:
    """Share out so that what has to do with each other is seen by different workers."""
    for kind in range(1, 1000):
        balancer = Balancer(kind)
        if all(balancer.divides(frames, *pair) for pair in PAIRS):
            return balancer
    raise AssertionError("no way to divide what PAIRS names")


def write(path: Path, frames: list[Packet]) -> Path:
    """Write a capture."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for ts, data in frames:
            out.write(struct.pack("<IIII", int(ts), int(ts % 1 * 1e6), len(data), len(data)) + data)
    return path
