"""CPU seconds of Suricata with our rules beside those without, over zeek.py's ordinary traffic.

Ratios are given over two kinds of Suricata. "bare" has no rules but those that its package brings
(events of decoders and protocols), which hardly look into payloads: any rule that does makes it
begin to. "busy" has besides a stand-in for the general rule set of a site: rules that look for
strings which nobody sends, in the places and proportions of such a set.

Suricata reads the capture by turns with and without our rules. Of the seconds the least count, as
whatever else the machine does only adds to them. What a start takes, with the loading of rules, is
measured over a capture of a few packets and taken off: a sensor starts once.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from typing import Any

ROUNDS = 7
REPOSITORY = Path(__file__).parents[2]
GENERATOR = Path(__file__).with_name("zeek.py")
CONFIG = REPOSITORY / "tests" / "suricata" / "suricata.yaml"
SMALL = REPOSITORY / "tests" / "traces" / "intellivue.pcap"
PACKAGED = Path("/etc/suricata/rules")
OURS = sorted((REPOSITORY / "suricata-rules").glob("*.rules"))
AIM = 1.03
# Where a general rule set looks, and how many rules look there.
PLACES = {
    "alert http any any -> any any (flow:established,to_server; http.uri; %s": 3000,
    "alert http any any -> any any (flow:established,to_server; http.user_agent; %s": 500,
    "alert http any any -> any any (flow:established,to_client; file.data; %s": 1000,
    "alert tcp any any -> any any (flow:established,to_server; %s": 1000,
    "alert tcp any any -> any any (flow:established,to_client; %s": 500,
    "alert udp any any -> any any (%s": 200,
    "alert dns any any -> any any (dns.query; %s": 1500,
    "alert tls any any -> any any (tls.sni; %s": 1000,
}


def general() -> Iterator[str]:
    """Yield the rules that stand in for a general rule set."""
    chance = random.Random(7)  # noqa: S311  repeatable, not secret
    sid = 1
    for form, count in PLACES.items():
        for _ in range(count):
            text = "".join(chance.choices(string.ascii_letters + string.digits, k=12))
            yield form % f'content:"{text}"; sid:{sid}; rev:1;)\n'
            sid += 1


def measure(rules: Path, capture: Path) -> float:
    """Run Suricata; returns its CPU seconds."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["suricata", "-c", CONFIG, "-S", rules, "-r", capture, "-l", directory]
        command += ["-k", "none", "--runmode", "single"]
        command += ["--set", "mpm-algo=auto", "--set", "spm-algo=auto"]
        process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"Suricata ended with {process.returncode} over {capture.name} with {rules.name}")
    return used.ru_utime + used.ru_stime


def compare(kind: str, base: str, capture: Path, directory: Path) -> dict[str, Any]:
    """Measure a Suricata with and without our rules by turns, and name the figures."""
    files = {"without": base, "with": base + "".join(path.read_text() for path in OURS)}
    paths = {way: directory / f"{kind}-{way}.rules" for way in files}
    for way, text in files.items():
        paths[way].write_text(text)
    spent: dict[str, list[float]] = {way: [] for way in files}
    start: dict[str, list[float]] = {way: [] for way in files}
    for _ in range(ROUNDS):
        for way, path in paths.items():
            start[way].append(measure(path, SMALL))
            spent[way].append(measure(path, capture))
    figures: dict[str, Any] = {}
    for way in files:
        figures[f"seconds_{kind}_{way}"] = round(min(spent[way]), 3)
        figures[f"seconds_start_{kind}_{way}"] = round(min(start[way]), 3)
    after = {way: min(spent[way]) - min(start[way]) for way in files}
    figures[f"suricata_ratio_{kind}"] = round(after["with"] / after["without"], 3)
    return figures


def main() -> None:
    """Measure both, print the figures, and keep them."""
    if shutil.which("suricata") is None:
        sys.exit("bench-suricata needs Suricata 7.0 or newer, and there is no `suricata` on PATH.")
    subprocess.run([sys.executable, GENERATOR, "generate"], check=True)
    capture = run_path(str(GENERATOR))["CAPTURES"] / "ordinary.pcap"
    packaged = "".join(path.read_text() for path in sorted(PACKAGED.glob("*.rules")))
    rules = sum(line.startswith("alert") for p in OURS for line in p.read_text().splitlines())
    figures: dict[str, Any] = {"rules": rules, "packaged_rules_found": bool(packaged)}
    with tempfile.TemporaryDirectory() as name:
        figures |= compare("bare", packaged, capture, Path(name))
        figures |= compare("busy", packaged + "".join(general()), capture, Path(name))
    target = REPOSITORY / "build" / "bench-suricata.json"
    target.write_text(json.dumps(figures, indent=1) + "\n")
    for figure, value in figures.items():
        print(f"{figure:34} {value}")
    print(f"aim: suricata_ratio_busy <= {AIM}")


if __name__ == "__main__":
    main()
