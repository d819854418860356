"""The live feed and the way back on a cluster: the manager listens, two workers watch."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from zeek.conftest import Conversation, write_pcap
from zeek.test_live import SCRIPTS, TIMEOUT, free_port, heard, listening, target

from wardwatch.running.telling import messages
from wardwatch.sources.zeek_websocket import Peer

LAYOUT = """
redef Cluster::nodes = {
    ["manager"] = [$node_type=Cluster::MANAGER, $ip=127.0.0.1, $p=%d/tcp],
    ["worker-1"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
    ["worker-2"] = [$node_type=Cluster::WORKER, $ip=127.0.0.1, $p=%d/tcp, $manager="manager"],
};
"""
CONDUCT = """
@load wardwatch/live
@load wardwatch/attempts
redef Live::listen_port = %d/tcp;
redef LogAscii::use_json = T;
redef Log::default_rotation_interval = 0secs;
redef exit_only_after_terminate = T;
global present = 0;
event zeek_init() &priority=-20
    {
    if ( Cluster::local_node_type() == Cluster::WORKER )
        suspend_processing();
    }
event Cluster::node_up(name: string, id: string)
    {
    if ( Cluster::local_node_type() == Cluster::MANAGER && ++present == 2 )
        close(open("ready"));
    }
event Wardwatch::told(generation: count, part: count, parts: count, weak: vector of Wardwatch::Weak)
    &priority=-10
    {
    if ( Cluster::local_node_type() == Cluster::WORKER )
        continue_processing();
    }
"""


def start(paths: tuple[str, str], home: Path, node: str, capture: Path | None) -> Any:
    """Start a node in a directory of its own."""
    (home / node).mkdir()
    reads = ["-C", "-r", str(capture)] if capture else []
    with (home / f"{node}.output").open("wb") as output:
        return subprocess.Popen(
            [paths[0], *reads, "wardwatch", str(home / "conduct.zeek")],
            cwd=home / node,
            env=os.environ | {"CLUSTER_NODE": node, "ZEEKPATH": f"{home}:{paths[1]}", "TZ": "UTC"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def test_workers_watch_and_the_manager_tells(zeek_path: tuple[str, str], tmp_path: Path) -> None:
    """What each of two workers sees comes over the one feed, numbered without a gap."""
    (tmp_path / "wardwatch").symlink_to(SCRIPTS)
    ports = tuple(free_port() for _ in range(4))
    (tmp_path / "cluster-layout.zeek").write_text(LAYOUT % ports[:3])
    (tmp_path / "conduct.zeek").write_text(CONDUCT % ports[3])
    captures = {
        f"worker-{number}": write_pcap(
            tmp_path / f"{number}.pcap",
            Conversation(client=f"10.1.0.6{number}", server="10.1.0.2", server_port=23).packets([]),
        )
        for number in (1, 2)
    }
    with ExitStack() as nodes:
        for name in ("manager", *captures):
            node = start(zeek_path, tmp_path, name, captures.get(name))
            nodes.callback(node.wait)
            nodes.callback(node.kill)
        until = time.monotonic() + TIMEOUT
        while not (tmp_path / "manager" / "ready").exists():
            assert time.monotonic() < until, (tmp_path / "manager.output").read_text()
            time.sleep(0.1)
        feed = listening(Peer(url=f"ws://127.0.0.1:{ports[3]}"))
        heard(feed, bool)
        time.sleep(1)  # until all know who subscribed
        feed.tell(messages([target("10.1.0.2", 23)], 7))
        told = heard(feed, lambda told: [row.log for row in told].count("notice") == 2)
        feed.close()
        numbers = [row.number for row in told if row.log]
        assert numbers == list(range(1, len(numbers) + 1))
        assert any(row.log == "iomt_asset" for row in told)
    sources = {json.loads(row.line)["src"] for row in told if row.log == "notice"}
    assert sources == {"10.1.0.61", "10.1.0.62"}
