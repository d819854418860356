"""Make fhir.pcap: a gateway that reads and writes FHIR resources over clear HTTP."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fhir_server import CANARIES, MONITOR
from personas import Site, contained

TYPE = "Content-Type: application/fhir+json"


def main(outdir: Path) -> None:
    """Read the statement, devices and the patient, and store a device."""
    with Site() as site, site.capture(outdir / "fhir.pcap"):
        server = site.persona("fhir", "02:20:00:00:07:41", "10.20.7.41/16")
        gateway = site.persona("gateway", "02:20:00:00:07:42", "10.20.7.42/16")
        server.serve(sys.executable, "-m", "fhir_server", server.ip, "8080", port=8080)
        base = f"http://{server.ip}:8080/fhir"
        gateway.run("curl", "-sS", "-m", "10", f"{base}/metadata")
        gateway.run("curl", "-sS", "-m", "10", "--compressed", f"{base}/Device?owner={CANARIES[7]}")
        said = gateway.run("curl", "-sS", "-m", "10", f"{base}/Patient")
        if CANARIES[0] not in said:
            raise RuntimeError(f"the patient was not read: {said}")
        stored = json.dumps({**MONITOR, "serialNumber": "WM-0008"})
        gateway.run("curl", "-sS", "-m", "10", "-H", TYPE, "-d", stored, f"{base}/Device")


if __name__ == "__main__":
    contained(main, programs=("curl",), seconds=60)
