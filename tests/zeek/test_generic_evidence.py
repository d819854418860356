"""Every kind of generic evidence makes its claims, in captures of genuine programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TRACES = Path(__file__).parents[1] / "traces"
EVERYWHERE = "redef Site::local_nets += { 0.0.0.0/1, 128.0.0.0/1 };"
OPTIONAL = ("wardwatch", "wardwatch/evidence/optional/lldp_cdp")
EVIDENCE, AGENTS = "evidence.pcap", "agents.pcap"

# What is heard of → capture → the claims' fields. Captures that are not ours are the public ones.
HEARD = {
    "DHCP 12, host name": {AGENTS: ["dhcp.host_name"]},
    "DHCP 43, cable devices": {
        AGENTS: [
            "dhcp.device_model",
            "dhcp.device_manufacturer",
            "dhcp.device_hardware_version",
            "dhcp.device_software_version",
        ]
    },
    "DHCP 55, parameter list": {EVIDENCE: ["dhcp.parameter_list"]},
    "DHCP 60, vendor class": {EVIDENCE: ["dhcp.vendor_class"]},
    "DHCP 61, client identifier": {EVIDENCE: ["dhcp.client_id"]},
    "DHCP 77, user class": {EVIDENCE: ["dhcp.user_class"]},
    "DHCP 81, name": {AGENTS: ["dhcp.client_fqdn"]},
    "DHCP 124, enterprise's class": {AGENTS: ["dhcp.enterprise_number", "dhcp.enterprise_class"]},
    "DHCP 125, enterprise's information": {
        AGENTS: [
            "dhcp.enterprise_options",
            "dhcp.device_oui",
            "dhcp.device_serial_number",
            "dhcp.product_class",
        ]
    },
    "mDNS and DNS-SD": {
        EVIDENCE: [
            "mdns.host_name",
            "mdns.service",
            "mdns.instance",
            "mdns.model",
            "mdns.manufacturer",
        ]
    },
    "SSDP": {
        EVIDENCE: ["ssdp.server", "ssdp.usn", "ssdp.device_type"],
        "ndpi-ssdp-m-search-ua.pcap": ["ssdp.user_agent"],
    },
    "UPnP descriptions": {
        EVIDENCE: [
            "upnp.manufacturer",
            "upnp.model_name",
            "upnp.model_number",
            "upnp.serial_number",
            "upnp.udn",
        ]
    },
    "SNMP system": {EVIDENCE: ["snmp.sys_descr", "snmp.sys_object_id", "snmp.sys_name"]},
    "SNMP entPhysical": {
        EVIDENCE: [
            "snmp.ent_physical_mfg_name",
            "snmp.ent_physical_model_name",
            "snmp.ent_physical_serial_num",
            "snmp.ent_physical_hardware_rev",
            "snmp.ent_physical_firmware_rev",
            "snmp.ent_physical_software_rev",
        ]
    },
    "SNMPv3 engines": {
        AGENTS: [
            "snmp.engine_id",
            "snmp.engine_enterprise",
            "snmp.engine_mac",
            "snmp.engine_address",
            "snmp.engine_text",
        ]
    },
    "HTTP": {EVIDENCE: ["http.user_agent", "http.server", "http.realm"]},
    "TLS servers' certificates": {
        EVIDENCE: ["tls.subject", "tls.issuer_organization", "tls.common_name", "tls.name"]
    },
    "TLS clients' certificates": {
        EVIDENCE: ["tls.client_subject", "tls.client_common_name", "tls.client_name"]
    },
    "SSH banners": {EVIDENCE: ["ssh.server_banner", "ssh.client_banner"]},
    "SMB and NTLM": {
        EVIDENCE: ["ntlm.computer_name", "ntlm.os_build", "ntlm.domain", "smb.native_os"],
        "zeek-raw_ntlm_in_smb.pcap": ["ntlm.os_build", "smb.native_os", "smb.native_lanman"],
    },
    "NetBIOS names": {EVIDENCE: ["netbios.name", "netbios.workgroup"]},
    "NetBIOS announcements": {
        AGENTS: ["netbios.browser_name", "netbios.browser_os_version", "netbios.browser_role"]
    },
    "RDP clients": {"zeek-rdp-x509.pcap": ["rdp.client_name", "rdp.client_build"]},
    "Kerberos": {EVIDENCE: ["kerberos.host_name"], AGENTS: ["kerberos.service_host"]},
    "FTP greetings": {"exposure/link.pcap": ["ftp.banner"]},
    "LLDP": {"zeek-lldp.pcap": ["lldp.system_name", "lldp.system_description"]},
    "CDP": {"zeek-cdp-v1.pcap": ["cdp.device_id", "cdp.software_version", "cdp.platform"]},
}
# The fields of which a value is a host's name.
NAMES = ("dhcp.client_fqdn", "dhcp.client_id", "dhcp.host_name", "kerberos.host_name",
         "kerberos.service_host",
         "mdns.host_name", "mdns.instance", "netbios.name", "netbios.browser_name",
         "ntlm.computer_name", "snmp.sys_name", "snmp.engine_text", "tls.common_name", "tls.name",
         "tls.client_common_name", "tls.client_name")  # fmt: skip
CASES = [(item, name) for item, captures in HEARD.items() for name in captures]


@pytest.mark.parametrize(("item", "name"), CASES)
def test_heard(run_zeek: Any, public_capture: Any, item: str, name: str) -> None:
    """Each field of the item is claimed, and with a value."""
    capture = TRACES / name if (TRACES / name).exists() else public_capture(name)
    run = run_zeek(capture=capture, script=EVERYWHERE, load=OPTIONAL)
    run.assert_quiet()
    assert set(HEARD[item][name]) <= {field for _, field, _ in run.claims()}


@pytest.mark.parametrize("policy", ["DROP_NAMES", "HASH_NAMES"])
@pytest.mark.parametrize("name", [EVIDENCE, AGENTS])
def test_names_of_a_site_that_wants_none(run_zeek: Any, name: str, policy: str) -> None:
    """No field that states a host's name has one, whatever the protocol."""
    kept = run_zeek(capture=TRACES / name)
    stating = {field for field in NAMES if kept.claims(field)}
    assert len(stating) >= 5
    run = run_zeek(capture=TRACES / name, script=f"redef Asset::host_names = Asset::{policy};")
    run.assert_quiet()
    said = [value for field in stating for _, _, value in run.claims(field)]
    assert all(value.startswith("sha256:") for value in said)
    assert bool(said) is (policy == "HASH_NAMES")
