"""Enterprises' options, announcements and engines as no genuine program sends them."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from zeek.udp_frames import damaged, datagram, payloads

CAPTURE = Path(__file__).parents[1] / "traces" / "agents.pcap"
HOST, SERVER, ALL = "10.9.0.5", "10.9.0.1", "10.9.255.255"
OURS = ("dhcp.", "netbios.", "snmp.")
PORTS = (67, 138, 161, 162)


def told(run: Any) -> set[tuple[str, str]]:
    """Field and value of each claim of the host."""
    run.assert_quiet()
    return {(field, value) for who, field, value in run.claims() if who == HOST}


def option(code: int, data: bytes) -> bytes:
    """An option, in pieces if it is long."""
    pieces = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes((code, len(piece))) + piece for piece in pieces)


def inform(*options: tuple[int, bytes]) -> bytes:
    """A client that has an address asks for options."""
    head = struct.pack("!BBBBIHH4s", 1, 1, 6, 0, 7, 0, 0, bytes((10, 9, 0, 5)))
    fixed = (head + bytes(12) + b"\x02\0\0\0\0\1").ljust(236, b"\0") + b"\x63\x82\x53\x63"
    return fixed + b"".join(option(*o) for o in ((53, b"\x08"), *options)) + b"\xff"


def enterprise(number: int, data: bytes) -> bytes:
    """What an enterprise puts into option 124 or 125."""
    return number.to_bytes(4) + bytes((len(data),)) + data


LONG = b"".join(enterprise(number, b"\x01\x01x") for number in range(1, 80))
OUI = ("dhcp.device_oui", "414243")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([(125, enterprise(3561, b"\x01\x03ABC"))],
         {OUI, ("dhcp.enterprise_number", "3561"), ("dhcp.enterprise_options", "3561:1")}),
        ([(125, enterprise(3561, b"\x02\x40CANARY"))], {("dhcp.enterprise_number", "3561")}),
        ([(125, enterprise(7, b"CANARY TEXT"))], {("dhcp.enterprise_number", "7")}),
        ([(125, enterprise(3561, b"\x04\x06CANARY"))],
         {("dhcp.enterprise_number", "3561"), ("dhcp.enterprise_options", "3561:4")}),
        ([(125, b"\0\0\0\x07\xff\x01")], set()),
        ([(125, b"\0\0\0")], set()),
        ([(124, enterprise(9, b"\x03Abc\x02\x01\x02\xffz"))],
         {("dhcp.enterprise_number", "9"), ("dhcp.enterprise_class", "9:Abc"),
          ("dhcp.enterprise_class", "9:0102")}),
        ([(60, b"docsis3.0"), (43, b"\x04\x03S-1\x09\xffCANARY")],
         {("dhcp.device_serial_number", "S-1"), ("dhcp.vendor_class", "docsis3.0")}),
        ([(60, b"Pump"), (43, b"\x04\x06CANARY")], {("dhcp.vendor_class", "Pump")}),
        ([(43, b"\x04\x06CANARY")], set()),
    ],
    ids=["three bytes", "too long", "no sub-options", "of a gateway", "cut", "short", "classes",
         "cable", "no cable", "nobody's"],
)  # fmt: skip
def test_enterprise_options(
    run_zeek: Any, frames: Any, options: list[tuple[int, bytes]], expected: set[tuple[str, str]]
) -> None:
    """What is public is told if it is whole, and nothing else."""
    run = run_zeek(capture=frames([datagram(inform(*options), HOST, SERVER, (68, 67))]))
    claims = {claim for claim in told(run) if claim[0].startswith("dhcp.")}
    assert claims == expected


def test_a_long_option_in_pieces(run_zeek: Any, frames: Any) -> None:
    """Pieces of an option are one (RFC 3396), and what is looked at is bounded."""
    run = run_zeek(capture=frames([datagram(inform((125, LONG)), HOST, SERVER, (68, 67))]))
    numbers = {value for field, value in told(run) if field == "dhcp.enterprise_number"}
    assert numbers == {str(number) for number in range(1, 33)}


def announcement(
    name: bytes = b"CT7", source: str = HOST, kind: int = 1, slot: bytes = b"\\MAILSLOT\\BROWSE",
    flags: int = 2,
) -> bytes:  # fmt: skip
    """A host announces itself in a NetBIOS datagram."""
    message = bytes((kind, 0)) + struct.pack("<I16sBBIBBH", 60000, name, 10, 0, 0x80001003, 15, 1,
                                             0xAA55) + b"CANARY COMMENT\0"  # fmt: skip
    slot += b"\0"
    at = 69 + len(slot)
    words = struct.pack("<HHHHBBHIHHHHHBBHHH", 0, len(message), 0, 0, 0, 0, 0, 0, 0, 0, 0,
                        len(message), at, 3, 0, 1, 1, 2)  # fmt: skip
    smb = b"\xffSMB\x25" + bytes(27) + b"\x11" + words + struct.pack("<H", len(slot + message))
    coded = b" " + b"EDFEDHCA" + b"CA" * 11 + b"AA" + b"\0"
    head = struct.pack("!BBH4sHHH", 0x11, flags, 7, bytes(map(int, source.split("."))), 138, 300, 0)
    return head + coded + coded + smb + slot + message


ANNOUNCED = {
    ("netbios.browser_name", "CT7"),
    ("netbios.browser_os_version", "10.0"),
    ("netbios.browser_role", "workstation"),
    ("netbios.browser_role", "server"),
    ("netbios.browser_role", "nt_workstation"),
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (announcement(), ANNOUNCED),
        (announcement(kind=15), ANNOUNCED),
        (announcement(b"RADIOLOGY", kind=12), {("netbios.workgroup", "RADIOLOGY")}),
        (announcement(slot=b"\\MAILSLOT\\browse"), ANNOUNCED),
        (announcement(slot=b"\\MAILSLOT\\NET\\NETLOGON"), set()),
        (announcement(source="10.9.0.6"), set()),
        (announcement(flags=3), set()),
        (announcement(b"\x01\x02"), set()),
        (announcement(kind=8), set()),
        (announcement()[:-20], set()),
        (announcement()[:150], set()),
    ],
    ids=["host", "master", "domain", "case", "log-on", "passed on", "fragment", "no name",
         "election", "cut", "cut in the parameters"],
)  # fmt: skip
def test_announcements(
    run_zeek: Any, frames: Any, message: bytes, expected: set[tuple[str, str]]
) -> None:
    """Only whole announcements by the host itself, and never the comment."""
    run = run_zeek(capture=frames([datagram(message, HOST, ALL, (138, 138))]))
    assert {claim for claim in told(run) if claim[0].startswith("netbios.")} == expected


def ber(tag: int, data: bytes) -> bytes:
    """A value in BER."""
    size = len(data)
    return bytes((tag, *((size,) if size < 128 else (0x81, size)))) + data


def notification(engine: bytes, reportable: bool = False, model: int = 3) -> bytes:
    """A trap of SNMPv3."""
    params = ber(4, engine) + ber(2, b"\x01") * 2 + ber(4, b"CANARY") + ber(4, b"") * 2
    numbers = ber(2, b"\x07") + ber(2, b"\x10\0") + ber(4, bytes((4 * reportable,)))
    head = ber(0x30, numbers + ber(2, bytes((model,))))
    pdu = ber(0xA7, ber(2, b"\x01") + ber(2, b"\0") * 2 + ber(0x30, b""))
    context = ber(0x30, ber(4, b"CANARYENGINE") + ber(4, b"CANARYCONTEXT") + pdu)
    return ber(0x30, ber(2, b"\x03") + head + ber(4, ber(0x30, params)) + context)


WHO = ("snmp.engine_enterprise", "8072")


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("80001f8801c0000205", {WHO, ("snmp.engine_address", "192.0.2.5")}),
        ("80001f880220010db8000000000000000000000001",
         {WHO, ("snmp.engine_address", "2001:db8::1")}),
        ("80001f880300409d00002a", {WHO, ("snmp.engine_mac", "00:40:9d:00:00:2a")}),
        ("80001f8803000000000000", {WHO}),
        ("80001f8803ff409d00002a", {WHO}),
        ("80001f880300409d00", {WHO}),
        ("80001f88044354203720", {WHO, ("snmp.engine_text", "CT 7")}),
        ("80001f88040102", {WHO}),
        ("80001f8805010203", {WHO}),
        ("00001f8803c0000205000000", {WHO}),
        ("80001f88", None),
        ("80001f8804" + "41" * 28, None),
        ("", None),
    ],
)  # fmt: skip
def test_engines(
    run_zeek: Any, frames: Any, engine: str, expected: set[tuple[str, str]] | None
) -> None:
    """Each kind of identifier, and what is none."""
    raw = bytes.fromhex(engine)
    run = run_zeek(capture=frames([datagram(notification(raw), HOST, SERVER, (40000, 162))]))
    whole = {("snmp.engine_id", engine)} | (expected or set())
    claims = {claim for claim in told(run) if claim[0].startswith("snmp.")}
    assert claims == (whole if expected is not None else set())
    assert "CANARY" not in str(run.rows("iomt_asset"))


@pytest.mark.parametrize("how", [{"reportable": True}, {"model": 2}])
def test_engines_of_others(run_zeek: Any, frames: Any, how: dict[str, Any]) -> None:
    """Who asks names the other side's engine; other security models have other parameters."""
    message = notification(bytes.fromhex("80001f8801c0000205"), **how)
    run = run_zeek(capture=frames([datagram(message, HOST, SERVER, (40000, 162))]))
    assert not run.claims("snmp.")


@pytest.mark.parametrize(
    ("agent", "boots"), [(HOST, 1), ("0.0.0.0", 1), ("10.9.0.6", 0)]  # noqa: S104
)  # fmt: skip
def test_a_trap_that_was_passed_on(run_zeek: Any, frames: Any, agent: str, boots: int) -> None:
    """Who passes on another's trap was not switched on."""
    address = bytes(map(int, agent.split(".")))
    trap = ber(6, b"\x2b\x06\x01") + ber(0x40, address) + ber(2, b"\0") * 2 + ber(0x43, b"\1")
    message = ber(0x30, ber(2, b"\0") + ber(4, b"c") + ber(0xA4, trap + ber(0x30, b"")))
    run = run_zeek(capture=frames([datagram(message, HOST, SERVER, (40000, 162))]))
    run.assert_quiet()
    rows = [row for row in run.rows("iomt_exposure") if row.get("value") == "boot"]
    assert len(rows) == boots


def test_damaged_bytes(run_zeek: Any, frames: Any) -> None:
    """Whatever happens to the bytes, Zeek ends well and no text that is not wanted is told."""
    originals = [(ports, data) for *ports, data in payloads(CAPTURE.read_bytes())
                 if ports[1] in PORTS or ports[0] in PORTS]  # fmt: skip
    originals += [([138, 138], announcement()), ([40000, 162], notification(b"\x80\0\0\1\3" * 2)),
                  ([68, 67], inform((125, LONG)))]  # fmt: skip
    packets = []
    for number, (ports, data) in enumerate(originals):
        for case, bad in enumerate(damaged([data], 25, number)):
            host = f"10.{20 + number // 250}.{number % 250}.{1 + case}"
            own = bytes(map(int, host.split(".")))
            # In a NetBIOS datagram the sender's address stands within.
            raw = bad[:4] + own + bad[8:] if ports[0] == 138 else bad
            packets.append(datagram(raw, host, ALL, (ports[0], ports[1])))
    run = run_zeek(capture=frames(packets))
    alone = run_zeek(capture=frames(packets), load=()).rows("reporter")
    assert run.returncode == 0
    assert {row["message"] for row in run.rows("reporter")} <= {row["message"] for row in alone}
    fields = {field for _, field, _ in run.claims()}
    assert {"snmp.engine_id", "netbios.browser_name", "dhcp.enterprise_number"} <= fields
    for row in run.rows("iomt_asset"):
        assert 0 < len(row["value"].encode()) <= 256
        assert "canary" not in row["value"].lower()
