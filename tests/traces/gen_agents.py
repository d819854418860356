"""Make agents.pcap: DHCP clients with their makers' options, SNMPv3, boots, a ticket, browsers.

Every user, password, community and free text holds the word Canary: none of it may be told.
"""

from __future__ import annotations

import time
from pathlib import Path

from gen_evidence import KRB5, REALM
from personas import Persona, Site, contained

USER, PASSWORD = "canary-user", "Canary-Passw0rd"
COMMUNITY = "Canary-Community"
ENGINES = {"mac": "engineIDType 3\nengineIDNic eth0", "text": "engineID ventilator-7", "own": ""}
SNMPD = f"""
createUser {USER} SHA {PASSWORD} AES {PASSWORD}
rouser {USER} auth
sysDescr Example agent
sysName canary-name
sysContact Canary contact
"""
SMBD = """[global]
netbios name = {name}
workgroup = THEATRE
server string = Canary comment
interfaces = eth0
name resolve order = bcast
local master = yes
preferred master = {preferred}
os level = 65
"""
SHARE = """[global]
realm = {realm}
kerberos method = dedicated keytab
dedicated keytab file = {keytab}
disable spoolss = yes
load printers = no
interfaces = eth0
name resolve order = host
"""
SERVICE, SOMEONE = "cifs/archive7.hospital.example", "nobody"
COLD_START, WARM_START = "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.6.3.1.1.5.2"
LINK_UP = "1.3.6.1.6.3.1.1.5.4"
BROADBAND_FORUM, CABLELABS, SOMEBODY = 3561, 4491, 99999


def part(number: int, value: bytes) -> bytes:
    """A sub-option."""
    return bytes((number, len(value))) + value


def information(enterprise: int, *parts: bytes) -> bytes:
    """What an enterprise's option 124 or 125 holds."""
    data = b"".join(parts)
    return enterprise.to_bytes(4) + bytes((len(data),)) + data


def lease(client: Persona, options: dict[int, bytes], *more: str) -> None:
    """Get an address with these options."""
    ask = [w for code, data in options.items() for w in ("-x", f"0x{code:x}:{data.hex()}")]
    ask += ["-s", str(Path(__file__).parent / "udhcpc.sh"), *more]
    client.run("udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-a200", *ask)
    client.address = (client.home / "lease").read_text().strip()


def lease_all(site: Site) -> None:
    """Let a gateway's device, a cable modem and a stranger ask for their addresses."""
    hub = site.persona("hub", "02:20:00:00:06:01")
    known = information(BROADBAND_FORUM, part(1, b"00D09E"), part(2, b"HUB-0042"),
                        part(3, b"HomeHub 2"))  # fmt: skip
    strange = information(SOMEBODY, part(1, b"Canary text"), part(200, b"\x01"))
    classes = information(BROADBAND_FORUM, b"\x0edslforum.org-1", b"\x03Hub")
    lease(hub, {124: classes, 125: known + strange}, "-V", "dslforum.org", "-F", "hub.example.org")
    modem = site.persona("modem", "02:20:00:00:06:02")
    cable = {2: b"ECM", 4: b"CM-4711", 5: b"HW 1.2", 6: b"SW 3.4", 8: b"\x00\x0f\x21", 9: b"CM-100",
             10: b"Example Cable", 13: b"Canary text"}  # fmt: skip
    parts = b"".join(part(number, value) for number, value in cable.items())
    supported = information(CABLELABS, part(5, b"\x01\x01\x02"))
    lease(modem, {43: parts, 125: supported}, "-V", "docsis3.1:", "-x", "hostname:modem7")
    other = site.persona("other", "02:20:00:00:06:03")
    lease(other, {43: part(4, b"Canary serial")}, "-V", "ExamplePump 3", "-x", "hostname:other7")


def boot(agent: Persona, kind: str, manager: Persona, sink: str) -> None:
    """Start an SNMP agent, which tells the manager so, and let the manager read it."""
    (agent.home / "snmpd.conf").write_text(f"{SNMPD}{ENGINES[kind]}\n{sink} {manager.ip} "
                                           f"{COMMUNITY}\n")  # fmt: skip
    state = ("env", f"SNMP_PERSISTENT_DIR={agent.home}")
    agent.serve(*state, "snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lo", f"udp:{agent.ip}:161",
                port=161, udp=True)  # fmt: skip
    level = ("-l", "authNoPriv") if kind == "mac" else ("-l", "authPriv", "-x", "AES", "-X",
                                                        PASSWORD)  # fmt: skip
    manager.run(*("env", f"SNMP_PERSISTENT_DIR={manager.home}"), "snmpget", "-v3", "-u", USER,
                "-a", "SHA", "-A", PASSWORD, *level, "-On", agent.ip,
                "1.3.6.1.2.1.1.6.0")  # fmt: skip


def trap(sender: Persona, manager: Persona, version: str, oid: str, *more: str) -> None:
    """Send a notification as programs do that are no agents."""
    who = ("-u", USER, "-l", "noAuthNoPriv") if version == "3" else ("-c", COMMUNITY)
    state = ("env", f"SNMP_PERSISTENT_DIR={sender.home}")
    about = ("", oid) if version != "1" else ("1.3.6.1.4.1.99999", sender.ip, oid, "0", "")
    ok = (0, 1)  # nobody confirms what was to be confirmed
    sender.run(*state, "snmptrap", f"-v{version}", *who, *more, manager.ip, *about, ok=ok)


def own_files(host: Persona) -> str:
    """Settings that keep Samba's files apart from those of others."""
    names = ("lock directory", "state directory", "cache directory", "pid directory",
             "private dir", "ncalrpc dir")  # fmt: skip
    places = {name: host.home / name.split()[0] for name in names}
    for place in places.values():
        place.mkdir()
    return "".join(f"{name} = {place}\n" for name, place in places.items())


def show_ticket(kdc: Persona, server: Persona, client: Persona) -> None:
    """Let a client show its ticket to a file server, which proves that it is meant."""
    conf, keytab = kdc.home / "krb5.conf", kdc.home / "keytab"
    # Without domain a file server takes no tickets that speak of one.
    text = KRB5.replace("acl_file", "disable_pac = true\nacl_file")
    braces = {"[OPEN]": "{", "[CLOSE]": "}", "[KDC]": kdc.ip, "[HOME]": str(kdc.home)}
    for word, value in braces.items():
        text = text.replace(word, value)
    conf.write_text(text)
    env = ("env", f"KRB5_CONFIG={conf}", f"KRB5_KDC_PROFILE={conf}",
           f"KRB5CCNAME={client.home}/ticket")  # fmt: skip
    kdc.run(*env, "kdb5_util", "create", "-s", "-r", REALM, "-P", PASSWORD)
    for principal in (SERVICE, SOMEONE):
        for command in (f"addprinc -randkey {principal}", f"ktadd -k {keytab} {principal}"):
            kdc.run(*env, "kadmin.local", "-q", command)
    kdc.serve(*env, "krb5kdc", "-n", port=88, udp=True)
    for host in (server, client):
        share = SHARE.format(realm=REALM, keytab=keytab)
        (host.home / "smb.conf").write_text(share + own_files(host))
    conf_file = ("-s", "smb.conf")
    server.serve(*env, "smbd", "-F", "--no-process-group", "--debug-stdout", *conf_file, port=445)
    client.run(*env, "kinit", "-k", "-t", str(keytab), SOMEONE)
    client.run(*env, "smbclient", "-L", "//" + SERVICE.partition("/")[2], "-I", server.ip,
               "--use-kerberos=required", *conf_file, ok=(0, 1))  # fmt: skip


def announce(hosts: dict[str, Persona]) -> None:
    """Let two hosts announce themselves and elect who keeps the list."""
    # nmbd has a socket at a place that cannot be changed; each gets a file system of its own there.
    alone = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs own /run/samba && exec "$0" "$@"')
    for name, host in hosts.items():
        text = SMBD.format(name=name, preferred="yes" if name == "THEATRE1" else "no")
        (host.home / "smb.conf").write_text(text + own_files(host))
        host.serve(*alone, "nmbd", "-F", "--no-process-group", "--debug-stdout", "-s", "smb.conf",
                   port=138, udp=True)  # fmt: skip
    time.sleep(40)  # an election takes its time


def main(outdir: Path) -> None:
    """Let everybody say something."""
    with Site() as site, site.capture(outdir / "agents.pcap"):
        core = site.persona("core", "02:20:00:00:06:f1", "10.31.0.1/16")
        core.serve("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
                   "--no-resolv", "--no-hosts", "--no-ping", "--dhcp-authoritative",
                   "--dhcp-range=10.31.1.1,10.31.1.9,255.255.0.0,12h", "--dhcp-leasefile=leases",
                   "--dhcp-sequential-ip", "--port=0", port=67, udp=True)  # fmt: skip
        lease_all(site)
        macs = {n: f"02:20:00:00:07:{n:02x}" for n in range(1, 10)}
        hosts = {n: site.persona(f"host{n}", mac, f"10.31.2.{n}/16") for n, mac in macs.items()}
        manager = hosts[9]
        boot(hosts[1], "mac", manager, "trapsink")
        boot(hosts[2], "text", manager, "trap2sink")
        boot(hosts[3], "own", manager, "informsink")
        trap(hosts[4], manager, "1", "1")
        trap(hosts[5], manager, "2c", WARM_START)
        trap(hosts[6], manager, "3", COLD_START, "-e", "0x800003e901c0000205")
        trap(hosts[7], manager, "2c", COLD_START, "-Ci", "-t", "1", "-r", "0")
        trap(hosts[8], manager, "2c", LINK_UP)
        Path("/run/samba").mkdir()  # on the file system that is the stations' own
        show_ticket(core, hosts[8], hosts[9])
        announce({"THEATRE1": hosts[4], "THEATRE2": hosts[5]})


if __name__ == "__main__":
    needed = ("dnsmasq", "udhcpc", "snmpd", "snmpget", "snmptrap", "nmbd", "smbd", "smbclient",
              "krb5kdc", "kdb5_util", "kadmin.local", "kinit")  # fmt: skip
    contained(main, programs=needed, seconds=120)
