"""Make the captures: every persona plays what it speaks, with genuine protocol software.

    sudo [BATCHES="imaging laboratory"] python tests/accuracy/play.py [OUTDIR]

One capture for each file of personas, gzipped. Nothing is labelled here: what is true of a persona
stands in its file, and no log is looked at.
"""

from __future__ import annotations

import gzip
import os
import sys
import time
import traceback
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "traces")]

from accuracy.catalogue import Persona, personas  # noqa: E402
from accuracy.speakers import bedside, dicom, network, text, web, windows  # noqa: E402
from accuracy.stage import Stage, Turn, serving  # noqa: E402
from personas import Persona as Host  # noqa: E402
from personas import Site, contained  # noqa: E402

SPEAKERS: dict[str, Any] = {
    "dicom": dicom.store, "dicom_query": dicom.query, "dicom_serve": dicom.serve,
    "dicom_print": dicom.printing, "hl7": text.hl7, "hl7_serve": text.hl7_serve,
    "astm": text.astm, "poct1a": text.poct1a, "sdc": bedside.sdc,
    "intellivue": bedside.intellivue, "bacnet": bedside.bacnet, "http_client": web.http_client,
    "http_server": web.http_server, "fhir": web.fhir, "fhir_serve": web.fhir_serve,
    "tls_server": web.tls_server, "tls_client": web.tls_client, "snmp": network.snmp,
    "mdns": network.mdns, "ssdp": network.ssdp, "netbios": windows.netbios, "smb": windows.smb,
    "ssh": network.ssh, "ftp": network.ftp, "telnet": network.telnet,
    "datagrams": network.datagrams, "quiet": network.quiet,
}  # fmt: skip
ABREAST = 5
# Those whom the personas talk to; not scored. Locally administered addresses.
STATIONS = ("core", "archive", "engine", "laboratory", "portal", "reader")


def main(outdir: Path) -> None:
    """Play every batch, or those that are named."""
    batches: dict[str, list[Persona]] = defaultdict(list)
    for persona in personas():
        batches[persona.batch].append(persona)
    for name in os.environ.get("BATCHES", "").split() or list(batches):
        started = time.monotonic()
        _play(name, batches[name], outdir)
        print(f"{name}: {len(batches[name])} personas, {time.monotonic() - started:.0f} s")


def _play(name: str, cast: list[Persona], outdir: Path) -> None:
    capture = outdir / f"{name}.pcap"
    with Site() as site, site.capture(capture):
        stage = _stage(site, cast)
        failed = _abreast(stage, cast)
    if failed:
        capture.unlink()
        sys.exit(f"{name}: {len(failed)} personas failed: {', '.join(failed)}")
    with gzip.GzipFile(f"{capture}.gz", "wb", mtime=0) as packed:
        packed.write(capture.read_bytes())
    capture.unlink()


def _stage(site: Site, cast: list[Persona]) -> Stage:
    """Set up the hosts that everybody talks to."""
    network_part = ".".join(cast[0].ip.split(".")[:2])
    batch = int(network_part.split(".")[1])
    hosts = {
        name: site.persona(f"s-{name}", f"02:20:00:{batch:02x}:00:{at:02x}",
                           f"{network_part}.0.{at}/16")
        for at, name in enumerate(STATIONS, 1)
    }  # fmt: skip
    known = [f"--dhcp-host={one.mac},{one.ip}" for one in cast if not one.via]
    hosts["core"].serve(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--port=0",
        "--no-resolv", "--no-hosts", "--no-ping", "--dhcp-authoritative",
        f"--dhcp-range={network_part}.0.0,static,255.255.0.0,12h", "--dhcp-leasefile=leases",
        "--dhcp-lease-max=2000", *known, port=67, udp=True,
    )  # fmt: skip
    archive, engine = hosts["archive"], hosts["engine"]
    laboratory, portal = hosts["laboratory"], hosts["portal"]
    serving(archive, dicom.PORT, dicom.archive, archive.ip, dicom.PORT, {"ae": "ARCHIVE"})
    serving(engine, text.HL7_PORT, text.engine, engine.ip, text.HL7_PORT, "ENGINE", "HOSPITAL")
    serving(laboratory, text.ASTM_PORT, text.laboratory, laboratory.ip, text.ASTM_PORT)
    serving(laboratory, text.POCT_PORT, text.manager, laboratory.ip, text.POCT_PORT)
    serving(portal, web.WEB_PORT, web.web, portal.ip, web.WEB_PORT, {"server": "nginx"})
    serving(portal, web.FHIR_PORT, web.resources, portal.ip, web.FHIR_PORT, {})
    server = {"name": "FILES1", "version": ""}  # one that does not tell its build
    serving(portal, windows.SMB_PORT, windows.share, portal.ip, server)
    web.secure(portal, web.TLS_PORT, "/O=Hospital/CN=portal.hospital.example", ())
    return Stage(network_part, **hosts)


def _abreast(stage: Stage, cast: list[Persona]) -> list[str]:
    """Let some personas play at a time, each in a process; returns who failed."""
    waiting = [persona for persona in cast if not persona.via]
    running: dict[int, Persona] = {}
    failed: list[str] = []
    while waiting or running:
        while waiting and len(running) < ABREAST:
            persona = waiting.pop(0)
            behind = [one for one in cast if one.via == persona.id]
            if pid := os.fork():
                running[pid] = persona
            else:
                _perform(stage, persona, behind)
        pid, status = os.wait()
        if (done := running.pop(pid, None)) and status:
            failed.append(done.id)
    return failed


def _perform(stage: Stage, persona: Persona, behind: list[Persona]) -> None:
    """Plug the persona in, let it say everything, unplug it; ends the process."""
    status = 1
    try:
        steps = [step for one in (persona, *behind) for step in one.speaks]
        told: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for kind, values in steps:
            told[kind].append(values)
        leases = told.pop("dhcp", [])
        name = f"h{persona.ip.replace('.', '')}"
        with ExitStack() as plugged:
            address = None if leases else f"{persona.ip}/16"
            host = plugged.enter_context(Host(name, persona.mac, address))
            for values in leases[:1]:
                network.lease(host, values)
            for kind, values in told.items():
                SPEAKERS[kind](Turn(stage, host, persona, values))
        status = 0
    except BaseException:
        print(f"--- {persona.id}")
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    needed = ("dnsmasq", "udhcpc", "snmpd", "snmpget", "curl", "openssl")
    if len(sys.argv) == 1:
        sys.argv.append(str(HERE / "captures"))
    contained(main, programs=needed, seconds=600)
