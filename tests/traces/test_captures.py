"""The captures are what expected.yaml says of them, judged by tshark, and hold nothing else."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
import yaml
from traces.personas import WORK

HERE = Path(__file__).parent
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "expected.yaml").read_text())[
    "captures"
]
CAPTURES = sorted(HERE.rglob("*.pcap"))
WHOLE = sorted(name for name in EXPECTED if not name.startswith("dicom-cut-"))
DEFLATED = "1.2.840.10008.1.2.1.99"
TAGS = {
    "(0008,0060)": "modality",
    "(0008,0070)": "manufacturer",
    "(0008,1010)": "station",
    "(0008,1090)": "model",
    "(0018,1000)": "serial_number",
    "(0018,1020)": "software_versions",
}
# Tag, length, name, and the VR where it is on the wire; nested elements stand further in.
ELEMENT = re.compile(r"^ {8}(\([0-9a-f]{4},[0-9a-f]{4}\)) +\d+ \S+(?: \S+)* {2,}(?:\[..\] )?(.*)$")
SOURCE = re.compile(r"^Internet Protocol Version [46], Src: ([^,]+),")


@cache
def tshark(capture: str, *options: str) -> str:
    """What tshark prints of a capture, DICOM on the ports that it was sent to."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: the captures' DICOM was not checked against it")
    ports = {device["to_port"] for device in EXPECTED[capture]["devices"]} - {None}
    decode = [word for port in ports for word in ("-d", f"tcp.port=={port},dicom")]
    command = ["tshark", "-n", "-r", str(HERE / capture), *decode, *options]
    done = subprocess.run(command, capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


def identities(capture: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each dataset that tshark reads: who sent it, and its identity tags as they stand."""
    host, found = "", dict[str, str]()
    for line in [*tshark(capture, "-O", "dicom", "-Y", "dicom").splitlines(), "Frame end"]:
        if line.startswith("Frame ") and found:
            yield host, found
            found = {}
        if source := SOURCE.match(line):
            host = source[1]
        if (element := ELEMENT.match(line)) and element[1] in TAGS:
            found[TAGS[element[1]]] = element[2].strip()


def test_every_capture_is_described() -> None:
    """No capture without its row in the README, no entry without its capture; all stay small."""
    sizes = {path: path.stat().st_size for path in CAPTURES}
    readme = (HERE / "README.md").read_text()
    assert [path.name for path in CAPTURES if path.name not in readme] == []
    assert {path.name for path in CAPTURES} >= EXPECTED.keys()
    assert sum(sizes.values()) < 8_000_000


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.name)
def test_nothing_of_the_machine_is_in_it(capture: Path) -> None:
    """No path, home or host name of where it was made."""
    raw = capture.read_bytes()
    words = [b"/%s/" % folder for folder in (b"tmp", b"home", b"root")]
    words += [str(WORK).encode(), b"site-packages", str(HERE).encode()]
    name = socket.gethostname().encode()
    words += [name] if len(name) > 4 else []  # shorter ones occur by chance in pixels
    assert [word for word in words if word in raw] == []


@pytest.mark.parametrize("capture", WHOLE)
def test_frames_are_as_on_a_wire(capture: str) -> None:
    """No frame is longer than the MTU allows, none is cut."""
    raw = (HERE / capture).read_bytes()
    at = 24
    while at < len(raw):
        _, _, kept, length = struct.unpack_from("<IIII", raw, at)
        assert kept == length <= 1514
        at += 16 + kept


@pytest.mark.parametrize("capture", WHOLE)
def test_checksums_are_right(capture: str) -> None:
    """The kernel filled in every checksum: nothing was offloaded."""
    check = [word for p in ("ip", "tcp", "udp") for word in ("-o", f"{p}.check_checksum:TRUE")]
    wrong = " or ".join(f"{protocol}.checksum.status == 0" for protocol in ("ip", "tcp", "udp"))
    assert tshark(capture, *check, "-Y", wrong) == ""


@pytest.mark.parametrize("capture", WHOLE)
def test_associations_are_complete(capture: str) -> None:
    """Each request is accepted and released, or rejected."""
    types = tshark(capture, "-Y", "dicom", "-T", "fields", "-e", "dicom.pdu.type")
    seen = re.findall(r"0x0[1-7]", types)
    assert seen.count("0x01") == seen.count("0x02") + seen.count("0x03") > 0
    assert seen.count("0x05") == seen.count("0x06") == seen.count("0x02")
    assert seen.count("0x07") == 0


@pytest.mark.parametrize("capture", WHOLE)
def test_the_devices_are_sent(capture: str) -> None:
    """Tshark reads each device's identity in what its sender sends, and no other device's."""
    found = [(ip, tags) for ip, tags in identities(capture) if "model" in tags]
    known = [
        (ip, device)
        for device in EXPECTED[capture]["devices"]
        for ip in (device["ip"], *(via["ip"] for via in device.get("forwarded_by", [])))
    ]
    strange = [dataset for dataset in found if not any(_same(dataset, each) for each in known)]
    assert strange == []
    unseen = [
        (ip, device["model"])
        for ip, device in known
        if device["transfer_syntax"] != DEFLATED  # which tshark does not read
        and not any(_same(dataset, (ip, device)) for dataset in found)
    ]
    assert unseen == []


def _same(dataset: tuple[str, dict[str, str]], known: tuple[str, dict[str, Any]]) -> bool:
    (ip, tags), (known_ip, device) = dataset, known
    return ip == known_ip and all(_equal(tags.get(key, ""), device[key]) for key in TAGS.values())


def _equal(shown: str, value: str | list[str] | None) -> bool:
    whole = "\\".join(value) if isinstance(value, list) else value or ""
    if shown.endswith("..."):  # tshark shows the first 50 characters
        return whole.startswith(shown.removesuffix("..."))
    return shown.replace("<Empty>", "") == whole


def test_the_canaries_are_planted() -> None:
    """Each word that must not leave a sensor is really on the wire of this capture."""
    pytest.importorskip("pydicom", reason="pydicom is not installed: canaries were not looked for")
    canaries: tuple[str, ...] = run_path(str(HERE / "canaries.py"))["CANARIES"]
    raw = (HERE / "dicom-canary.pcap").read_bytes()
    assert list(canaries) == EXPECTED["dicom-canary.pcap"]["canaries"]
    assert [word for word in canaries if word.encode() not in raw] == []
