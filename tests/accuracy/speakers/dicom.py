"""DICOM: what modalities store, ask and print, and what takes it, on pynetdicom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from accuracy.stage import Turn, inside, serving
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    BasicFilmSession,
    BasicGrayscalePrintManagementMeta,
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

ROOT = "1.2.840.10008.5.1.4.1.1."
# PS3.4 B.5: the class that a modality's objects are stored as.
SOP = {
    "CT": "2", "MR": "4", "US": "6.1", "CR": "1", "DX": "1.1", "MG": "1.2", "IO": "1.3.1",
    "PX": "1.1.1", "XA": "12.1", "RF": "12.2", "NM": "20", "PT": "128", "OT": "7", "ES": "77.1.1",
    "GM": "77.1.2", "SM": "77.1.6", "XC": "77.1.4", "OP": "77.1.5.1", "OPT": "77.1.5.4",
    "AR": "78.2", "LEN": "78.1", "KER": "78.3", "SRF": "78.4", "OAM": "78.7", "OPV": "80.1",
    "OPM": "82.1", "IVUS": "6.1", "IVOCT": "14.1", "RTIMAGE": "481.1", "RTDOSE": "481.2",
    "RTSTRUCT": "481.3", "RTPLAN": "481.5", "RTRECORD": "481.4", "ECG": "9.1.1", "HD": "9.2.1",
    "EPS": "9.3.1", "EEG": "9.7.1", "SR": "88.22", "BMD": "7", "DOC": "104.1",
}  # fmt: skip
PORT = 11112


def store(turn: Turn) -> None:
    """Store each thing at the archive, perhaps after asking for the work to do."""
    for values in turn.steps:
        inside(turn.host, _store, turn.stage.archive.ip, turn.persona.id, values)


def query(turn: Turn) -> None:
    """Look for studies, as workstations do."""
    for values in turn.steps:
        inside(turn.host, _query, turn.stage.archive.ip, values)


def serve(turn: Turn) -> None:
    """Take in what a station of the site stores."""
    for values in turn.steps:
        port = values.get("port", PORT)
        serving(turn.host, port, archive, turn.host.ip, port, values)
        inside(turn.stage.reader, _store, turn.host.ip, f"to-{turn.persona.id}",
               values["from"] | {"port": port})  # fmt: skip


def printing(turn: Turn) -> None:
    """Print what a station of the site sends."""
    for values in turn.steps:
        serving(turn.host, 104, archive, turn.host.ip, 104, values)
        inside(turn.stage.reader, _print, turn.host.ip, values)


def _entity(values: dict[str, Any]) -> AE:
    entity = AE(ae_title=values.get("ae", "STATION"))
    if own := values.get("implementation"):
        entity.implementation_class_uid = UID(own[0])
        entity.implementation_version_name = own[1] if len(own) > 1 else None
    return entity


def _dataset(name: str, values: dict[str, Any]) -> Dataset:
    number = str(int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
    data = Dataset()
    data.SOPClassUID = ROOT + str(values.get("sop") or SOP[values["modality"]])
    data.SOPInstanceUID = f"{values.get('root', '2.25')}.{number}.1"
    data.StudyDate, data.StudyTime, data.AccessionNumber = "20260115", "101500", "A4711"
    data.Modality = values["modality"]
    for keyword, key in (("Manufacturer", "manufacturer"), ("ManufacturerModelName", "model"),
                         ("StationName", "station"), ("DeviceSerialNumber", "serial"),
                         ("SoftwareVersions", "software"),
                         ("InstitutionName", "institution")):  # fmt: skip
        if values.get(key):
            setattr(data, keyword, values[key])
    data.PatientName, data.PatientID, data.PatientBirthDate = "Doe^Jamie", "P4711", "19700101"
    for group, creator in values.get("private", {}).items():
        block = data.private_block(int(group, 16), creator, create=True)
        block.add_new(0x08, "LO", "1")
    data.StudyInstanceUID = f"2.25.{number}.2"
    data.SeriesInstanceUID = f"2.25.{number}.3"
    data.InstanceNumber = 1
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows = data.Columns = 8
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation, data.PixelData = 7, 0, bytes(64)
    data.file_meta = FileMetaDataset()
    implicit = values.get("implicit")
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else (
        ExplicitVRLittleEndian)  # fmt: skip
    return data


def _store(address: str, name: str, values: dict[str, Any]) -> None:
    data = _dataset(name, values)
    entity = _entity(values)
    entity.add_requested_context(Verification)
    entity.add_requested_context(data.SOPClassUID, data.file_meta.TransferSyntaxUID)
    if values.get("worklist"):
        entity.add_requested_context(ModalityWorklistInformationFind)
    port = values.get("port", PORT)
    peer = entity.associate(address, port, ae_title=values.get("called", "ARCHIVE"))
    if not peer.is_established:
        raise ConnectionError(f"{name}: no association")
    if values.get("worklist"):
        wanted = Dataset()
        item = Dataset()
        item.Modality, item.ScheduledStationAETitle = values["modality"], values["ae"]
        wanted.PatientName, wanted.ScheduledProcedureStepSequence = "", [item]
        list(peer.send_c_find(wanted, ModalityWorklistInformationFind))
    if (status := peer.send_c_store(data)).get("Status") != 0:
        raise ConnectionError(f"{name}: {status}")
    peer.release()


def _query(address: str, values: dict[str, Any]) -> None:
    entity = _entity(values)
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
    peer = entity.associate(address, PORT, ae_title="ARCHIVE")
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.PatientID, wanted.StudyInstanceUID = "STUDY", "", ""
    list(peer.send_c_find(wanted, StudyRootQueryRetrieveInformationModelFind))
    peer.release()


def _print(address: str, values: dict[str, Any]) -> None:
    entity = AE(ae_title="CTPRINT")
    entity.add_requested_context(BasicGrayscalePrintManagementMeta)
    peer = entity.associate(address, 104, ae_title=values.get("ae", "PRINTER"))
    session = Dataset()
    session.NumberOfCopies, session.MediumType = "1", "BLUE FILM"
    meta = BasicGrayscalePrintManagementMeta
    peer.send_n_create(session, BasicFilmSession, UID("2.25.4711"), meta_uid=meta)
    peer.release()


def _found(_: Any) -> Iterator[tuple[int, Dataset | None]]:
    yield 0x0000, None


def archive(address: str, port: int, values: dict[str, Any]) -> None:
    """Take everything, until killed."""
    entity = _entity(values)
    for context in AllStoragePresentationContexts[:120]:
        entity.add_supported_context(str(context.abstract_syntax))
    for service in (Verification, ModalityWorklistInformationFind, ModalityPerformedProcedureStep,
                    StudyRootQueryRetrieveInformationModelFind,
                    BasicGrayscalePrintManagementMeta, *extra_storage()):  # fmt: skip
        entity.add_supported_context(service)
    handlers: list[Any] = [
        (evt.EVT_C_STORE, lambda _: 0x0000),
        (evt.EVT_C_FIND, _found),
        (evt.EVT_N_CREATE, lambda event: (0x0000, event.attribute_list)),
    ]
    entity.start_server((address, port), evt_handlers=handlers)


def extra_storage() -> list[str]:
    """Return the storage classes that personas use beyond the first 120."""
    known = {str(context.abstract_syntax) for context in AllStoragePresentationContexts[:120]}
    return sorted({ROOT + leaf for leaf in SOP.values()} - known)
