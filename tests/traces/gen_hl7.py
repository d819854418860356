"""Make hl7.pcap: a gateway for three pumps, a monitor, an analyser and their receivers."""

from __future__ import annotations

import sys
from pathlib import Path

from personas import Site, contained

PEER = (sys.executable, "-m", "hl7_peer")


def main(outdir: Path) -> None:
    """Send to an engine, which passes on; then the odd senders."""
    with Site() as site, site.capture(outdir / "hl7.pcap"):
        engine = site.persona("engine", "02:20:00:00:08:40", "10.20.8.40/16")
        ehr = site.persona("ehr", "02:20:00:00:08:41", "10.20.8.41/16")
        gateway = site.persona("gateway", "02:20:00:00:08:11", "10.20.8.11/16")
        monitor = site.persona("monitor", "02:20:00:00:08:12", "10.20.8.12/16")
        analyser = site.persona("analyser", "02:20:00:00:08:13", "10.20.8.13/16")
        pump = site.persona("pump", "02:20:00:00:08:14", "10.20.8.14/16")
        desk = site.persona("desk", "02:20:00:00:08:15", "10.20.8.15/16")
        for host, name in ((engine, "ENGINE"), (ehr, "EHR")):
            host.serve(*PEER, "serve", host.ip, "6661", "--name", name, port=6661)
        engine.serve(*PEER, "serve-once", engine.ip, "2575", port=2575)
        engine.serve(*PEER, "serve-bare", engine.ip, "5000", "--name", "BARE", port=5000)
        engine.serve(*PEER, "web", engine.ip, "8080", port=8080)
        pumps = ("--message", "pumps", "--count")
        gateway.run(*PEER, "send", engine.ip, "6661", *pumps, "200")
        engine.run(*PEER, "send", ehr.ip, "6661", *pumps, "3")
        monitor.run(*PEER, "send", engine.ip, "6661")
        analyser.run(*PEER, "send", engine.ip, "2575", "--message", "analyser")
        pump.run(*PEER, "send-bare", engine.ip, "5000", "--message", "medfusion", "--count", "2")
        desk.run(*PEER, "post", engine.ip, "8080", "--message", "admission")
        monitor.run(*PEER, "post", engine.ip, "8080")


if __name__ == "__main__":
    contained(main, programs=(), seconds=120)
