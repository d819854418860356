"""Make the other DICOM captures: transfer syntaxes and PDUs, retrieval, odd ports, IPv6."""

from __future__ import annotations

import sys
from pathlib import Path

from devices import DeviceFile, device_file, expect, sent
from dicom_archive import DicomArchive
from dicom_ward import PEER, SYNTAXES, Ward, converted, receive, receive_plainly
from personas import Persona, Site, contained
from pydicom import Dataset, Sequence, dcmread
from pydicom.uid import UID

CT = "test_files/CT_small.dcm"
CT_SERIES = tuple(f"test_files/dicomdirtests/98892001/CT5N/{n}" for n in (2062, 2392))
CR = "charset_files/chrKoreanMulti.dcm"
MR = "test_files/MR_small.dcm"
MR_ECLIPSE = tuple(f"test_files/dicomdirtests/98892003/MR1/{n}" for n in (15820, 5641))
US = "test_files/ExplVR_BigEnd.dcm"
# Invented, in the form that GS1 gives it.
UDI = "(01)00884838012345(21)WW-0001"


def with_udi(by: Persona, file: DeviceFile) -> DeviceFile:
    """Make a copy that carries a unique device identifier, in sequences of undefined length."""
    data = dcmread(file.path)
    item = Dataset()
    item.UniqueDeviceIdentifier = UDI
    data.UDISequence = Sequence([item])
    step = Dataset()
    step.ReferencedSOPClassUID = UID("1.2.840.10008.3.1.2.3.3")
    step.Manufacturer = "NOT THE MANUFACTURER"
    data.ReferencedPerformedProcedureStepSequence = Sequence([step])
    for sequence in ("UDISequence", "ReferencedPerformedProcedureStepSequence"):
        data[sequence].is_undefined_length = True
    target = by.home / "udi.dcm"
    data.save_as(target)
    return DeviceFile(target, file.source)


def make_syntaxes(outdir: Path) -> None:
    """The same image in each transfer syntax, and images cut into PDUs of every size."""
    name = "dicom-syntaxes.pcap"
    with Site() as site:
        with site.capture(outdir / name):
            ward = Ward(site)
            archive = ward.station("archive")
            receive(archive, 11112)
            for kind, (_, proposal) in SYNTAXES.items():
                file = converted(archive, device_file(MR), kind)
                ward.sends(f"mr-{kind}", file, archive, proposal)
            file = device_file("test_files/MR_small_jp2klossless.dcm")
            ward.sends("mr-jpeg2000", file, archive, "-xv")
            for port, limit in enumerate((4096, 16384, 131072), 11113):
                receive(archive, port, "-pdu", str(limit))
                pdu = ("-xe", "-pdu", str(limit), "--max-send-pdu", str(limit))
                ward.sends(f"ct-pdu-{limit}", device_file(CT), archive, *pdu, port=port)
            for port, limit in ((11116, 128), (11117, 0)):
                receive_plainly(archive, port, limit)
                ward.sends_as_itself(f"us-pdu-{limit}", device_file(US), archive, port=port)
            receive_plainly(archive, 11118, 4096)
            ward.sends_as_itself("mr-many-pdvs", device_file(MR), archive, "--join", port=11118)
            ward.sends_as_itself("mr-udi", with_udi(archive, device_file(MR_ECLIPSE[0])), archive)
            send_several(ward, archive)
        expect(outdir, name, {"devices": ward.devices})


def send_several(ward: Ward, archive: Persona) -> None:
    """Let a gateway store the images of two devices, two of each, in one association."""
    files = [device_file(path) for path in (*CT_SERIES, *MR_ECLIPSE)]
    gateway = ward.station("gateway")
    gateway.run("storescu", "-R", "-xe", "-aet", "GATEWAY", "-aec", "ARCHIVE", archive.ip, "11112",
                *(str(file.path) for file in files))  # fmt: skip
    for file in (files[0], files[-1]):
        ward.devices.append(sent(gateway, file, "GATEWAY", to=archive, port=11112, relayed=True))


def make_get(outdir: Path) -> None:
    """Images that flow from the responder: C-GET, and C-MOVE back to who asked for it."""
    name = "dicom-get.pcap"
    with Site() as site:
        ward = Ward(site)
        archive, viewer = ward.station("archive"), ward.station("viewer")
        DicomArchive("ARCHIVE", 11112, {"VIEWER": (viewer.ip, 11113)}).start(archive, plain=True)
        got = [device_file(path) for path in (CT, CR)]
        moved = [device_file(path) for path in (MR, US)]
        paths = [str(file.path) for file in (*got, *moved)]
        # Before the tap: the devices themselves are never seen here.
        archive.run("storescu", "-R", "-aec", "ARCHIVE", "-xe", "127.0.0.1", "11112", *paths)
        at = ("-aet", "VIEWER", "-aec", "ARCHIVE", archive.ip, "11112")
        with site.capture(outdir / name):
            for file in got:
                viewer.run("getscu", "-S", "-k", "QueryRetrieveLevel=STUDY", *at,
                           "-k", f"StudyInstanceUID={file.study}", "--ignore")  # fmt: skip
            for file in moved:
                viewer.run("movescu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-aem", "VIEWER",
                           "+P", "11113", "-k", f"StudyInstanceUID={file.study}", "--ignore",
                           *at)  # fmt: skip
        devices = [
            sent(archive, file, "ARCHIVE", to=viewer, port=port, relayed=True)
            for files, port in ((got, None), (moved, 11113))
            for file in files
        ]
        expect(outdir, name, {"devices": devices})


def make_odd_port(outdir: Path) -> None:
    """DICOM where it is not looked for, and HTTP where DICOM is."""
    name = "dicom-odd-port.pcap"
    with Site() as site:
        with site.capture(outdir / name):
            ward = Ward(site)
            archive = ward.station("archive")
            for title, path, port in (("ct", CT, 104), ("mr", MR, 4242), ("us", US, 50001)):
                receive(archive, port)
                proposal = "-xb" if path == US else "-xe"
                ward.sends(title, device_file(path), archive, proposal, port=port)
            web = ward.station("web")
            (web.home / "pages").mkdir()
            page = ("-m", "http.server", "11112", "--directory", "pages")
            web.serve(sys.executable, *page, port=11112)
            ward.station("office").run("curl", "-sS", "-m", "10", f"http://{web.ip}:11112/")
        expect(outdir, name, {"devices": ward.devices})


def make_ipv6(outdir: Path) -> None:
    """One modality and its archive on IPv6 (DCMTK 3.6.7 speaks IPv4 alone)."""
    name = "dicom-ipv6.pcap"
    with Site() as site:
        with site.capture(outdir / name):
            archive = site.persona("archive", "02:20:00:00:06:10", "fd00::10/64")
            modality = site.persona("mr", "02:20:00:00:06:11", "fd00::11/64")
            archive.serve(*PEER, "serve", archive.ip, "11112", port=11112)
            file = device_file(MR)
            modality.run(*PEER, "store", archive.ip, "11112", str(file.path), "--calling", "MR",
                         "--echo", "--implementation", *file.implementation)  # fmt: skip
        expect(outdir, name, {"devices": [sent(modality, file, "MR", to=archive, port=11112)]})


def main(outdir: Path) -> None:
    """Make them all, one after the other."""
    for make in (make_syntaxes, make_get, make_odd_port, make_ipv6):
        make(outdir)


if __name__ == "__main__":
    needed = ("dcmqrscp", "storescp", "storescu", "getscu", "movescu", "dcmconv", "dcmcrle",
              "dcmcjpeg", "dcmcjpls", "curl")  # fmt: skip
    contained(main, programs=needed, seconds=240)
