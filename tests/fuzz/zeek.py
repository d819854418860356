"""Damage every capture of tests/traces, and see that Zeek with all our scripts does not mind.

    python tests/fuzz/zeek.py [CASES] [SEED]

A case is one damaged copy of one capture: bits flipped, lengths changed, frames cut, lost, said
twice, out of order, segments sent again with other bytes, a value of a million bytes put into a
connection, the rest never sent. A run of Zeek reads several cases, moved to networks of their
own. One more run reads ten thousand connections that begin and never end.

A run has failed when Zeek does not end well and in time, when it needs more than the memory
allowed, or when reporter.log or the console names a line of our scripts. Then each of its cases is
run alone; the captures that fail are kept in build/fuzz.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.pop(0)  # where this file would hide the tests' folder of the same name
sys.path.insert(0, str(Path(__file__).parents[1]))

from zeek.conftest import SCRIPTS, TIMEOUT, TRACES, Conversation, write_pcap

BUILD = Path(__file__).parents[2] / "build"
KEPT = BUILD / "fuzz"
OPTIONAL = SCRIPTS / "evidence" / "optional" / "lldp_cdp.zeek"
LOAD = (str(SCRIPTS), str(OPTIONAL), "LogAscii::use_json=T")
TOGETHER = 20  # cases in a run
MOST_MB = 600
ENDLESS = 10_000
MILLION = 1_000_000
LINK = 14  # bytes of an Ethernet header
EXTREMES = (0, 1, *((1 << bits) - less for bits in (7, 8, 16, 31, 32) for less in (1, 2)))
Frames = list[bytearray]
Place = tuple[int, bytearray, int, int]  # number, frame, where transport and payload begin


def frames(path: Path) -> Frames:
    """Return the frames of a little-endian capture of Ethernet frames."""
    data, at, found = path.read_bytes(), 24, []
    while at + 16 <= len(data):
        after = at + 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        found.append(bytearray(data[at + 16 : after]))
        at = after
    return found


def layers(frame: bytes) -> tuple[int, int, int]:
    """Return the IP protocol of a frame (0: none), where its header begins, and its payload."""
    protocol, at = 0, LINK
    if frame[12:14] == b"\x08\x00" and len(frame) >= 34:
        protocol, at = frame[23], LINK + (frame[14] & 15) * 4
    elif frame[12:14] == b"\x86\xdd" and len(frame) >= 54:
        protocol, at = frame[20], LINK + 40
    if protocol == 6 and len(frame) >= at + 20:
        return protocol, at, at + (frame[at + 12] >> 4) * 4
    return protocol, at, at + 8 * (protocol == 17)


def adjust(frame: bytearray) -> None:
    """Let the lengths in the headers be those of the frame."""
    protocol, at, _ = layers(frame)
    for kind, where, header in ((b"\x08\x00", 16, LINK), (b"\x86\xdd", 18, LINK + 40)):
        if frame[12:14] == kind:
            struct.pack_into("!H", frame, where, min(len(frame) - header, 0xFFFF))
    if protocol == 17 and len(frame) >= at + 8:
        struct.pack_into("!H", frame, at + 4, min(len(frame) - at, 0xFFFF))


def some(case: Frames, chance: random.Random, tcp: bool = False) -> list[Place]:
    """Return a few frames that have a payload, or many, the last of them first."""
    able = []
    for number, frame in enumerate(case):
        protocol, at, begin = layers(frame)
        if begin < len(frame) and (protocol == 6 or not tcp):
            able.append((number, frame, at, begin))
    chosen = chance.sample(able, min(len(able), chance.choice((1, 2, 5, 1 + len(able) // 8))))
    return sorted(chosen, reverse=True)


def flip(case: Frames, chance: random.Random) -> None:
    """Change bits."""
    for _, frame, _, begin in some(case, chance):
        for _ in range(chance.randint(1, 12)):
            frame[chance.randrange(begin, len(frame))] ^= 1 << chance.randrange(8)


def lengths(case: Frames, chance: random.Random) -> None:
    """Write an extreme number where a length may be, mostly near the beginning."""
    for _, frame, _, begin in some(case, chance):
        at = chance.randrange(begin, min(len(frame), begin + chance.choice((20, 60, 9999))))
        size, order = chance.choice((1, 2, 4)), chance.choice(("big", "big", "little"))
        value = (chance.choice(EXTREMES) % 256**size).to_bytes(size, order)
        frame[at : at + size] = value[: len(frame) - at]


def resize(case: Frames, chance: random.Random) -> None:
    """Cut payloads, or say a piece twice; the headers know of it, or say what was sent."""
    for _, frame, _, begin in some(case, chance):
        at, more = chance.randrange(begin, len(frame)), chance.choice((0, chance.randint(1, 200)))
        frame[at:] = frame[at : at + more] + frame[at:] if more else b""
        if chance.random() < 0.7:
            adjust(frame)


def misplace(case: Frames, chance: random.Random) -> None:
    """Lose frames, or all after one; say them twice, or later."""
    how = chance.choice(("lose", "lose", "repeat", "repeat", "later", "later", "end"))
    for number, frame, _, _ in some(case, chance):
        if how != "repeat":
            del case[number : len(case) if how == "end" else number + 1]
        if how in ("repeat", "later"):
            case.insert(min(len(case), number + chance.randint(1, 30)), bytearray(frame))


def overlap(case: Frames, chance: random.Random) -> None:
    """Send segments again, elsewhere in the stream and with other bytes."""
    for number, frame, at, begin in some(case, chance, tcp=True):
        again, size = bytearray(frame), len(frame) - begin
        (seq,) = struct.unpack_from("!I", frame, at + 4)
        struct.pack_into("!I", again, at + 4, (seq + chance.randint(-size, size)) % 2**32)
        for _ in range(chance.randint(1, 20)):
            again[chance.randrange(begin, len(frame))] = chance.randrange(256)
        case.insert(number + chance.randint(0, 1), again)


def stretch(case: Frames, chance: random.Random) -> None:
    """Put a million bytes into a segment, and move what follows in the connection."""
    for number, frame, at, begin in some(case, chance, tcp=True)[-1:]:
        (seq,) = struct.unpack_from("!I", frame, at + 4)
        inside = chance.randrange(begin, len(frame))
        filler = bytes([chance.choice((frame[inside], 0x41, 0x20, 0x30, 0))]) * MILLION
        data = frame[begin:inside] + filler + frame[inside:]
        for later in case[number + 1 :]:
            if later[26 : at + 4] == frame[26 : at + 4] and len(later) >= at + 8:
                (follows,) = struct.unpack_from("!I", later, at + 4)
                struct.pack_into("!I", later, at + 4, (follows + MILLION) % 2**32)
        offsets = range(0, len(data), 1400)
        pieces = [frame[:begin] + data[offset : offset + 1400] for offset in offsets]
        for piece, offset in zip(pieces, offsets, strict=True):
            struct.pack_into("!I", piece, at + 4, (seq + offset) % 2**32)
            adjust(piece)
        case[number : number + 1] = pieces


DAMAGE = (flip, flip, lengths, lengths, resize, resize, misplace, misplace, overlap, stretch)


def damaged(original: Frames, chance: random.Random, place: int) -> Frames:
    """Return a damaged copy, in networks that no other case of the run has."""
    case = [bytearray(frame) for frame in original]
    for _ in range(chance.randint(1, 4)):
        chance.choice(DAMAGE)(case, chance)
    for frame in case:
        for at in (26, 30) if frame[12:14] == b"\x08\x00" and len(frame) >= 34 else ():
            if 0 < frame[at] < 224:
                frame[at : at + 2] = 10, (frame[at + 1] + 12 * place) % 256
    return case


def endless(originals: list[Frames], chance: random.Random) -> Iterator[bytes]:
    """Yield connections that begin as one in the captures does, and then say nothing more."""
    begun: dict[bytes, tuple[int, list[tuple[bool, bytes]]]] = {}
    for frame in (frame for original in originals for frame in original):
        protocol, at, begin = layers(frame)
        if protocol != 6 or begin >= len(frame):
            continue
        ports, back = bytes(frame[at : at + 4]), bytes(frame[at + 2 : at + 4] + frame[at : at + 2])
        key = back if back in begun else ports
        _, parts = begun.setdefault(key, (int.from_bytes(ports[2:]), []))
        parts.append((key is ports, bytes(frame[begin:])))
    known = list(begun.values())
    for number in range(ENDLESS):
        port, parts = chance.choice(known)
        *said, (side, last) = parts[: chance.randint(1, 4)]
        client = f"10.{100 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
        made = Conversation(client=client, server_port=port, end=False)
        yield from made.packets([*said, (side, last[: chance.randint(1, 1400)])])


def read(zeek: str, name: str, packets: Iterable[bytes]) -> tuple[float, list[str]]:
    """Run Zeek; returns its peak MB and what was wrong, and keeps the capture if anything was."""
    path = write_pcap(KEPT / f"{name}.pcap", packets)
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile() as console:
        command = ["timeout", str(TIMEOUT), zeek, "-C", "-r", str(path), *LOAD]
        process = subprocess.Popen(command, cwd=directory, stdout=console, stderr=console)
        # The usage of this one process: getrusage knows only the most of all there were.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        console.seek(0)
        said = console.read().decode(errors="replace").splitlines()
        log = Path(directory) / "reporter.log"
        rows = log.read_text(errors="replace").splitlines() if log.exists() else []
    peak = used.ru_maxrss / 1024
    wrong = [f"ended with exit code {code}" if code != 124 else "came to no end"] if code else []
    wrong += [f"needed {peak:.0f} MB"] if peak > MOST_MB else []
    wrong += [row for row in rows if str(SCRIPTS) in json.loads(row).get("location", "")]
    wrong += [line for line in said if str(SCRIPTS) in line or code]
    if not wrong:
        path.unlink()
    return peak, [f"{path}: {'; '.join([*dict.fromkeys(wrong)][:5])}"] if wrong else []


def batches(cases: int, seed: int) -> Iterator[tuple[str, dict[str, Frames]]]:
    """Yield the cases of each run, and last those that never end, all as one."""
    originals = {path.stem: frames(path) for path in sorted(TRACES.rglob("*.pcap"))}
    for first in range(0, cases, TOGETHER):
        batch = {}
        for number in range(first, min(first + TOGETHER, cases)):
            chance = random.Random(f"{seed} {number}")  # noqa: S311  repeatable, not secret
            name = list(originals)[number % len(originals)]
            batch[f"{seed}-{number}-{name}"] = damaged(originals[name], chance, number - first)
        yield f"{seed}-from-{first}", batch
    chance = random.Random(seed)  # noqa: S311
    yield f"{seed}-endless", {f"{seed}-never-ends": list(endless([*originals.values()], chance))}


def main(cases: int = 300, seed: int = 1) -> None:
    """Run everything, print what came of it, and keep it."""
    if (zeek := shutil.which("zeek")) is None:
        sys.exit("fuzzing needs Zeek 8.0 or newer, and there is no `zeek` on PATH.")
    KEPT.mkdir(parents=True, exist_ok=True)
    peaks: dict[str, int] = {}
    failures: list[str] = []
    for name, batch in batches(cases, seed):
        peak, wrong = read(zeek, name, (frame for case in batch.values() for frame in case))
        singly = [line for each in batch if wrong for line in read(zeek, each, batch[each])[1]]
        failures += singly or wrong
        peaks[name] = round(peak)
        print(f"{name:20} peak {peak:4.0f} MB  {'FAILED' if wrong else 'fine'}", flush=True)
    figures = {"cases": cases, "seed": seed, "endless_connections": ENDLESS, "failures": failures}
    figures |= {"peak_mb": max(peaks.values()), "peak_mb_each": peaks}
    (BUILD / "fuzz.json").write_text(json.dumps(figures, indent=1) + "\n")
    print("\n".join(failures))
    print(f"{cases} cases and {ENDLESS} connections that never end, seed {seed}: ", end="")
    print(f"{len(failures)} failed, peak {max(peaks.values())} MB (allowed: {MOST_MB})")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
