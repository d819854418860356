"""CPU seconds of Suricata with our rules beside those without, over zeek.py's ordinary traffic.

Ratios are given over three kinds of Suricata. "bare" has no rules but those that its package brings
(events of decoders and protocols), which do not look into payloads: any rule that does makes it
begin to. "looking" has besides one rule that looks for a string which nobody sends in the payload
of TCP: what bare costs to become looking, no rule about content can save. "busy" has a stand-in for
the general rule set of a site: such rules in the places and proportions of one.

Suricata reads the capture by turns with and without our rules. The median of the ratios of
neighbouring turns counts; "same" is that of bare against itself, and tells how far seconds can be
trusted on this machine. What a start takes, with the loading of rules, is measured over a capture
of a few packets and taken off: a sensor starts once. Where there is valgrind, instructions are
counted as well, over the beginning of the capture: whatever else the machine does, they repeat to
half a percent.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import statistics
import string
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
COUNTED = 22_000  # packets whose instructions are counted, and how often
TIMES = 3
LOOKING = 'alert tcp any any -> any any (content:"zqxjkvbw"; sid:900001; rev:1;)\n'
# What is told, of which Suricata over which.
RATIOS = [
    ("same", "same", "bare"),
    ("of_looking", "looking", "bare"),
    *((kind, f"{kind}_with", kind) for kind in ("bare", "looking", "busy")),
]
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
    for form, number in PLACES.items():
        for _ in range(number):
            text = "".join(chance.choices(string.ascii_letters + string.digits, k=12))
            yield form % f'content:"{text}"; sid:{sid}; rev:1;)\n'
            sid += 1


def command(rules: Path, capture: Path, directory: str) -> list[str]:
    """Return what runs Suricata over a capture."""
    words = ["suricata", "-c", CONFIG, "-S", rules, "-r", capture, "-l", directory]
    words += ["-k", "none", "--runmode", "single"]
    return [str(word) for word in [*words, "--set", "mpm-algo=auto", "--set", "spm-algo=auto"]]


def measure(rules: Path, capture: Path) -> float:
    """Run Suricata; returns its CPU seconds."""
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            command(rules, capture, directory),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"Suricata ended with {process.returncode} over {capture.name} with {rules.name}")
    return used.ru_utime + used.ru_stime


def count(rules: Path, capture: Path) -> int:
    """Run Suricata; returns its instructions."""
    with tempfile.TemporaryDirectory() as directory:
        words = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
        words += ["--cachegrind-out-file=/dev/null", *command(rules, capture, directory)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    found = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode or found is None:
        sys.exit(f"Suricata under valgrind ended with {done.returncode}: {done.stderr[-500:]}")
    return int(found[1].replace(",", ""))


def beginning(capture: Path, target: Path) -> Path:
    """Copy the first packets of a capture."""
    data, at = capture.read_bytes(), 24
    for _ in range(COUNTED):
        at += 16 + int(struct.unpack_from("<I", data, at + 8)[0])
    target.write_bytes(data[:at])
    return target


def timed(paths: Mapping[str, Path], capture: Path) -> dict[str, Any]:
    """Measure by turns; returns the seconds of each way, and their ratios by neighbouring turns."""
    spent: dict[str, list[float]] = {way: [] for way in paths}
    start: dict[str, list[float]] = {way: [] for way in paths}
    for _ in range(ROUNDS):
        for way, path in paths.items():
            start[way].append(measure(path, SMALL))
            spent[way].append(measure(path, capture))
    own = {way: min(start[way]) for way in paths}
    after = {way: [seconds - own[way] for seconds in spent[way]] for way in paths}
    figures: dict[str, Any] = {}
    for way in paths:
        figures[f"seconds_{way}"] = round(statistics.median(after[way]), 3)
        figures[f"seconds_start_{way}"] = round(own[way], 3)
    for kind, way, base in RATIOS:
        turns = zip(after[way], after[base], strict=True)
        figures[f"suricata_ratio_{kind}"] = round(statistics.median(w / b for w, b in turns), 3)
    return figures


def counted(paths: Mapping[str, Path], capture: Path) -> dict[str, Any]:
    """Count instructions; returns the same ratios of these."""
    spent = {}
    for way, path in paths.items():
        least = min(count(path, capture) for _ in range(TIMES))
        spent[way] = least - count(path, SMALL)
    return {
        f"instructions_ratio_{kind}": round(spent[way] / spent[base], 3)
        for kind, way, base in RATIOS
    }


def main() -> None:
    """Measure both, print the figures, and keep them."""
    if shutil.which("suricata") is None:
        sys.exit("bench-suricata needs Suricata 7.0 or newer, and there is no `suricata` on PATH.")
    subprocess.run([sys.executable, GENERATOR, "generate"], check=True)
    capture = run_path(str(GENERATOR))["CAPTURES"] / "ordinary.pcap"
    packaged = "".join(path.read_text() for path in sorted(PACKAGED.glob("*.rules")))
    rules = sum(line.startswith("alert") for p in OURS for line in p.read_text().splitlines())
    figures: dict[str, Any] = {"rules": rules, "packaged_rules_found": bool(packaged)}
    ours = "".join(path.read_text() for path in OURS)
    bases = {"bare": "", "looking": LOOKING, "busy": "".join(general())}
    texts = {kind: packaged + base for kind, base in bases.items()}
    texts |= {f"{kind}_with": text + ours for kind, text in texts.items()}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        paths = {way: directory / f"{way}.rules" for way in ("same", *texts)}
        for way, path in paths.items():
            path.write_text(texts.get(way, texts["bare"]))
        figures |= timed(paths, capture)
        if shutil.which("valgrind"):
            figures |= counted(paths, beginning(capture, directory / "beginning.pcap"))
        else:
            print("NOT RUN: instructions were not counted, as there is no `valgrind` on PATH")
    target = REPOSITORY / "build" / "bench-suricata.json"
    target.write_text(json.dumps(figures, indent=1) + "\n")
    for figure, value in figures.items():
        print(f"{figure:34} {value}")
    print(f"aim: suricata_ratio_busy <= {AIM}")


if __name__ == "__main__":
    main()
