"""A patient monitor's and a collector's side of Data Export, built from the field layout.

`indicate` broadcasts Connect Indications, `serve` answers one association and then sends what a
monitor sends, `collect` asks for it. The monitor, its bed and its patient are invented.
"""

from __future__ import annotations

import socket
import struct
import sys
import time

MAKER, MODEL, SERIAL, BED = "Philips", "866064", "DE00WW0042", "ICÜ-3 BED 07"
SOFTWARE = ("L.01.20", "L.01.21")
# Nothing of these may leave a sensor.
CANARIES = ("CANARYFAMILY-QI7AA", "CANARYGIVEN-QI7AB", "CANARYMRN-QI7AC", "STALE-QI7AD")
SESSION = bytes.fromhex("0508130100160102800014020002")
PRESENTATION = bytes.fromhex(
    "c1ff01143180a080800101000 0a280a003000001a480308002010106045201000130800602510100000000"
    "308002010206 0c2a8648ce14020100000001013080060c2a8648ce1402010000000201000000000000"
    "618030800201 01a0806080a180060c2a8648ce14020100000003010000be8028 80060c2a8648ce1402"
    "010000000101020102 81".replace(" ", "")
)
TRAILER = bytes(16)


def counted(data: bytes) -> bytes:
    """Bytes after their length."""
    return struct.pack("!H", len(data)) + data


def listed(items: list[bytes]) -> bytes:
    """Entries after their number and length."""
    return struct.pack("!H", len(items)) + counted(b"".join(items))


def attribute(number: int, value: bytes) -> bytes:
    """An attribute of a list."""
    return struct.pack("!H", number) + counted(value)


def entry(kind: int, component: int, text: bytes) -> bytes:
    """An entry of a production specification."""
    return struct.pack("!HH", kind, component) + counted(text)


def identity() -> list[bytes]:
    """Model and production specification, with stale memory behind each."""
    specification = listed([
        entry(1, 0x08, SERIAL.encode() + b"\0\x09"),
        entry(2, 0x08, MODEL.encode() + bytes(8)),
        entry(3, 0x50, b" A.00.07"),
        *(entry(4, 0x58, f"{text} ".encode()) for text in SOFTWARE),
        entry(5, 0x78, b"--------"),
    ])  # fmt: skip
    stale = entry(1, 0x08, CANARIES[3].encode()) * 2
    names = counted(f"{MAKER}\0".encode()) + counted(f"{MODEL}\0".encode())
    return [attribute(0x092D, specification + stale), attribute(0x0928, names + b"\0")]


def indication(mac: str, address: str) -> bytes:
    """The datagram that tells the network of a monitor."""
    location = bytes.fromhex(mac.replace(":", "")) + socket.inet_aton(address) + b"\xff\xff\0\0"
    label = BED.encode("utf-16-be").ljust(34, b"\0")
    protocols = [struct.pack("!HHHH", 1, 1, 24105, 0), struct.pack("!HHHH", 5, 1, 24105, 0)]
    attributes = listed([
        attribute(0x0920, struct.pack("!HH", 3, 0)),
        attribute(0x0986, struct.pack("!HH", 1, 4429)),
        attribute(0xF100, location),
        attribute(0xF135, label),
        attribute(0xF101, listed(protocols)),
        *identity(),
    ])  # fmt: skip
    event = struct.pack("!HHHIH", 0x23, 0, 0, 14_079_000, 0x0D17) + counted(attributes)
    command = struct.pack("!HH", 0, 0) + counted(event)
    return b"\0\0\1\0\0\1" + counted(command)


def association(kind: int, chosen: bytes) -> bytes:
    """An association request (0D) or its acceptance (0E)."""
    body = SESSION + PRESENTATION + counted(chosen) + TRAILER
    return bytes([kind, 0xFF]) + counted(body)


def remote(object_class: int, event: int, body: bytes, command: int = 1) -> bytes:
    """A remote operation that reports an event of an object."""
    report = struct.pack("!HHHIH", object_class, 0, 0, 0, event) + counted(body)
    invoked = struct.pack("!HH", 1, command) + counted(report)
    return bytes.fromhex("e1000002") + struct.pack("!H", 1) + counted(invoked)


def mds_create() -> bytes:
    """What a monitor says first in an association."""
    bed = attribute(0x091E, counted(BED.encode("utf-16-be") + b"\0\0"))
    return remote(0x21, 0x0D06, struct.pack("!HHH", 0x21, 0, 0) + listed([*identity(), bed]))


def demographics() -> bytes:
    """The patient, as an object of its own."""
    texts = [counted(text.encode("utf-16-be") + b"\0\0") for text in CANARIES[:3]]
    attributes = [attribute(0x095C + at, text) for at, text in enumerate(texts)]
    return remote(0x2A, 0x0D1F, struct.pack("!HHH", 0x2A, 0, 0) + listed(attributes), command=0)


def serve(address: str) -> None:
    """Answer one association, create the system and report the patient."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as monitor:
        monitor.bind((address, 24105))
        _, peer = monitor.recvfrom(2048)
        for message in (association(0x0E, bytes(48)), mds_create(), demographics()):
            monitor.sendto(message, peer)
            time.sleep(0.05)


def collect(address: str) -> None:
    """Ask for an association and take what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.settimeout(5)
        collector.sendto(association(0x0D, bytes(48)), (address, 24105))
        for _ in range(3):
            collector.recv(2048)


def indicate(mac: str, address: str, broadcast: str) -> None:
    """Broadcast three times."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as monitor:
        monitor.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        monitor.bind((address, 24105))
        for _ in range(3):
            monitor.sendto(indication(mac, address), (broadcast, 24005))
            time.sleep(0.1)


if __name__ == "__main__":
    {"indicate": indicate, "serve": serve, "collect": collect}[sys.argv[1]](*sys.argv[2:])
