"""Write the demonstration's logs: a real Zeek with our scripts reads the site's captures.

Needs no root. Random seeds are fixed, so the same captures give the same logs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
# The captures whose stations share one address plan: together they are one hospital.
CAPTURES = {
    "dicom": "hospital.pcap",
    "hl7": "hl7.pcap",
    "lab": "lab.pcap",
    "sdc": "sdc.pcap",
    "intellivue": "intellivue.pcap",
    "fhir": "fhir.pcap",
    "bacnet": "bacnet.pcap",
    "wards": "wards.pcap",
}
# Logs about the run and about Zeek itself, not about the network.
UNWANTED = {"capture_loss", "loaded_scripts", "packet_filter", "reporter", "stats", "telemetry"}
POLICIES = (
    "policy/protocols/conn/mac-logging",
    "policy/protocols/conn/vlan-logging",
    "policy/protocols/dhcp/software",
    "policy/protocols/http/software",
    "policy/protocols/ssh/software",
)


def main() -> None:
    """Run Zeek over each capture and replace the logs of the example site."""
    outdir = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "examples" / "hospital"
    zeek = shutil.which("zeek")
    if zeek is None:
        sys.exit("gen_logs.py: zeek is not on PATH: install Zeek 8.0 or newer; nothing was written")
    for name, capture in CAPTURES.items():
        write_logs(zeek, HERE / capture, outdir / name)


def write_logs(zeek: str, capture: Path, outdir: Path) -> None:
    """Replace the logs of one capture; exits where Zeek complains."""
    outdir.mkdir(parents=True, exist_ok=True)
    options = ("-D", "-C", "-r", str(capture), "LogAscii::use_json=T")
    with tempfile.TemporaryDirectory() as directory:
        logs = Path(directory)
        command = [zeek, *options, *POLICIES, str(CHECKOUT / "zeek-scripts")]
        done = subprocess.run(command, cwd=logs, capture_output=True, text=True, check=False)
        if done.returncode != 0 or (logs / "reporter.log").exists():
            said = (logs / "reporter.log").read_text() if done.returncode == 0 else done.stderr
            sys.exit(f"gen_logs.py: zeek complained about {capture}: {said.strip()}")
        for old in outdir.glob("*.log"):
            old.unlink()
        for log in sorted(logs.glob("*.log")):
            if log.stem not in UNWANTED:
                shutil.copyfile(log, outdir / log.name)
                print(f"{outdir / log.name}: {len(log.read_text().splitlines())} lines")


if __name__ == "__main__":
    main()
