"""Make bacnet.pcap: a building's device that is looked for and read over BACnet/IP."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

PEER = (sys.executable, "-m", "bacnet_peer")


def main(outdir: Path) -> None:
    """Announce, look for and read the device."""
    with Site() as site, site.capture(outdir / "bacnet.pcap"):
        handler = site.persona("airhandler", "02:20:00:00:07:31", "10.20.7.31/16")
        desk = site.persona("workstation", "02:20:00:00:07:32", "10.20.7.32/16")
        handler.serve(*PEER, "serve", "10.20.7.31/16", port=47808, udp=True)
        said = desk.run(*PEER, "read", "10.20.7.32/16")
        if "CANARYDESCRIPTION" not in said:
            raise RuntimeError(f"the description was not read: {said}")


if __name__ == "__main__":
    contained(main, programs=(), seconds=60)
