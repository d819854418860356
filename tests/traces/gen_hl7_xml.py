"""Make hl7-xml.pcap: HL7 in XML, of version 2 and 3, and clinical documents, over HTTP and MLLP."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

PEER = (sys.executable, "-m", "hl7_xml_peer")


def main(outdir: Path) -> None:
    """Send to an engine."""
    with Site() as site, site.capture(outdir / "hl7-xml.pcap"):
        engine = site.persona("engine", "02:20:00:00:09:40", "10.20.9.40/16")
        monitor = site.persona("monitor", "02:20:00:00:09:11", "10.20.9.11/16")
        analyser = site.persona("analyser", "02:20:00:00:09:12", "10.20.9.12/16")
        bedside = site.persona("bedside", "02:20:00:00:09:13", "10.20.9.13/16")
        hub = site.persona("hub", "02:20:00:00:09:14", "10.20.9.14/16")
        records = site.persona("records", "02:20:00:00:09:15", "10.20.9.15/16")
        engine.serve(*PEER, "web", engine.ip, "8080", port=8080)
        engine.serve(*PEER, "serve", engine.ip, "6671", port=6671)
        for host, does, port, name in (
            (monitor, "post", "8080", "monitor"), (analyser, "send", "6671", "analyser"),
            (bedside, "post", "8080", "feed"), (hub, "post", "8080", "hub"),
            (hub, "post", "8080", "provide"), (hub, "send", "6671", "cda"),
            (records, "post", "8080", "records"),
        ):  # fmt: skip
            said = host.run(*PEER, does, engine.ip, port, name)
            if "MSA" not in said and "MCCI_IN000002UV01" not in said:
                raise RuntimeError(f"{name} was not acknowledged: {said}")


if __name__ == "__main__":
    contained(main, programs=(), seconds=120)
