"""What a host can claim, how often, and whose hardware address counts."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from itertools import pairwise
from typing import Any

import pytest

BROADCAST = b"\xff" * 6


def arp(
    sender_mac: bytes, sender: str, reply: bool = False, frame_mac: bytes | None = None
) -> bytes:
    """An ARP request or reply of a sender."""
    target = IPv4Address("10.1.0.254").packed
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2 if reply else 1)
    body += sender_mac + IPv4Address(sender).packed + bytes(6) + target
    return BROADCAST + (frame_mac or sender_mac) + b"\x08\x06" + body + bytes(18)


def udp(mac: bytes, source: str, target: str, target_mac: bytes = BROADCAST) -> bytes:
    """A small datagram."""
    addresses = IPv4Address(source).packed + IPv4Address(target).packed
    payload = struct.pack("!HHHH", 4000, 4001, 12, 0) + b"ping"
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 1, 17, 0) + addresses
    return target_mac + mac + b"\x08\x00" + ip + payload + bytes(14)


def claiming(calls: str, more: str = "") -> str:
    """A script that makes claims at its start, and says at its end how many were dropped."""
    return f"""
        {more}
        event zeek_init() &priority=-10
            {{
            local n: count;
            {calls}
            }}
        event zeek_done()
            {{
            for ( limit, n in Asset::dropped )
                print fmt("%s=%d", limit, n);
            }}
    """


LOOP = "n = 0; while ( n < %d ) { %s; ++n; }"


def test_too_many_values(run_zeek: Any) -> None:
    """Values beyond the limit are counted, and one notice names the host."""
    one = 'Asset::host_observed(10.0.0.1, "arp.mac", cat(n))'
    other = 'Asset::host_observed(10.0.0.2, "arp.mac", "fine")'
    script = claiming(LOOP % (30, one) + other + ";", "redef Asset::max_values = 10;")
    run = run_zeek(script=script)
    run.assert_quiet()
    assert len(run.claims()) == 11
    assert run.output.split() == ["max_values=20"]
    [notice] = run.rows("notice")
    assert (notice["note"], notice["src"]) == ("Asset::Claims_Dropped", "10.0.0.1")


def test_too_many_hosts(run_zeek: Any) -> None:
    """Hosts beyond the limit are counted, with one notice for all of them."""
    one = 'Asset::host_observed(count_to_v4_addr(167772161 + n), "arp.mac", "x")'
    run = run_zeek(script=claiming(LOOP % (30, one), "redef Asset::max_hosts = 10;"))
    run.assert_quiet()
    assert len(run.claims()) == 10
    assert run.output.split() == ["max_hosts=20"]
    assert [notice["sub"] for notice in run.rows("notice")] == ["max_hosts"]


def test_once_an_interval(run_zeek: Any, frames: Any) -> None:
    """The same claim is written once in the interval, and again after it."""
    script = """
        redef Asset::reporting_interval = 10sec;
        event arp_request(frame_from: string, frame_to: string, host: addr, mac: string,
                          target: addr, target_mac: string)
            { Asset::host_observed(host, "conn.active", "arp"); }
    """
    # A frame each millisecond: 25 seconds.
    run = run_zeek(capture=frames([arp(b"\x02" + bytes(5), "10.1.0.1")] * 25_001), script=script)
    run.assert_quiet()
    times = [row["ts"] for row in run.rows("iomt_asset") if row["field"] == "conn.active"]
    assert len(times) == 3
    assert all(later - earlier >= 10 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("raw", "logged"),
    [
        ("  padded\\x00 ", "padded"),
        ("a\\x1b[31mred\\x07", "a\\x1b[31mred\\x07"),
        ("R\\xc3\\xb6ntgen", "Röntgen"),
        ("R\\xf6ntgen", "R\\xf6ntgen"),
        ("csi \\xc2\\x9b31m", "csi \\xc2\\x9b31m"),
        ("back\\\\slash", "back\\slash"),
        ("tab\\there", "tab\\x09here"),
        ("overlong \\xc0\\xaf", "overlong \\xc0\\xaf"),
        ("surrogate \\xed\\xa0\\x80", "surrogate \\xed\\xa0\\x80"),
    ],
)
def test_values_are_cleaned(run_zeek: Any, raw: str, logged: str) -> None:
    """Control characters and bytes that are not UTF-8 are written as escapes."""
    run = run_zeek(script=claiming(f'Asset::host_observed(10.0.0.1, "arp.mac", "{raw}");'))
    run.assert_quiet()
    assert [row["value"] for row in run.rows("iomt_asset")] == [logged]


@pytest.mark.parametrize("unit", ["a", "\\xc3\\xb6", "\\xe2\\x82\\xac", "\\xff", "\\x01"])
@pytest.mark.parametrize("lead", ["", "x", "xx", "xxx"])
def test_long_values_are_cut(run_zeek: Any, unit: str, lead: str) -> None:
    """A value is at most 256 bytes long, and no character or escape is cut in two."""
    script = f'Asset::host_observed(10.0.0.1, "arp.mac", "{lead}" + string_fill(600, "{unit}"));'
    run = run_zeek(script=claiming(script))
    run.assert_quiet()
    [row] = run.rows("iomt_asset")
    assert 252 <= len(row["value"].encode()) <= 256
    whole = {"a": "a", "\\xc3\\xb6": "ö", "\\xe2\\x82\\xac": "€"}.get(unit, unit)
    assert row["value"].removeprefix(lead).replace(whole, "") == ""


def test_empty_values_and_no_hosts_are_dropped(run_zeek: Any) -> None:
    """Nothing is written of nothing, nor of addresses that are no host's."""
    calls = 'Asset::host_observed(10.0.0.1, "arp.mac", " \\x00 ");'
    for address in ("0.0.0.9", "255.255.255.255", "224.0.0.251", "[::]", "[ff02::1]"):
        calls += f'Asset::host_observed({address}, "arp.mac", "x");'
    run = run_zeek(script=claiming(calls))
    run.assert_quiet()
    assert not run.rows("iomt_asset")


def test_a_proxy_owns_nothing(run_zeek: Any, frames: Any) -> None:
    """One that answers for many addresses is no host, and its hardware address nobody's."""
    proxy, host = b"\x02\x00\x00\x00\x00\x99", b"\x02\x00\x00\x00\x00\x01"
    packets = [arp(proxy, f"10.1.0.{n}", reply=True) for n in range(1, 30)]
    packets += [udp(proxy, f"10.1.0.{n}", "10.1.9.9", host) for n in range(1, 30)]
    run = run_zeek(capture=frames([*packets, arp(host, "10.1.1.1")]))
    run.assert_quiet()
    assert len({ip for ip, field, _ in run.claims("arp.") if ip.startswith("10.1.0.")}) == 8
    late = [row for row in run.rows("iomt_asset") if row["field"] == "conn.frame_mac"]
    assert len(late) == 29
    assert not [row for row in late if "mac" in row]
    assert ("10.1.1.1", "arp.mac", "02:00:00:00:00:01") in run.claims()


def test_announcing_another_is_no_proof(run_zeek: Any, frames: Any) -> None:
    """ARP counts only from the frame of the one it speaks of; zero and multicast count never."""
    one, other = b"\x02\x00\x00\x00\x00\x01", b"\x02\x00\x00\x00\x00\x02"
    packets = [arp(one, "10.1.0.1", frame_mac=other), arp(bytes(6), "10.1.0.2")]
    packets += [
        arp(b"\x01\x00\x5e\x00\x00\x01", "10.1.0.3"),
        arp(one, "0.0.0.9"),
        arp(one, "8.8.8.8"),
    ]
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    assert not run.claims()


def test_contested_address(run_zeek: Any, frames: Any) -> None:
    """An address that many hardware addresses claim has none."""
    macs = [b"\x02\x00\x00\x00\x00" + bytes([n]) for n in range(1, 8)]
    packets = [arp(mac, "10.1.0.1") for mac in macs]
    run = run_zeek(capture=frames([*packets, udp(macs[0], "10.1.0.1", "10.1.9.9", macs[1])]))
    run.assert_quiet()
    [row] = [row for row in run.rows("iomt_asset") if row["field"] == "conn.frame_mac"]
    assert "mac" not in row


def test_what_proves_a_frames_sender(run_zeek: Any, frames: Any) -> None:
    """Frames to the link or from a link-local address are their sender's own."""
    mac = b"\x02\x00\x00\x00\x00\x01"
    packets = [
        udp(mac, "10.1.0.1", "255.255.255.255"),
        udp(mac, "10.1.0.2", "224.0.0.251", b"\x01\x00\x5e\x00\x00\xfb"),
        udp(mac, "169.254.0.3", "169.254.0.9", b"\x02\x00\x00\x00\x00\x09"),
        udp(mac, "10.1.0.4", "10.1.0.9", b"\x02\x00\x00\x00\x00\x09"),
        udp(mac, "10.1.0.5", "10.1.255.255"),
        udp(mac, "8.8.8.8", "10.1.0.9", b"\x02\x00\x00\x00\x00\x09"),
    ]
    run = run_zeek(capture=frames(packets))
    run.assert_quiet()
    text = "02:00:00:00:00:01"
    assert run.claims() == {
        ("10.1.0.1", "conn.mac", text),
        ("10.1.0.2", "conn.mac", text),
        ("169.254.0.3", "conn.mac", text),
        ("10.1.0.4", "conn.frame_mac", text),
        ("10.1.0.5", "conn.frame_mac", text),
    }


def test_vlan(run_zeek: Any, frames: Any) -> None:
    """The VLAN is a claim, and stands in the rows seen in it."""
    mac = b"\x02\x00\x00\x00\x00\x01"
    plain = udp(mac, "10.1.0.1", "255.255.255.255")
    run = run_zeek(capture=frames([plain[:12] + b"\x81\x00\x00\x78" + plain[12:]]))
    run.assert_quiet()
    assert ("10.1.0.1", "conn.vlan", "120") in run.claims()
    assert {row["vlan"] for row in run.rows("iomt_asset")} == {120}


def test_claims_of_a_cluster_are_told_once(run_zeek: Any) -> None:
    """What several workers publish, the manager writes once an interval by the workers' clock."""
    event = """
        event Asset::claim(Asset::Info($ts=double_to_time(%s), $host=10.0.0.1, $field="arp.mac",
                                       $value="x", $source="arp"));
    """
    times = ("1.0", "2.0", "3600.5", "3601.0")
    run = run_zeek(script=claiming("".join(event % ts for ts in times)))
    run.assert_quiet()
    assert [row["ts"] for row in run.rows("iomt_asset")] == [1.0, 3601.0]
