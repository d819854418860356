"""What genuine programs expose: accepted, refused and ignored calls, log-ins, link-ups."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
SCRIPTS = TESTS.parent / "zeek-scripts"
LOAD = [SCRIPTS / "frameworks/exposure", SCRIPTS / "evidence/arp.zeek"]
TRACES = TESTS / "traces"
CANARIES = runpy.run_path(str(TRACES / "exposure_services.py"))
PUMP, DESK = "10.20.1.71", "10.20.3.11"
HTTP, FTP = ("tcp", "http"), ("tcp", "ftp")


def exposure(run_zeek: Any, capture: Path, **how: Any) -> list[dict[str, Any]]:
    """The rows of a capture."""
    run = run_zeek(capture=capture, load=LOAD, **how)
    run.assert_quiet()
    rows: list[dict[str, Any]] = run.rows("iomt_exposure")
    return rows


@pytest.fixture
def link(run_zeek: Any) -> list[dict[str, Any]]:
    """What is seen on the link."""
    return exposure(run_zeek, TRACES / "exposure/link.pcap")


def told(rows: list[dict[str, Any]], kind: str, host: str, *columns: str) -> set[tuple[Any, ...]]:
    """Columns of the rows of a kind about a host."""
    return {
        tuple(row.get(name) for name in columns)
        for row in rows
        if (row["kind"], row["host"]) == (kind, host)
    }


def test_services_of_a_device(link: list[dict[str, Any]]) -> None:
    """Each port once, with what became of the calls; data connections of FTP are no services."""
    assert told(link, "service", PUMP, "proto", "port", "service", "state", "by", "count") == {
        ("tcp", 21, "ftp", "accepted", None, 1),
        ("tcp", 2575, None, "unanswered", None, 1),
        ("tcp", 2576, None, "refused", "device", 1),
        ("tcp", 4432, "ssl", "accepted", None, 1),
        ("tcp", 4433, "ssl", "accepted", None, 1),
        ("tcp", 8080, "http", "accepted", None, 1),
        ("tcp", 8081, "http", "accepted", None, 2),
        ("tcp", 9999, None, "refused", "device", 1),
        ("udp", 6000, None, "accepted", None, 1),
        ("udp", 6001, None, "refused", "device", 1),
    }
    for row in link:
        assert row["first"] <= row["last"] <= row["ts"]
        assert row.get("clients") == (1 if row["kind"] in ("service", "auth") else None)


def test_peers(link: list[dict[str, Any]]) -> None:
    """Who calls, and who is called; a call without an answer makes no peer."""
    assert told(link, "service", DESK, "port") == set()
    assert [
        (row["host"], row["value"], row["peers"], row["count"])
        for row in sorted(link, key=lambda row: str(row["host"]))
        if row["kind"] == "peers" and row["host"].startswith("10.")
    ] == [(PUMP, "from", [DESK], 8), (DESK, "to", [PUMP], 9)]


def test_who_refuses_behind_a_router(run_zeek: Any) -> None:
    """A router's reset is told from the device's as soon as the device's distance is known."""
    rows = exposure(run_zeek, TRACES / "exposure/routed.pcap")
    assert told(rows, "service", "10.20.1.72", "port", "state", "by") == {
        (8080, "accepted", None),
        (8082, "refused", None),
        (8082, "refused", "network"),
        (8083, "refused", "network"),
        (8084, "unanswered", None),
        (9999, "refused", "device"),
    }
    assert not [row for row in rows if "mac" in row and row["host"] == "10.20.1.72"]


def test_authentication(link: list[dict[str, Any]]) -> None:
    """Demanded or not, passed, and shown in clear text by whom to whom."""
    assert told(link, "auth", PUMP, "port", "service", "value") == {
        (8080, "http", "not_demanded"),
        (8081, "http", "demanded"),
        (8081, "http", "credentials_in_clear"),
        (8081, "http", "passed"),
        (21, "ftp", "demanded"),
        (21, "ftp", "credentials_in_clear"),
        (21, "ftp", "passed"),
    }
    assert told(link, "auth", DESK, "port", "service", "value", "count") == {
        (None, "ftp,http", "credentials_in_clear", 2)
    }


def test_no_credentials_are_kept(run_zeek: Any) -> None:
    """Neither name nor password is in a log of ours; both were on the wire."""
    capture = TRACES / "exposure/link.pcap"
    run = run_zeek(capture=capture, load=LOAD)
    logs = "".join(path.read_text() for path in run.directory.glob("iomt_*.log"))
    for word in (CANARIES["USER"], CANARIES["PASSWORD"]):
        assert word.encode() in capture.read_bytes()
        assert word not in logs


def test_uses(link: list[dict[str, Any]]) -> None:
    """TLS versions at either side, fragments, multicast, IPv6."""
    assert told(link, "uses", PUMP, "port", "value") == {
        (4432, "TLSv12"),
        (4433, "TLSv13"),
        (None, "fragments"),
    }
    assert told(link, "uses", DESK, "port", "value") == {
        (None, "TLSv12"),
        (None, "TLSv13"),
        (None, "fragments"),
        (6002, "multicast"),
    }
    assert (None, "ipv6") in told(link, "uses", "fd00:20::76", "port", "value")
    assert told(link, "service", "fd00:20::76", "port", "state", "by") == {
        (8080, "accepted", None),
        (9999, "refused", "device"),
    }


def test_coverage(link: list[dict[str, Any]]) -> None:
    """Link-ups of hosts, and the sensor's own rows."""
    assert told(link, "coverage", PUMP, "value", "count", "missed_bytes") == {
        ("link_up_arp", 1, None),
        ("flows", 10, 0),
    }
    assert ("link_up_dad",) in told(link, "coverage", "fd00:20::76", "value")
    sensor = told(link, "coverage", "0.0.0.0", "value")  # noqa: S104 - no address to bind to
    assert sensor == {("sensor",), ("acks",), ("gaps",), ("dropped",), ("packets",)}


def test_hospital(run_zeek: Any) -> None:
    """DICOM, DNS and DHCP of the demonstration site; whose titles get an association."""
    rows = exposure(run_zeek, TRACES / "hospital.pcap")
    pacs = "10.20.2.10"
    assert told(rows, "service", pacs, "port", "service", "state", "clients") == {
        (11112, "dicom", "accepted", 14)
    }
    titles = told(rows, "auth", pacs, "state", "value")
    assert ("refused", "STRANGER") in titles
    assert {title for state, title in titles if state == "accepted"} >= {"CT1", "MR2", "VIEWER1"}
    assert told(rows, "uses", "10.20.1.11", "value") == {("dns",), ("dhcp",)}
    assert ("link_up_dhcp", 1) in told(rows, "coverage", "10.20.1.11", "value", "count")
    assert told(rows, "peers", "10.20.1.11", "value", "count") == {("to", 2)}
    [core] = [row for row in rows if row["host"] == "10.20.0.1" and row.get("port") == 53]
    assert core["peers"] == ["10.20.1.0/24", "10.20.2.0/24", "10.20.3.0/24"]
    assert core["clients"] == 17
    assert core["mac"] == "02:20:00:00:00:01"


@pytest.mark.parametrize(
    ("name", "service", "values"),
    [
        ("zeek-raw_ntlm_in_smb.pcap", "smb", {"smb_1", "smb_signing_off"}),
        ("zeek-rdp-x509.pcap", "rdp", {"rdp_"}),
        ("suriverify-snmpv2c.pcap", "snmp", {"credentials_in_clear"}),
    ],
)
def test_public_captures(
    run_zeek: Any, public_capture: Any, name: str, service: str, values: set[str]
) -> None:
    """Desktops, file servers and management, as captured by others."""
    script = "redef Site::local_nets += { 0.0.0.0/0 };"
    rows = exposure(run_zeek, public_capture(name), script=script)
    found = {row["value"] for row in rows if row["kind"] == "auth" and row["service"] == service}
    assert all(any(value.startswith(start) for value in found) for start in values), found


def test_only_local_hosts(run_zeek: Any) -> None:
    """No row is about an address that is not ours."""
    script = """
        redef Site::private_address_space_is_local = F;
        redef Site::private_address_space -= { 10.0.0.0/8 };
        redef Site::local_nets += { 10.20.1.0/24 };
    """
    rows = exposure(run_zeek, TRACES / "exposure/link.pcap", script=script)
    hosts = {row["host"] for row in rows if ":" not in row["host"]}
    assert hosts == {PUMP, "0.0.0.0"}  # noqa: S104 - no address to bind to
