"""Make fhir.pcap and fhir-xml.pcap: a gateway reads and writes FHIR resources over clear HTTP."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fhir_server import CANARIES, MONITOR, as_xml
from personas import Persona, Site, contained

ASK = ("curl", "-sS", "-m", "10")


def read(gateway: Persona, *options: str) -> None:
    """Read what holds the patient, and see that it does."""
    said = gateway.run(*ASK, *options)
    if CANARIES[0] not in said:
        raise RuntimeError(f"the patient was not read: {said}")


def store(gateway: Persona, base: str, kind: str, device: str) -> None:
    """Store a device."""
    said = gateway.run(*ASK, "-H", f"Content-Type: application/fhir+{kind}", "-d", device,
                       f"{base}/Device")  # fmt: skip
    if "WM-0008" not in said:
        raise RuntimeError(f"the device was not stored: {said}")


def main(outdir: Path) -> None:
    """Read statements, devices and the patient, and store a device, in JSON and in XML."""
    stored = {**MONITOR, "serialNumber": "WM-0008"}
    with Site() as site:
        server = site.persona("fhir", "02:20:00:00:07:41", "10.20.7.41/16")
        gateway = site.persona("gateway", "02:20:00:00:07:42", "10.20.7.42/16")
        other = site.persona("fhirxml", "02:20:00:00:07:43", "10.20.7.43/16")
        with site.capture(outdir / "fhir.pcap"):
            server.serve(sys.executable, "-m", "fhir_server", server.ip, "8080", "json", port=8080)
            base = f"http://{server.ip}:8080/fhir"
            gateway.run(*ASK, f"{base}/metadata")
            gateway.run(*ASK, "--compressed", f"{base}/Device?owner={CANARIES[7]}")
            read(gateway, f"{base}/Patient")
            store(gateway, base, "json", json.dumps(stored))
        with site.capture(outdir / "fhir-xml.pcap"):
            other.serve(sys.executable, "-m", "fhir_server", other.ip, "8080", "xml", port=8080)
            base = f"http://{other.ip}:8080/fhir"
            gateway.run(*ASK, f"{base}/metadata")
            read(gateway, "--compressed", f"{base}/Bundle?owner={CANARIES[7]}")
            read(gateway, f"{base}/Patient")
            read(gateway, f"{base}/Observation")
            store(gateway, base, "xml", as_xml(stored).decode())


if __name__ == "__main__":
    contained(main, programs=("curl",), seconds=60)
