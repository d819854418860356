"""Words about an invented patient, planted in dicom-canary.pcap. None may ever leave a sensor.

`CANARIES` are unique: a test may look for their bytes in anything the product writes. They cover
each place that carries a person or free text: the dataset (also nested, private and very long
values), the query and its answers, the worklist, the procedure step, and the log-in.
"""

from __future__ import annotations

from pydicom import DataElement, Dataset, Sequence
from pydicom.uid import UID

COMMENT = "CANARYCOMMENT-QX7AY"
# The value of each element, all VRs that fit text; unique by its QX7 ending or its year.
PLANTED = {
    "AccessionNumber": "CANARYACCQX7AA",
    "InstitutionName": "CANARYINSTITUTION QX7AB",
    "InstitutionAddress": "CANARYSTREET QX7AC",
    "ReferringPhysicianName": "CANARYREFERRER^QX7AD",
    "ReferringPhysicianAddress": "CANARYREFSTREET QX7AE",
    "ReferringPhysicianTelephoneNumbers": "CANARYPHONEQX7AF",
    "StudyDescription": "CANARYSTUDY QX7AG",
    "SeriesDescription": "CANARYSERIES QX7AH",
    "InstitutionalDepartmentName": "CANARYDEPARTMENT QX7AI",
    "PerformingPhysicianName": "CANARYPERFORMER^QX7AJ",
    "NameOfPhysiciansReadingStudy": "CANARYREADER^QX7AK",
    "OperatorsName": "CANARYOPERATOR^QX7AL",
    "AdmittingDiagnosesDescription": "CANARYDIAGNOSIS QX7AM",
    "PatientName": "CANARYNAME^QX7AN",
    "PatientID": "CANARYIDQX7AO",
    "PatientBirthDate": "18870113",
    "OtherPatientIDs": "CANARYOTHERIDQX7AP",
    "OtherPatientNames": "CANARYOTHERNAME^QX7AQ",
    "PatientBirthName": "CANARYBIRTHNAME^QX7AR",
    "PatientAddress": "CANARYHOME QX7AS",
    "PatientMotherBirthName": "CANARYMOTHER^QX7AT",
    "MedicalRecordLocator": "CANARYRECORDQX7AU",
    "PatientTelephoneNumbers": "CANARYTELQX7AV",
    "Occupation": "CANARYJOBQX7AW",
    "PatientReligiousPreference": "CANARYCREED QX7AX",
    # Longer than the small PDUs and any segment, so that some lie wholly inside this value.
    "PatientComments": f"{COMMENT} " * 200,
    "ProtocolName": "CANARYPROTOCOL QX7AZ",
    "StudyID": "CANARYSIDQX7BA",
    "ImageComments": "CANARYIMAGE QX7BB",
    "RequestingPhysician": "CANARYREQUESTER^QX7BC",
    "RequestedProcedureDescription": "CANARYPROCEDURE QX7BD",
    "AdmissionID": "CANARYADMISSIONQX7BE",
    "PatientState": "CANARYSTATE QX7BF",
}
NESTED = "CANARYNESTED QX7BG"
PRIVATE = "CANARYPRIVATE QX7BH"
# What only a reader that has lost its place takes for the manufacturer.
INSIDE_BINARY = "CANARYBINARY QX7BI"
USERNAME = "CANARYUSER-QX7BJ"
PASSCODE = "CANARYPASS-QX7BK"

CANARIES = (
    *(COMMENT if text.startswith(COMMENT) else text for text in PLANTED.values()),
    NESTED,
    PRIVATE,
    INSIDE_BINARY,
    USERNAME,
    PASSCODE,
)


def plant(dataset: Dataset) -> None:
    """Put the canaries into a dataset; the equipment's own tags stay as they are."""
    for keyword, value in PLANTED.items():
        setattr(dataset, keyword, value)
    person = Dataset()
    person.PersonTelephoneNumbers = NESTED
    person.InstitutionName = NESTED
    # Tags that are wanted of the dataset itself, here of something else.
    person.Manufacturer = NESTED
    person.StationName = NESTED[-16:]
    inner = Dataset()
    inner.ReferencedSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    inner.ReferringPhysicianIdentificationSequence = Sequence([person])
    dataset.ReferencedStudySequence = Sequence([inner])
    dataset["ReferencedStudySequence"].is_undefined_length = True
    inner["ReferringPhysicianIdentificationSequence"].is_undefined_length = True
    block = dataset.private_block(0x0009, "WARDWATCH TEST", create=True)
    block.add_new(0x01, "LO", PRIVATE)
    # An element of its own kind in each byte order and VR style, inside a value of bytes.
    text = INSIDE_BINARY.encode()
    explicit = b"\x08\x00\x70\x00LO" + len(text).to_bytes(2, "little") + text
    implicit = b"\x08\x00\x70\x00" + len(text).to_bytes(4, "little") + text
    dataset.add(DataElement(block.get_tag(0x02), "OB", explicit + implicit * 3))
