"""Make dicom-canary.pcap: every place that a patient or a user is named in, easily found again."""

from __future__ import annotations

from pathlib import Path

from canaries import CANARIES, PASSCODE, PLANTED, USERNAME, plant
from devices import DeviceFile, device_file, expect
from dicom_archive import DicomArchive
from dicom_ward import PEER, SYNTAXES, Ward, converted, receive, receive_plainly
from personas import Persona, Site, contained
from pydicom import Dataset, Sequence, dcmread
from pydicom.uid import UID

MR = "test_files/MR_small.dcm"
CT = "test_files/dicomdirtests/98892001/CT5N/2062"
CR = "charset_files/chrKoreanMulti.dcm"


def with_canaries(by: Persona, file: DeviceFile) -> DeviceFile:
    """Make a copy of the file in which an invented patient is planted everywhere."""
    data = dcmread(file.path)
    plant(data)
    target = by.home / f"canary-{Path(file.source).stem}.dcm"
    data.save_as(target)
    return DeviceFile(target, file.source)


def main(outdir: Path) -> None:
    """Store, query, get, plan and report the invented patient."""
    name = "dicom-canary.pcap"
    login = ("-usr", USERNAME, "-pwd", PASSCODE)
    with Site() as site:
        with site.capture(outdir / name):
            ward = Ward(site)
            archive, store = ward.station("archive"), ward.station("store")
            receive(store, 11112, "-pdu", "4096")
            receive_plainly(store, 11116, 256)
            receive_plainly(store, 11118, 16384)
            mr = with_canaries(store, device_file(MR))
            for kind in ("implicit", "undefined", "bigendian", "deflated", "rle"):
                _, proposal = SYNTAXES[kind]
                ward.sends(f"mr-{kind}", converted(store, mr, kind), store, proposal, *login)
            ct = with_canaries(store, device_file(CT))
            ward.sends_as_itself("ct-small-pdus", ct, store, "--identity", port=11116)
            ward.sends_as_itself("ct-many-pdvs", ct, store, "--identity", "--join", port=11118)
            ask(ward, archive, with_canaries(store, device_file(CR)))
            plan(ward, store)
        expect(outdir, name, {"devices": ward.devices, "canaries": list(CANARIES)})


def ask(ward: Ward, archive: Persona, file: DeviceFile) -> None:
    """Let a workstation query and get what a device stored, by the canary's name."""
    DicomArchive("ARCHIVE", 11112).start(archive, plain=True)
    viewer = ward.station("viewer")
    again = {"hostname": archive.name, "ip": archive.ip, "to_ip": viewer.ip}
    ward.sends("cr", file, archive, "-xe", forwarded_by=[again])
    at = ("-aet", "VIEWER", "-aec", "ARCHIVE", archive.ip, "11112")
    back = ("PatientID", "PatientBirthDate", "AccessionNumber", "StudyDescription", "StudyID",
            "ReferringPhysicianName", "OtherPatientNames", "PatientComments")  # fmt: skip
    keys = [word for key in back for word in ("-k", key)]
    by_name = ("-k", f"PatientName={PLANTED['PatientName']}")
    said = viewer.run("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", *by_name, *keys, *at)
    if PLANTED["AccessionNumber"] not in said:
        raise RuntimeError(f"the archive did not answer with the canary: {said}")
    viewer.run("getscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "--ignore", *at,
               "-k", f"StudyInstanceUID={file.study}")  # fmt: skip
    title = ("-aet", "VIEWER", "-aec", "NO_SUCH_AE")
    viewer.run("echoscu", "-usr", USERNAME, "-pwd", PASSCODE, *title, archive.ip, "11112", ok=(1,))


def plan(ward: Ward, store: Persona) -> None:
    """Let a modality fetch its worklist and report the step that it begins."""
    planner, modality = ward.station("planner"), ward.station("mr-planned")
    items = planner.home / "lists" / "PLANNER"
    items.mkdir(parents=True)
    (items / "lockfile").touch()
    order = Dataset()
    plant(order)
    step = Dataset()
    step.ScheduledStationAETitle, step.Modality = "MR-PLANNED", "MR"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20240101", "0800"
    step.ScheduledProcedureStepDescription = PLANTED["StudyDescription"]
    step.ScheduledPerformingPhysicianName = PLANTED["PerformingPhysicianName"]
    order.ScheduledProcedureStepSequence = Sequence([step])
    order.StudyInstanceUID, order.RequestedProcedureID = UID("2.25.7002"), "7002"
    order.save_as(items / "one.wl", implicit_vr=False, little_endian=True)
    planner.serve("wlmscpfs", "-dfp", "lists", "-dfr", "11112", port=11112)
    wanted = ("PatientName", "PatientID", "PatientBirthDate", "PatientAddress",
              "AccessionNumber", "ReferringPhysicianName", "RequestingPhysician",
              "RequestedProcedureDescription")  # fmt: skip
    keys = [word for key in wanted for word in ("-k", key)]
    keys += ["-k", "ScheduledProcedureStepSequence[0].Modality=MR"]
    said = modality.run("findscu", "-v", "-W", *keys, "-aet", "MR-PLANNED", "-aec", "PLANNER",
                        planner.ip, "11112")  # fmt: skip
    if PLANTED["PatientID"] not in said:
        raise RuntimeError(f"the worklist did not answer with the canary: {said}")
    modality.run(*PEER, "mpps", store.ip, "11116", "--calling", "MR-PLANNED", "--identity")


if __name__ == "__main__":
    needed = ("dcmqrscp", "storescp", "storescu", "findscu", "getscu", "echoscu", "wlmscpfs",
              "dcmconv", "dcmcrle")  # fmt: skip
    contained(main, programs=needed, seconds=120)
