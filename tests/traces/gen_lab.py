"""Make lab.pcap: analysers that send ASTM records in each framing, meters that greet in POCT1-A."""

from __future__ import annotations

import sys
from pathlib import Path

from lab_peer import ACKNOWLEDGED
from personas import Site, contained

PEER = (sys.executable, "-m", "lab_peer")
HOW = {"architect": "frames", "cobas": "bare", "sysmex": "mllp", "genexpert": "frames"}


def main(outdir: Path) -> None:
    """Let each instrument speak to the laboratory system, the meters through their concentrator."""
    with Site() as site, site.capture(outdir / "lab.pcap"):
        lis = site.persona("lis", "02:20:00:00:09:40", "10.20.9.40/16")
        lis.serve(*PEER, "serve", lis.ip, "4001", port=4001)
        lis.serve(*PEER, "serve", lis.ip, "4002", "--answer", ACKNOWLEDGED, port=4002)
        for number, (name, how) in enumerate(HOW.items(), 11):
            analyser = site.persona(name, f"02:20:00:00:09:{number}", f"10.20.9.{number}/16")
            analyser.run(*PEER, how, lis.ip, "4001", "--instrument", name)
        concentrator = site.persona("meters", "02:20:00:00:09:20", "10.20.9.20/16")
        concentrator.run(*PEER, "poct1a", lis.ip, "4002")


if __name__ == "__main__":
    contained(main, programs=(), seconds=60)
