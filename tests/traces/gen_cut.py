"""Make dicom-cut-*.pcap: what a badly placed or overloaded sensor sees of dicom-odd-port.pcap.

Needs neither root nor any program: it takes frames out of the capture that gen_dicom.py made.
Three devices store there, each on a connection of its own: CT, MR, US, in this order.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml
from devices import expect

WHOLE = "dicom-odd-port.pcap"
HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
ASSOCIATE_AC, P_DATA = 2, 4


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of the capture; for TCP with who sends, how far its stream is, and what it adds."""

    record: bytes
    data: bytes
    source: str = ""
    peer: str = ""
    offset: int = 0  # of the payload, from the start of this direction's stream
    payload: bytes = b""


def read(path: Path) -> tuple[bytes, list[Frame]]:
    """Return the header of a capture in tcpdump's format, and its frames."""
    raw = path.read_bytes()
    if HEADER.unpack_from(raw)[0] != 0xA1B2C3D4:
        sys.exit(f"{path}: not a little-endian pcap: make it again with gen_dicom.py")
    frames: list[Frame] = []
    starts: dict[tuple[str, str, int, int], int] = {}
    at = HEADER.size
    while at < len(raw):
        record = raw[at : at + RECORD.size]
        length = RECORD.unpack(record)[2]
        at += RECORD.size
        frames.append(_frame(record, raw[at : at + length], starts))
        at += length
    return raw[: HEADER.size], frames


def _frame(record: bytes, data: bytes, starts: dict[tuple[str, str, int, int], int]) -> Frame:
    if data[12:14] != b"\x08\x00" or data[23] != 6:
        return Frame(record, data)
    source, peer = str(ip_address(data[26:30])), str(ip_address(data[30:34]))
    tcp = 14 + (data[14] & 15) * 4
    ports = struct.unpack_from("!HH", data, tcp)
    sequence = struct.unpack_from("!I", data, tcp + 4)[0]
    if data[tcp + 13] & 2:  # SYN
        starts[source, peer, *ports] = sequence + 1
    end = 14 + struct.unpack_from("!H", data, 16)[0]
    payload = data[tcp + (data[tcp + 12] >> 4) * 4 : end]
    return Frame(record, data, source, peer, sequence - starts[source, peer, *ports], payload)


def originator(frames: list[Frame], senders: list[str]) -> Iterator[Frame]:
    """What a tap on one fibre sees: the requesters alone."""
    return (frame for frame in frames if not frame.source or frame.source in senders)


def responder(frames: list[Frame], senders: list[str]) -> Iterator[Frame]:
    """What the tap on the other fibre sees."""
    return (frame for frame in frames if frame.source not in senders)


def late(frames: list[Frame], senders: list[str]) -> Iterator[Frame]:
    """Begin in the middle of the first image."""
    size = max(frame.offset for frame in frames if frame.source == senders[0])
    begin = next(
        number
        for number, frame in enumerate(frames)
        if frame.source == senders[0] and frame.offset > size // 2
    )
    return iter(frames[begin:])


def early(frames: list[Frame], senders: list[str]) -> Iterator[Frame]:
    """End in the middle of the last image, after its header."""
    size = max(frame.offset for frame in frames if frame.source == senders[2])
    for frame in frames:
        if frame.source == senders[2] and frame.offset > size // 2:
            return
        yield frame


def dropped(frames: list[Frame], senders: list[str]) -> Iterator[Frame]:
    """Lose pixels of the first image, the header of the second, the answer to the third."""
    for frame in frames:
        kind = frame.payload[0] if frame.payload else 0
        pixels = frame.source == senders[0] and 20_000 <= frame.offset < 22_000 and frame.payload
        header = frame.source == senders[1] and kind == P_DATA
        answer = frame.peer == senders[2] and kind == ASSOCIATE_AC
        if not (pixels or header or answer):
            yield frame


def disordered(frames: list[Frame], _: list[str]) -> Iterator[Frame]:
    """Every second full segment comes after its successor, and then once more."""
    held: Frame | None = None
    full = 0
    for frame in frames:
        if held is not None:
            yield from (frame, held, held)
            held = None
            continue
        full += len(frame.payload) > 1000
        if len(frame.payload) > 1000 and full % 2:
            held = frame
        else:
            yield frame
    if held is not None:
        yield held


def short(frames: list[Frame], _: list[str]) -> Iterator[Frame]:
    """Keep 200 bytes of each frame."""
    for frame in frames:
        seconds, micros, kept, length = RECORD.unpack(frame.record)
        yield Frame(RECORD.pack(seconds, micros, min(kept, 200), length), frame.data[:200])


Cut = Callable[[list[Frame], list[str]], Iterable[Frame]]
# What of the three devices must still be found, and what may be.
CUTS: dict[str, tuple[Cut, str, str]] = {
    "originator": (originator, "ct mr us", ""),
    "responder": (responder, "", ""),
    "late": (late, "mr us", ""),
    "early": (early, "ct mr us", ""),
    "dropped": (dropped, "ct", "us"),
    "disordered": (disordered, "ct mr us", ""),
    "short": (short, "", ""),
}


def main() -> None:
    """Make each cut of the whole capture in the same directory."""
    outdir = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent).resolve()
    source = outdir / WHOLE
    if not source.exists():
        sys.exit(f"{source}: missing: run gen_dicom.py first")
    known = yaml.safe_load((outdir / "expected.yaml").read_text())["captures"][WHOLE]
    devices: list[dict[str, Any]] = known["devices"]
    senders = [device["ip"] for device in devices]
    header, frames = read(source)
    for name, (cut, found, possible) in CUTS.items():
        target = outdir / f"dicom-cut-{name}.pcap"
        kept = _retimed(cut(frames, senders))
        target.write_bytes(header + b"".join(frame.record + frame.data for frame in kept))
        about = {
            "devices": [device for device in devices if device["hostname"] in found.split()],
            "possible": [device for device in devices if device["hostname"] in possible.split()],
        }
        expect(outdir, target.name, about)
        print(f"{target.name}: {target.stat().st_size} bytes")


def _retimed(kept: Iterable[Frame]) -> Iterator[Frame]:
    """Let time never run backwards, also where frames change places."""
    last = (0, 0)
    for frame in kept:
        seconds, micros, size, length = RECORD.unpack(frame.record)
        last = max(last, (seconds, micros))
        record = RECORD.pack(*last, size, length)
        yield Frame(record, frame.data)


if __name__ == "__main__":
    main()
