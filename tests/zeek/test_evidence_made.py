"""Generic evidence where a genuine program would not say it: users' names, what others said."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from zeek.udp_frames import datagram

HOST, OTHER, GROUP = "10.9.0.5", "10.9.0.6", "224.0.0.251"
CAPTURE = Path(__file__).parents[1] / "traces" / "evidence.pcap"
LOCAL = b"\x05local\x00"
LINK = ("arp.", "conn.")


def label(*words: str) -> bytes:
    """A name's labels, without its end."""
    return b"".join(bytes([len(word)]) + word.encode() for word in words)


def record(name: bytes, kind: int, data: bytes) -> bytes:
    """A resource record of an hour."""
    return name + struct.pack("!HHIH", kind, 1, 3600, len(data)) + data


def mdns(*records: bytes, flags: int = 0x8400) -> bytes:
    """A message with the records among its additional ones."""
    return struct.pack("!HHHHHH", 0, flags, 0, 0, 0, len(records)) + b"".join(records)


SERVICE = label("Film printer", "_ipp", "_tcp") + LOCAL
TEXT = record(SERVICE, 16, label("ty=DryPix", "note=Mary Canary", "=x", "mdl"))
OWN = record(label("p1") + LOCAL, 1, bytes([10, 9, 0, 5]))
FOREIGN = record(label("p2") + LOCAL, 1, bytes([10, 9, 0, 6]))


def netbios(name: str, kind: int) -> bytes:
    """A name in the first-level encoding."""
    raw = name.ljust(15).encode() + bytes([kind])
    return b" " + bytes(65 + half for byte in raw for half in divmod(byte, 16)) + b"\x00"


def registration(name: str, kind: int, flags: int = 0, holder: str = HOST) -> bytes:
    """A host says to all that it takes a name."""
    head = struct.pack("!HHHHHH", 7, 0x2910, 1, 0, 0, 1)
    address = struct.pack("!H4B", flags, *map(int, holder.split(".")))
    question = netbios(name, kind) + b"\x00\x20\x00\x01"
    return head + question + record(b"\xc0\x0c", 32, address)


def ssdp(first: str, *lines: str) -> bytes:
    """A message of SSDP."""
    return "\r\n".join((first, *lines, "", "")).encode()


@pytest.fixture
def told(run_zeek: Any, frames: Any) -> Callable[..., set[tuple[str, str, str]]]:
    """What is told of one datagram from the host."""

    def tell(payload: bytes, port: int, target: str = GROUP, **how: Any) -> Any:
        source_port = port if port != 1900 else 40000
        run = run_zeek(
            capture=frames([datagram(payload, HOST, target, (source_port, port))]), **how
        )
        run.assert_quiet()
        return {claim for claim in run.claims() if not claim[1].startswith(LINK)}

    return tell


def test_additional_records_count(told: Any) -> None:
    """What stands there is told; keys that may hold a person's words are not."""
    assert told(mdns(TEXT, OWN), 5353) == {
        (HOST, "mdns.model", "DryPix"),
        (HOST, "mdns.host_name", "p1.local"),
    }


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("usb_MFG", "manufacturer"),
        ("usb_MDL", "model"),
        ("SerialNumber", "serial_number"),
        ("fw", "firmware"),
        ("osxvers", "os_version"),
        ("adminurl", None),
    ],
)
def test_parameters_of_services(told: Any, key: str, field: str | None) -> None:
    """Keys of printers, displays and computers, however they are spelt; others are skipped."""
    claims = told(mdns(record(SERVICE, 16, label(f"{key}=7.1"))), 5353)
    assert claims == ({(HOST, f"mdns.{field}", "7.1")} if field else set())


@pytest.mark.parametrize(
    "message",
    [mdns(TEXT, FOREIGN), mdns(TEXT, OWN, flags=0), mdns(TEXT)[:40], b"\x84" * 13, b""],
    ids=["of another", "known answers", "cut", "damaged", "empty"],
)
def test_mdns_of_others_and_damaged(told: Any, message: bytes) -> None:
    """What is repeated for others, or asked with, is not the sender's."""
    assert told(message, 5353) == set()


def test_a_name_that_points_to_itself(told: Any) -> None:
    """Ends."""
    loop = b"\xc0\x0c"
    assert told(mdns(record(loop, 12, loop), record(loop, 1, bytes([10, 9, 0, 5]))), 5353) == set()


def test_netbios_names(told: Any) -> None:
    """A computer's and a workgroup's name are told."""
    assert told(registration("CT7", 0), 137, "10.9.255.255") == {(HOST, "netbios.name", "CT7")}
    group = registration("RADIOLOGY", 0, flags=0x8000)
    assert told(group, 137, "10.9.255.255") == {(HOST, "netbios.workgroup", "RADIOLOGY")}


@pytest.mark.parametrize(
    "message",
    [
        registration("CANARY", 3),
        registration("\x01\x02__MSBROWSE__\x02", 1, flags=0x8000),
        registration("CT8", 0, holder=OTHER),
        registration("CT7", 0)[:60],
        b" " * 60,
    ],
    ids=["user", "browser", "another's", "cut", "damaged"],
)
def test_netbios_that_is_not_told(told: Any, message: bytes) -> None:
    """Messenger names are users', and a name server speaks for others."""
    assert told(message, 137, "10.9.255.255") == set()


def test_ssdp_search_tells_nothing_of_what_is_sought(told: Any) -> None:
    """Only who asks."""
    message = ssdp("M-SEARCH * HTTP/1.1", "ST: urn:schemas-upnp-org:device:X:1",
                   "USER-AGENT: Windows/10 UPnP/1.1 View/2")  # fmt: skip
    expected = {(HOST, "ssdp.user_agent", "Windows/10 UPnP/1.1 View/2")}
    assert told(message, 1900, "239.255.255.250") == expected


@pytest.mark.parametrize(
    "message", [ssdp("GET / HTTP/1.1", "SERVER: x"), b"\r\n", b"NOTIFY", bytes(3000)]
)
def test_not_ssdp(told: Any, message: bytes) -> None:
    """Other traffic on its port tells nothing."""
    assert told(message, 1900, "239.255.255.250") == set()


def test_host_names_hashed_or_dropped(told: Any) -> None:
    """One option for all protocols; other claims stay as they are."""
    message = mdns(TEXT, OWN)
    drop = told(message, 5353, script="redef Asset::host_names = Asset::DROP_NAMES;")
    assert drop == {(HOST, "mdns.model", "DryPix")}
    hashed = told(message, 5353, script="redef Asset::host_names = Asset::HASH_NAMES;")
    [name] = [value for _, field, value in hashed if field == "mdns.host_name"]
    assert name.startswith("sha256:")
    assert len(name) == 23
    salt = 'redef Asset::host_names = Asset::HASH_NAMES; redef Asset::host_name_salt = "s";'
    assert name not in {value for _, _, value in told(message, 5353, script=salt)}


def test_no_host_name_escapes_the_option(run_zeek: Any) -> None:
    """In a capture with all protocols, no field that is told has a name of a host in it."""
    run = run_zeek(capture=CAPTURE, script="redef Asset::host_names = Asset::DROP_NAMES;")
    names = ("viewer7", "reader7", "drypix2", "pump3.", "ct7", "monitor-bed7")
    found = [row for row in run.rows("iomt_asset") if row["value"].lower().startswith(names)]
    # NTLM gives a computer that is in no domain as its own domain.
    assert {row["field"] for row in found} <= {"ntlm.domain"}


HTTP = (
    b"GET {url} HTTP/1.1\r\nHost: h\r\n{via}User-Agent: Pump/2.1 (http://canary/)\r\n\r\n",
    b"HTTP/1.1 401 No\r\nServer: Boa/0.9\r\nWWW-Authenticate: Basic "
    b"realm=\"a http://canary/ b\"\r\n"
    b"Content-Length: 0\r\n\r\n",
)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "via", "expected"),
    [
        (b"/canary", b"", {"http.user_agent", "http.server", "http.realm"}),
        (b"/canary", b"Via: 1.1 proxy\r\n", set()),
        (b"http://canary.example/", b"", {"http.user_agent", "http.realm"}),
    ],
    ids=["direct", "through a proxy", "to a proxy"],
)
def test_http(run_zeek: Any, capture: Any, url: bytes, via: bytes, expected: set[str]) -> None:
    """No URL is told, and nothing that a proxy passed on."""
    request = HTTP[0].replace(b"{url}", url).replace(b"{via}", via)
    run = run_zeek(capture=capture([(True, request), (False, HTTP[1])], server_port=80))
    run.assert_quiet()
    claims = run.claims("http.")
    assert {field for _, field, _ in claims} == expected
    assert "canary" not in str(claims)


def test_fingerprints_of_a_package(run_zeek: Any, tmp_path: Path) -> None:
    """JA3 and JA4 are told where packages that were loaded before make them."""
    package = tmp_path / "fingerprints.zeek"
    package.write_text("""
        module JA3;
        export { redef enum Log::ID += { LOG }; }
        redef record SSL::Info += { ja3: string &optional &log; ja4: string &log &default="t12"; };
        event ssl_client_hello(c: connection, version: count, record_version: count,
            possible_ts: time, client_random: string, session_id: string, ciphers: index_vec,
            comp_methods: index_vec)
            { c$ssl$ja3 = "0123abcd"; }
        module FINGERPRINT::JA4;
        export { redef enum Log::ID += { LOG }; }
    """)
    run = run_zeek(capture=CAPTURE, load=(package, "wardwatch"))
    run.assert_quiet()
    clients = ("10.30.1.3", "10.30.2.6")
    assert run.claims("ja3.") == {(host, "ja3.client_hello", "0123abcd") for host in clients}
    assert run.claims("ja4.") == {(host, "ja4.client_hello", "t12") for host in clients}


def tlv(kind: int, data: bytes) -> bytes:
    """A TLV of LLDP."""
    return struct.pack("!H", kind << 9 | len(data)) + data


def test_lldp_med_inventory(run_zeek: Any, frames: Any) -> None:
    """A telephone's inventory, and the management address that says whose it is."""
    inventory = b"".join(
        tlv(127, b"\x00\x12\xbb" + bytes([subtype]) + text)
        for subtype, text in enumerate((b"R2", b"4.1", b"2.0.8", b"SN-1", b"Maker", b"P7", b"A"), 5)
    )
    address = tlv(8, b"\x05\x01" + bytes([10, 9, 0, 5]) + b"\x02\0\0\0\1\0")
    body = tlv(1, b"\x07p") + tlv(5, b"phone7") + inventory + address + tlv(0, b"")
    head = bytes.fromhex("0180c200000e 020000000001 88cc")
    capture = frames([head + body, head + body[:-30], head + b"\xff" * 40, head])
    load = ("wardwatch", "wardwatch/evidence/optional/lldp_cdp")
    run = run_zeek(capture=capture, load=load)
    run.assert_quiet()
    assert {(field.partition(".")[2], value) for _, field, value in run.claims()} == {
        ("system_name", "phone7"),
        ("hardware_revision", "R2"),
        ("firmware_revision", "4.1"),
        ("software_revision", "2.0.8"),
        ("serial_number", "SN-1"),
        ("manufacturer", "Maker"),
        ("model_name", "P7"),
    }
