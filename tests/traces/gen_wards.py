"""Make wards.pcap, the part of the demonstration site that is open to attack, or is not.

Two infusion pumps of one model: telnet is reached on the first and refused by the second. A
telemetry receiver, an archive, a compounder, an anaesthesia machine behind a terminal server and a
camera that an office can reach. Somebody logs in to a gamma camera by an account that its maker
published. A server reports syringe pumps that no sensor sees.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gen_evidence import SMBD
from personas import Persona, Site, contained

PEER = (sys.executable, "-m", "ward_peer")
HL7 = (sys.executable, "-m", "hl7_peer")
# As the diagnostic terminal of a SIGMA Spectrum greets (rapid7/recog); the numbers are invented.
GREETING = """Welcome to the SIGMA Spectrum Diagnostic Terminal

Wireless Battery Module (802.11a/b/g/n)
MAC Address: 00-40-9D-10-20-21 SW: 17
Sigma Spectrum SN: 1100021 SW: v8.00.01

"""
# CISA prints it in ICSMA-18-037-02; a rule of threat-accounts.rules looks for it.
ACCOUNT = ("insite", "insite.genieacq")


def attack_pumps(site: Site, desk: Persona, core: Persona) -> None:
    """Call telnet on two pumps of one model: the first greets, the second refuses."""
    open_pump = site.persona("wbm21", "00:40:9d:10:20:21", "10.20.8.21/16")
    shut_pump = site.persona("wbm22", "00:40:9d:10:20:22", "10.20.8.22/16")
    open_pump.serve(*PEER, "greet", GREETING, port=23)
    for caller in (desk, core):
        caller.run(*PEER, "log-in", open_pump.ip, "service", "no-password-of-any-device")
        for _ in range(3):
            caller.run(*PEER, "knock", shut_pump.ip, "23")


def reach_wards(site: Site, desk: Persona) -> None:
    """Reach from an office what only its own service should."""
    receiver = site.persona("xtr1", "00:a0:aa:10:20:51", "10.20.7.51/16")
    archive = site.persona("vue", "02:20:00:00:02:40", "10.20.2.40/16")
    gas = site.persona("gas3", "02:20:00:00:05:31", "10.20.5.31/16")
    for what, host, port in (
        ("rdp", receiver, "3389"), ("ajp", archive, "8009"), ("serial", gas, "4001"),
    ):  # fmt: skip
        host.serve(*PEER, "serve", port, port=int(port))
        desk.run(*PEER, "ask", what, host.ip, port)
    compounder = site.persona("mixer", "02:20:00:00:10:11", "10.20.10.11/16")
    share_old(compounder, desk)
    camera = site.persona("door2", "02:20:00:00:03:60", "10.20.3.60/16")
    camera.serve(sys.executable, "-m", "http.server", "80", "--directory", ".", port=80)
    desk.run("curl", "-sS", "-m", "10", "-o", "/dev/null", f"http://{camera.ip}/")


def share_old(server: Persona, caller: Persona) -> None:
    """Let a file server speak SMB 1, and a caller list its shares without a log-in."""
    directories = ("lock", "state", "cache", "pid", "private", "ncalrpc")
    options = [("private dir" if d == "private" else "ncalrpc dir" if d == "ncalrpc"
                else f"{d} directory", d) for d in directories]  # fmt: skip
    for host in (server, caller):
        own = SMBD.replace("VIEWER7", host.name.upper()).replace("RADIOLOGY", "PHARMACY")
        own += "server max protocol = NT1\n" if host is server else ""
        for name, directory in options:
            (host.home / directory).mkdir()
            own += f"{name} = {host.home / directory}\n"
        (host.home / "smb.conf").write_text(own)
    Path("/run/samba").mkdir()  # on the file system that is the stations' own
    conf = ("-s", "smb.conf")
    server.serve("smbd", "-F", "--no-process-group", "--debug-stdout", *conf, port=445)
    caller.run("smbclient", "-N", "-m", "NT1", "-L", f"//{server.ip}", *conf, ok=(0, 1))


def try_account(site: Site, desk: Persona) -> None:
    """Log in to the gamma camera of hospital.pcap by the account of an advisory."""
    gamma = site.persona("nm1", "08:00:20:10:20:0b", "10.20.1.51/16")
    gamma.serve(*PEER, "greet", "GENIE acquisition\n\n", port=23)
    desk.run(*PEER, "log-in", gamma.ip, *ACCOUNT)


def report_pumps(site: Site) -> None:
    """Let a server tell an engine of syringe pumps that have no address here."""
    server = site.persona("pumps", "02:20:00:00:08:60", "10.20.8.60/16")
    engine = site.persona("engine", "02:20:00:00:08:40", "10.20.8.40/16")
    engine.serve(*HL7, "serve", engine.ip, "6661", "--name", "ENGINE", port=6661)
    server.run(*HL7, "send", engine.ip, "6661", "--message", "relayed")


def main(outdir: Path) -> None:
    """Play it all."""
    with Site() as site, site.capture(outdir / "wards.pcap"):
        core = site.persona("core", "02:20:00:00:00:01", "10.20.0.1/16")
        desk = site.persona("office1", "02:20:00:00:03:11", "10.20.3.11/16")
        attack_pumps(site, desk, core)
        reach_wards(site, desk)
        try_account(site, desk)
        report_pumps(site)


if __name__ == "__main__":
    contained(main, programs=("curl", "smbd", "smbclient"), seconds=90)
