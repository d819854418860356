"""What the tests of the Zeek scripts share: a real Zeek, captures, and conversations made here."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = REPOSITORY / "zeek-scripts"
TRACES = REPOSITORY / "tests" / "traces"
SHARED_TRACES = REPOSITORY.parent / "shared" / "data" / "traces"
TIMEOUT = 120

Row = dict[str, Any]
Part = tuple[bool, bytes]  # whether the originator sent it, and what


@dataclass(frozen=True, slots=True)
class Run:
    """A run of Zeek that is over."""

    returncode: int
    output: str
    directory: Path

    def rows(self, log: str) -> list[Row]:
        """All rows of a JSON log; none if it was not written."""
        path = self.directory / f"{log}.log"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def claims(self, prefix: str = "") -> set[tuple[str, str, str]]:
        """Host, field and value of each claim."""
        return {
            (row["host"], row["field"], row["value"])
            for row in self.rows("iomt_asset")
            if row["field"].startswith(prefix)
        }

    def assert_quiet(self) -> None:
        """Zeek ended well and had nothing to complain about."""
        assert self.returncode == 0, self.output
        assert not self.rows("reporter"), self.rows("reporter")
        assert "error" not in self.output.lower(), self.output


ZeekRunner = Callable[..., Run]


@pytest.fixture(scope="session")
def zeek_path() -> tuple[str, str]:
    """Zeek itself and where it looks for scripts; skips where there is no Zeek 8."""
    zeek = shutil.which("zeek")
    if zeek is None:
        pytest.skip("Not run against a real Zeek: no `zeek` on PATH")
    version = subprocess.run([zeek, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\d+)\.", version.stdout)
    if found is None or int(found[1]) < 8:
        pytest.skip(f"Not run: {zeek} is not Zeek 8.0 or newer: {version.stdout.strip()}")
    usage = subprocess.run([zeek, "--help"], capture_output=True, text=True, check=False)
    path = re.search(r"\$ZEEKPATH\s*\|.*\((.*)\)", usage.stdout + usage.stderr)
    assert path is not None, usage.stdout + usage.stderr
    return zeek, path[1]


@pytest.fixture
def run_zeek(zeek_path: tuple[str, str], tmp_path: Path) -> ZeekRunner:
    """Run Zeek, by default with the scripts loaded under their package's name."""
    zeek, search = zeek_path
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "wardwatch").symlink_to(SCRIPTS)

    def run(
        *arguments: str | Path,
        capture: Path | None = None,
        script: str = "",
        json_logs: bool = True,
        load: Sequence[str | Path] = ("wardwatch",),
    ) -> Run:
        directory = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        directory.mkdir()
        read = ["-C", "-r", str(capture)] if capture is not None else []
        extra = directory / "extra.zeek"
        extra.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [
                *(zeek, *map(str, arguments), *read, *map(str, load), str(extra)),
                *(["LogAscii::use_json=T"] if json_logs else []),
            ],
            cwd=directory,
            env=os.environ | {"ZEEKPATH": f"{search}:{packages}", "TZ": "UTC"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr, directory)

    return run


def shared_trace(name: str) -> Path:
    """One of the public captures; skips where they are not."""
    path = SHARED_TRACES / name
    if not path.exists():
        pytest.skip(f"Not run: the public capture {name} is not beside this checkout")
    return path


@pytest.fixture
def public_capture() -> Callable[[str], Path]:
    """Find one of the public captures by its name."""
    return shared_trace


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@dataclass(slots=True)
class Conversation:
    """A TCP connection written packet by packet: handshake, parts in segments, end."""

    client: str = "10.1.0.1"
    server: str = "10.1.0.2"
    client_port: int = 40000
    server_port: int = 104
    segment: int = 1448
    one_sided: bool | None = None  # keep only the originator's packets (True) or the responder's
    lost: frozenset[int] = frozenset()  # numbers of data segments that were not captured
    swapped: frozenset[int] = frozenset()  # numbers of data segments captured after their successor
    handshake: bool = True
    end: bool = True

    def _packet(self, is_orig: bool, flags: int, seq: int, ack: int, payload: bytes) -> bytes:
        ends = (self.client, self.server) if is_orig else (self.server, self.client)
        ports = (self.client_port, self.server_port)
        if not is_orig:
            ports = ports[::-1]
        macs = [b"\x02" + bytes(1) + IPv4Address(end).packed for end in ends]
        tcp = struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
        addresses = b"".join(IPv4Address(end).packed for end in ends)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + addresses
        ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        return macs[1] + macs[0] + b"\x08\x00" + ip + tcp

    def packets(self, parts: Iterable[Part]) -> list[bytes]:
        """All packets of the conversation that were captured."""
        seqs = {True: 1000, False: 5000}
        found: list[tuple[bool, bytes]] = []
        if self.handshake:
            found.append((True, self._packet(True, 0x02, seqs[True], 0, b"")))
            found.append((False, self._packet(False, 0x12, seqs[False], seqs[True] + 1, b"")))
            seqs = {side: seq + 1 for side, seq in seqs.items()}
            found.append((True, self._packet(True, 0x10, seqs[True], seqs[False], b"")))
        data = []
        for is_orig, payload in parts:
            for at in range(0, len(payload), self.segment):
                piece = payload[at : at + self.segment]
                ack = seqs[not is_orig]
                data.append((is_orig, self._packet(is_orig, 0x18, seqs[is_orig], ack, piece)))
                seqs[is_orig] += len(piece)
        for number in sorted(self.swapped & set(range(len(data) - 1))):
            data[number], data[number + 1] = data[number + 1], data[number]
        found += [packet for number, packet in enumerate(data) if number not in self.lost]
        if self.end:
            found.append((True, self._packet(True, 0x11, seqs[True], seqs[False], b"")))
            found.append((False, self._packet(False, 0x11, seqs[False], seqs[True] + 1, b"")))
            found.append((True, self._packet(True, 0x10, seqs[True] + 1, seqs[False] + 1, b"")))
        return [packet for side, packet in found if self.one_sided in (None, side)]


def write_pcap(path: Path, packets: Iterable[bytes], start: float = 1.7e9) -> Path:
    """Write Ethernet frames, a millisecond apart."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, packet in enumerate(packets):
            seconds, rest = divmod(number, 1000)
            out.write(struct.pack("<IIII", int(start) + seconds, rest * 1000, *(len(packet),) * 2))
            out.write(packet)
    return path


@pytest.fixture
def conversation() -> type[Conversation]:
    """Describe a TCP connection of which the packets are wanted."""
    return Conversation


@pytest.fixture
def capture(tmp_path: Path) -> Callable[..., Path]:
    """Write a capture: of frames, or of one conversation's parts."""

    def write(parts: Iterable[Part], name: str = "made.pcap", **how: Any) -> Path:
        return write_pcap(tmp_path / name, Conversation(**how).packets(parts))

    return write


@pytest.fixture
def frames(tmp_path: Path) -> Callable[[Iterable[bytes]], Path]:
    """Write a capture of whole frames."""
    return lambda packets: write_pcap(tmp_path / "frames.pcap", packets)
