"""Names cannot be resolved: that is told, what is there stays, and the logs are followed on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from running.connector import Connector, needs_root, state, stopped, until

ROW = '{"ts":1000,"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}\n'
NAMED = """
[feeds]
kev = ["https://feeds.hospital.test/kev.json"]
[elasticsearch]
url = "https://elastic.hospital.test:9200"
"""


def test_names_that_nobody_resolves(tmp_path: Path) -> None:
    """In a network of its own, in which nobody answers."""
    needs_root("a network without a resolver")
    alone = ("unshare", "-n")
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("DID NOT RUN: network namespaces are not allowed here")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "conn.log").write_text(ROW)
    connector = Connector(tmp_path, logs=tmp_path / "logs", db=tmp_path / "north.db", inside=alone)
    text = connector.settings.read_text()
    connector.settings.write_text(f"{text}publish = true\n{NAMED}")
    process = connector.start()
    try:
        until(lambda: "elastic.hospital.test" in connector.told())
        with (tmp_path / "logs" / "conn.log").open("a") as log:
            log.write(ROW.replace("10.0.0.7", "10.0.0.9"))
        until(lambda: len(state(connector.db)["devices"]) == 3)
    finally:
        stopped(process)
    done = connector.does("feeds", "update")
    assert done.returncode == 1
    assert "feeds.hospital.test" in done.stderr
    assert "name" in done.stderr
    assert len(state(connector.db)["devices"]) == 3
