"""CPU seconds of Zeek with our scripts beside those without, over generated captures.

What is in them says traffic.py. Zeek reads each by turns with and without the scripts. Of the
seconds the least count, as whatever else the machine does only adds to them. A ratio is printed
with and without the seconds that a start takes: a sensor starts once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.pop(0)  # where this file would hide the tests' folder of the same name
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.traffic import BUILD, CAPTURES, RECIPES, generate
from zeek.conftest import SCRIPTS

ROUNDS = 9  # short ones, by turns: other processes on the machine disturb both alike
WAYS = ("with", "without")


def measure(zeek: str, name: str, scripts: bool) -> tuple[float, float]:
    """Run Zeek; returns its CPU seconds and its peak MB."""
    with tempfile.TemporaryDirectory() as directory:
        command = [zeek, "-C", "-r", str(CAPTURES / f"{name}.pcap"), "LogAscii::use_json=T"]
        process = subprocess.Popen(command + [str(SCRIPTS)] * scripts, cwd=directory)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"Zeek ended with {process.returncode} over {name}.pcap, scripts: {scripts}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(zeek: str, name: str) -> dict[str, Any]:
    """Measure a capture both ways by turns, and name the figures."""
    rounds = [[measure(zeek, name, scripts) for scripts in (True, False)] for _ in range(ROUNDS)]
    figures: dict[str, Any] = {}
    for way, label in enumerate(WAYS):
        figures[f"seconds_{name}_{label}"] = round(min(r[way][0] for r in rounds), 3)
        figures[f"peak_mb_{name}_{label}"] = round(max(r[way][1] for r in rounds))
    ratio = figures[f"seconds_{name}_with"] / figures[f"seconds_{name}_without"]
    figures[f"zeek_ratio_{name}"] = round(ratio, 3)
    figures[f"zeek_ratio_{name}_each"] = [round(ours[0] / plain[0], 2) for ours, plain in rounds]
    return figures


def main() -> None:
    """Measure the captures, print the figures, and keep them."""
    if (zeek := shutil.which("zeek")) is None:
        sys.exit("bench-zeek needs Zeek 8.0 or newer, and there is no `zeek` on PATH.")
    # In a process of its own: what a parent has used counts into the peak of what it starts.
    subprocess.run([sys.executable, __file__, "generate"], check=True)
    figures = compare(zeek, "start")
    for name in RECIPES:
        contents = json.loads((CAPTURES / f"{name}.json").read_text())
        figures |= {f"{what}_{name}": figure for what, figure in contents.items()}
        figures |= compare(zeek, name)
        spent = [figures[f"seconds_{name}_{way}"] - figures[f"seconds_start_{way}"] for way in WAYS]
        figures[f"zeek_ratio_{name}_after_start"] = round(spent[0] / spent[1], 3)
        each = (spent[0] - spent[1]) / contents["connections"] * 1e6
        figures[f"microseconds_per_connection_{name}"] = round(each, 1)
    (BUILD / "bench-zeek.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name, figure in figures.items():
        print(f"{name:34} {figure}")
    print("aims: zeek_ratio_ordinary <= 1.05, zeek_ratio_dicom <= 1.10")


if __name__ == "__main__":
    generate() if sys.argv[1:] == ["generate"] else main()
