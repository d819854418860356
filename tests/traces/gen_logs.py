"""Write the demonstration's logs: a real Zeek with Wardwatch's scripts reads hospital.pcap.

Needs no root. Random seeds are fixed, so the same capture gives the same logs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
CAPTURE = HERE / "hospital.pcap"
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
    """Run Zeek and replace the logs of the example site."""
    outdir = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "examples" / "hospital"
    zeek = shutil.which("zeek")
    if zeek is None:
        sys.exit("gen_logs.py: zeek is not on PATH: install Zeek 8.0 or newer; nothing was written")
    outdir.mkdir(parents=True, exist_ok=True)
    options = ("-D", "-C", "-r", str(CAPTURE), "LogAscii::use_json=T")
    with tempfile.TemporaryDirectory() as directory:
        logs = Path(directory)
        command = [zeek, *options, *POLICIES, str(CHECKOUT / "zeek-scripts")]
        done = subprocess.run(command, cwd=logs, capture_output=True, text=True, check=False)
        if done.returncode != 0 or (logs / "reporter.log").exists():
            said = (logs / "reporter.log").read_text() if done.returncode == 0 else done.stderr
            sys.exit(f"gen_logs.py: zeek complained, nothing was written: {said.strip()}")
        for old in outdir.glob("*.log"):
            old.unlink()
        for log in sorted(logs.glob("*.log")):
            if log.stem not in UNWANTED:
                shutil.copyfile(log, outdir / log.name)
                print(f"{outdir / log.name}: {len(log.read_text().splitlines())} lines")


if __name__ == "__main__":
    main()
