"""No medical protocol is recognised where there is none: almost-messages, look-alikes, noise.

`make false-recognition` does the same with hundreds of megabytes of genuine programs' traffic.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from zeek.conftest import REPOSITORY, TRACES, Conversation
from zeek.udp_frames import datagram

NEAR = run_path(str(TRACES / "near_misses.py"))
MEDICAL = ("astm", "dicom", "fhir", "hl7", "intellivue", "iomt_bacnet", "poct1a", "sdc")
SOURCES = {"astm", "bacnet", "dicom", "fhir", "hl7", "intellivue", "poct1a", "sdc", "spectrum"}
COUNT = 2500
NEEDED = ("ip", "tc", "unshare", "setpriv", "tcpdump", "ethtool", "ss", "busybox", "curl")


def packets(chance: random.Random) -> Iterator[bytes]:
    """Conversations of many hosts, twenty at a time."""
    pending: list[list[bytes]] = []
    for number, talk in enumerate(NEAR["talks"](chance, COUNT)):
        client = f"10.{60 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
        if talk.udp:
            ends = client, chance.choice(("10.6.0.9", "239.255.255.250", "10.6.255.255"))
            pending.append([datagram(talk.parts[0][1], *ends, (30000 + number % 9999, talk.port))])
        else:
            pending.append(Conversation(client=client, server_port=talk.port).packets(talk.parts))
        if len(pending) == 20:
            yield from (one for row in zip_longest(*pending) for one in row if one)
            pending = []


@pytest.mark.parametrize("seed", range(2))
def test_near_misses(run_zeek: Any, frames: Any, seed: int) -> None:
    """No line in a medical protocol's log, and no claim of one; nothing is reported."""
    chance = random.Random(70 + seed)  # noqa: S311  the same bytes in every run
    run = run_zeek(capture=frames(packets(chance)))
    run.assert_quiet()
    assert [row for log in MEDICAL for row in run.rows(log)] == []
    assert [row for row in run.rows("iomt_asset") if row["source"] in SOURCES] == []
    assert len(run.rows("conn")) > 0.9 * COUNT


def test_genuine_programs(zeek_path: tuple[str, str], tmp_path: Path) -> None:
    """A few megabytes of what genuine programs say, as far as they are installed."""
    del zeek_path
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"Not run on genuine traffic: needs root and {', '.join(missing) or 'no more'}")
    script = REPOSITORY / "tests" / "bench" / "false_recognition.py"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=os.environ | {"UNRELATED_MB": "2"},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    if done.returncode and "Operation not permitted" in done.stderr:
        pytest.skip(f"Not run on genuine traffic: no namespaces here: {done.stderr[-200:]}")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "false-recognition.json").read_text(encoding="utf-8"))
    assert figures["recognised_falsely"] == 0
    assert figures["each"]["unrelated-noise"]["connections"] > 10
