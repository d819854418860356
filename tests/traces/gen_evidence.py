"""Make evidence.pcap: what hosts say of themselves in the protocols that Zeek knows, and users.

Every user, password, community, contact and URL holds the word Canary: none of it may be told.
"""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Persona, Site, contained

PEER = (sys.executable, "-m", "evidence_peer")
USER = "canary.user"
PASSWORD = "Canary-Passw0rd"  # noqa: S105  an invented user's
COMMUNITY = "Canary-Community"
SNMPD = f"""
rocommunity {COMMUNITY}
sysDescr Example Patient Monitor M50, firmware 4.11.2
sysObjectID 1.3.6.1.4.1.8072.3.2.10.815
sysName monitor-bed7
sysContact Canary Snmp-Contact
sysLocation Canary Snmp-Location
override 1.3.6.1.2.1.47.1.1.1.1.2.1 octet_str "Bedside monitor M50"
override 1.3.6.1.2.1.47.1.1.1.1.8.1 octet_str "B2"
override 1.3.6.1.2.1.47.1.1.1.1.9.1 octet_str "4.11.2"
override 1.3.6.1.2.1.47.1.1.1.1.10.1 octet_str "2019.3"
override 1.3.6.1.2.1.47.1.1.1.1.11.1 octet_str "M50-4711"
override 1.3.6.1.2.1.47.1.1.1.1.11.2 octet_str "MODULE-1"
override 1.3.6.1.2.1.47.1.1.1.1.12.1 octet_str "Example Monitoring"
override 1.3.6.1.2.1.47.1.1.1.1.13.1 octet_str "M50"
"""
SMBD = """[global]
netbios name = VIEWER7
workgroup = RADIOLOGY
server min protocol = NT1
client min protocol = NT1
map to guest = Bad User
disable spoolss = yes
load printers = no
interfaces = eth0
name resolve order = host
"""
REALM = "HOSPITAL.EXAMPLE"
KRB5 = f"""[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
udp_preference_limit = 1400
[realms]
{REALM} = [OPEN]
kdc = [KDC]
database_name = [HOME]/principals
key_stash_file = [HOME]/stash
acl_file = [HOME]/acl
[CLOSE]
[logging]
kdc = STDERR
"""
PRINCIPALS = {"device": "host/pump3.hospital.example", "pc": "VIEWER7$", "person": "canary.krb"}
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SYSTEM = "1.3.6.1.2.1.1"


def lease(pump: Persona) -> None:
    """Get an address with a client identifier, user classes and an enterprise's class."""
    enterprise = (9).to_bytes(4, "big") + b"\x06\x05Pump3"
    information = (3561).to_bytes(4, "big") + b"\x02\x01\x00"
    options = {61: b"\x00PUMP-3-0815", 77: b"\x05ivpmp\x03icu", 124: enterprise, 125: information}
    more = [w for code, data in options.items() for w in ("-x", f"0x{code:x}:{data.hex()}")]
    more += ["-s", str(Path(__file__).parent / "udhcpc.sh"), "-V", "ExamplePump 3"]
    pump.run("udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "5", "-T", "1", "-a200", "-C", *more)
    pump.address = (pump.home / "lease").read_text().strip()


def poll(agent: Persona, poller: Persona) -> None:
    """Let a poller ask an SNMP agent for everything."""
    (agent.home / "snmpd.conf").write_text(SNMPD)
    agent.serve("snmpd", "-f", "-C", "-c", "snmpd.conf", "-Lo", f"udp:{agent.ip}:161",
                port=161, udp=True)  # fmt: skip
    ask = ("-v2c", "-c", COMMUNITY, "-On", agent.ip)
    poller.run("snmpget", *ask, *(f"{SYSTEM}.{leaf}.0" for leaf in (1, 2, 4, 5, 6)))
    poller.run("snmpbulkwalk", *ask, ENTITY)


def browse(dock: Persona, reader: Persona) -> None:
    """Announce a UPnP device and let a reader fetch its description, and log in."""
    dock.serve(*PEER, "device", dock.ip, port=80)
    dock.run(*PEER, "announce", dock.ip)
    curl = ("curl", "-sS", "-m", "10", "-A", "DockViewer/4.2 (+http://canary-agent.example/)")
    reader.run(*curl, f"http://{dock.ip}/canary-location.xml")
    page = f"http://{dock.ip}/canary-page?patient=Canary%20Http-Patient"
    reader.run(*curl, page)
    reader.run(*curl, "-u", f"{USER}:{PASSWORD}", page)


def encrypt(server: Persona, device: Persona, person: Persona) -> None:
    """Serve a certificate to a client with a device's and to one with a person's."""
    subjects = {
        "server": ("/C=DE/O=Example Imaging/OU=CT Service/CN=ct7.hospital.example"
                   "/emailAddress=canary.tls@hospital.example", "DNS:ct7.hospital.example,DNS:ct7"),
        "device": ("/O=Example Pumps/serialNumber=P3-0815/CN=pump3.hospital.example",
                   "DNS:pump3.hospital.example"),
        "person": ("/O=Hospital/CN=Canary Tls-Person/UID=canary.uid",
                   "email:canary.tls@hospital.example"),
    }  # fmt: skip
    for name, (subject, names) in subjects.items():
        server.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                   "-subj", subject, "-addext", f"subjectAltName={names}",
                   "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    home = server.home
    server.serve("openssl", "s_server", "-accept", "443", "-cert", "server.pem", "-key",
                 "server.key", "-tls1_2", "-verify", "1", "-quiet", port=443)  # fmt: skip
    for client, name in ((device, "device"), (person, "person")):
        keys = ("-cert", str(home / f"{name}.pem"), "-key", str(home / f"{name}.key"))
        client.run("openssl", "s_client", "-connect", f"{server.ip}:443", "-tls1_2", *keys)


def log_in(dock: Persona, reader: Persona) -> None:
    """Let a user fail to log in by SSH."""
    dock.run("dropbearkey", "-t", "ed25519", "-f", "key")
    dock.serve("dropbear", "-F", "-E", "-r", "key", "-p", "22", port=22)
    trust = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
    reader.run("ssh", "-F", "none", *trust, "-o", "BatchMode=yes", f"{USER}@{dock.ip}", ok=(255,))


def share(viewer: Persona, reader: Persona) -> None:
    """Let a user look at a file server, in SMB 3 and SMB 1, and ask for its NetBIOS names."""
    directories = ("lock", "state", "cache", "pid", "private", "ncalrpc")
    names = ["lock directory", "state directory", "cache directory", "pid directory",
             "private dir", "ncalrpc dir"]  # fmt: skip
    for host in (viewer, reader):
        lines = [f"{name} = {host.home / d}" for name, d in zip(names, directories, strict=True)]
        for d in directories:
            (host.home / d).mkdir()
        own = SMBD if host is viewer else SMBD.replace("VIEWER7", "READER7")
        (host.home / "smb.conf").write_text(own + "\n".join(lines) + "\n")
    Path("/run/samba").mkdir()  # on the file system that is the stations' own
    conf = ("-s", "smb.conf")
    viewer.serve("nmbd", "-F", "--no-process-group", "--debug-stdout", *conf,
                 port=137, udp=True)  # fmt: skip
    viewer.serve("smbd", "-F", "--no-process-group", "--debug-stdout", *conf, port=445)
    who = ("-U", f"{USER}%{PASSWORD}", "-L", f"//{viewer.ip}", *conf)
    reader.run("smbclient", *who, ok=(0, 1))
    reader.run("smbclient", "-m", "NT1", *who, ok=(0, 1))
    reader.run("nmblookup", *conf, "-A", viewer.ip)


def get_tickets(kdc: Persona, pump: Persona, viewer: Persona, reader: Persona) -> None:
    """Let a device, a computer and a user get a ticket, each with its own key."""
    braces = {"[OPEN]": "{", "[CLOSE]": "}", "[KDC]": kdc.ip, "[HOME]": str(kdc.home)}
    text = KRB5
    for word, value in braces.items():
        text = text.replace(word, value)
    conf = kdc.home / "krb5.conf"
    conf.write_text(text)
    env = ("env", f"KRB5_CONFIG={conf}", f"KRB5_KDC_PROFILE={conf}")
    kdc.run(*env, "kdb5_util", "create", "-s", "-r", REALM, "-P", PASSWORD)
    for name, principal in PRINCIPALS.items():
        for command in (f"addprinc -randkey +requires_preauth {principal}",
                        f"ktadd -k {kdc.home / name}.keytab {principal}"):  # fmt: skip
            kdc.run(*env, "kadmin.local", "-q", command)
    kdc.serve(*env, "krb5kdc", "-n", port=88, udp=True)
    for client, name in ((pump, "device"), (viewer, "pc"), (reader, "person")):
        keys = ("-k", "-t", f"{kdc.home / name}.keytab", "-c", f"{client.home}/ticket")
        client.run(*env, "kinit", *keys, PRINCIPALS[name])


def main(outdir: Path) -> None:
    """Let everybody say something."""
    with Site() as site, site.capture(outdir / "evidence.pcap"):
        core = site.persona("core", "02:20:00:00:04:01", "10.30.0.1/16")
        core.serve("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
                   "--no-resolv", "--no-hosts", "--no-ping", "--dhcp-authoritative",
                   "--dhcp-range=10.30.1.3,10.30.1.3,255.255.0.0,12h", "--dhcp-leasefile=leases",
                   "--port=0", port=67, udp=True)  # fmt: skip
        pump = site.persona("pump3", "02:20:00:00:04:03")
        lease(pump)
        names = ("monitor", "printer", "dock", "ct", "viewer", "reader")
        hosts = {
            name: site.persona(name, f"02:20:00:00:05:{at:02x}", f"10.30.2.{at}/16")
            for at, name in enumerate(names, 1)
        }
        hosts["printer"].run(*PEER, "services", hosts["printer"].ip)
        browse(hosts["dock"], hosts["reader"])
        poll(hosts["monitor"], hosts["reader"])
        encrypt(hosts["ct"], pump, hosts["reader"])
        log_in(hosts["dock"], hosts["reader"])
        share(hosts["viewer"], hosts["reader"])
        get_tickets(core, pump, hosts["viewer"], hosts["reader"])


if __name__ == "__main__":
    needed = ("dnsmasq", "udhcpc", "snmpd", "snmpget", "snmpbulkwalk", "curl", "openssl",
              "dropbear", "dropbearkey", "ssh", "smbd", "nmbd", "smbclient", "nmblookup",
              "krb5kdc", "kdb5_util", "kadmin.local", "kinit")  # fmt: skip
    contained(main, programs=needed, seconds=120)
