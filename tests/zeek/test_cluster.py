"""A cluster of real Zeek processes: workers see, the manager writes, each claim once."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
TIMEOUT = 90
LAYOUT = """
redef Cluster::nodes = {
    ["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=%d/tcp],
    ["worker-1"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
    ["worker-2"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
};
"""
# The workers read when the manager is there. The word that they have read comes to the manager
# after all that they told it; then it dismisses them.
CONDUCT = """
redef Log::default_rotation_interval = 0secs;
redef LogAscii::use_json = T;
redef exit_only_after_terminate = T;
global read = 0;
global leave: event();
global has_read: event();
event leave() { terminate(); }
event zeek_init()
    {
    if ( Cluster::local_node_type() == Cluster::WORKER )
        suspend_processing();
    }
event Cluster::node_up(name: string, id: string)
    {
    if ( name == "manager" )
        continue_processing();
    }
event Pcap::file_done(path: string)
    {
    Cluster::publish(Cluster::manager_topic, has_read);
    }
event has_read()
    {
    if ( ++read < 2 )
        return;
    Cluster::publish(Cluster::worker_topic, leave);
    schedule 1sec { leave() };
    }
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(zeek_path: tuple[str, str], home: Path, node: str, capture: Path) -> Any:
    """Start a node of the cluster in a directory of its own."""
    zeek, search = zeek_path
    directory = home / node
    directory.mkdir()
    reads = ["-C", "-r", str(capture)] if node != "manager" else []
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(
            [zeek, *reads, str(SCRIPTS), str(home / "conduct.zeek")],
            cwd=directory,
            env=os.environ | {"CLUSTER_NODE": node, "ZEEKPATH": f"{home}:{search}", "TZ": "UTC"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def await_listening(log: Path) -> None:
    """Wait until the manager can be reached."""
    deadline = time.monotonic() + TIMEOUT
    while not (log.exists() and "listening on" in log.read_text(encoding="utf-8")):
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired("the manager's start", TIMEOUT)
        time.sleep(0.1)


def run_cluster(zeek_path: tuple[str, str], directory: Path, capture: Path) -> Path:
    """Let a manager and two workers, which read the same capture, run to their end."""
    home = directory / "cluster"
    home.mkdir()
    (home / "cluster-layout.zeek").write_text(LAYOUT % tuple(free_ports(3)), encoding="utf-8")
    (home / "conduct.zeek").write_text(CONDUCT, encoding="utf-8")
    nodes = {}
    try:
        for name in ("manager", "worker-1", "worker-2"):
            nodes[name] = start(zeek_path, home, name, capture)
            await_listening(home / "manager" / "cluster.log")
        for name, node in nodes.items():
            assert node.wait(TIMEOUT) == 0, (home / name / "output").read_text(errors="replace")
    except subprocess.TimeoutExpired:
        output = "".join((home / name / "output").read_text(errors="replace") for name in nodes)
        pytest.fail(f"the cluster did not end: {output}")
    finally:
        for node in nodes.values():
            node.kill()
            node.wait()
    return home


def test_manager_writes_each_claim_once(
    zeek_path: tuple[str, str], run_zeek: Any, public_capture: Any, tmp_path: Path
) -> None:
    """Two workers that see the same traffic lead to the rows that one Zeek writes alone."""
    capture = public_capture("gen-dcmtk-loopback-cecho-cstore.pcap")
    home = run_cluster(zeek_path, tmp_path, capture)
    alone = run_zeek(capture=capture)
    told = type(alone)(0, "", home / "manager")
    key = ("host", "subject", "field", "value")
    rows = [tuple(row.get(name) for name in key) for row in told.rows("iomt_asset")]
    assert sorted(map(str, rows)) == sorted(
        str(tuple(row.get(name) for name in key)) for row in alone.rows("iomt_asset")
    )
    assert not (home / "worker-1" / "iomt_asset.log").exists()
    assert len(told.rows("dicom")) == 2 * len(alone.rows("dicom"))
    complaints = [row for row in told.rows("reporter") if row["level"] != "Reporter::INFO"]
    assert not complaints
