"""A small FHIR server: its statement, devices, and an invented patient, over clear HTTP.

It speaks JSON, or XML as the package fhir.resources writes it.
"""

from __future__ import annotations

import gzip
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

# Nothing of these may leave a sensor.
CANARIES = (
    *("CANARYFAMILY-QF7AA", "CANARYGIVEN-QF7AB", "CANARYMRN-QF7AC", "1887-01-13"),
    *("CANARYSTREET-QF7AD", "CANARYNOTE-QF7AE", "CANARYPUMPNAME-QF7AF", "CANARYQUERY-QF7AG"),
)
MDC = "urn:iso:std:iso:11073:10101"
PUMP: dict[str, Any] = {
    "resourceType": "Device",
    "id": "pump1",
    "identifier": [{"value": CANARIES[2]}],
    "udiCarrier": [
        {"deviceIdentifier": "04012345678918", "carrierHRF": "(01)04012345678918(21)P1"}
    ],
    "manufacturer": 'Wardwatch "Test" Pumps',
    "serialNumber": "WP-0042",
    "modelNumber": "DRIP-7",
    "deviceName": [
        {"name": CANARIES[6], "type": "user-friendly-name"},
        {"name": "Drip Seven", "type": "model-name"},
    ],
    "type": {
        "coding": [
            {"system": "http://snomed.info/sct", "code": "182722004", "display": CANARIES[5]},
            {"system": MDC, "code": "69985", "display": "MDC_DEV_PUMP_INFUS_MDS"},
        ]
    },
    "version": [{"value": "2.0.1"}, {"value": "boot 7"}],
    "patient": {"reference": "Patient/1", "display": CANARIES[0]},
    "note": [{"text": CANARIES[5]}],
}
MONITOR = {
    "resourceType": "Device",
    "manufacturer": "Wardwatch Test Monitors",
    "serialNumber": "WM-0007",
    "modelNumber": "VIEW-3",
    "version": [{"value": "7.7"}],
}
PATIENT = {
    "resourceType": "Patient",
    "manufacturer": CANARIES[5],
    "serialNumber": CANARIES[2],
    "identifier": [{"value": CANARIES[2]}],
    "name": [{"family": CANARIES[0], "given": [CANARIES[1]]}],
    "birthDate": CANARIES[3],
    "address": [{"line": [CANARIES[4]]}],
    "contained": [{"resourceType": "Device", "serialNumber": CANARIES[2]}],
}
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2026-01-15",
    "kind": "instance",
    "software": {"name": "Wardwatch Test FHIR", "version": "0.9.3"},
    "implementation": {"description": CANARIES[5]},
    "fhirVersion": "4.0.1",
    "format": ["json"],
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "entry": [{"resource": resource} for resource in (PATIENT, PUMP, MONITOR)],
}
# A measurement that brings its device along, in a Bundle with a patient who has an implant.
OXIMETER = {
    "resourceType": "Device",
    "id": "d1",
    "manufacturer": "Wardwatch Test Oximeters",
    "serialNumber": "WO-0003",
    "deviceName": [{"name": "Finger Two", "type": "model-name"}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "contained": [OXIMETER],
    "status": "final",
    "code": {"text": CANARIES[5]},
    "subject": {"reference": "Patient/1", "display": CANARIES[0]},
    "device": {"reference": "#d1", "display": CANARIES[6]},
    "valueString": CANARIES[5],
}
IMPLANT = {"resourceType": "Device", "id": "i1", "serialNumber": CANARIES[2]}
PERSON = {
    **{key: PATIENT[key] for key in ("resourceType", "identifier", "name", "birthDate", "address")},
    "contained": [IMPLANT],
}
DEFINITION = {
    "resourceType": "DeviceDefinition",
    "manufacturerString": "Wardwatch Test Monitors",
    "modelNumber": "VIEW-3",
    "note": [{"text": CANARIES[5]}],
}
RESULTS = {
    "resourceType": "Bundle",
    "type": "searchset",
    "entry": [{"resource": resource} for resource in (PERSON, PUMP, OBSERVATION, DEFINITION)],
}
PAGES = {"metadata": STATEMENT, "Device": BUNDLE, "Patient": PATIENT}
XML_PAGES = {
    "metadata": STATEMENT,
    "Bundle": RESULTS,
    "Patient": PERSON,
    "Observation": OBSERVATION,
}


def as_xml(resource: dict[str, Any]) -> bytes:
    """Return a resource as XML."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415  tests lack it

    model = get_fhir_model_class(resource["resourceType"])
    return bytes(model(**resource).model_dump_xml())


class Handler(BaseHTTPRequestHandler):
    """Answers with a page, or with what was sent."""

    protocol_version = "HTTP/1.1"
    kind = "json"

    def answer(self, content: bytes) -> None:
        """Send a resource, compressed if it may be."""
        self.send_response(200)
        self.send_header("Content-Type", f"application/fhir+{self.kind}; charset=utf-8")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Answer with the page of the path's last segment."""
        name = self.path.partition("?")[0].rpartition("/")[2]
        in_xml = self.kind == "xml"
        self.answer(as_xml(XML_PAGES[name]) if in_xml else json.dumps(PAGES[name]).encode())

    def do_POST(self) -> None:
        """Answer with what was sent."""
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))


if __name__ == "__main__":
    Handler.kind = sys.argv[3]
    HTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
