"""A line of each log as Zeek writes it, and where its columns stand in scripts and documents."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "zeek-scripts"
PIPELINES = files("wardwatch.securityonion") / "pipelines"
RECORDS = {
    "iomt_asset": "frameworks/asset/main.zeek",
    "astm": "protocols/astm/main.zeek",
    "dicom": "protocols/dicom/types.zeek",
    "hl7": "protocols/hl7/types.zeek",
    "poct1a": "protocols/poct1a/main.zeek",
    "iomt_exposure": "frameworks/exposure/types.zeek",
    "intellivue": "protocols/intellivue/types.zeek",
    "sdc": "protocols/sdc/types.zeek",
    "iomt_bacnet": "protocols/bacnet/types.zeek",
    "fhir": "protocols/fhir/types.zeek",
}
ENDPOINTS = {
    "id.orig_h": "10.20.0.5",
    "id.orig_p": 41822,
    "id.resp_h": "10.20.0.9",
    "id.resp_p": 104,
}
# Columns that are named as no field of a script can be.
RENAMED = {"iomt_exposure": {"num": "port", "n": "count"}}
LINES = {
    "iomt_asset": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "host": "10.20.0.9",
        "mac": "02:00:00:00:00:09",
        "vlan": 120,
        "subject": "dicom:4f2a90c1",
        "field": "dicom.manufacturer",
        "value": 'SIEMENS "{{x}}" <b>\\x1b',
        "source": "dicom",
    },
    "astm": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "is_orig": True,
        "framing": "frame",
        "sender": "ARCHITECT^7.01^F5260044206^H1P1O1R1C1Q1L1",
        "receiver": "LIS",
        "version": "LIS2-A2",
        "checksum": False,
    },
    "hl7": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "framing": "mllp",
        "sending_application": "VSP^080019FFFE134535^EUI-64",
        "sending_facility": "GE Healthcare",
        "receiving_application": "ENGINE",
        "receiving_facility": "HOSPITAL",
        "version": "2.6",
        "profiles": ["LAB-29^IHE"],
        "messages": 200,
        "acknowledgements": 199,
        "message_types": ["ORU^R01=200"],
        "subjects": ["eui64:080019FFFE134535"],
    },
    "poct1a": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "device_id": "0009FBFFFE000901",
        "vendor_id": "NOVABIO",
        "model_id": "StatStrip",
        "serial_id": "0600100736",
        "manufacturer_name": "Nova Biomedical",
        "hw_version": "K1",
        "sw_version": "3.10.8.0",
        "device_name": "DLO-OV",
        "subject": "eui64:0009FBFFFE000901",
    },
    "dicom": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "calling_ae": "CT_ROOM1",
        "called_ae": "ARCHIVE",
        "result": "rejected",
        "reason": "called AE title not recognized",
        "requester_implementation_uid": "1.2.276.0.7230010.3.0.3.6.7",
        "requester_implementation_version": "OFFIS_DCMTK_367",
        "acceptor_implementation_uid": "1.2.826.0.1.3680043.9.3811.2.1.0",
        "acceptor_implementation_version": "PYNETDICOM_210",
        "accepted_contexts": 2,
        "sop_classes": ["1.2.840.10008.5.1.4.1.1.2"],
        "transfer_syntaxes": ["1.2.840.10008.1.2.1"],
        "operations": ["C-STORE=12"],
        "subjects": [],
    },
    "intellivue": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "message": "connect_indication",
        "manufacturer": "Philips",
        "model": "M8007A",
        "serial_number": "DE22713007",
        "part_number": "M8007A0",
        "hardware_versions": ["B.00.05"],
        "software_versions": ["G.01.78"],
        "firmware_versions": [],
        "system_type": 69965,
        "mac": "00:09:fb:00:00:01",
        "address": "10.20.0.5",
        "bed_label": "ICU BED 7",
    },
    "sdc": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "message": "hello",
        "endpoint": "urn:uuid:cc013678-79f6-403c-998f-3cc0cc050230",
        "types": ["dpws:Device", "mdpws:MedicalDevice"],
        "device_type": "70001",
        "location": "HOSP/ICU 3/Bed 07",
        "manufacturer": "Example Medical",
        "model_name": "VentSim 500",
        "model_number": "VS-500",
        "friendly_name": "ICU ventilator",
        "firmware_version": "2.1.3",
        "serial_number": "VS500-000123",
        "udi": "(01)04012345678901(21)VS500-000123",
    },
    "iomt_bacnet": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "message": "properties",
        "instance": 204711,
        "network": 12,
        "vendor_id": 15,
        "vendor_name": "Example Controls",
        "model_name": "AHU-9000",
        "serial_number": "AC-0042-7",
        "firmware_revision": "3.1.4",
        "application_software_version": "OR-2 air 1.0.7",
        "object_name": "OR2-AHU",
        "location": "Plant room 2",
    },
    "fhir": {
        "ts": 1700000000.25,
        "uid": "CHhAvVGS1DHFjwGM9",
        **ENDPOINTS,
        "resource": "Device",
        "is_orig": False,
        "subject": "serial:Example Pumps/WP-0042",
        "manufacturer": "Example Pumps",
        "model_name": "Drip Seven",
        "model_number": "DRIP-7",
        "serial_number": "WP-0042",
        "versions": ["2.0.1"],
        "udi": "(01)04012345678918(21)P1",
        "device_type": "69985",
        "software_name": "Example FHIR Server",
        "software_version": "6.1.0",
        "fhir_version": "4.0.1",
    },
    "iomt_exposure": {
        "ts": 1700000000.25,
        "first": 1699996400.5,
        "last": 1699999999.75,
        "host": "10.20.0.9",
        "mac": "02:00:00:00:00:09",
        "kind": "service",
        "proto": "tcp",
        "port": 2575,
        "service": "hl7",
        "state": "refused",
        "by": "network",
        "count": 17,
        "clients": 3,
        "peers": ["10.20.0.5", "10.20.7.0/24"],
        "value": "other",
        "missed_bytes": 1448,
    },
}
# What Security Onion's own pipelines go on to do with every Zeek log, as far as it matters here:
# where its columns end, and that a rename onto a field that exists fails the document.
COMMON = [
    {"rename": {"field": "message2.uid", "target_field": "log.id.uid", "ignore_missing": True}},
    *(
        {"dot_expander": {"field": name, "path": "message2", "ignore_failure": True}}
        for name in ENDPOINTS
    ),
    *(
        {"rename": {"field": f"message2.{name}", "target_field": target, "ignore_missing": True}}
        for name, target in zip(
            ENDPOINTS,
            ("source.ip", "source.port", "destination.ip", "destination.port"),
            strict=True,
        )
    ),
    {
        "date": {
            "field": "message2.ts",
            "target_field": "@timestamp",
            "formats": ["ISO8601", "UNIX"],
            "ignore_failure": True,
        }
    },
]
# As the Elastic Agent delivers it.
ENVELOPE = {
    "host": {"name": "sensor-1", "ip": ["192.0.2.1"]},
    "event": {"category": "network", "module": "zeek"},
}
