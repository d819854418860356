"""Make sdc.pcap and sdc-parts.pcap: a medical device is discovered and read over clear HTTP."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

PEER = (sys.executable, "-m", "sdc_peer")


def main(outdir: Path) -> None:
    """Announce, look for, read and subscribe to the device, then to one that tells of its parts."""
    for name, does, last in (("sdc", "provide", 21), ("sdc-parts", "provide-parts", 23)):
        with Site() as site, site.capture(outdir / f"{name}.pcap"):
            address = f"10.20.7.{last}/16"
            ventilator = site.persona("ventilator", f"02:20:00:00:07:{last}", address)
            monitor = site.persona("monitor", "02:20:00:00:07:22", "10.20.7.22/16")
            for persona in (ventilator, monitor):
                persona.run("ip", "route", "add", "default", "dev", "eth0")
            ventilator.serve(*PEER, does, ventilator.ip, port=3702, udp=True)
            said = monitor.run(*PEER, "consume", monitor.ip)
            if "CANARYFAMILY" not in said:
                raise RuntimeError(f"the patient did not get to the consumer: {said}")


if __name__ == "__main__":
    contained(main, programs=(), seconds=120)
