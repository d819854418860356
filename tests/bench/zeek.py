"""CPU seconds of Zeek with our scripts beside those without, over two generated captures.

Ordinary traffic, a mix as an office network has it, forty connections at a time, one packet a
millisecond, a pure acknowledgement for every second segment: of all connections, 40 % are DNS
look-ups, 22 % look like TLS (a ClientHello, a ServerHello, then random records), 18 % are HTTP
with one to six downloads each (web pages, scripts, JSON, XML, pictures; mostly some 20 kB, one in
a hundred 2 MB), 10 % random bytes on random ports (a third of them long ones that exchange
hundreds of small requests and answers), 6 % SYNs nobody answers, and 4 % mail. No medical protocol
is in it.

A DICOM archive's traffic: three scanners at a time send it CT images of 512 x 512, 20 in an
association, in segments of 1448 bytes, which is what an MTU of 1500 leaves.

Both are the same on every machine and kept in build/bench-traces. Zeek reads each by turns with
and without the scripts. The ratio is also printed without the seconds that a start takes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.pop(0)  # where this file would hide the tests' folder of the same name
sys.path.insert(0, str(Path(__file__).parents[1]))

from pynetdicom import dsutils
from zeek import dicom_bytes as dicom
from zeek.conftest import SCRIPTS, Conversation, Part, write_pcap
from zeek.udp_frames import datagram

BUILD = Path(__file__).parents[2] / "build"
CAPTURES = BUILD / "bench-traces"
ROUNDS = 9  # short ones, by turns: other processes on the machine disturb both alike
SIZE = 80_000_000
WAYS = ("with", "without")
CONCURRENT = {"ordinary": 40, "dicom": 3}
WORDS = b"ward menu title update value number report list the".split()
BODIES = {
    b"text/html": b"<!DOCTYPE html><html>%s</html>",
    b"application/json": b'[{"text": "%s"}]',
    b"text/xml": b"<?xml version='1.0'?><a>%s</a>",
}


def text(chance: random.Random, size: int) -> bytes:
    """Return lines of words."""
    line = b" ".join(chance.choices(WORDS, k=12)) + b"\r\n"
    return (line * (size // len(line) + 1))[:size]


def ends(chance: random.Random, port: int) -> Conversation:
    """Return a connection of one of 500 clients to one of 100 servers."""
    client = chance.randrange(500)
    ours, theirs = f"10.30.{client // 250}.{1 + client % 250}", f"10.40.0.{chance.randint(1, 100)}"
    return Conversation(ours, theirs, chance.randrange(1024, 65536), port)


def dns(chance: random.Random) -> list[bytes]:
    """Return a look-up and its answer."""
    to = ends(chance, 53)
    question = b"\x04h%03d\x07example\x03org\0\0\1\0\1" % chance.randrange(999)
    answer = question + b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4" + chance.randbytes(4)
    number, ports = chance.randbytes(2), (to.client_port, to.server_port)
    ask = number + b"\1\0\0\1" + bytes(6) + question
    tell = number + b"\x81\x80\0\1\0\1" + bytes(4) + answer
    there = datagram(ask, to.client, to.server, ports)
    return [there, datagram(tell, to.server, to.client, ports[::-1])]


def body(chance: random.Random) -> tuple[bytes, bytes]:
    """Return a content type and what may be of it."""
    size = 2_000_000 if chance.random() < 0.01 else 200 + int(chance.expovariate(1 / 20_000))
    if chance.random() < 0.3:
        return b"image/png", b"\x89PNG\r\n\x1a\n" + chance.randbytes(size)
    kind = chance.choice(list(BODIES))
    return kind, BODIES[kind] % text(chance, size)


def http(chance: random.Random) -> list[bytes]:
    """Return some downloads over one connection."""
    parts: list[Part] = []
    for _ in range(chance.randint(1, 6)):
        head = b"GET /%x HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Agent/1.0\r\n\r\n"
        parts.append((True, head % chance.getrandbits(40)))
        kind, data = body(chance)
        head = b"HTTP/1.1 200 OK\r\nServer: httpd\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        parts.append((False, head % (kind, len(data)) + data))
    return ends(chance, chance.choice((80, 80, 8080))).packets(parts)


def record(kind: int, data: bytes) -> bytes:
    """Return a record of TLS."""
    return struct.pack("!BHH", kind, 0x0303, len(data)) + data


def tls(chance: random.Random) -> list[bytes]:
    """Return two greetings, and records of random bytes."""
    hello = b"\3\3" + chance.randbytes(32) + b"\0\0\4\xc0\x2f\0\x9c\1\0"
    hello += b"\0\x14\0\0\0\x10\0\x0e\0\0\x0bexample.org"
    answer = b"\3\3" + chance.randbytes(32) + b"\0\xc0\x2f\0"
    parts: list[Part] = []
    for kind, data in ((1, hello), (2, answer)):
        parts.append((kind == 1, record(22, struct.pack("!BBH", kind, 0, len(data)) + data)))
    ready = record(20, b"\1") + record(22, chance.randbytes(40))
    parts += [(True, ready), (False, ready)]
    for _ in range(chance.randint(1, 12)):
        parts.append((True, record(23, chance.randbytes(chance.randint(50, 1500)))))
        size = int(chance.expovariate(1 / 8_000))
        records = [record(23, chance.randbytes(min(16_000, size))) for _ in range(1 + size // 9000)]
        parts.append((False, b"".join(records)))
    return ends(chance, 443).packets(parts)


def mail(chance: random.Random) -> list[bytes]:
    """Return a mail that is delivered."""
    said = b"220 mail|EHLO client|250 mail|MAIL FROM:<a@example.org>|250 ok|RCPT TO:<b@example.org>"
    said += b"|250 ok|DATA|354 go on|Subject: report\r\n\r\n" + text(chance, 20_000)
    said += b"\r\n.|250 ok|QUIT|221 bye"
    lines = enumerate(said.split(b"|"))
    return ends(chance, 25).packets((number % 2 == 1, line + b"\r\n") for number, line in lines)


def noise(chance: random.Random) -> list[bytes]:
    """Return random bytes both ways: a few large parts, or hundreds of small ones."""
    count, most = chance.choice(((6, 20_000), (6, 20_000), (600, 1200)))
    parts = range(chance.randint(1, count))
    said = [(number % 2 == 0, chance.randbytes(chance.randint(1, most))) for number in parts]
    return ends(chance, chance.randrange(1024, 65536)).packets(said)


def unanswered(chance: random.Random) -> list[bytes]:
    """Return the first packet of a connection that never was."""
    return ends(chance, chance.randrange(1, 10_000)).packets([])[:1]


def archive(chance: random.Random) -> list[bytes]:
    """Return an association in which a scanner stores 20 CT images."""
    parts = dicom.opened()
    dataset = dicom.scan(Rows=512, Columns=512, BitsAllocated=16, DeviceSerialNumber="SN-1")
    for message in range(1, 21):
        dataset.PixelData = chance.randbytes(512 * 512 * 2)
        dataset["PixelData"].VR = "OW"
        data = bytes(dsutils.encode(dataset, False, True) or b"")
        parts.append((True, dicom.unit(4, dicom.fragment(1, dicom.store_rq(message), True))))
        for at in range(0, len(data), 16_372):
            piece = dicom.fragment(1, data[at : at + 16_372], last=at + 16_372 >= len(data))
            parts.append((True, dicom.unit(4, piece)))
        parts.append((False, dicom.unit(4, dicom.fragment(1, dicom.store_rsp(message), True))))
    scanner, port = f"10.31.0.{chance.randint(1, 250)}", chance.randrange(1024, 65536)
    return Conversation(scanner, "10.40.0.1", port).packets(parts + dicom.RELEASE)


MIX = {
    "ordinary": {dns: 40, tls: 22, http: 18, noise: 10, unanswered: 6, mail: 4},
    "dicom": {archive: 1},
}


def acknowledged(packets: list[bytes]) -> Iterator[bytes]:
    """Follow every second full TCP segment by the packet that acknowledges it."""
    for number, packet in enumerate(packets):
        yield packet
        if number % 2 and len(packet) > 1400 and packet[23] == 6:
            seq, ack = struct.unpack_from("!II", packet, 38)
            ip = packet[14:16] + b"\0\x28" + packet[18:26] + packet[30:34] + packet[26:30]
            tcp = packet[36:38] + packet[34:36] + struct.pack("!II", ack, seq + len(packet) - 54)
            yield packet[6:12] + packet[:6] + packet[12:14] + ip + tcp + b"\x50\x10\xff\xff\0\0\0\0"


def mixed(name: str) -> Iterator[bytes]:
    """Yield the packets of a capture, its connections interleaved, up to the size."""
    chance = random.Random(4)  # noqa: S311  repeatable, not secret
    running: list[Iterator[bytes]] = []
    size = 0
    while running or size < SIZE:
        while len(running) < CONCURRENT[name] and size < SIZE:
            kind = chance.choices(list(MIX[name]), list(MIX[name].values()))[0]
            packets = list(acknowledged(kind(chance)))
            size += sum(map(len, packets))
            running.append(iter(packets))
        at = chance.randrange(len(running))
        yield from (burst := list(islice(running[at], chance.randint(1, 8))))
        if not burst:
            del running[at]


def measure(zeek: str, name: str, scripts: bool) -> tuple[float, float]:
    """Run Zeek; returns its CPU seconds and its peak MB."""
    with tempfile.TemporaryDirectory() as directory:
        command = [zeek, "-C", "-r", str(CAPTURES / f"{name}.pcap"), "LogAscii::use_json=T"]
        process = subprocess.Popen(command + [str(SCRIPTS)] * scripts, cwd=directory)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"Zeek ended with {process.returncode} over {name}.pcap, scripts: {scripts}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(zeek: str, name: str) -> dict[str, Any]:
    """Measure a capture both ways by turns, and name the figures."""
    rounds = [[measure(zeek, name, scripts) for scripts in (True, False)] for _ in range(ROUNDS)]
    ratios = [ours[0] / plain[0] for ours, plain in rounds]
    figures: dict[str, Any] = {f"zeek_ratio_{name}": round(statistics.median(ratios), 3)}
    figures[f"zeek_ratio_{name}_each"] = [round(ratio, 3) for ratio in ratios]
    for way, label in enumerate(WAYS):
        figures[f"seconds_{name}_{label}"] = round(statistics.median(r[way][0] for r in rounds), 3)
        figures[f"peak_mb_{name}_{label}"] = round(max(r[way][1] for r in rounds))
    return figures


def generate() -> None:
    """Write the captures that are not there yet; "start" has no packet."""
    for name in ("start", *MIX):
        path = CAPTURES / f"{name}.pcap"
        if not path.exists():
            write_pcap(path.with_suffix(".part"), mixed(name) if name in MIX else []).rename(path)


def main() -> None:
    """Measure both captures, print the figures, and keep them."""
    if (zeek := shutil.which("zeek")) is None:
        sys.exit("bench-zeek needs Zeek 8.0 or newer, and there is no `zeek` on PATH.")
    CAPTURES.mkdir(parents=True, exist_ok=True)
    # In a process of its own: what a parent has used counts into the peak of what it starts.
    subprocess.run([sys.executable, __file__, "generate"], check=True)
    figures = compare(zeek, "start")
    for name in MIX:
        figures |= compare(zeek, name)
        spent = [figures[f"seconds_{name}_{way}"] - figures[f"seconds_start_{way}"] for way in WAYS]
        figures[f"zeek_ratio_{name}_after_start"] = round(spent[0] / spent[1], 3)
        figures[f"capture_mb_{name}"] = round((CAPTURES / f"{name}.pcap").stat().st_size / 1e6)
    (BUILD / "bench-zeek.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, figure in figures.items():
        print(f"{name:34} {figure}")
    print("aims: zeek_ratio_ordinary <= 1.05, zeek_ratio_dicom <= 1.10")


if __name__ == "__main__":
    generate() if sys.argv[1:] == ["generate"] else main()
