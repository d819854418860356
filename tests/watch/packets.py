"""Captures of one conversation, byte by byte: what a template's example says is sent."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

DEVICE, PEER = "10.0.0.66", "10.0.0.9"
SYN, RST, PSH, ACK, URG = 0x02, 0x04, 0x08, 0x10, 0x20
TCP, IP_IN_IP = 6, 4


def capture(path: Path, example: Mapping[str, Any]) -> None:
    """Write what an example says as a capture."""
    packets = list(_packets(example))
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    records = [
        struct.pack("<IIII", 1_795_348_800 + at, 0, len(packet), len(packet)) + packet
        for at, packet in enumerate(packets)
    ]
    path.write_bytes(head + b"".join(records))


def _packets(example: Mapping[str, Any]) -> Iterator[bytes]:
    peer = example.get("peer", PEER)
    client, server = (DEVICE, peer) if example.get("from") else (peer, DEVICE)
    if number := example.get("ip_proto"):
        inner = _ip(client, server, 17, b"\0" * 8)
        yield _frame(_ip(client, server, number, inner))
        return
    options = example.get("ip_options", "").encode("latin-1")
    talk = _Talk(client, server, example["port"], options)
    yield talk.segment(to_server=True, flags=SYN)
    yield talk.segment(to_server=False, flags=SYN | ACK)
    yield talk.segment(to_server=True, flags=ACK)
    if "urgent" in example:
        yield talk.segment(to_server=True, flags=ACK | URG, data=b"x", urgent=example["urgent"])
    for side in ("server", "client"):
        if data := example.get(side, "").encode("latin-1"):
            yield talk.segment(to_server=side == "client", flags=ACK | PSH, data=data)
            yield talk.segment(to_server=side != "client", flags=ACK)
    yield talk.segment(to_server=True, flags=RST | ACK)


class _Talk:
    """One TCP connection."""

    def __init__(self, client: str, server: str, port: int, options: bytes) -> None:
        self._hosts, self._port, self._options = (client, server), port, options
        self._next = {True: 1000, False: 5000}

    def segment(self, *, to_server: bool, flags: int, data: bytes = b"", urgent: int = 0) -> bytes:
        """One segment in its frame."""
        ports = (40_000, self._port) if to_server else (self._port, 40_000)
        source, target = self._hosts if to_server else self._hosts[::-1]
        acknowledged = self._next[not to_server] if flags & ACK else 0
        head = struct.pack("!HHIIBBHHH", *ports, self._next[to_server], acknowledged,
                           5 << 4, flags, 8192, 0, urgent)  # fmt: skip
        self._next[to_server] += len(data) + bool(flags & SYN)
        ends = IPv4Address(source).packed + IPv4Address(target).packed
        pseudo = ends + struct.pack("!BBH", 0, TCP, len(head) + len(data))
        checked = head[:16] + struct.pack("!H", _checksum(pseudo + head + data)) + head[18:]
        return _frame(_ip(source, target, TCP, checked + data, self._options))


def _ip(source: str, target: str, protocol: int, data: bytes, options: bytes = b"") -> bytes:
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(data), 1, 0, 64, protocol, 0)
    head += IPv4Address(source).packed + IPv4Address(target).packed + options
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + data


def _frame(packet: bytes) -> bytes:
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0" + packet


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
