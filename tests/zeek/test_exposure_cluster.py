"""A cluster of real Zeek processes gathers the same exposure as one Zeek alone."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

CLUSTER = runpy.run_path(str(Path(__file__).with_name("test_cluster.py")))
COLUMNS = ("host", "kind", "proto", "port", "service", "state", "by", "value", "peers", "clients")


def rows(run: Any) -> list[str]:
    """What is told of hosts; the sensor's own rows are about each node's reading."""
    found = [row for row in run.rows("iomt_exposure") if row["host"] != "0.0.0.0"]  # noqa: S104
    return sorted(str([row.get(name) for name in COLUMNS]) for row in found)


def counts(run: Any) -> int:
    """All connections of all services."""
    return sum(row["count"] for row in run.rows("iomt_exposure") if row["kind"] == "service")


def test_manager_merges(zeek_path: tuple[str, str], run_zeek: Any, tmp_path: Path) -> None:
    """Two workers that see the same lead to the rows of one, with twice the connections."""
    capture = Path(__file__).parents[1] / "traces" / "exposure" / "link.pcap"
    home = CLUSTER["run_cluster"](zeek_path, tmp_path, capture)
    alone = run_zeek(capture=capture)
    told = type(alone)(0, "", home)
    assert rows(told) == rows(alone) != []
    assert counts(told) == 2 * counts(alone)
    assert not (home.parent / "worker-1" / "iomt_exposure.log").exists()
    sensor = [row["value"] for row in told.rows("iomt_exposure") if row["host"] == "0.0.0.0"]  # noqa: S104
    assert {"sensor", "node manager", "node worker-1", "node worker-2"} <= set(sensor)
    complaints = [row for row in told.rows("reporter") if row["level"] != "Reporter::INFO"]
    assert not complaints
