"""Damaged bytes of each protocol that evidence is taken from: nothing is reported, all is clean."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CAPTURE = Path(__file__).parents[1] / "traces" / "evidence.pcap"
PUBLIC = ("zeek-raw_ntlm_in_smb.pcap", "zeek-rdp-x509.pcap", "zeek-mdns.pcap", "zeek-lldp.pcap",
          "zeek-cdp-v1.pcap", "suriverify-ja4-tls.pcap")  # fmt: skip
ROUNDS = 6
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")
HEADERS = {6: 20, 17: 8, 1: 8}


def frames_of(path: Path) -> list[bytes]:
    """All frames of a capture."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def payload_at(frame: bytes) -> int:
    """Where a frame's payload begins: behind TCP's or UDP's header, or behind Ethernet's."""
    if frame[12:14] != b"\x08\x00":
        return 14
    start = 14 + (frame[14] & 15) * 4
    header = (frame[start + 12] >> 4) * 4 if frame[23] == 6 else HEADERS.get(frame[23], 0)
    return start + header


def damaged(frames: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """The frames, some bytes of many payloads changed; the lengths in the headers stay true."""
    for frame in frames:
        start = payload_at(frame)
        changed = bytearray(frame)
        if len(frame) > start and chance.random() < 0.6:
            for _ in range(chance.randint(1, 8)):
                at = chance.randrange(start, len(frame))
                kind = chance.randrange(3)
                if kind == 0:
                    changed[at] ^= 1 << chance.randrange(8)
                elif kind == 1:
                    changed[at] = chance.choice((0, 0x7F, 0x80, 0xC0, 0xFF))
                else:
                    step = chance.randint(1, 20)
                    changed[at:] = (changed[at + step :] + bytes(step))[: len(frame) - at]
        yield bytes(changed)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_damaged_frames(run_zeek: Any, frames: Any, public_capture: Any, round_: int) -> None:
    """Also in the options of DHCP, names of DNS, certificates and LLDP's TLVs."""
    chance = random.Random(20260117 + round_)  # noqa: S311  the same damage in every run
    originals = frames_of(CAPTURE)
    for name in PUBLIC:
        originals += frames_of(public_capture(name))
    capture = frames([frame for _ in range(3) for frame in damaged(originals, chance)])
    run = run_zeek(capture=capture, load=("wardwatch", "wardwatch/evidence/optional/lldp_cdp"))
    assert run.returncode == 0
    # Zeek's own scripts complain of a user's name in HTTP that cannot be decoded.
    own = {row["message"] for row in run_zeek(capture=capture, load=()).rows("reporter")}
    assert {row["message"] for row in run.rows("reporter")} <= own
    rows = run.rows("iomt_asset")
    assert len({row["field"] for row in rows}) > 20
    for row in rows:
        assert not CONTROL.search(row["value"])
        assert 0 < len(row["value"].encode()) <= 256
    text = (run.directory / "iomt_asset.log").read_text(encoding="utf-8").lower()
    for word in ("canary-passw0rd", "canary-community", "snmp-contact", "snmp-location"):
        assert word not in text
