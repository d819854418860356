"""Philips IntelliVue Data Export: what monitors broadcast, and who associates with them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from zeek.udp_frames import damaged, datagram, payloads

TRACES = Path(__file__).parents[1] / "traces"
CAPTURE = TRACES / "intellivue.pcap"
MONITOR, COLLECTOR = "10.20.7.11", "10.20.7.40"
CASES = 400


@pytest.fixture(scope="module")
def monitor() -> ModuleType:
    """Load the program that played the monitor, which knows what it said."""
    spec = importlib.util.spec_from_file_location("monitor", TRACES / "intellivue_monitor.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def broadcast(frames: Any) -> Callable[[bytes], Path]:
    """Write a capture of one datagram to port 24005."""
    return lambda data: frames(
        [datagram(data, "10.1.0.5", "10.1.255.255", (24105, 24005), b"\x02\0\0\0\0\5")]
    )


def test_capture(run_zeek: Any, monitor: ModuleType) -> None:
    """All that identifies the monitor is told, from the broadcast and the association alike."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    assert run.claims("intellivue.") == {
        (MONITOR, "intellivue.manufacturer", monitor.MAKER),
        (MONITOR, "intellivue.model", monitor.MODEL),
        (MONITOR, "intellivue.serial_number", monitor.SERIAL),
        (MONITOR, "intellivue.part_number", monitor.MODEL),
        (MONITOR, "intellivue.hardware_versions", "A.00.07"),
        (MONITOR, "intellivue.software_versions", "\\".join(monitor.SOFTWARE)),
        (MONITOR, "intellivue.system_type", "69965"),
        (MONITOR, "intellivue.mac", "02:20:00:00:07:11"),
        (MONITOR, "intellivue.bed_label", monitor.BED),
        (MONITOR, "intellivue.association", "accepted"),
        (COLLECTOR, "intellivue.association", "requested"),
    }
    rows = run.rows("intellivue")
    # Three broadcasts of the same are one line.
    assert [row["message"] for row in rows] == [
        *("connect_indication", "association_request", "association_accept", "mds_create"),
    ]
    assert {row.get("serial_number") for row in rows} == {monitor.SERIAL, None}


def test_nothing_of_the_patient_nor_of_stale_memory(run_zeek: Any, monitor: ModuleType) -> None:
    """The planted words are in the capture and in no log."""
    data = CAPTURE.read_bytes()
    run = run_zeek(capture=CAPTURE)
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    for word in monitor.CANARIES:
        assert word.encode() in data or word.encode("utf-16-be") in data
        assert word not in logs


def test_public_capture(run_zeek: Any, public_capture: Any) -> None:
    """A real monitor's datagram, whose specification has stale memory behind it."""
    run = run_zeek(capture=public_capture("gen-intellivue-connect-indication.pcap"))
    run.assert_quiet()
    told = {(field, value) for _, field, value in run.claims("intellivue.")}
    assert told == {
        ("intellivue.manufacturer", "Philips"),
        ("intellivue.model", "M8007A"),
        ("intellivue.serial_number", "DE22713007"),
        ("intellivue.part_number", "M8007A"),
        ("intellivue.hardware_versions", "B.00.05"),
        ("intellivue.software_versions", "G.01.78"),
        ("intellivue.system_type", "69965"),
        ("intellivue.mac", "00:09:fb:09:77:bd"),
        ("intellivue.bed_label", "ECC MON RM15"),
    }


def test_an_address_behind_another_is_not_its_mac(
    run_zeek: Any, broadcast: Any, monitor: ModuleType
) -> None:
    """A hardware address is a host's only if the datagram came from the address beside it."""
    run = run_zeek(capture=broadcast(monitor.indication("02:00:00:00:00:05", "192.168.9.9")))
    run.assert_quiet()
    fields = {field for _, field, _ in run.claims("intellivue.")}
    assert "intellivue.serial_number" in fields
    assert "intellivue.mac" not in fields


@pytest.mark.parametrize("at", [0, 2, 5, 6, 15, 24])
def test_what_only_resembles_it(
    run_zeek: Any, broadcast: Any, monitor: ModuleType, at: int
) -> None:
    """Another version, operation, length, object or event is no Connect Indication."""
    data = bytearray(monitor.indication("02:00:00:00:00:05", "10.1.0.5"))
    data[at] ^= 0x40
    run = run_zeek(capture=broadcast(bytes(data)))
    run.assert_quiet()
    assert not run.rows("intellivue")
    assert not run.claims("intellivue.")


def test_damaged_bytes(run_zeek: Any, frames: Any) -> None:
    """Whatever happens to the bytes, Zeek ends well, and stale memory stays unread."""
    said = [(ports, data) for *ports, data in payloads(CAPTURE.read_bytes())]
    packets = []
    for seed, (ports, original) in enumerate(said):
        for number, data in enumerate(damaged([original], CASES // len(said), seed)):
            ends = (f"10.2.{seed}.{1 + number % 250}", "10.3.0.1")
            packets.append(datagram(data, *ends, (ports[0], ports[1])))
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.claims("intellivue.")) > CASES / 10
    for row in run.rows("iomt_asset"):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", row["value"])


def test_any_byte_may_be_a_line_feed(run_zeek: Any, frames: Any, monitor: ModuleType) -> None:
    """Lengths and numbers that look like the end of a line hide no message."""
    created = bytearray(monitor.mds_create())
    created[8:10] = b"\x0a\x0a"  # the invocation's number
    asked = monitor.association(0x0D, bytes(48))
    asked = b"\x0d\xff\x0a" + asked[3:]
    ports, ends = (50000, 50001), ("10.1.0.6", "10.1.0.5")
    packets = [datagram(asked, *ends, ports), datagram(bytes(created), *ends[::-1], ports[::-1])]
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert ("10.1.0.6", "intellivue.association", "requested") in run.claims()
    assert ("10.1.0.5", "intellivue.serial_number", monitor.SERIAL) in run.claims()
