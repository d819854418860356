"""Make the captures of the threat rules that genuine programs can make.

    apt install curl samba smbclient busybox iproute2 ethtool tcpdump
    pip install pydicom pynetdicom pyftpdlib
    sudo python tests/suricata/gen_threats.py tests/suricata

Each is said twice: as it must fire, and nearly so, as it must not. The stations stand on one
segment, the "internet" on it, too. What must not be done with a genuine program is made by
gen_threats_made.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRACES = HERE.parent / "traces"
sys.path.insert(0, str(TRACES))

from personas import Persona, Site, contained  # noqa: E402  beside the other captures

PEER = (sys.executable, str(HERE / "threat_peer.py"))
CURL = ("curl", "-sS", "-o", "/dev/null", "--max-time", "10")
HL7 = (
    r"\x0bMSH|^~\\&|MONITOR|ICU|ENGINE|HOSP|20240101||ORU^R01|1|P|2.5\rOBX|1|NM|8867-4||60\r\x1c\r"
)
ACK = r"\x0bMSH|^~\\&|ENGINE|HOSP|MONITOR|ICU|20240101||ACK^R01|1|P|2.5\rMSA|AA|1\r\x1c\r"
POCT = r'<?xml version="1.0"?>\n<HEL.R01><HDR><HDR.version_id V="POCT1"/></HDR></HEL.R01>\n'
ASTM = r"\x021H|\\^&|||ANALYSER^1.0|||||||P|LIS2-A2|20240101\r\x03AA\r\n"
BANNER = (
    r"\xff\xfb\x01\xff\xfb\x03Welcome to the SIGMA Spectrum Diagnostic Terminal\r\n\r\n"
    r"Wireless Battery Module (802.11a/b/g/n)\r\nMAC Address: 02-00-00-00-00-07 SW: 20 D29\r\n"
    r"Sigma Spectrum SN: 7 SW: v8.00.01\r\n\r\nlogin: "
)
# Account and password as CISA's ICSMA-18-037-02 and the CVE records in it print them.
ACCOUNTS = (
    "insite:2getin", "xruser:4$xray", "root:#superxr", "root:#bigguy", "acqservice:#bigguy1",
    "sdc:adw3.1", "ftpclient:interfile", "entegra:entegra", "insite:insite.genieacq",
    "serviceapp:orion", "administrator:PlatinumOne",
)  # fmt: skip
RDP_REQUEST = r"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"
RDP_ANSWER = r"\x03\x00\x00\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0%s\0\0\0"
RDP_OLD = r"\x03\x00\x00\x0b\x06\xd0\0\0\x12\x34\0"
SMB = """[global]
workgroup = WARD
server min protocol = NT1
client min protocol = NT1
map to guest = Bad User
guest account = root
disable spoolss = yes
load printers = no
interfaces = eth0
[files]
path = [HOME]/files
guest ok = yes
read only = no
"""


class Segment:
    """A site whose stations reach every address without a router."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.number = 0

    def station(self, name: str, address: str, *more: str) -> Persona:
        """Plug in a station."""
        self.number += 1
        mac = f"02:71:00:00:00:{self.number:02x}"
        host = self.site.persona(name, mac, f"{address}/32")
        host.run("ip", "route", "add", "default", "dev", "eth0")
        for extra in more:
            host.run("ip", "address", "add", f"{extra}/32", "dev", "eth0")
        return host


def everything(server: Persona) -> None:
    """Let a station offer every medical protocol."""
    server.serve(*PEER, "archive", "11112", port=11112)
    server.serve(*PEER, "web", "8080", port=8080)
    server.serve(*PEER, "answer", "2575", "", ACK, port=2575)
    for port in (5000, 5001):
        server.serve(*PEER, "answer", str(port), "", r"\x06", port=port)


def use(client: Persona, server: Persona) -> None:
    """Use each of them once."""
    client.run(*PEER, "call", "SCANNER", "ARCHIVE", server.ip)
    client.run(*PEER, "talk", server.ip, "2575", HL7)
    client.run(*PEER, "talk", server.ip, "5000", POCT)
    client.run(*PEER, "talk", server.ip, "5001", r"\x05", ASTM, r"\x04")
    web = f"http://{server.ip}:8080"
    client.run(*CURL, "-H", "Accept: application/fhir+json", f"{web}/Device")
    client.run(*CURL, "-H", "Accept: application/dicom+json", f"{web}/studies")
    client.run(*CURL, f"{web}/wado?requestType=WADO&objectUID=1.2.3")
    client.run(*CURL, "-H", "Content-Type: x-application/hl7-v2+er7", "-d", "MSH", f"{web}/hl7")


def crossing(segment: Segment, client: str, server: str) -> None:
    """Somebody uses every medical protocol."""
    hosts = segment.station("client", client), segment.station("server", server)
    everything(hosts[1])
    use(*hosts)


def refusals(segment: Segment, stranger: int, guesses: int) -> None:
    """Somebody is not known, and does not know whom to ask for."""
    archive = segment.station("archive", "10.71.0.1")
    archive.serve(*PEER, "archive", "11112", "SCANNER", port=11112)
    caller = segment.station("caller", "10.71.0.2")
    caller.run(*PEER, "call", "STRANGER", "ARCHIVE", *[archive.ip] * stranger)
    other = segment.station("other", "10.71.0.3")
    other.run(*PEER, "call", "SCANNER", "GUESS", *[archive.ip] * guesses)


def sweeps(segment: Segment, finds: int, moves: int, gets: int) -> None:
    """A host asks an archive for so much."""
    archive = segment.station("archive", "10.71.0.1")
    archive.serve(*PEER, "archive", "11112", port=11112)
    walker = segment.station("walker", "10.71.0.2")
    walker.run(*PEER, "sweep", archive.ip, str(finds), str(moves), str(gets))


def echoes(segment: Segment, hosts: int, each: int) -> None:
    """A host echoes so many hosts, so often."""
    addresses = [f"10.71.1.{number}" for number in range(1, hosts + 1)]
    nodes = segment.station("nodes", *addresses)
    nodes.serve(*PEER, "archive", "11112", port=11112)
    caller = segment.station("caller", "10.71.0.2")
    caller.run(*PEER, "call", "SCANNER", "ARCHIVE", *addresses * each)


def smbd(server: Persona) -> None:
    """Let a station share a folder, by SMB 1, 2 and 3."""
    for name in ("files", "lock", "state", "cache", "pid", "private", "ncalrpc"):
        (server.home / name).mkdir()
    settings = ["lock directory", "state directory", "cache directory", "pid directory",
                "private dir", "ncalrpc dir"]  # fmt: skip
    lines = SMB.replace("[HOME]", str(server.home)).splitlines()
    lines[1:1] = [f"{name} = {server.home / name.split()[0]}" for name in settings]
    (server.home / "smb.conf").write_text("\n".join(lines) + "\n")
    Path("/run/samba").mkdir(exist_ok=True)
    server.serve("smbd", "-F", "--no-process-group", "--debug-stdout", "-s", "smb.conf", port=445)


def files(segment: Segment, begins: str, document: str) -> None:
    """DICOM files go over HTTP, DICOMweb, SMB and FTP, and a document by C-STORE."""
    server = segment.station("server", "10.71.0.1")
    client = segment.station("client", "10.71.0.2")
    for host in (server, client):
        host.run(*PEER, "files", ".", begins)
    smbd(server)
    server.serve(*PEER, "web", "8080", port=8080)
    server.serve(*PEER, "ftp", "21", port=21)
    server.serve(*PEER, "archive", "11112", port=11112)
    web = f"http://{server.ip}:8080"
    client.run(*CURL, f"{web}/image.dcm")
    client.run(*CURL, "-T", "image.dcm", f"{web}/image")
    client.run(*CURL, f"{web}/study.multipart")
    kind = "Content-Type: multipart/related; type=application/dicom; boundary=part-of-a-study"
    client.run(*CURL, "-H", kind, "--data-binary", "@study.multipart", f"{web}/studies")
    client.run("curl", "-sS", "-T", "image.dcm", "-u", "clerk:right", f"ftp://{server.ip}/")
    client.run("smbclient", "-N", f"//{server.ip}/files", "-c", "put image.dcm")
    client.run(*PEER, "document", server.ip, document)


def accounts(segment: Segment, right: bool) -> None:
    """Somebody tries accounts by FTP and Telnet, and reaches a pump's console."""
    server = segment.station("server", "10.71.0.1")
    server.serve(*PEER, "ftp", "21", port=21)
    server.serve(
        *PEER, "answer", "23", r"\xff\xfb\x01login: ", "Password: ", r"\r\nno\r\n", port=23
    )
    pump = segment.station("pump", "10.71.0.7")
    pump.serve(*PEER, "answer", "23", BANNER if right else "login: ", "Password: ", port=23)
    client = segment.station("client", "10.71.0.2")
    pairs = ACCOUNTS if right else [pair.partition(":")[0] + ":other" for pair in ACCOUNTS]
    client.run(*PEER, "logins", server.ip, *pairs, *([] if right else ["clerk:2getin"]))
    telnet = segment.station("telnet", "10.71.0.3")
    password = "2getin" if right else "other"  # key by key, as clients send it
    telnet.run(*PEER, "talk", server.ip, "23", *"insite", r"\r\0", *password, r"\r\0")
    client.run(*PEER, "talk", pump.ip, "23", r"admin\r\n")


def services(segment: Segment, medical: bool) -> None:
    """A station is reached by old and clear ways, after it has spoken DICOM or has not."""
    device = segment.station("device", "10.71.0.1")
    device.serve(*PEER, "archive", "11112", port=11112)
    device.serve(*PEER, "ftp", "21", port=21)
    device.serve(*PEER, "web", "8080", port=8080)
    device.serve(*PEER, "answer", "23", r"\xff\xfb\x01login: ", "Password: ", port=23)
    device.serve(*PEER, "answer", "5900", r"RFB 003.008\n", r"\x01\x02", port=5900)
    device.serve(*PEER, "answer", "3389", "", RDP_ANSWER % r"\x01", port=3389)
    device.serve(*PEER, "answer", "3390", "", RDP_OLD, port=3390)
    smbd(device)
    office = segment.station("office", "10.71.0.2")
    mail = segment.station("mail", "10.71.0.3")
    mail.serve(*PEER, "answer", "110", r"+OK\r\n", r"-ERR\r\n", r"+OK\r\n", r"+OK\r\n",
               r"+OK\r\n.\r\n", port=110)  # fmt: skip
    if medical:
        office.run(*PEER, "call", "VIEWER", "ARCHIVE", device.ip)
    old = ("--option=client min protocol=NT1", "-m", "NT1")
    office.run("smbclient", "-N", *old, f"//{device.ip}/files", "-c", "ls", ok=(0, 1))
    office.run(*PEER, "logins", device.ip, "clerk:right")
    office.run(*CURL, "-u", "clerk:right", f"http://{device.ip}:8080/")
    office.run(*PEER, "talk", device.ip, "23", r"clerk\r\0", r"right\r\0")
    office.run(*PEER, "talk", device.ip, "5900", r"RFB 003.008\n", r"\x02")
    office.run(*PEER, "talk", device.ip, "3389", RDP_REQUEST)
    office.run(*PEER, "talk", device.ip, "3390", RDP_REQUEST)
    device.run("curl", "-sS", "-u", "ct1:right", f"pop3://{mail.ip}/")


def main(outdir: Path) -> None:
    """Make all of them."""
    made: dict[str, Callable[[Segment], None]] = {
        "crossing-out": lambda s: crossing(s, "10.71.0.1", "203.0.113.71"),
        "crossing-in": lambda s: crossing(s, "203.0.113.71", "10.71.0.1"),
        "crossing-within": lambda s: crossing(s, "10.71.0.1", "10.72.0.1"),
        "dicom-refused": lambda s: refusals(s, 6, 11),
        "dicom-refused-rarely": lambda s: refusals(s, 4, 9),
        "dicom-sweeps": lambda s: sweeps(s, 205, 55, 55),
        "dicom-busy": lambda s: sweeps(s, 60, 20, 20),
        "dicom-echo-scan": lambda s: echoes(s, 22, 1),
        "dicom-echo-often": lambda s: echoes(s, 10, 3),
        "dicom-programs": lambda s: files(s, r"MZ\x90\0", "program"),
        "dicom-pictures": lambda s: files(s, r"II*\0", "document"),
        "accounts": lambda s: accounts(s, True),
        "accounts-others": lambda s: accounts(s, False),
        "services": lambda s: services(s, True),
        "services-office": lambda s: services(s, False),
    }
    for slug, make in made.items():
        folder = outdir / f"threat-{slug}"
        folder.mkdir(exist_ok=True)
        with Site() as site, site.capture(folder / "input.pcap"):
            make(Segment(site))


if __name__ == "__main__":
    contained(main, programs=("curl", "smbd", "smbclient"), seconds=300)
