"""What the tests of the rules need: a real Suricata, 7.0 or newer."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest


@pytest.fixture(scope="session")
def suricata() -> str:
    """Return Suricata's version; skips where there is none, or an older one."""
    if shutil.which("suricata") is None:
        pytest.skip("Not run against a real Suricata: no `suricata` on PATH")
    done = subprocess.run(["suricata", "-V"], capture_output=True, text=True, check=False)
    found = re.search(r"version (\d+)\.\d+\.\d+", done.stdout)
    if found is None or int(found[1]) < 7:
        pytest.skip(f"Not run: this is not Suricata 7.0 or newer: {done.stdout.strip()}")
    return found[0]
