"""Make dicom-web.pcap: a modality, a viewer and an archive, Orthanc, that speak DICOMweb."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from canaries import PLANTED, plant
from devices import DeviceFile, device_file
from gen_dicom_roles import modified
from personas import Persona, Site, contained
from pydicom import dcmread

CLIENT = (sys.executable, "-m", "dicom_web_client")
PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
MR = "test_files/MR_small.dcm"
ECLIPSE = "test_files/dicomdirtests/98892003/MR1/15820"
PORT = 8042


def with_canaries(by: Persona, file: DeviceFile) -> DeviceFile:
    """Make a small copy of the file in which the invented patient is planted."""
    data = dcmread(file.path)
    plant(data)
    data.Rows = data.Columns = 16
    data.PixelData = bytes(512)
    target = by.home / f"canary-{Path(file.source).stem}.dcm"
    data.save_as(target)
    return DeviceFile(target, file.source)


def archive_on(server: Persona) -> None:
    """Start Orthanc with its DICOMweb plugin, open to everybody."""
    settings = {
        "Name": "Wardwatch test archive", "StorageDirectory": str(server.home / "images"),
        "IndexDirectory": str(server.home / "images"), "Plugins": [PLUGIN],
        "HttpPort": PORT, "DicomPort": 4242, "RemoteAccessAllowed": True,
        "AuthenticationEnabled": False, "DicomWeb": {"Enable": True, "EnableWado": True},
    }  # fmt: skip
    (server.home / "orthanc.json").write_text(json.dumps(settings))
    server.serve("Orthanc", "orthanc.json", port=PORT)


def main(outdir: Path) -> None:
    """Store, look up and fetch the images of two scanners, one of them through a gateway."""
    with Site() as site:
        server = site.persona("archive", "02:20:00:00:09:11", "10.20.9.11/16")
        modality = site.persona("mr", "02:20:00:00:09:12", "10.20.9.12/16")
        gateway = site.persona("gateway", "02:20:00:00:09:13", "10.20.9.13/16")
        viewer = site.persona("viewer", "02:20:00:00:09:14", "10.20.9.14/16")
        archive_on(server)
        base = f"http://{server.ip}:{PORT}"
        url = f"{base}/dicom-web"
        image = with_canaries(modality, device_file(ECLIPSE))
        other = modified(gateway, with_canaries(gateway, device_file(MR)))
        # Before the tap: what is fetched alone was never seen to be stored.
        server.run(*CLIENT, "store", f"http://127.0.0.1:{PORT}/dicom-web", str(other.path))
        with site.capture(outdir / "dicom-web.pcap"):
            modality.run(*CLIENT, "store", url, str(image.path))
            gateway.run(*CLIENT, "store", url, str(other.path))
            viewer.run(*CLIENT, "look_up", url, str(image.path), str(other.path))
            viewer.run(*CLIENT, "fetch", url, str(image.path), str(other.path))
            fetch_by_uri(viewer, base, other)
            fetch_plainly(viewer, url, image)


def fetch_by_uri(viewer: Persona, base: str, file: DeviceFile) -> None:
    """WADO-URI: a file, and a picture."""
    data = dcmread(file.path)
    ids = f"studyUID={data.StudyInstanceUID}&seriesUID={data.SeriesInstanceUID}"
    query = f"requestType=WADO&{ids}&objectUID={data.SOPInstanceUID}"
    note = f"&x={PLANTED['PatientID']}"
    for kind in ("application/dicom", "image/png"):
        viewer.run("curl", "-sSf", "-m", "10", "-o", "answer",
                   f"{base}/wado?{query}&contentType={kind}{note}")  # fmt: skip


def fetch_plainly(viewer: Persona, url: str, file: DeviceFile) -> None:
    """WADO-RS by a client that takes no compressed answers."""
    data = dcmread(file.path)
    path = f"studies/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}"
    viewer.run("curl", "-sSf", "-m", "10", "-o", "answer", f"{url}/{path}",
               "-H", 'Accept: multipart/related; type="application/dicom"')  # fmt: skip


if __name__ == "__main__":
    contained(main, programs=("Orthanc", "curl"), seconds=120)
