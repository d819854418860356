"""Damaged DICOM: whatever happens to its bytes, Zeek ends well and has nothing to report."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PART = tuple[bool, bytes]
SEED = 20260115
MUTANTS = 240
LONGEST = 30_000  # bytes of a conversation; the headers are in the first


def conversations(path: Path) -> list[list[PART]]:
    """The payloads of each TCP connection in a little-endian capture of Ethernet frames."""
    data = path.read_bytes()
    magic, *_, link = struct.unpack("<IHHiIII", data[:24])
    assert (magic, link) in ((0xA1B2C3D4, 1), (0xA1B23C4D, 1)), "not Ethernet in a classic capture"
    found: dict[frozenset[bytes], tuple[bytes, list[PART]]] = {}
    seen: set[tuple[bytes, bytes]] = set()
    at = 24
    while at < len(data):
        _, _, length, _ = struct.unpack("<IIII", data[at : at + 16])
        ip = data[at + 16 + 14 : at + 16 + length]
        at += 16 + length
        if ip[0] >> 4 != 4 or ip[9] != 6:
            continue
        tcp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4])]
        source, target = ip[12:16] + tcp[:2], ip[16:20] + tcp[2:4]
        first, parts = found.setdefault(frozenset((source, target)), (source, []))
        payload = tcp[(tcp[12] >> 4) * 4 :]
        if payload and (source, tcp[4:8]) not in seen:
            seen.add((source, tcp[4:8]))
            parts.append((source == first, payload))
    return [parts for _, parts in found.values() if parts]


def shortened(parts: list[PART]) -> list[PART]:
    """The beginning of a conversation."""
    total = 0
    kept: list[PART] = []
    for part in parts:
        total += len(part[1])
        if total > LONGEST:
            break
        kept.append(part)
    return kept


def flip(data: bytearray, chance: random.Random) -> None:
    """Change some bits."""
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def enlarge(data: bytearray, chance: random.Random) -> None:
    """Make what may be a length huge."""
    at = chance.randrange(len(data))
    data[at : at + 4] = b"\xff\xff\xff" + bytes([chance.choice((0xFF, 0xFE, 0x00))])


def cut(data: bytearray, chance: random.Random) -> None:
    """End the bytes early."""
    del data[chance.randrange(len(data)) :]


def lose(data: bytearray, chance: random.Random) -> None:
    """Take some bytes out, so that everything behind them is displaced."""
    at = chance.randrange(len(data))
    del data[at : at + chance.randint(1, 40)]


def repeat(data: bytearray, chance: random.Random) -> None:
    """Say something twice."""
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.randint(1, 200)]


def mutants(
    originals: list[list[PART]], conversation: Callable[..., Any], chance: random.Random
) -> Iterator[bytes]:
    """The packets of damaged copies of the conversations, each from an address of its own."""
    for number in range(MUTANTS):
        parts = [(side, bytearray(data)) for side, data in originals[number % len(originals)]]
        for _ in range(chance.randint(0, 3)):
            target = chance.choice(parts[: chance.choice((2, 4, len(parts)))])[1]
            if target:
                chance.choice((flip, enlarge, cut, lose, repeat))(target, chance)
        numbers = range(len(parts))
        swapped = chance.sample(numbers, len(parts) // 4 if number % 3 else 0)
        lost = chance.sample(numbers, len(parts) // 6 if number % 5 == 0 else 0)
        yield from conversation(
            client=f"10.2.{number // 250}.{1 + number % 250}",
            segment=chance.choice((5, 90, 1448, 9000)),
            one_sided=chance.choice((None, None, None, True, False)),
            swapped=frozenset(swapped),
            lost=frozenset(lost),
            handshake=number % 7 != 0,
            end=number % 4 != 0,
        ).packets([(side, bytes(data)) for side, data in parts])


@pytest.mark.parametrize("round_", range(3))
def test_damaged_conversations(
    run_zeek: Any, frames: Any, conversation: Any, public_capture: Any, round_: int
) -> None:
    """Bits flipped, lengths enlarged, bytes cut, lost, repeated, segments out of order."""
    originals = [
        shortened(parts)
        for parts in conversations(public_capture("gen-dcmtk-loopback-cecho-cstore.pcap"))
    ]
    chance = random.Random(SEED + round_)  # noqa: S311  the same damage in every run
    run = run_zeek(capture=frames(mutants(originals, conversation, chance)))
    run.assert_quiet()
    # Enough of them are still DICOM for the test to have reached the parser.
    assert len(run.rows("dicom")) > MUTANTS / 4
    for row in run.rows("iomt_asset"):
        assert row["value"].isprintable()
        assert len(row["value"].encode()) <= 256


def test_capture_that_ends_in_the_middle(
    run_zeek: Any, public_capture: Any, tmp_path: Path
) -> None:
    """A capture that ends at any packet yields what came before."""
    whole = public_capture("gen-dcmtk-loopback-cecho-cstore.pcap").read_bytes()
    ends = [24]
    while ends[-1] < len(whole):
        ends.append(ends[-1] + 16 + struct.unpack_from("<I", whole, ends[-1] + 8)[0])
    for share in (3, 5, 7, 9):
        path = tmp_path / f"cut{share}.pcap"
        path.write_bytes(whole[: ends[len(ends) * share // 10]])
        run = run_zeek(capture=path)
        run.assert_quiet()
        assert run.rows("dicom")
