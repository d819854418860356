"""Ethernet frames of UDP datagrams, and ways to damage a payload."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address


def datagram(
    payload: bytes, source: str, target: str, ports: tuple[int, int], mac: bytes = b"\x02\0\0\0\0\1"
) -> bytes:
    """A frame; Zeek is run without checksums."""
    udp = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    addresses = IPv4Address(source).packed + IPv4Address(target).packed
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) + addresses
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


def damaged(originals: Sequence[bytes], cases: int, seed: int) -> Iterator[bytes]:
    """Copies with bits flipped, lengths enlarged, bytes cut, lost and repeated."""
    chance = random.Random(seed)  # noqa: S311  the same damage in every run
    for number in range(cases):
        data = bytearray(originals[number % len(originals)])
        for _ in range(chance.randint(1, 4)):
            if not data:
                break
            at = chance.randrange(len(data))
            match chance.randrange(5):
                case 0:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    data[at : at + 2] = b"\xff\xff"
                case 2:
                    del data[at:]
                case 3:
                    del data[at : at + chance.randint(1, 40)]
                case _:
                    data[at:at] = data[at : at + chance.randint(1, 90)]
        yield bytes(data)


def payloads(capture: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Source port, destination port and payload of each UDP datagram over IPv4 in a capture."""
    at = 24
    while at < len(capture):
        length = struct.unpack_from("<I", capture, at + 8)[0]
        ip = capture[at + 16 + 14 : at + 16 + length]
        at += 16 + length
        if ip and ip[0] >> 4 == 4 and ip[9] == 17:
            udp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4])]
            yield (*struct.unpack_from("!HH", udp), udp[8:])
