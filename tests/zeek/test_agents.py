"""What agents and clients state of themselves in the capture that genuine ones made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CAPTURE = Path(__file__).parents[1] / "traces" / "agents.pcap"
HUB, MODEM, OTHER = "10.31.1.1", "10.31.1.2", "10.31.1.3"
BY_MAC, BY_TEXT, BY_CHANCE, MASTER, MEMBER = (f"10.31.2.{n}" for n in range(1, 6))
BY_ADDRESS, INFORMER, ARCHIVE = (f"10.31.2.{n}" for n in range(6, 9))
LINK = ("arp.", "conn.", "dhcp.mac", "dhcp.parameter_list")
ROLES = ("workstation", "server", "print_server", "unix_server", "nt_workstation", "nt_server",
         "potential_browser", "dfs")  # fmt: skip


def announced(name: str) -> set[tuple[str, str]]:
    """What Samba's nmbd announces."""
    return {
        ("netbios.name", name),
        ("netbios.workgroup", "THEATRE"),
        ("netbios.browser_name", name),
        ("netbios.browser_os_version", "6.1"),
        *(("netbios.browser_role", role) for role in ROLES),
    }


def engine(kind: str, value: str) -> set[tuple[str, str]]:
    """What Net-SNMP's agent says of its engine."""
    return {("snmp.engine_enterprise", "8072"), (f"snmp.engine_{kind}", value)}


EXPECTED = {
    HUB: {
        ("dhcp.client_fqdn", "hub.example.org"),
        ("dhcp.vendor_class", "dslforum.org"),
        ("dhcp.enterprise_class", "3561:dslforum.org-1"),
        ("dhcp.enterprise_class", "3561:Hub"),
        ("dhcp.enterprise_number", "3561"),
        ("dhcp.enterprise_number", "99999"),
        ("dhcp.enterprise_options", "3561:1,2,3"),
        ("dhcp.enterprise_options", "99999:1,200"),
        ("dhcp.device_oui", "00D09E"),
        ("dhcp.device_serial_number", "HUB-0042"),
        ("dhcp.product_class", "HomeHub 2"),
    },
    MODEM: {
        ("dhcp.host_name", "modem7"),
        ("dhcp.vendor_class", "docsis3.1:"),
        ("dhcp.enterprise_number", "4491"),
        ("dhcp.enterprise_options", "4491:5"),
        ("dhcp.product_class", "ECM"),
        ("dhcp.device_serial_number", "CM-4711"),
        ("dhcp.device_hardware_version", "HW 1.2"),
        ("dhcp.device_software_version", "SW 3.4"),
        ("dhcp.device_oui", "000f21"),
        ("dhcp.device_model", "CM-100"),
        ("dhcp.device_manufacturer", "Example Cable"),
    },
    OTHER: {("dhcp.host_name", "other7"), ("dhcp.vendor_class", "ExamplePump 3")},
    BY_MAC: {
        ("snmp.engine_id", "80001f8803022000000701"),
        *engine("mac", "02:20:00:00:07:01"),
    },
    BY_TEXT: {
        ("snmp.engine_id", "80001f8804" + b"ventilator-7".hex()),
        *engine("text", "ventilator-7"),
    },
    MASTER: announced("THEATRE1") | {("netbios.browser_role", "master_browser")},
    MEMBER: announced("THEATRE2"),
    ARCHIVE: {("kerberos.service_host", "archive7.hospital.example")},
    BY_ADDRESS: {
        ("snmp.engine_id", "800003e901c0000205"),
        ("snmp.engine_enterprise", "1001"),
        ("snmp.engine_address", "192.0.2.5"),
    },
}


@pytest.fixture
def told(run_zeek: Any) -> Any:
    """What Zeek tells of the capture."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    return run


@pytest.mark.parametrize("host", EXPECTED)
def test_everything_is_told(told: Any, host: str) -> None:
    """Of each host exactly this."""
    claims = {(field, value) for who, field, value in told.claims() if who == host}
    assert {claim for claim in claims if not claim[0].startswith(LINK)} == EXPECTED[host]


def test_an_engine_named_by_chance(told: Any) -> None:
    """Random bytes are no address and no text."""
    claims = {field: value for who, field, value in told.claims("snmp.") if who == BY_CHANCE}
    assert set(claims) == {"snmp.engine_id", "snmp.engine_enterprise"}
    assert claims["snmp.engine_id"].startswith("80001f8880")


def test_nobody_else_says_anything(told: Any) -> None:
    """The manager asks, and whose traps have no engine says nothing of itself."""
    hosts = {who for who, field, _ in told.claims() if not field.startswith(LINK)}
    assert hosts == {*EXPECTED, BY_CHANCE}


def test_a_ticket_that_nobody_answers(run_zeek: Any, frames: Any) -> None:
    """It says nothing of whom it was shown to."""
    data, at, kept = CAPTURE.read_bytes(), 24, []
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[6:12] != bytes.fromhex("022000000708"):  # the file server's
            kept.append(frame)
    run = run_zeek(capture=frames(kept))
    run.assert_quiet()
    assert not run.claims("kerberos.")
    assert run.claims("netbios.")


def test_boots(told: Any) -> None:
    """Who sends coldStart or warmStart, in each version, also to be confirmed."""
    rows = told.rows("iomt_exposure")
    boots = {row["host"]: row["count"] for row in rows if row.get("value") == "boot"}
    # The agent that is not answered repeats its notification, which is one boot.
    assert boots == dict.fromkeys(
        (BY_MAC, BY_TEXT, BY_CHANCE, MASTER, MEMBER, BY_ADDRESS, INFORMER), 1
    )


def test_no_user_is_told(told: Any) -> None:
    """Users, communities, comments and what is not public are on the wire, and in no claim."""
    raw = CAPTURE.read_bytes()
    for word in (b"canary-user", b"Canary-Community", b"Canary comment", b"Canary text",
                 b"Canary serial"):  # fmt: skip
        assert word in raw, word
    for log in told.directory.glob("iomt_*.log"):
        assert "canary" not in log.read_text(encoding="utf-8").lower()


def test_names_can_be_dropped(run_zeek: Any) -> None:
    """The option for host names counts for these fields too."""
    run = run_zeek(capture=CAPTURE, script="redef Asset::host_names = Asset::DROP_NAMES;")
    values = {value for _, _, value in run.claims()}
    names = {"THEATRE1", "THEATRE2", "ventilator-7", "modem7", "other7", "hub.example.org"}
    assert not values & names
    assert "HUB-0042" in values


def test_standard_logs_get_no_column(run_zeek: Any) -> None:
    """Zeek's own logs are what they are without the scripts."""
    with_scripts, without = run_zeek(capture=CAPTURE), run_zeek(capture=CAPTURE, load=())
    for log in ("dhcp", "snmp", "conn"):
        mine, own = with_scripts.rows(log), without.rows(log)
        assert own, log
        assert sorted(sorted(row) for row in mine) == sorted(sorted(row) for row in own), log
