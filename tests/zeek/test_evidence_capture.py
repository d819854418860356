"""Generic evidence in captures of genuine programs: each field with its value, and no user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CAPTURE = Path(__file__).parents[1] / "traces" / "evidence.pcap"
PUMP, MONITOR, PRINTER, DOCK = "10.30.1.3", "10.30.2.1", "10.30.2.2", "10.30.2.3"
CT, VIEWER, READER = "10.30.2.4", "10.30.2.5", "10.30.2.6"
UDN = "uuid:2f402f80-da50-11e1-9b23-001788000815"
EVERYWHERE = "redef Site::local_nets += { 0.0.0.0/1, 128.0.0.0/1 };"
LINK = ("arp.", "conn.")

ROLES = ("workstation", "server", "print_server", "unix_server", "nt_workstation", "nt_server",
         "potential_browser", "dfs")  # fmt: skip

EXPECTED = {
    PUMP: {
        ("dhcp.mac", "02:20:00:00:04:03"),
        ("dhcp.vendor_class", "ExamplePump 3"),
        ("dhcp.parameter_list", "1,3,6,12,15,28,42"),
        ("dhcp.client_id", "PUMP-3-0815"),
        ("dhcp.enterprise_number", "9"),
        ("dhcp.enterprise_number", "3561"),
        ("dhcp.enterprise_class", "9:Pump3"),
        ("dhcp.enterprise_options", "3561:1"),
        ("dhcp.user_class", "ivpmp"),
        ("dhcp.user_class", "icu"),
        ("tls.client_subject", "serialNumber=P3-0815,O=Example Pumps"),
        ("tls.client_issuer_organization", "Example Pumps"),
        ("tls.client_common_name", "pump3.hospital.example"),
        ("tls.client_name", "pump3.hospital.example"),
        ("kerberos.host_name", "pump3.hospital.example"),
    },
    PRINTER: {
        ("mdns.service", "_ipp._tcp"),
        ("mdns.service", "_device-info._tcp"),
        ("mdns.service", "_presence._tcp"),
        ("mdns.instance", "Film printer 2"),
        ("mdns.instance", "drypix2"),
        ("mdns.manufacturer", "FUJIFILM"),
        ("mdns.model", "DryPix Edge"),
        ("mdns.model", "DP-EDGE-4000"),
        ("mdns.host_name", "drypix2.local"),
    },
    DOCK: {
        ("ssdp.server", "DockOS/3.2 UPnP/1.0 ExampleDock/7.1"),
        ("ssdp.usn", UDN),
        ("ssdp.device_type", "urn:schemas-upnp-org:device:Basic:1"),
        ("upnp.manufacturer", "Example Imaging & Co"),
        ("upnp.model_name", "Dock 7"),
        ("upnp.model_number", "D7-100"),
        ("upnp.model_description", "Dental sensor dock"),
        ("upnp.serial_number", "D7-000815"),
        ("upnp.device_type", "urn:schemas-upnp-org:device:Basic:1"),
        ("upnp.udn", UDN),
        ("http.server", "ExampleDock/7.1"),
        ("http.realm", "Dock 7 service"),
        ("ssh.server_banner", "SSH-2.0-dropbear_2022.83"),
    },
    MONITOR: {
        ("snmp.sys_descr", "Example Patient Monitor M50, firmware 4.11.2"),
        ("snmp.sys_object_id", "1.3.6.1.4.1.8072.3.2.10.815"),
        ("snmp.sys_name", "monitor-bed7"),
        ("snmp.ent_physical_descr", "Bedside monitor M50"),
        ("snmp.ent_physical_hardware_rev", "B2"),
        ("snmp.ent_physical_firmware_rev", "4.11.2"),
        ("snmp.ent_physical_software_rev", "2019.3"),
        ("snmp.ent_physical_serial_num", "M50-4711"),
        ("snmp.ent_physical_mfg_name", "Example Monitoring"),
        ("snmp.ent_physical_model_name", "M50"),
    },
    CT: {
        ("tls.subject", "OU=CT Service,O=Example Imaging,C=DE"),
        ("tls.issuer_organization", "Example Imaging"),
        ("tls.common_name", "ct7.hospital.example"),
        ("tls.not_after", "2036-11-19"),
        ("tls.name", "ct7.hospital.example"),
        ("tls.name", "ct7"),
    },
    VIEWER: {
        ("netbios.name", "VIEWER7"),
        ("netbios.workgroup", "RADIOLOGY"),
        ("netbios.browser_name", "VIEWER7"),
        ("netbios.browser_os_version", "6.1"),
        *(("netbios.browser_role", role) for role in ROLES),
        ("ntlm.computer_name", "VIEWER7"),
        ("ntlm.domain", "VIEWER7"),
        ("ntlm.os_build", "6.1.0"),
        ("smb.native_os", "Windows 6.1"),
        ("smb.native_lanman", "Samba 4.17.12-Debian"),
        ("kerberos.host_name", "VIEWER7"),
    },
    READER: {
        ("http.user_agent", "DockViewer/4.2"),
        ("tls.client_subject", "O=Hospital"),
        ("tls.client_issuer_organization", "Hospital"),
        ("ssh.client_banner", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10"),
        ("ntlm.computer_name", "READER7"),
        ("ntlm.os_build", "6.1.0"),
        ("smb.native_os", "Unix"),
        ("smb.native_lanman", "Samba"),
    },
}

PUBLIC = {
    "zeek-mdns.pcap": {("10.0.2.7", "mdns.host_name", "johanna-QEMU-Virtual-Machine.local")},
    "ndpi-ssdp-m-search-ua.pcap": {
        ("192.168.242.50", "ssdp.user_agent", "Google Chrome/99.0.4844.74 Mac OS X")
    },
    "suriverify-ssdp.pcap": {
        ("192.168.1.1", "ssdp.usn", "uuid:04645c3d-e6b4-4eea-bd35-5c320c12969f"),
        ("192.168.1.1", "ssdp.server",
         "UPnP/Tomato 1.28.7500 MIPSR2Toastman-RT K26 USB Ext UPnP/1.0 MiniUPnPd/1.6"),
    },
    "ndpi-snmp.pcap": {("97.0.115.163", "snmp.sys_name", "R1.lab.local")},
    "zeek-raw_ntlm_in_smb.pcap": {
        ("192.168.56.1", "ntlm.computer_name", "BABYBOOK"),
        ("192.168.56.1", "smb.native_os", "Mac OS X 10.10"),
        ("192.168.56.101", "ntlm.computer_name", "TEST-F7DFBC3FE9"),
        ("192.168.56.101", "ntlm.os_build", "5.1.2600"),
        ("192.168.56.101", "smb.native_os", "Windows 5.1"),
    },
    "zeek-rdp-x509.pcap": {
        ("192.168.1.1", "rdp.client_name", "JOHN-PC-LAPTOP"),
        ("192.168.1.1", "rdp.client_build", "9600"),
    },
    "suriverify-ja4-tls.pcap": {
        ("192.168.56.101", "tls.subject", "O=Stamus,L=Paris,ST=IDF,C=FR"),
        ("192.168.56.101", "tls.common_name", "SELKS"),
    },
    "zeek-dhcp.pcap": {("128.2.6.189", "dhcp.host_name", "btest.is.cool")},
}  # fmt: skip


@pytest.fixture
def told(run_zeek: Any) -> Any:
    """What Zeek tells of a capture."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    return run


@pytest.mark.parametrize("host", EXPECTED)
def test_everything_is_told(told: Any, host: str) -> None:
    """Of each host exactly this."""
    claims = {(field, value) for who, field, value in told.claims() if who == host}
    assert {claim for claim in claims if not claim[0].startswith(LINK)} == EXPECTED[host]


def test_nothing_else_is_told(told: Any) -> None:
    """No other host says anything of itself."""
    assert {who for who, field, _ in told.claims() if not field.startswith(LINK)} == set(EXPECTED)


def test_each_value_is_told_once(told: Any) -> None:
    """However often it was said."""
    rows = [(row["host"], row["field"], row["value"]) for row in told.rows("iomt_asset")]
    assert len(rows) == len(set(rows))


def test_no_user_is_told(told: Any) -> None:
    """All users, passwords, communities, contacts and URLs are on the wire, and in no claim."""
    raw = CAPTURE.read_bytes().lower()
    assert "canary.user".encode("utf-16-le") in raw  # SMB's; HTTP's is encoded, SSH's encrypted
    for word in (b"canary-user", b"canary-community", b"canary snmp-contact",
                 b"canary snmp-location", b"canary-location.xml", b"canary-page", b"http-patient",
                 b"canary upnp-owner", b"canary-url", b"canary mdns-note", b"canary-admin",
                 b"canary-agent", b"canary.tls", b"canary tls-person", b"canary.krb"):  # fmt: skip
        assert word in raw, word
    for log in told.directory.glob("iomt_*.log"):
        assert "canary" not in log.read_text(encoding="utf-8").lower()


def test_standard_logs_get_no_column(run_zeek: Any) -> None:
    """Zeek's own logs are what they are without the scripts."""
    with_scripts, without = run_zeek(capture=CAPTURE), run_zeek(capture=CAPTURE, load=())
    for log in ("dhcp", "http", "ssl", "x509", "ssh", "snmp", "ntlm", "kerberos", "files", "dns"):
        mine, own = with_scripts.rows(log), without.rows(log)
        assert own, log
        assert sorted(sorted(row) for row in mine) == sorted(sorted(row) for row in own), log


@pytest.mark.parametrize("name", PUBLIC)
def test_public_captures(run_zeek: Any, public_capture: Any, name: str) -> None:
    """The same from captures that others made."""
    run = run_zeek(capture=public_capture(name), script=EVERYWHERE)
    run.assert_quiet()
    assert PUBLIC[name] <= run.claims()


@pytest.mark.parametrize("name", ["zeek-rdp-no-cookie-mstshash.pcap", "zeek-rdp-x509.pcap"])
def test_hosts_elsewhere_are_nobody(run_zeek: Any, public_capture: Any, name: str) -> None:
    """Nothing is told of a host that is not of the site."""
    run = run_zeek(capture=public_capture(name), script="redef Site::private_address_space = {};")
    assert not [row for row in run.rows("iomt_asset") if not row["field"].startswith(LINK)]


def test_lldp_and_cdp_on_request(run_zeek: Any, public_capture: Any) -> None:
    """Only where the optional script is loaded."""
    lldp, cdp = public_capture("zeek-lldp.pcap"), public_capture("zeek-cdp-v1.pcap")
    optional = ("wardwatch", "wardwatch/evidence/optional/lldp_cdp")
    assert not run_zeek(capture=lldp).rows("iomt_asset")
    assert run_zeek(capture=lldp, load=optional).claims() == {
        ("192.168.2.10", "lldp.system_name", "SMCGS8P-Smart"),
        ("192.168.2.10", "lldp.system_description", "SMCGS8P-Smart - SMCGS8P-Smart v3.20"),
    }
    told = {(host, field) for host, field, _ in run_zeek(capture=cdp, load=optional).claims()}
    names = ("device_id", "software_version", "platform")
    assert told == {("192.168.10.1", f"cdp.{name}") for name in names}
