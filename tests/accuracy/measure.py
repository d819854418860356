"""From the captures to the inventory: a real Zeek, the real connector, and packets counted."""

from __future__ import annotations

import gzip
import shutil
import struct
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from wardwatch.pipeline import Ingest
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment.model import Device

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
CAPTURES, LOGS = HERE / "captures", HERE / "logs"
# The logs that the connector reads.
KEPT = ("conn", "dhcp", "iomt_asset", "software")
POLICIES = (
    "policy/protocols/conn/mac-logging",
    "policy/protocols/conn/vlan-logging",
    "policy/protocols/dhcp/software",
    "policy/protocols/http/software",
    "policy/protocols/ssh/software",
)


def captures() -> list[Path]:
    """Return the captures, in the order of their names."""
    return sorted(CAPTURES.glob("*.pcap.gz"))


def write_logs(zeek: str, outdir: Path) -> None:
    """Let Zeek read every capture; its logs go below `outdir`, a folder each."""
    for capture in captures():
        folder = outdir / capture.name.removesuffix(".pcap.gz")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as directory:
            plain = Path(directory) / "capture.pcap"
            plain.write_bytes(gzip.decompress(capture.read_bytes()))
            command = [zeek, "-D", "-C", "-r", str(plain), "LogAscii::use_json=T"]
            command += [*POLICIES, str(CHECKOUT / "zeek-scripts")]
            done = subprocess.run(
                command, cwd=directory, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise RuntimeError(f"zeek failed on {capture.name}: {done.stderr.strip()}")
            for name in KEPT:
                log = Path(directory) / f"{name}.log"
                if log.exists():
                    shutil.copyfile(log, folder / log.name)


def keep(logs: Path) -> None:
    """Replace the committed logs."""
    shutil.rmtree(LOGS, ignore_errors=True)
    for log in sorted(logs.rglob("*.log")):
        target = LOGS / f"{log.relative_to(logs)}.gz"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
            packed.write(log.read_bytes())


def inventory(logs: Path) -> list[Device]:
    """Ingest the logs as a site does, and return its devices."""
    with tempfile.TemporaryDirectory() as directory, Store(Path(directory) / "a.db") as store:
        ingest = Ingest(store, site="hospital", sensor="bench", scope=Scope())
        report = ingest.run(ingest.find(sorted(p for p in logs.iterdir() if p.is_dir())))
        if report.failed or report.bad_rows:
            raise RuntimeError("\n".join(report.problems))
        return list(store.devices())


def packets() -> dict[str, list[float]]:
    """Return when each MAC sent or received a frame, in order."""
    seen: defaultdict[str, list[float]] = defaultdict(list)
    for capture in captures():
        for at, frame in _frames(gzip.decompress(capture.read_bytes())):
            for raw in {frame[0:6], frame[6:12]}:
                seen[raw.hex(":")].append(at)
    return seen


def _frames(content: bytes) -> Iterator[tuple[float, bytes]]:
    order = "<" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    position = 24
    while position + 16 <= len(content):
        seconds, fraction, size, _ = struct.unpack_from(f"{order}IIII", content, position)
        yield seconds + fraction / 1e6, content[position + 16 : position + 16 + size]
        position += 16 + size
