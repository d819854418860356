"""Make exposure/*.pcap: a device that accepts, refuses and ignores calls, routed and not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exposure_services import PASSWORD, USER
from personas import WORK, Persona, Site, contained, wait_for

PYTHON = sys.executable
# What curl exits with: it could not connect, or the time was over.
REFUSED, TIMED_OUT = 7, 28


def curl(client: Persona, *args: str, ok: int = 0) -> None:
    """Ask for something, and get it or the error that is meant."""
    client.run("curl", "-sS", "-m", "2", "-o", "/dev/null", *args, ok=(ok,))


def firewall(persona: Persona, hook: str, *rules: str) -> None:
    """Let a host refuse or ignore what would reach it or pass through it."""
    persona.run("nft", "add", "table", "inet", "t")
    base = "{ type filter hook " + hook + " priority 0 ; }"
    persona.run("nft", "add", "chain", "inet", "t", "c", base)
    for rule in rules:
        persona.run("nft", "add", "rule", "inet", "t", "c", *rule.split())


def serve_web(device: Persona) -> None:
    """Serve pages to anyone on 8080 and to those who log in on 8081."""
    pages = device.home / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<title>Pump</title>\n")
    device.serve(PYTHON, "-m", "http.server", "8080", "--directory", "pages", port=8080)
    device.serve(PYTHON, "-m", "exposure_services", "basic", "8081", port=8081)


def serve_tls(device: Persona) -> None:
    """Serve TLS 1.2 on 4432 and TLS 1.3 on 4433."""
    subject = ("-subj", "/CN=pump1.hospital.example", "-days", "3650", "-nodes")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    device.run("openssl", "req", "-x509", *key, *subject, "-keyout", "key", "-out", "cert")
    for port, version in ((4432, "-tls1_2"), (4433, "-tls1_3")):
        files = ("-key", "key", "-cert", "cert", "-www")
        device.serve("openssl", "s_server", "-accept", str(port), version, *files, port=port)


def on_the_link(outdir: Path) -> None:
    """Play it all between hosts of one segment."""
    with Site() as site, site.capture(outdir / "link.pcap"):
        device = site.persona("pump1", "02:20:00:00:01:71", "10.20.1.71/16")
        client = site.persona("desk1", "02:20:00:00:03:11", "10.20.3.11/16")
        serve_web(device)
        serve_tls(device)
        device.serve(PYTHON, "-m", "exposure_services", "ftp", "21", port=21)
        device.serve(PYTHON, "-m", "exposure_services", "echo", "6000", port=6000, udp=True)
        # A firewall on the device itself.
        firewall(device, "input", "tcp dport 2575 drop", "tcp dport 2576 reject")
        web = f"http://{device.ip}"
        curl(client, f"{web}:8080/")
        curl(client, f"{web}:8081/")
        curl(client, f"{web}:8081/", "-u", f"{USER}:{PASSWORD}")
        curl(client, f"{web}:9999/", ok=REFUSED)
        curl(client, f"{web}:2575/", ok=TIMED_OUT)
        curl(client, f"{web}:2576/", ok=REFUSED)
        curl(client, f"ftp://{device.ip}/", "-u", f"{USER}:{PASSWORD}")
        for port in (4432, 4433):
            curl(client, "-k", f"https://{device.ip}:{port}/")
        for port, size in ((6000, 4000), (6001, 20)):
            client.run(PYTHON, "-m", "exposure_services", "send", device.ip, str(port), str(size))
        client.run(PYTHON, "-m", "exposure_services", "send", "239.255.7.7", "6002", "20")
        ip6 = [
            site.persona(name, mac, address)
            for name, mac, address in (
                ("pump6", "02:20:00:00:01:76", "fd00:20::76/64"),
                ("desk6", "02:20:00:00:03:16", "fd00:20::16/64"),
            )
        ]
        ip6[0].serve(PYTHON, "-m", "http.server", "8080", "--bind", "::", port=8080)
        curl(ip6[1], f"http://[{ip6[0].ip}]:8080/")
        curl(ip6[1], f"http://[{ip6[0].ip}]:9999/", ok=REFUSED)


@contextmanager
def tap(port: str, path: Path) -> Iterator[None]:
    """Write what one host sees, not the whole switch: a router's both sides would be doubled."""
    own = WORK / path.name
    command = ["ip", "netns", "exec", "switch", "tcpdump", "-i", port, "-n", "-U", "-Z", "root"]
    log = WORK / f"{path.name}.log"
    with log.open("wb") as out:
        tcpdump = subprocess.Popen(
            [*command, "--immediate-mode", "-w", str(own)], stdout=out, stderr=out
        )
    wait_for("tcpdump", lambda: b"listening on" in log.read_bytes())
    yield
    tcpdump.send_signal(2)
    tcpdump.wait(15)
    path.write_bytes(own.read_bytes())


def behind_a_router(outdir: Path) -> None:
    """Call the device through a router that refuses some of it in the device's name."""
    with Site() as site:
        device = site.persona("pump2", "02:20:00:00:01:72", "10.20.1.72/24")
        router = site.persona("router", "02:20:00:00:00:fe", "10.20.1.1/24")
        client = site.persona("desk2", "02:20:00:00:03:12", "10.30.1.12/24")
        router.run("ip", "address", "add", "10.30.1.1/24", "dev", "eth0")
        router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        # Both subnets are on one wire: else it would tell the hosts to do without it.
        for name in ("all", "eth0"):
            own = f"/proc/sys/net/ipv4/conf/{name}/send_redirects"
            router.run("sh", "-c", f"echo 0 > {own}")
        device.run("ip", "route", "add", "default", "via", "10.20.1.1")
        client.run("ip", "route", "add", "default", "via", "10.30.1.1")
        rules = ("tcp dport 8082 reject with tcp reset", "tcp dport 8084 drop")
        prohibited = "tcp dport 8083 reject with icmp type admin-prohibited"
        firewall(router, "forward", *rules, prohibited)
        serve_web(device)
        with tap("p-desk2", outdir / "routed.pcap"):
            for port, ok in ((8082, REFUSED), (8080, 0), (9999, REFUSED), (8082, REFUSED),
                             (8083, REFUSED), (8084, TIMED_OUT)):  # fmt: skip
                curl(client, f"http://{device.ip}:{port}/", ok=ok)


def main(outdir: Path) -> None:
    """Make both captures."""
    folder = outdir / "exposure"
    folder.mkdir(exist_ok=True)
    on_the_link(folder)
    behind_a_router(folder)


if __name__ == "__main__":
    contained(main, programs=("curl", "openssl", "nft"), seconds=90)
