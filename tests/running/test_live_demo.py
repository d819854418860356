"""`make demo-live`, as the README shows it: a real Zeek, a connector that follows, and a device."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "traces" / "live_demo.py"
NEEDED = ("ip", "unshare", "ethtool", "tcpdump", "busybox", "zeek", "storescu", "dump2dcm")
SECONDS = 20.0  # on a busy machine; it is a few on an idle one


def test_a_device_that_starts_to_talk_is_in_the_table(tmp_path: Path) -> None:
    """What it said of itself, seconds later; and the sensor wrote no line that is bad."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"Nothing was shown: needs root and {', '.join(missing) or 'nothing else'}")
    before = subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout
    played = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False
    )
    if played.returncode != 0 and "Operation not permitted" in played.stderr:
        pytest.skip(f"Nothing was shown: namespaces are not allowed here: {played.stderr[-200:]}")
    assert played.returncode == 0, played.stderr
    assert subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout == before
    (row,) = (line for line in played.stdout.splitlines() if "DEMO-4711" in line)
    for told in ("medical", "CT scanner", "Siemens Healthineers", "SOMATOM go.Top", "10.20.4.44"):
        assert told in row
    (seconds,) = re.findall(r"([\d.]+) s  after its first word it is in the table", played.stdout)
    assert float(seconds) < SECONDS
    told = [json.loads(line) for line in (tmp_path / "live/wardwatch.err").read_text().splitlines()]
    assert [line["message"] for line in told if line["log.level"] != "info"] == []
    assert "NOBODY" not in "".join(path.read_text() for path in (tmp_path / "live/logs").iterdir())
