"""Write the demonstration's eve.json, and the parsers' cases: a real Suricata reads the captures.

It loads our rules and needs no root. Records are put in the order of their time, and flows numbered
anew in that order, so that the same captures and rules give the same files.
"""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gen_logs import CAPTURES

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
CASES = CHECKOUT / "tests" / "parsers"
RULES = sorted((CHECKOUT / "suricata-rules").glob("*.rules"))
IMAGING = "10.20.1."
THREATS = [rule for rule in RULES if rule.name.startswith("threat-")]
# From which captures the cases of each parser are taken, and how many rows of each at most.
PARSED = {
    "dhcp": ("agents.pcap", "evidence.pcap"),
    "flow": ("intellivue.pcap", "sdc.pcap", "exposure/link.pcap", "dicom-ipv6.pcap"),
    "ftp": ("exposure/link.pcap",),
    "http": ("evidence.pcap", "exposure/link.pcap"),
    "smb": ("agents.pcap", "evidence.pcap"),
    "ssh": ("evidence.pcap",),
    "tls": ("evidence.pcap", "dicom-tls.pcap"),
}
ROWS = 12


def records(capture: Path, rules: Iterable[Path] = ()) -> Iterator[bytes]:
    """Yield the records of a capture by their time; exits where Suricata complains."""
    with tempfile.TemporaryDirectory() as directory:
        loaded = Path(directory) / "loaded.rules"
        loaded.write_text("".join(rule.read_text() for rule in rules))
        command = ["suricata", "-c", str(HERE / "eve.yaml"), "-S", str(loaded), "-k", "none"]
        command += ["--runmode", "single", "-r", str(capture), "-l", directory]
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0 or "Error" in done.stderr:
            sys.exit(f"gen_eve.py: suricata complained about {capture}: {done.stderr.strip()}")
        lines = (Path(directory) / "eve.json").read_bytes().splitlines(keepends=True)
    flows: dict[int, int] = {}
    for record in sorted(map(json.loads, lines), key=by_time):
        record["flow_id"] = flows.setdefault(record["flow_id"], len(flows) + 1)
        for name in ("flowbits", "flowvars"):  # which rule came first may differ
            record.get("metadata", {}).get(name, []).sort(key=str)
        yield json.dumps(record, separators=(",", ":")).encode() + b"\n"


def by_time(record: dict[str, Any]) -> tuple[object, ...]:
    """When a record's flow began or it was written, and between whom."""
    ends = [record.get(name, "") for name in ("src_ip", "src_port", "dest_ip", "dest_port")]
    told = {name: value for name, value in record.items() if name not in ("flow_id", "metadata")}
    return record.get("flow", {}).get("start", record["timestamp"]), str(ends), str(told)


def write_site(outdir: Path) -> None:
    """Replace the eve.json of each capture of the example site."""
    for name, capture in CAPTURES.items():
        path = outdir / name / "eve.json.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = list(records(HERE / capture, RULES))
        path.write_bytes(gzip.compress(b"".join(lines), mtime=0))
        print(f"{path}: {len(lines)} records")


def write_alerts(outdir: Path) -> None:
    """Write what Suricata's rules for threats say beside the logs of Zeek: it watches imaging."""
    alerts = (r for r in records(HERE / CAPTURES["wards"], THREATS) if event_type(r) == "alert")
    lines = [alert for alert in alerts if json.loads(alert)["dest_ip"].startswith(IMAGING)]
    path = outdir / "wards" / "eve.json"
    path.write_bytes(b"".join(lines))
    print(f"{path}: {len(lines)} records")


def write_cases() -> None:
    """Replace the parsers' cases that are a real Suricata's."""
    for kind, captures in PARSED.items():
        rows: list[bytes] = []
        for capture in captures:
            found = (r for r in records(HERE / capture, RULES) if event_type(r) == kind)
            rows += itertools.islice(found, ROWS)
        path = CASES / f"eve_{kind}" / "suricata.log"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(rows))
        print(f"{path}: {len(rows)} records")


def event_type(record: bytes) -> str:
    """What kind of record it is."""
    return str(json.loads(record)["event_type"])


if __name__ == "__main__":
    if shutil.which("suricata") is None:
        sys.exit("gen_eve.py: suricata is not on PATH: install 7.0 or newer; nothing was written")
    write_site(
        Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "examples" / "hospital-suricata"
    )
    write_alerts(CHECKOUT / "examples" / "hospital")
    write_cases()
