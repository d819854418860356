"""The harness still makes captures: two stations, a genuine C-ECHO between them, nothing left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NEEDED = ("ip", "unshare", "ethtool", "tcpdump", "busybox", "echoscu", "storescp", "tshark")
SCRIPT = """
from pathlib import Path
from personas import Site, contained

def main(outdir: Path) -> None:
    with Site() as site, site.capture(outdir / "echo.pcap"):
        archive = site.persona("archive", "02:20:00:00:00:01", "10.20.0.1/16")
        viewer = site.persona("viewer", "02:20:00:00:00:02", "10.20.0.2/16")
        archive.serve("storescp", "--ignore", "11112", port=11112)
        viewer.run("echoscu", "-aet", "VIEWER", "10.20.0.1", "11112")

contained(main, programs=("echoscu", "storescp"), seconds=60)
"""


def test_a_capture_is_made_and_nothing_is_left(tmp_path: Path) -> None:
    """Addresses, MACs and the association are those of the stations."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"No capture was made: needs root and {', '.join(missing) or 'nothing else'}")
    script = tmp_path / "gen_echo.py"
    script.write_text(SCRIPT)
    before = subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout
    made = subprocess.run(
        [sys.executable, script, tmp_path],
        env=os.environ | {"PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if made.returncode != 0 and "Operation not permitted" in made.stderr:
        pytest.skip(f"No capture was made: namespaces are not allowed here: {made.stderr[-200:]}")
    assert made.returncode == 0, made.stderr
    assert subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout == before
    columns = ["-T", "fields", "-e", "eth.src", "-e", "ip.src"]
    shown = subprocess.run(
        ["tshark", "-r", tmp_path / "echo.pcap", "-Y", "dicom", *columns],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "02:20:00:00:00:02\t10.20.0.2" in shown
    assert "02:20:00:00:00:01\t10.20.0.1" in shown
