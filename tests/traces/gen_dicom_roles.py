"""Make dicom-roles.pcap: each service, its user and provider, and what passes on others' work."""

from __future__ import annotations

import sys
from pathlib import Path

from canaries import PLANTED, plant
from devices import DeviceFile, device_file
from dicom_archive import DicomArchive
from dicom_ward import PEER, Ward
from personas import Persona, Site, contained
from pydicom import Dataset, Sequence, dcmread
from pydicom.uid import UID

SERVICES = (sys.executable, "-m", "dicom_services")
CT = "test_files/CT_small.dcm"
MR = "test_files/MR_small.dcm"


def modified(by: Persona, file: DeviceFile) -> DeviceFile:
    """Make a copy that a gateway has modified and says so; the scanner is named, too."""
    data = dcmread(file.path)
    plant(data)
    items = []
    for code, meaning, manufacturer, model, serial in (
        ("109101", "Acquisition Equipment", "WARDWATCH ACQUISITION", "COIL 1", "AQ-1"),
        ("109103", "Modifying Equipment", "WARDWATCH GATEWAYS", "ROUTE 66", "GW-4711"),
    ):
        purpose = Dataset()
        purpose.CodeValue, purpose.CodingSchemeDesignator = code, "DCM"
        purpose.CodeMeaning = meaning
        item = Dataset()
        item.Manufacturer, item.ManufacturerModelName = manufacturer, model
        item.InstitutionName = PLANTED["InstitutionName"]
        item.OperatorsName = PLANTED["OperatorsName"]
        item.DeviceSerialNumber, item.SoftwareVersions = serial, ["6.6", "b1"]
        item.ContributionDescription = PLANTED["StudyDescription"]
        item.PurposeOfReferenceCodeSequence = Sequence([purpose])
        items.append(item)
    data.ContributingEquipmentSequence = Sequence(items)
    data["ContributingEquipmentSequence"].is_undefined_length = True
    target = by.home / "modified.dcm"
    data.save_as(target)
    return DeviceFile(target, file.source)


def plan(planner: Persona) -> None:
    """Let DCMTK's worklist server offer one order of the canary patient."""
    items = planner.home / "lists" / "PLANNER"
    items.mkdir(parents=True)
    (items / "lockfile").touch()
    order, step = Dataset(), Dataset()
    plant(order)
    step.ScheduledStationAETitle, step.Modality = "MODALITY", "CT"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20240101", "0800"
    order.ScheduledProcedureStepSequence = Sequence([step])
    order.StudyInstanceUID, order.RequestedProcedureID = UID("2.25.7104"), "7104"
    order.save_as(items / "one.wl", implicit_vr=False, little_endian=True)
    planner.serve("wlmscpfs", "-dfp", "lists", "-dfr", "11112", port=11112)


def main(outdir: Path) -> None:
    """Plan, perform, store, commit, ask for, move and get."""
    with Site() as site, site.capture(outdir / "dicom-roles.pcap"):
        ward = Ward(site)
        planner, broker, archive = (ward.station(n) for n in ("planner", "broker", "archive"))
        modality, viewer = ward.station("modality"), ward.station("viewer")
        gateway = ward.station("gateway")
        plan(planner)
        DicomArchive("ARCHIVE", 11112, {"VIEWER": (viewer.ip, 11113)}).start(archive, plain=True)
        planner.serve(*SERVICES, "steps", planner.ip, "11113", "--title", "RIS", port=11113)
        broker.serve(*SERVICES, "steps", broker.ip, "11113", "--title", "BROKER",
                     "--to", planner.ip, "11113", port=11113)  # fmt: skip
        archive.serve(*SERVICES, "commits", archive.ip, "11114", "--title", "ARCHIVE",
                      "--to", modality.ip, "11115", port=11114)  # fmt: skip
        me = ("-aet", "MODALITY", "-aec")
        said = modality.run("findscu", "-v", "-W", "-k", "PatientID", *me, "PLANNER", planner.ip,
                            "11112", "-k", "ScheduledProcedureStepSequence[0].Modality=CT",
                            )  # fmt: skip
        if PLANTED["PatientID"] not in said:
            raise RuntimeError(f"the worklist did not answer with the canary: {said}")
        modality.run(*SERVICES, "step", broker.ip, "11113", "--title", "MODALITY")
        image = device_file(CT)
        modality.run("storescu", "-R", *me, "ARCHIVE", archive.ip, "11112", str(image.path))
        modality.run(*SERVICES, "commit", archive.ip, "11114", "--title", "MODALITY",
                     "--own", modality.ip)  # fmt: skip
        passed_on = modified(gateway, device_file(MR))
        gateway.run(*PEER, "store", archive.ip, "11112", str(passed_on.path), "--calling",
                    "GATEWAY", "--identity")  # fmt: skip
        look(viewer, archive, passed_on)


def look(viewer: Persona, archive: Persona, file: DeviceFile) -> None:
    """Let a workstation verify, query, get and have moved."""
    level = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={file.study}")
    at = ("-aet", "VIEWER", "-aec", "ARCHIVE", archive.ip, "11112")
    viewer.run("echoscu", *at)
    viewer.run("findscu", "-S", *level, "-k", "PatientName", *at)
    viewer.run("getscu", "-S", *level, "--ignore", *at)
    viewer.run("movescu", "-S", *level, "-aem", "VIEWER", "+P", "11113", "--ignore", *at)


if __name__ == "__main__":
    needed = ("dcmqrscp", "storescu", "findscu", "getscu", "movescu", "echoscu", "wlmscpfs")
    contained(main, programs=needed, seconds=120)
