"""Look for medical protocols where there are none: real Zeek and Suricata, unrelated traffic.

    python tests/bench/false_recognition.py [DIRECTORY]

gen_unrelated.py makes the traffic with genuine programs, and noise that is almost medical, on
medical ports too. Fails with each row of a medical protocol's log and each claim of one, and with
each rule of suricata-rules that fires, those that alert nobody as well. Needs root, for network
namespaces. The environment variable UNRELATED_MB says how much (300).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = REPOSITORY / "zeek-scripts"
GENERATOR = REPOSITORY / "tests" / "traces" / "gen_unrelated.py"
BUILD = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "build"
CAPTURES = BUILD / "unrelated"
LOGS = ("astm", "dicom", "fhir", "hl7", "intellivue", "iomt_bacnet", "poct1a", "sdc")
SOURCES = {"astm", "bacnet", "dicom", "fhir", "hl7", "intellivue", "poct1a", "sdc", "spectrum"}
PATIENCE = 150
CONFIG = REPOSITORY / "tests" / "suricata" / "suricata.yaml"
GREETINGS = {"unrelated-ftp": 1800506}  # the rule that reads an FTP server's greeting
RULES = sorted((REPOSITORY / "suricata-rules").glob("*.rules"))
Row = dict[str, Any]


def rows(directory: Path, log: str) -> list[Row]:
    """Return the rows of a log; none if it was not written."""
    path = directory / f"{log}.log"
    return [json.loads(line) for line in path.open(encoding="utf-8")] if path.exists() else []


def read(zeek: str, capture: Path) -> tuple[dict[str, Any], list[str]]:
    """Run Zeek over a capture: figures, and what was recognised falsely or complained of."""
    with tempfile.TemporaryDirectory() as name:
        command = [zeek, "-C", "-r", str(capture), str(SCRIPTS), "LogAscii::use_json=T"]
        done = subprocess.run(
            command, cwd=name, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        directory = Path(name)
        found = [(log, row) for log in LOGS for row in rows(directory, log)]
        claims = rows(directory, "iomt_asset")
        found += [("iomt_asset", row) for row in claims if row["source"] in SOURCES]
        reported = [row for row in rows(directory, "reporter") if str(SCRIPTS) in str(row)]
        connections = len(rows(directory, "conn"))
    wrong = [f"{capture.name}: {log}.log: {json.dumps(row)}" for log, row in found]
    wrong += [f"{capture.name}: reporter.log: {json.dumps(row)}" for row in reported]
    if done.returncode:
        wrong.append(f"{capture.name}: Zeek ended with {done.returncode}: {done.stderr[-500:]}")
    figures = {
        "megabytes": round(capture.stat().st_size / 1e6, 1),
        "connections": connections,
        "claims": len(claims),
        # Known by their port alone, as no layout is public: said apart.
        "presence_claims": sum(row["source"] == "banner" for row in claims),
        "recognised_falsely": len(found),
    }
    return figures, wrong


def fired(capture: Path) -> list[str]:
    """Run Suricata over a capture: the rules that fired, each once, or how it failed."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        text = "".join(path.read_text(encoding="utf-8") for path in RULES)
        loaded = directory / "loaded.rules"
        loaded.write_text(re.sub(r" ?\bnoalert;", "", text), encoding="utf-8")
        command = ["suricata", "-c", str(CONFIG), "-S", str(loaded), "-r", str(capture)]
        command += ["-l", name, "-k", "none", "--runmode", "single"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode:
            return [f"{capture.name}: Suricata ended with {done.returncode}: {done.stderr[-500:]}"]
        alerts = [row["alert"] for row in map(json.loads, (directory / "eve.json").open())
                  if row["event_type"] == "alert"]  # fmt: skip
    greeting = GREETINGS.get(capture.stem)  # what it says it is, it is
    told = {
        f"{alert['signature_id']} {alert['signature']}"
        for alert in alerts
        if alert["signature_id"] != greeting
    }
    return [f"{capture.name}: eve.json: {line}" for line in sorted(told)]


def generate() -> dict[str, list[str]]:
    """Make the captures anew; what was left out for want of a program."""
    shutil.rmtree(CAPTURES, ignore_errors=True)
    done = subprocess.run([sys.executable, str(GENERATOR), str(CAPTURES)], check=False)
    if done.returncode:
        sys.exit(f"{GENERATOR.name} ended with {done.returncode}: nothing was looked at")
    listed: dict[str, dict[str, list[str]]] = json.loads((CAPTURES / "unrelated.json").read_text())
    return listed["left_out"]


def main() -> None:
    """Make the traffic, look at it, print the figures and keep them."""
    if (zeek := shutil.which("zeek")) is None:
        sys.exit("false-recognition needs Zeek 8.0 or newer, and there is no `zeek` on PATH.")
    began = time.monotonic()
    left_out = generate()
    captures = sorted(CAPTURES.glob("*.pcap"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda capture: read(zeek, capture), captures))
        alerts = list(pool.map(fired, captures)) if shutil.which("suricata") else None
    wrong = [line for _, lines in results for line in lines]
    wrong += [line for lines in alerts or () for line in lines]
    each = {path.stem: figures for path, (figures, _) in zip(captures, results, strict=True)}
    total = {key: round(sum(one[key] for one in each.values()), 1) for key in results[0][0]}
    figures = {**total, "suricata_rules_fired": None if alerts is None else sum(map(len, alerts)),
               "left_out": left_out, "each": each, "failures": wrong,
               "seconds": round(time.monotonic() - began)}  # fmt: skip
    (BUILD / "false-recognition.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, values in (*each.items(), ("all", total)):
        print(f"{name:20}", *(f"{key} {value:<8}" for key, value in values.items()))
    if alerts is None:
        print("NOT RUN: the rules for Suricata, as there is no `suricata` on PATH")
    else:
        print(f"Suricata: {sum(map(len, alerts))} rules fired over {len(captures)} captures")
    for topic, missing in left_out.items():
        print(f"LEFT OUT: {topic}: not installed: {', '.join(missing)}")
    print(*wrong[:40], sep="\n")
    print(f"{total['megabytes']} MB, {figures['seconds']} s: {len(wrong)} failures")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
