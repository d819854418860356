"""Exposure of connections made packet by packet: long, partial, one-sided, many, damaged."""

from __future__ import annotations

import random
import struct
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
LOAD = [SCRIPTS / "frameworks/exposure"]
SERVER = "10.1.0.2"


def pcap(path: Path, packets: list[tuple[float, bytes]]) -> Path:
    """Write frames at the given seconds."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at, packet in sorted(packets, key=lambda one: one[0]):
            micros = round(at * 1e6)
            size = len(packet)
            out.write(struct.pack("<IIII", 1_700_000_000 + micros // 1_000_000,
                                  micros % 1_000_000, size, size) + packet)  # fmt: skip
    return path


def udp(source: str, target: str, ports: tuple[int, int]) -> bytes:
    """A small datagram."""
    addresses = IPv4Address(source).packed + IPv4Address(target).packed
    payload = struct.pack("!HHHH", *ports, 12, 0) + b"ping"
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, 17, 0) + addresses
    return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + ip + payload


def rows_of(run: Any, kind: str, host: str = SERVER) -> list[dict[str, Any]]:
    """The rows of a kind about a host, as they were written."""
    run.assert_quiet()
    return [r for r in run.rows("iomt_exposure") if (r["kind"], r["host"]) == (kind, host)]


def test_session_that_lasts(run_zeek: Any, conversation: Any, tmp_path: Path) -> None:
    """A connection is told of in each interval in which it speaks, and when none is set up."""
    parts = [(n % 2 == 0, b"x" * 40) for n in range(240)]
    frames = conversation().packets(parts)
    # The handshake at once, then a packet each minute for four hours, and the end.
    packets = [(max(0, n - 2) * 60.0 + n / 1000, frame) for n, frame in enumerate(frames)]
    run = run_zeek(capture=pcap(tmp_path / "long.pcap", packets), load=LOAD,
                   script="redef tcp_inactivity_timeout = 1day;")  # fmt: skip
    services = rows_of(run, "service")
    assert [(row["state"], row["count"], row["clients"]) for row in services] == [
        ("accepted", 1, 1)
    ] * 5
    for earlier, later in pairwise(services):
        assert earlier["ts"] <= later["ts"]
        assert later["first"] >= earlier["ts"]
    assert all(row["last"] - row["first"] <= 3600 for row in services)
    assert len(rows_of(run, "peers")) == 5


def test_heartbeat_without_traffic(run_zeek: Any, tmp_path: Path) -> None:
    """The sensor's own row is there in an interval in which no host said anything."""
    far = [(n * 600.0, udp("8.8.4.4", "8.8.8.8", (5000 + n, 53))) for n in range(20)]
    run = run_zeek(capture=pcap(tmp_path / "quiet.pcap", far), load=LOAD)
    sensor = rows_of(run, "coverage", "0.0.0.0")  # noqa: S104 - no address to bind to
    beats = [row for row in sensor if row["value"] == "sensor"]
    assert len(beats) == 4
    assert {row["count"] for row in beats} == {0}
    assert {row["host"] for row in run.rows("iomt_exposure")} == {"0.0.0.0"}  # noqa: S104


def test_start_not_seen(run_zeek: Any, capture: Any) -> None:
    """A connection that the capture begins amid is a peer, and no service."""
    run = run_zeek(
        capture=capture([(True, b"a" * 50), (False, b"b" * 50)], handshake=False), load=LOAD
    )
    assert rows_of(run, "service") == []
    assert [(row["value"], row["peers"]) for row in rows_of(run, "peers")] == [
        ("with", ["10.1.0.1"])
    ]


@pytest.mark.parametrize("side", [True, False])
def test_one_side_captured(run_zeek: Any, capture: Any, side: bool) -> None:
    """Whose answers are not captured has not failed to answer."""
    run = run_zeek(capture=capture([(True, b"a" * 50), (False, b"b")], one_sided=side), load=LOAD)
    assert [row["state"] for row in rows_of(run, "service")] == ([] if side else ["accepted"])


def test_cut_off(run_zeek: Any, capture: Any) -> None:
    """Lost segments count as missed, for the host and for the sensor."""
    parts = [(True, b"a" * 1000), (False, b"b" * 9000), (True, b"c")]
    run = run_zeek(capture=capture(parts, lost=frozenset({3})), load=LOAD)
    [flows] = [row for row in rows_of(run, "coverage") if row["value"] == "flows"]
    assert flows["missed_bytes"] == 1448
    sensor = rows_of(run, "coverage", "0.0.0.0")  # noqa: S104 - no address to bind to
    by_name = {row["value"]: row for row in sensor}
    assert by_name["sensor"]["missed_bytes"] == 1448
    assert by_name["gaps"]["count"] == 1
    assert by_name["acks"]["count"] > 1


def test_scan_of_a_host(run_zeek: Any, conversation: Any, frames: Any) -> None:
    """A scan over all ports makes no more rows than the limit, and one notice."""
    packets = conversation().packets([(True, b"hello")])
    for port in range(200, 400):
        packets += conversation(server_port=port).packets([])[:1]
    run = run_zeek(capture=frames(packets), load=LOAD, script="redef Exposure::max_rows = 20;")
    services = rows_of(run, "service")
    assert len(services) == 12  # half of them, what was accepted, and the joined one
    assert [row["port"] for row in services if row["state"] == "accepted"] == [104]
    [other] = [row for row in services if row.get("value") == "other"]
    assert other["state"] == "unanswered"
    assert "port" not in other
    assert sum(row["count"] for row in services) == 201
    [notice] = run.rows("notice")
    assert (notice["note"], notice["src"]) == ("Exposure::Rows_Dropped", SERVER)


def test_sweep_over_empty_space(run_zeek: Any, frames: Any) -> None:
    """Addresses that never sent anything are no hosts, and fill no table."""
    packets = [udp("10.1.0.1", f"10.2.{n // 250}.{n % 250 + 1}", (4000, 161)) for n in range(500)]
    run = run_zeek(
        capture=frames(packets), load=LOAD, script="redef Exposure::max_silent_hosts = 50;"
    )
    run.assert_quiet()
    hosts = {row["host"] for row in run.rows("iomt_exposure")}
    assert hosts == {"10.1.0.1", "0.0.0.0"}  # noqa: S104 - no address to bind to
    [peers] = rows_of(run, "peers", "10.1.0.1")
    assert peers["peers"] == ["10.2.0.0/24", "10.2.1.0/24"]
    assert [notice["sub"] for notice in run.rows("notice")] == ["max_silent_hosts"]


def test_many_clients(run_zeek: Any, frames: Any) -> None:
    """More clients than are told apart are told by their prefixes, and those are limited too."""
    packets = []
    for n in range(1, 240):
        ends = (f"10.{n}.0.9", SERVER)
        packets += [udp(*ends, (4000, 161)), udp(*ends[::-1], (161, 4000))]
    script = "redef Exposure::max_peers = 30; redef Exposure::max_prefixes = 40;"
    run = run_zeek(capture=frames(packets), load=LOAD, script=script)
    [service] = rows_of(run, "service")
    assert (service["count"], service["clients"], len(service["peers"])) == (239, 30, 41)
    assert "0.0.0.0/0" in service["peers"]


def test_too_many_hosts(run_zeek: Any, frames: Any) -> None:
    """Hosts beyond the limit are left out, with one notice for all of them."""
    packets = [udp(f"10.3.0.{n}", "8.8.4.4", (4000, 161)) for n in range(1, 40)]
    run = run_zeek(capture=frames(packets), load=LOAD, script="redef Exposure::max_hosts = 10;")
    run.assert_quiet()
    assert len({row["host"] for row in run.rows("iomt_exposure")}) <= 11
    assert [notice["sub"] for notice in run.rows("notice")] == ["max_hosts"]


TELNET = b"\xff\xfd\x18\xff\xfd\x20spectrum login: "
LOGINS = {
    "telnet": (2323, [(False, TELNET), (True, b"CANARYUSER\r\n"), (False, b"Password: "),
                      (True, b"CANARYPASS\r\n"), (False, b"# ")]),
    "bare-telnet": (23, [(False, b"\r\nPassword: "), (True, b"CANARYPASS\r\n")]),
    "imap": (143, [(False, b"* OK ready\r\n"), (True, b"a1 CAPABILITY\r\n"), (False, b"* x\r\n"),
                   (True, b"a2 login CANARYUSER CANARYPASS\r\n")]),
    "pop3": (110, [(False, b"+OK ready\r\n"), (True, b"USER CANARYUSER\r\n"), (False, b"+OK\r\n"),
                   (True, b"PASS CANARYPASS\r\n"), (False, b"+OK\r\n")]),
    "smtp": (25, [(False, b"220 mail ESMTP\r\n"), (True, b"EHLO pump\r\n"),
                  (False, b"250 AUTH PLAIN\r\n"),
                  (True, b"AUTH PLAIN Q0FOQVJZUEFTUw==\r\n"), (False, b"235 ok\r\n")]),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGINS)
def test_credentials_in_clear_text(run_zeek: Any, capture: Any, name: str) -> None:
    """A log-in is told of the server, with its port, and of the client; never what was entered."""
    port, parts = LOGINS[name]
    run = run_zeek(capture=capture(parts, server_port=port), load=LOAD)
    service = name.removeprefix("bare-")
    assert ("credentials_in_clear", port, service) in {
        (row["value"], row.get("port"), row["service"]) for row in rows_of(run, "auth")
    }
    [mine] = rows_of(run, "auth", "10.1.0.1")
    assert (mine["value"], mine["service"], "port" in mine) == (
        "credentials_in_clear",
        service,
        False,
    )
    assert "CANARY" not in (run.directory / "iomt_exposure.log").read_text()


@pytest.mark.parametrize("name", ["telnet", "imap"])
def test_no_log_in(run_zeek: Any, capture: Any, name: str) -> None:
    """Who hangs up when asked has shown nothing."""
    port, parts = LOGINS[name]
    cut = {"telnet": [*parts[:1], (False, b"Password: ")], "imap": parts[:3]}[name]
    run = run_zeek(capture=capture(cut, server_port=port), load=LOAD)
    values = {row["value"] for row in rows_of(run, "auth")}
    assert values == {"telnet": {"demanded"}, "imap": set()}[name]


# Zeek's LDAP analyzer is there only where Zeek was built with Spicy: its event, as it declares it.
LDAP = """
    @if ( ! have_spicy_analyzers() )
    module LDAP;
    export {
        type BindAuthType: enum { BindAuthType_BIND_AUTH_SIMPLE, BindAuthType_BIND_AUTH_SASL };
        global bind_request: event(c: connection, message_id: int, version: int, name: string,
                                   auth_type: LDAP::BindAuthType, auth_info: string);
    }
    @endif
    module GLOBAL;
    event connection_established(c: connection)
        { event LDAP::bind_request(c, 1, 3, "cn=CANARY", LDAP::BindAuthType_%s, "%s"); }
"""


@pytest.mark.parametrize(
    ("kind", "secret", "values"),
    [
        ("BIND_AUTH_SIMPLE", "CANARYPASS", {"credentials_in_clear"}),
        ("BIND_AUTH_SIMPLE", "", {"anonymous"}),
        ("BIND_AUTH_SASL", "CANARYPASS", set()),
    ],
)
def test_ldap(run_zeek: Any, capture: Any, kind: str, secret: str, values: set[str]) -> None:
    """A simple bind shows the password, an empty one is anonymous, others say nothing."""
    made = capture([(True, b"x")], server_port=389)
    event = made.with_name("ldap.zeek")
    event.write_text(LDAP % (kind, secret))
    run = run_zeek(capture=made, load=[event, *LOAD])
    assert {row["value"] for row in rows_of(run, "auth")} == values
    assert "CANARY" not in (run.directory / "iomt_exposure.log").read_text()


SMB2 = """
    event connection_established(c: connection)
        {
        c$smb_state = SMB::State($current_cmd=SMB::CmdInfo($uid=c$uid, $id=c$id, $version="SMB2",
                                                           $command="NEGOTIATE"));
        local hdr = SMB2::Header($credit_charge=0, $status=0, $command=0, $credits=0, $flags=0,
            $message_id=0, $process_id=0, $tree_id=0, $session_id=0, $signature="");
        event smb2_negotiate_response(c, hdr, SMB2::NegotiateResponse($dialect_revision=%d,
            $security_mode=%d, $server_guid=SMB2::GUID($persistent=0, $volatile=0),
            $system_time=network_time(), $server_start_time=network_time(),
            $negotiate_context_count=0, $negotiate_context_values=vector()));
        }
"""


@pytest.mark.parametrize(
    ("dialect", "mode", "values"),
    [
        (0x0202, 1, {"smb_2.0.2", "smb_signing_optional"}),
        (0x0311, 3, {"smb_3.1.1", "smb_signing_required"}),
        (0x0210, 0, {"smb_2.1", "smb_signing_off"}),
        (0x02FF, 1, set()),
    ],
)
def test_smb2(run_zeek: Any, capture: Any, dialect: int, mode: int, values: set[str]) -> None:
    """Dialect and signing as the server chose them; the wildcard chooses nothing."""
    run = run_zeek(capture=capture([(True, b"x")]), load=LOAD, script=SMB2 % (dialect, mode))
    assert {row["value"] for row in rows_of(run, "auth")} == values


def test_damaged_bytes(run_zeek: Any, frames: Any, conversation: Any) -> None:
    """Flipped and cut bytes of all of these are no reason to complain."""
    dice = random.Random(4)  # noqa: S311 - to be the same each time
    packets = []
    for n in range(300):
        port, parts = LOGINS[dice.choice(list(LOGINS))]
        damaged = []
        for is_orig, data in parts:
            raw = bytearray(data[: dice.randrange(1, len(data) + 1)])
            raw[dice.randrange(len(raw))] = dice.randrange(256)
            damaged.append((is_orig, bytes(raw)))
        for packet in conversation(client_port=20000 + n, server_port=port).packets(damaged):
            raw = bytearray(packet)
            if dice.random() < 0.1:
                raw[dice.randrange(14, len(raw))] ^= 1 << dice.randrange(8)
            if dice.random() < 0.95:
                packets.append(bytes(raw))
    run = run_zeek(capture=frames(packets), load=LOAD)
    run.assert_quiet()
    assert "CANARYPASS" not in (run.directory / "iomt_exposure.log").read_text()
