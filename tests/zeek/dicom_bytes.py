"""DICOM byte by byte, for what no ordinary program sends, or not in this order.

Data sets and commands are encoded by pydicom and pynetdicom; the units around them are made here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import pydicom
from pynetdicom import dsutils

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
CANARY = "Canary^Never^Seen"
CLIENT, SERVER = "10.1.0.1", "10.1.0.2"
PART = tuple[bool, bytes]
MADE_BY_SCANNER = {
    "dicom.modality": "CT",
    "dicom.manufacturer": "ACME Röntgen",
    "dicom.station_name": "CT01",
    "dicom.manufacturer_model_name": "Scan-O-Matic",
    "dicom.device_serial_number": "SN-0815",
    "dicom.software_versions": "1.0\\2.0b",
}
GATEWAY_SAYS = {
    "dicom.manufacturer": "WARDWATCH GATEWAYS",
    "dicom.manufacturer_model_name": "ROUTE 66",
    "dicom.device_serial_number": "GW-4711",
    "dicom.software_versions": "6.6\\b1",
    "dicom.contribution": "modifying equipment",
}


def item(kind: int, body: bytes) -> bytes:
    """An item of A-ASSOCIATE."""
    return struct.pack("!BBH", kind, 0, len(body)) + body


def unit(kind: int, body: bytes) -> bytes:
    """A protocol data unit."""
    return struct.pack("!BBI", kind, 0, len(body)) + body


def associate(kind: int, contexts: Iterable[bytes], version: str, more: bytes = b"") -> bytes:
    """A-ASSOCIATE-RQ (1) or -AC (2)."""
    fixed = struct.pack("!HH16s16s32x", 1, 0, b"ARCHIVE".ljust(16), b"SCANNER".ljust(16))
    user = item(0x51, struct.pack("!I", 16384)) + item(0x52, b"1.2.3.4") + more
    user += item(0x55, version.encode())
    application = item(0x10, b"1.2.840.10008.3.1.1.1")
    return unit(kind, fixed + application + b"".join(contexts) + item(0x50, user))


def asks(number: int, abstract: str, *transfers: str) -> bytes:
    """A proposed presentation context."""
    syntaxes = b"".join(item(0x40, name.encode()) for name in transfers)
    return item(0x20, bytes([number, 0, 0, 0]) + item(0x30, abstract.encode()) + syntaxes)


def answers(number: int, transfer: str, result: int = 0) -> bytes:
    """An answered presentation context."""
    return item(0x21, bytes([number, 0, result, 0]) + item(0x40, transfer.encode()))


def fragment(context: int, data: bytes, command: bool = False, last: bool = True) -> bytes:
    """A presentation data value, with its header."""
    control = int(command) + 2 * int(last)
    return struct.pack("!IBB", len(data) + 2, context, control) + data


def command(**elements: Any) -> bytes:
    """An encoded command."""
    dataset = pydicom.Dataset()
    for name, value in elements.items():
        setattr(dataset, name, value)
    encoded: bytes = dsutils.encode(dataset, True, True)
    return encoded


def store_rq(message: int = 1, sop_class: str = CT) -> bytes:
    """A C-STORE request."""
    return command(
        AffectedSOPClassUID=sop_class,
        CommandField=1,
        MessageID=message,
        Priority=0,
        CommandDataSetType=0,
        AffectedSOPInstanceUID="1.2.3",
    )


def store_rsp(message: int = 1, status: int = 0) -> bytes:
    """Its acknowledgement."""
    return command(
        AffectedSOPClassUID=CT,
        CommandField=0x8001,
        MessageIDBeingRespondedTo=message,
        CommandDataSetType=0x0101,
        Status=status,
    )


def scan(**changes: Any) -> pydicom.Dataset:
    """A data set as a scanner makes it, with a patient and some sequences in it."""
    dataset = pydicom.Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT
    dataset.Modality = "CT"
    dataset.Manufacturer = "ACME Röntgen"
    dataset.ReferringPhysicianName = CANARY
    dataset.StationName = "CT01"
    nested = pydicom.Dataset()
    nested.Manufacturer = "somebody else"
    nested.PatientName = CANARY
    dataset.ReferencedStudySequence = [nested, nested]
    dataset.ReferencedStudySequence[0].is_undefined_length_sequence_item = True
    dataset["ReferencedStudySequence"].is_undefined_length = True
    dataset.ManufacturerModelName = "Scan-O-Matic"
    dataset.PatientName = CANARY
    dataset.PatientID = CANARY
    dataset.DeviceSerialNumber = "SN-0815"
    dataset.SoftwareVersions = ["1.0", "2.0b"]
    dataset.ProtocolName = "beyond the last element"
    for name, value in changes.items():
        setattr(dataset, name, value)
    return dataset


def encoded(dataset: pydicom.Dataset, transfer: str) -> bytes:
    """Encode a data set in a transfer syntax that does not compress."""
    little = transfer != BIG_ENDIAN
    done = dsutils.encode(dataset, transfer == IMPLICIT, little)
    assert done is not None
    pixels = b"\x00\x08\x00\x00" if not little else b"\x00\x00\x08\x00"
    return bytes(done) + pixels * 5000


def opened(transfer: str = EXPLICIT) -> list[PART]:
    """An association for CT images that was asked for and accepted."""
    return [
        (True, associate(1, [asks(1, CT, transfer), asks(3, VERIFICATION, IMPLICIT)], "ASKER_1")),
        (False, associate(2, [answers(1, transfer), answers(3, "", 3)], "TAKER_2")),
    ]


def stored(data: bytes, message: int = 1, status: int = 0, size: int = 4000) -> list[PART]:
    """A C-STORE: the data set in fragments of a size, two in each data unit."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    values = [
        fragment(1, piece, last=number == len(pieces) - 1) for number, piece in enumerate(pieces)
    ]
    return [
        (True, unit(4, fragment(1, store_rq(message), command=True))),
        *((True, unit(4, b"".join(values[at : at + 2]))) for at in range(0, len(values), 2)),
        (False, unit(4, fragment(1, store_rsp(message, status), command=True))),
    ]


RELEASE: list[PART] = [(True, unit(5, bytes(4))), (False, unit(6, bytes(4)))]


def described(run: Any, host: str) -> dict[str, dict[str, str]]:
    """What a host told of each subject."""
    found: dict[str, dict[str, str]] = {}
    for row in run.rows("iomt_asset"):
        if row["host"] == host and "subject" in row:
            found.setdefault(row["subject"], {})[row["field"]] = row["value"]
    return found


def agreed(abstract: str, transfer: str = EXPLICIT) -> list[PART]:
    """An association for one service."""
    return [
        (True, associate(1, [asks(1, abstract, transfer)], "ASKER_1")),
        (False, associate(2, [answers(1, transfer)], "TAKER_2")),
    ]


def said(is_orig: bool, data: bytes) -> PART:
    """A whole command."""
    return is_orig, unit(4, fragment(1, data, command=True))


def contributor(code: str = "109103", scheme: str = "DCM", **values: Any) -> pydicom.Dataset:
    """An item of contributing equipment, with people in it."""
    purpose = pydicom.Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = code, scheme, CANARY
    dataset = pydicom.Dataset()
    dataset.InstitutionName = CANARY
    dataset.OperatorsName = CANARY
    dataset.ContributionDescription = CANARY
    dataset.PurposeOfReferenceCodeSequence = [purpose]
    named = {"Manufacturer": "WARDWATCH GATEWAYS", "ManufacturerModelName": "ROUTE 66"}
    more = {"DeviceSerialNumber": "GW-4711", "SoftwareVersions": ["6.6", "b1"]}
    for name, value in (values or named | more).items():
        setattr(dataset, name, value)
    return dataset
