"""BACnet: what devices say of themselves and what they answer to those who read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from zeek.udp_frames import damaged, datagram, payloads

CAPTURE = Path(__file__).parents[1] / "traces" / "bacnet.pcap"
DEVICE = "10.20.7.31"
TOLD = {
    ("bacnet.device_instance", "204711"),
    ("bacnet.vendor_id", "999"),
    ("bacnet.vendor_name", "Wardwatch Test Controls"),
    ("bacnet.model_name", "AHU-9000"),
    ("bacnet.serial_number", "AC-0042-7"),
    ("bacnet.firmware_revision", "3.1.4"),
    ("bacnet.application_software_version", "OR-2 air 1.0.7"),
    ("bacnet.object_name", "OR2-AHU"),
    ("bacnet.location", "Plant room 2"),
}
CANARY = "CANARYDESCRIPTION-QB7AA"
I_AM = bytes.fromhex("1000c402031fa7220400910021") + b"\x0f"
PORTS = (47808, 47808)


def message(apdu: bytes, control: bytes = b"\x01\x00", function: int = 0x0B) -> bytes:
    """A datagram with this network header."""
    body = control + apdu
    return bytes([0x81, function]) + (4 + len(body)).to_bytes(2) + body


def test_capture(run_zeek: Any) -> None:
    """A genuine device's answers, one property at a time and many at once."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    assert run.claims("bacnet.") == {(DEVICE, *told) for told in TOLD}
    rows = run.rows("iomt_bacnet")
    assert [row["message"] for row in rows] == ["i_am", "i_am", *["properties"] * 3]


def test_no_free_text(run_zeek: Any) -> None:
    """The description was read by the workstation and is in no log."""
    assert CANARY.encode() in CAPTURE.read_bytes()
    run = run_zeek(capture=CAPTURE)
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    assert "OR2-AHU" in logs
    assert CANARY not in logs


def test_public_captures(run_zeek: Any, public_capture: Any) -> None:
    """Thirty devices each tell the same seven things; requests alone tell nothing."""
    run = run_zeek(capture=public_capture("icsnpp-bacnet_example.pcap"))
    run.assert_quiet()
    by_host: dict[str, dict[str, str]] = {}
    for host, field, value in run.claims("bacnet."):
        by_host.setdefault(host, {})[field] = value
    assert len(by_host) == 30
    assert {len(told) for told in by_host.values()} == {7}
    assert by_host["172.20.32.129"]["bacnet.model_name"] == "WLK-428"
    run = run_zeek(capture=public_capture("ndpi-bacnet.pcap"))
    run.assert_quiet()
    assert {host for host, *_ in run.claims("bacnet.")} == {"204.172.177.255"}


def test_a_device_behind_a_router_is_another(run_zeek: Any, frames: Any) -> None:
    """What came from another network is not about the router that passed it on."""
    routed = message(I_AM, bytes.fromhex("0128ffff00001703aabbccff"))
    run = run_zeek(capture=frames([datagram(routed, "10.1.0.5", "10.1.255.255", PORTS)]))
    run.assert_quiet()
    rows = [row for row in run.rows("iomt_asset") if row["source"] == "bacnet"]
    assert {(row["subject"], row["field"], row["value"]) for row in rows} == {
        ("bacnet:204711", "bacnet.device_instance", "204711"),
        ("bacnet:204711", "bacnet.vendor_id", "15"),
    }
    assert run.rows("iomt_bacnet")[0]["network"] == 23


@pytest.mark.parametrize(("origin", "told"), [("0a010005", True), ("0a010009", False)])
def test_passed_on_by_a_management_device(
    run_zeek: Any, frames: Any, origin: str, told: bool
) -> None:
    """A forwarded message is its originator's, whose address stands in it."""
    forwarded = message(I_AM, bytes.fromhex(f"{origin}bac00100"), function=4)
    run = run_zeek(capture=frames([datagram(forwarded, "10.1.0.5", "10.1.255.255", PORTS)]))
    run.assert_quiet()
    assert bool(run.claims("bacnet.")) is told


@pytest.mark.parametrize(
    "data",
    [
        message(I_AM)[:-1],
        b"\x82" + message(I_AM)[1:],
        message(I_AM, b"\x02\x00"),
        message(I_AM, b"\x01\x80"),
        message(I_AM.replace(b"\xc4\x02", b"\xc4\x00")),
        message(bytes.fromhex("30010c0c020000011955") + b"\x3e\x75\x05\x00ABCD\x3f"),
    ],
    ids=["length", "type", "version", "network message", "no device", "other object"],
)
def test_what_only_resembles_it(run_zeek: Any, frames: Any, data: bytes) -> None:
    """Lengths, versions and kinds of objects must be right."""
    run = run_zeek(capture=frames([datagram(data, "10.1.0.5", "10.1.255.255", PORTS)]))
    run.assert_quiet()
    assert not run.claims("bacnet.")
    assert not run.rows("iomt_bacnet")


def test_beside_the_package_that_logs_it(run_zeek: Any) -> None:
    """Where a stream of icsnpp-bacnet's name is, only claims are written."""
    package = """
        module Bacnet;
        redef enum Log::ID += { LOG_BACNET_DISCOVERY };
        type R: record { a: count &log; };
        event zeek_init() &priority=5
            { Log::create_stream(Bacnet::LOG_BACNET_DISCOVERY, Log::Stream($columns=R)); }
    """
    run = run_zeek(capture=CAPTURE, script=package)
    run.assert_quiet()
    assert not run.rows("iomt_bacnet")
    assert run.claims("bacnet.") == {(DEVICE, *told) for told in TOLD}


def test_damaged_bytes(run_zeek: Any, frames: Any) -> None:
    """Whatever happens to the bytes, Zeek ends well."""
    originals = [data for *_, data in payloads(CAPTURE.read_bytes())]
    packets = []
    for number, raw in enumerate(damaged(originals, 800, 5)):
        # With its length put right half of the time, so that the parser is reached.
        data = raw[:2] + len(raw).to_bytes(2) + raw[4:] if number % 2 else raw
        ends = (f"10.2.{number // 250}.{1 + number % 250}", "10.1.255.255")
        packets.append(datagram(data, *ends, PORTS))
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert len(run.claims("bacnet.")) > 100
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    assert "CANARYDESC" not in logs
