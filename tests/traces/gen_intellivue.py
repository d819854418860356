"""Make intellivue.pcap: a monitor's Connect Indications, and an association with a collector."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

MONITOR = (sys.executable, "-m", "intellivue_monitor")


def main(outdir: Path) -> None:
    """Broadcast, then associate; the monitor reports its patient, too."""
    with Site() as site, site.capture(outdir / "intellivue.pcap"):
        monitor = site.persona("monitor", "02:20:00:00:07:11", "10.20.7.11/16")
        collector = site.persona("collector", "02:20:00:00:07:40", "10.20.7.40/16")
        monitor.run(*MONITOR, "indicate", monitor.mac, monitor.ip, "10.20.255.255")
        monitor.serve(*MONITOR, "serve", monitor.ip, port=24105, udp=True)
        collector.run(*MONITOR, "collect", monitor.ip)


if __name__ == "__main__":
    contained(main, programs=(), seconds=60)
