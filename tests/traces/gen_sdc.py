"""Make sdc.pcap: a medical device that is discovered and read over clear HTTP."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

PEER = (sys.executable, "-m", "sdc_peer")


def main(outdir: Path) -> None:
    """Announce, look for, read and subscribe to the device."""
    with Site() as site, site.capture(outdir / "sdc.pcap"):
        ventilator = site.persona("ventilator", "02:20:00:00:07:21", "10.20.7.21/16")
        monitor = site.persona("monitor", "02:20:00:00:07:22", "10.20.7.22/16")
        for persona in (ventilator, monitor):
            persona.run("ip", "route", "add", "default", "dev", "eth0")
        ventilator.serve(*PEER, "provide", ventilator.ip, port=3702, udp=True)
        said = monitor.run(*PEER, "consume", monitor.ip)
        if "CANARYFAMILY" not in said:
            raise RuntimeError(f"the patient did not get to the consumer: {said}")


if __name__ == "__main__":
    contained(main, programs=(), seconds=120)
