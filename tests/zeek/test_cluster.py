"""A cluster of real Zeek processes: workers see, the manager gathers, the logger writes once."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from zeek.shares import Packet, balance, joined, write

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
TRACES = Path(__file__).parents[1] / "traces"
TIMEOUT = 90
SPEED = 4  # how much faster than they were the captures are played, to all workers at once
NODES = ("logger", "manager", "worker-1", "worker-2")
LAYOUT = """
redef Cluster::manager_is_logger = F;
redef Cluster::nodes = {
    ["logger"] = [$node_type=Cluster::LOGGER, $ip=127.0.0.1, $p=%d/tcp],
    ["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=%d/tcp],
    ["worker-1"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
    ["worker-2"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
};
"""
# The workers read when both are known to the manager and the logger to both. The word that they
# have read comes to the manager after all that they told it; then it dismisses them. The logger is
# stopped from outside.
CONDUCT = """
redef Log::default_rotation_interval = 0secs;
redef LogAscii::use_json = T;
redef exit_only_after_terminate = T;
global read = 0;
global waiting = 0;
global present: set[string];
global leave: event();
global is_waiting: event();
global begin: event();
global has_read: event();
event leave() { terminate(); }
event begin() { continue_processing(); }
event zeek_init() &priority=-20
    {
    if ( Cluster::local_node_type() == Cluster::WORKER )
        suspend_processing();
    if ( Cluster::local_node_type() == Cluster::LOGGER )
        close(open("ready"));
    }
event Cluster::node_up(name: string, id: string)
    {
    add present[name];
    if ( Cluster::local_node_type() == Cluster::MANAGER && name == "logger" )
        close(open("ready"));
    if ( Cluster::local_node_type() == Cluster::WORKER && /manager|logger/ == name
         && "manager" in present && "logger" in present )
        Cluster::publish(Cluster::manager_topic, is_waiting);
    }
event is_waiting()
    {
    if ( ++waiting == 2 )
        Cluster::publish(Cluster::worker_topic, begin);
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
# What the nodes of a cluster cannot agree on: who of several that heard the same was first.
UNSURE = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "mac", "vlan")
PROTOCOLS = {
    *("astm", "dicom", "fhir", "hl7", "intellivue", "iomt_bacnet", "poct1a", "sdc"),
}


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(zeek_path: tuple[str, str], home: Path, node: str, capture: Path | None) -> Any:
    """Start a node of the cluster in a directory of its own."""
    zeek, search = zeek_path
    directory = home / node
    directory.mkdir()
    reads = ["-C", f"--pseudo-realtime={SPEED}", "-r", str(capture)] if capture else []
    with (directory / "output").open("wb") as output:
        return subprocess.Popen(
            [zeek, *reads, str(SCRIPTS), str(home / "conduct.zeek")],
            cwd=directory,
            env=os.environ | {"CLUSTER_NODE": node, "ZEEKPATH": f"{home}:{search}", "TZ": "UTC"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def await_ready(directory: Path, node: Any) -> None:
    """Wait until the logger or the manager can be reached."""
    deadline = time.monotonic() + TIMEOUT
    while not (directory / "ready").exists():
        if time.monotonic() > deadline or node.poll() is not None:
            raise subprocess.TimeoutExpired(f"the start of {directory.name}", TIMEOUT)
        time.sleep(0.1)


def run_cluster(zeek_path: tuple[str, str], directory: Path, *captures: Path) -> Path:
    """Let logger, manager and two workers run to their end; where the logs are.

    Both workers read the same capture, or each its own.
    """
    home = directory / "cluster"
    home.mkdir()
    (home / "cluster-layout.zeek").write_text(LAYOUT % tuple(free_ports(4)), encoding="utf-8")
    (home / "conduct.zeek").write_text(CONDUCT, encoding="utf-8")
    reads = dict(zip(NODES, (None, None, captures[0], captures[-1]), strict=True))
    nodes = {}
    try:
        for name in NODES:
            nodes[name] = start(zeek_path, home, name, reads[name])
            if not reads[name]:
                await_ready(home / name, nodes[name])
        for name in (*NODES[1:], NODES[0]):
            if name == "logger":
                time.sleep(1)  # what the others told it last
                nodes[name].terminate()
            assert nodes[name].wait(TIMEOUT) == 0, (home / name / "output").read_text("utf-8")
    except subprocess.TimeoutExpired as error:
        output = "".join((home / name / "output").read_text(errors="replace") for name in nodes)
        pytest.fail(f"the cluster did not end: {error}: {output}")
    finally:
        for node in nodes.values():
            node.kill()
            node.wait()
    return home / "logger"


def complaints(run: Any) -> list[Any]:
    """What any node reported, other than in passing."""
    return [row for row in run.rows("reporter") if row["level"] != "Reporter::INFO"]


def told(run: Any, log: str, without: tuple[str, ...]) -> Counter[str]:
    """Count a log's rows, without columns that differ from run to run."""
    return Counter(
        str(sorted((name, value) for name, value in row.items() if name not in without))
        for row in run.rows(log)
    )


@pytest.fixture
def shared_out(zeek_path: tuple[str, str], run_zeek: Any, tmp_path: Path) -> tuple[Any, Any]:
    """All captures, read by one Zeek alone, and split by connection between two workers."""
    frames = joined(sorted(TRACES.rglob("*.pcap")))
    balancer = balance(frames)
    shares: tuple[list[Packet], list[Packet]] = ([], [])
    for ts, data in frames:
        shares[balancer.worker(data)].append((ts, data))
    assert min(map(len, shares)) > 1000
    # Both begin with a frame of no protocol, so that their clocks are set alike.
    early = (frames[0][0] - 0.5, bytes(6) + b"\x02" + bytes(5) + b"\x88\xb5" + bytes(46))
    halves = [write(tmp_path / f"half{n}.pcap", [early, *own]) for n, own in enumerate(shares)]
    alone = run_zeek(capture=write(tmp_path / "all.pcap", frames))
    return alone, type(alone)(0, "", run_cluster(zeek_path, tmp_path, *halves))


def test_workers_share_connections_out(shared_out: tuple[Any, Any]) -> None:
    """What two workers see, each of its connections, is told as if one had seen all."""
    alone, cluster = shared_out
    assert {log for log in PROTOCOLS if alone.rows(log)} == PROTOCOLS
    assert {row["source"] for row in alone.rows("iomt_asset")} >= {
        *("astm", "bacnet", "dicom", "fhir", "hl7", "intellivue", "poct1a", "sdc"),
        *("arp", "dhcp", "http", "mdns", "netbios", "ntlm", "snmp", "ssdp", "ssh", "tls", "upnp"),
    }
    differences = {}
    for log in sorted({*PROTOCOLS, "iomt_asset"}):
        one, two = told(alone, log, UNSURE), told(cluster, log, UNSURE)
        if one != two:
            differences[log] = {"missing": dict(one - two), "too many": dict(two - one)}
    assert not differences, "\n".join(map(str, differences.items()))
    assert not complaints(cluster)
    assert not list(cluster.directory.parent.glob("worker-*/iomt_asset.log"))


def test_logger_writes_each_claim_once(
    zeek_path: tuple[str, str], run_zeek: Any, tmp_path: Path
) -> None:
    """Two workers that see the same traffic lead to the rows that one Zeek writes alone."""
    names = ("dicom-ipv6", "sdc", "fhir")
    frames = joined(TRACES / f"{name}.pcap" for name in names)
    capture = write(tmp_path / "same.pcap", frames)
    alone = run_zeek(capture=capture)
    cluster = type(alone)(0, "", run_cluster(zeek_path, tmp_path, capture))
    for log in ("iomt_asset", "sdc", "fhir"):
        assert told(cluster, log, UNSURE) == told(alone, log, UNSURE) != Counter()
    # A line about a connection is written by each who has seen it.
    assert len(cluster.rows("dicom")) == 2 * len(alone.rows("dicom")) > 0
    assert not complaints(cluster)
