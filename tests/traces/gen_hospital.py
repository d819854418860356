"""Make hospital.pcap, the demonstration site: imaging stations, an archive, offices, one server."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices import DeviceFile, device_file, expect, sent
from dicom_archive import DicomArchive
from personas import Persona, Site, contained

DOMAIN = "hospital.example"
WINDOWS = ("MSFT 5.0", (1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252))
EMBEDDED = "udhcp 1.35.0"  # what busybox calls itself unless told otherwise
PORT = 11112


@dataclass(frozen=True, slots=True)
class Host:
    """A host that gets its address by DHCP. The MACs' first halves fit the makers."""

    name: str
    mac: str
    ip: str
    windows: bool = False


@dataclass(frozen=True, slots=True)
class Modality(Host):
    """A device that stores what it makes, with DCMTK or under its own implementation UID."""

    ae_title: str = ""
    files: tuple[str, ...] = ()
    own_implementation: bool = False
    calls: str = "PACS"


MODALITIES = (
    Modality("ct1", "44:4b:5d:10:20:01", "10.20.1.11", ae_title="CT1",
             files=("test_files/CT_small.dcm",)),
    Modality("ct2", "a0:f2:17:10:20:02", "10.20.1.12", ae_title="CT2",
             files=tuple(f"test_files/dicomdirtests/98892001/CT2N/{n}" for n in (6293, 6924))),
    Modality("mr1", "08:00:06:10:20:03", "10.20.1.21", windows=True, ae_title="MR_AVANTO",
             files=("test_files/examples_overlay.dcm",), own_implementation=True),
    Modality("mr2", "00:00:39:10:20:04", "10.20.1.22", ae_title="MR2",
             files=("test_files/MR_small.dcm",)),
    Modality("mr3", "00:09:5c:10:20:05", "10.20.1.23", ae_title="MR3",
             files=("test_files/dicomdirtests/98892003/MR1/15820",)),
    Modality("us1", "08:00:3e:10:20:06", "10.20.1.31", ae_title="US_LOGIQ1",
             files=("test_files/ExplVR_BigEnd.dcm",)),
    Modality("us2", "08:00:3e:10:20:07", "10.20.1.32", ae_title="US_LOGIQ2",
             files=("test_files/examples_jpeg2k.dcm",), own_implementation=True),
    Modality("us3", "00:09:fb:10:20:08", "10.20.1.33", windows=True, ae_title="US_CX50",
             files=("test_files/examples_palette.dcm",), own_implementation=True),
    Modality("us4", "00:08:fb:10:20:09", "10.20.1.34", ae_title="SONOSITE_ED",
             files=("test_files/examples_ybr_color.dcm",), own_implementation=True),
    Modality("cr1", "08:00:66:10:20:0a", "10.20.1.41", windows=True, ae_title="CR250",
             files=("charset_files/chrKoreanMulti.dcm",), own_implementation=True),
    Modality("nm1", "08:00:20:10:20:0b", "10.20.1.51", ae_title="GENIE",
             files=("test_files/JPEG-lossy.dcm",), own_implementation=True),
    Modality("ecg1", "00:0f:82:10:20:0c", "10.20.1.61", ae_title="ELI250",
             files=("test_files/waveform_ecg.dcm",), own_implementation=True),
)  # fmt: skip
FORWARDED = ("mr2", "us1")
OTHERS = (
    Host("pacs", "02:20:00:00:02:10", "10.20.2.10"),
    Host("viewer1", "02:20:00:00:02:21", "10.20.2.21", windows=True),
    Host("office1", "02:20:00:00:03:11", "10.20.3.11", windows=True),
    Host("intranet", "02:20:00:00:03:20", "10.20.3.20"),
    Host("blinds", "02:20:00:00:03:30", "10.20.3.30"),
)


def start_core(site: Site) -> Persona:
    """Start the server that gives each host its address and resolves their names."""
    core = site.persona("core", "02:20:00:00:00:01", "10.20.0.1/16")
    known = [f"--dhcp-host={host.mac},{host.ip}" for host in (*MODALITIES, *OTHERS)]
    core.serve(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
        "--no-resolv", "--no-hosts", "--no-ping", "--dhcp-authoritative",
        "--dhcp-range=10.20.0.0,static,255.255.0.0,12h", f"--domain={DOMAIN}",
        f"--local=/{DOMAIN}/", "--local=/20.10.in-addr.arpa/",
        f"--host-record=teaching.{DOMAIN},10.20.2.30",
        "--dhcp-leasefile=leases", *known, port=67, udp=True,
    )  # fmt: skip
    return core


def plug_in(site: Site, host: Host) -> Persona:
    """Plug a host in and let it ask for its address."""
    persona = site.persona(host.name, host.mac)
    if host.windows:
        persona.lease(vendor_class=WINDOWS[0], fqdn=f"{host.name}.{DOMAIN}", ask=WINDOWS[1])
    else:
        persona.lease(vendor_class=EMBEDDED)
    return persona


def store(persona: Persona, modality: Modality, files: list[DeviceFile]) -> None:
    """Let a modality store its images at the archive."""
    paths = [str(file.path) for file in files]
    calling = ("--calling", modality.ae_title, "--called", modality.calls)
    if modality.own_implementation:
        peer = (sys.executable, "-m", "dicom_peer", "store", f"pacs.{DOMAIN}", str(PORT), *paths)
        persona.run(*peer, *calling, "--echo", "--implementation", *files[0].implementation)
        return
    proposal = {"us1": "-xb"}.get(modality.name, "-xe")
    persona.run("storescu", "-R", proposal, "-aet", modality.ae_title,
                "-aec", modality.calls, f"pacs.{DOMAIN}", str(PORT), *paths)  # fmt: skip


def read_and_teach(viewer: Persona) -> None:
    """Look at the archive from a workstation, and have two studies sent to the teaching store."""
    at = ("-aet", "VIEWER1", "-aec", "PACS", f"pacs.{DOMAIN}", str(PORT))
    viewer.run("echoscu", *at)
    level = ("-S", "-k", "QueryRetrieveLevel=STUDY")
    viewer.run("findscu", *level, "-k", "StudyInstanceUID", "-k", "ModalitiesInStudy", *at)
    for name in FORWARDED:
        modality = next(m for m in MODALITIES if m.name == name)
        study = device_file(modality.files[0]).study
        viewer.run("movescu", *level, "-k", f"StudyInstanceUID={study}", "-aem", "TEACHING", *at)


def work_in_the_office(office: Persona, intranet: Persona, blinds: Persona) -> None:
    """Let two hosts that have nothing to do with medicine talk: DNS, HTTP, SSH."""
    pages = intranet.home / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<title>Intranet</title>\n<p>Canteen: soup.</p>\n")
    intranet.serve(sys.executable, "-m", "http.server", "80", "--directory", "pages", port=80)
    blinds.run("dropbearkey", "-t", "ed25519", "-f", "key")
    blinds.serve("dropbear", "-F", "-E", "-r", "key", "-p", "22", port=22)
    for page in ("/", "/menu.html"):
        office.run("curl", "-sS", "-m", "10", f"http://intranet.{DOMAIN}{page}")
    office.run("ssh-keyscan", "-t", "ed25519", "-T", "10", f"blinds.{DOMAIN}")
    office.run("curl", "-sS", "-m", "10", f"http://printer.{DOMAIN}/", ok=(6,))


def refuse_stranger(office: Persona) -> None:
    """Call the archive by a title that it does not have: it rejects the association."""
    said = office.run("echoscu", "-aet", "STRANGER", "-aec", "NO_SUCH_AE", f"pacs.{DOMAIN}",
                      str(PORT), ok=(1,))  # fmt: skip
    if "Called AE Title Not Recognized" not in said:
        raise RuntimeError(f"the archive did not reject the stranger: {said}")


def hosts(personas: dict[str, Persona]) -> list[dict[str, Any]]:
    """All hosts that talk in the capture, medical or not, and what they told the DHCP server."""
    windows = {host.name: host.windows for host in (*MODALITIES, *OTHERS)}
    described = []
    for name, persona in personas.items():
        about = {"hostname": name, "ip": persona.ip, "mac": persona.mac, "dhcp": name in windows}
        about |= {"vendor_class": None, "client_fqdn": None}
        if name in windows:
            about["vendor_class"] = WINDOWS[0] if windows[name] else EMBEDDED
            about["client_fqdn"] = f"{name}.{DOMAIN}" if windows[name] else None
        described.append(about)
    return described


def main(outdir: Path) -> None:
    """Play the morning of a small hospital."""
    capture = "hospital.pcap"
    with Site(nameserver="10.20.0.1") as site:
        with site.capture(outdir / capture):
            personas = {"core": start_core(site)}
            teaching = site.persona("teaching", "02:20:00:00:02:30", "10.20.2.30/16")
            personas["teaching"] = teaching
            personas |= {host.name: plug_in(site, host) for host in (*OTHERS, *MODALITIES)}
            teaching.serve("storescp", "+xa", "-aet", "TEACHING", "--ignore", str(PORT), port=PORT)
            pacs = personas["pacs"]
            move_to = {"TEACHING": (f"teaching.{DOMAIN}", PORT)}
            DicomArchive("PACS", PORT, move_to).start(pacs)
            for modality in MODALITIES:
                files = [device_file(name) for name in modality.files]
                store(personas[modality.name], modality, files)
            read_and_teach(personas["viewer1"])
            work_in_the_office(personas["office1"], personas["intranet"], personas["blinds"])
            refuse_stranger(personas["office1"])
        devices = []
        for m in MODALITIES:
            via = (
                [{"hostname": "pacs", "ip": pacs.ip, "to_ip": teaching.ip}]
                if m.name in FORWARDED
                else []
            )
            file = device_file(m.files[0])
            devices.append(sent(personas[m.name], file, m.ae_title, to=pacs, port=PORT,
                                forwarded_by=via))  # fmt: skip
        expect(outdir, capture, {"devices": devices, "hosts": hosts(personas)})


if __name__ == "__main__":
    needed = ("dnsmasq", "udhcpc", "dcmqrscp", "storescp", "storescu", "echoscu", "findscu",
              "movescu", "dropbear", "dropbearkey", "ssh-keyscan", "curl")  # fmt: skip
    contained(main, programs=needed, seconds=240)
