"""Faults of a real server and of the network before it: nothing lost, nothing doubled, no hand.

The server is narrow (one write thread, a queue of one), so that it really turns bulks away.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from server_faults import meanwhile, proxied, wait
from servers import elasticsearch as real
from servers import toxiproxy
from servers.node import CONFIGURATION, Node
from servers.session import running

from wardwatch.outputs import elasticsearch_client
from wardwatch.outputs.elasticsearch import (
    DEFAULT_INDEX,
    ElasticsearchError,
    ElasticsearchSettings,
    PublishResult,
    connect,
    findings_index,
    setup,
    stream,
)
from wardwatch.outputs.elasticsearch_bulk import device_ids
from wardwatch.risk.publishing import Publishing
from wardwatch.running.publish import Publish
from wardwatch.store import Entry, Store
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.policy import Policy

DEVICES = int(os.environ.get("WARDWATCH_FAULT_DEVICES", "1000"))
HOSPITAL = Path(__file__).parents[2] / "examples" / "hospital"
NOW, SITE = 1_700_100_000.0, "north"
INDEX = f"{DEFAULT_INDEX}_faults"
NARROW = """\
node.processors: 1
thread_pool.write.queue_size: 1
indexing_pressure.memory.limit: 4mb
cluster.info.update.interval: 10s
"""


@pytest.fixture(scope="module")
def narrow(request: pytest.FixtureRequest) -> Node:
    """A server that is easily too busy, at a port that it keeps."""
    port = f"http.port: {toxiproxy.free_port()}"
    configuration = CONFIGURATION.replace("http.port: 0", port) + NARROW
    version = real.VERSIONS[-1]
    name = f"narrow Elasticsearch {version}"
    return running(request.config, name, lambda: real.start(version, configuration))


@pytest.fixture
def direct(narrow: Node) -> Iterator[Elasticsearch]:
    """A client past all that stands before the server, and fresh indices."""
    with connect(ElasticsearchSettings(url=narrow.url)) as client:
        setup(client, INDEX)
        yield client
        client.indices.delete(index=[INDEX, findings_index(INDEX)])


@pytest.fixture
def fleet(tmp_path: Path, devices: list[Device]) -> Iterator[Store]:
    """A site whose documents take several bulks."""
    with Store(tmp_path / "fleet.db") as store:
        entries = []
        for number in range(DEVICES):
            mac = f"02:00:01:00:{number >> 8:02x}:{number & 255:02x}"
            device = replace(devices[number % 50], id=f"d{number:05}", macs=(mac,))
            entries.append(Entry(device=device, keys=(f"mac:{mac}",), hosts=(mac,), held=()))
        with store.transaction():
            store.replace(SITE, [], entries)
        yield store


def publish(store: Store, url: str) -> PublishResult:
    """Publish the site, as a process that follows it does."""
    with connect(ElasticsearchSettings(url=url)) as client:
        made = Publish(client, Publishing(store, SITE, NOW, Policy()), INDEX)
        made.all()
        assert not made.failures
        return made.done[INDEX]


def until_done(store: Store, url: str, seconds: float = 60) -> int:
    """Publish as often as it takes; returns how often the server could not be used."""
    failed, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            publish(store, url)
        except ElasticsearchError:
            failed += 1
            time.sleep(0.2)
        else:
            return failed
    raise AssertionError(f"not published in {seconds} seconds, {store.waiting(SITE)} wait")


def complete(client: Elasticsearch, store: Store) -> None:
    """Assert that the server has each device once, and its birth once, and that nothing waits."""
    changes = stream("changes", INDEX)
    assert store.waiting(SITE) == 0
    client.indices.refresh(index=[INDEX, changes])
    assert client.count(index=INDEX)["count"] == DEVICES
    assert client.count(index=changes)["count"] == DEVICES
    assert len(device_ids(client, SITE, [changes])) == DEVICES


def rejected(client: Elasticsearch) -> int:
    """Return how many bulks the server has turned away."""
    (node,) = client.nodes.stats(metric="indexing_pressure,thread_pool")["nodes"].values()
    total = node["indexing_pressure"]["memory"]["total"]
    return int(total["coordinating_rejections"] + node["thread_pool"]["write"]["rejected"])


def test_a_server_too_busy_is_asked_again(
    narrow: Node, direct: Elasticsearch, fleet: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_client, "PAUSES", (0.1, 0.1))
    noise = {"text": "x" * 50_000}
    bulk = [line for _ in range(30) for line in ({"index": {}}, noise)]
    before = rejected(direct)

    def press(over: threading.Event) -> None:
        with connect(ElasticsearchSettings(url=narrow.url)) as client:
            while not over.is_set() and rejected(client) < before + 30:
                client.options(ignore_status=(429,)).bulk(index="noise", operations=bulk)

    with meanwhile(press, threads=6):
        until_done(fleet, narrow.url)
    assert rejected(direct) > before, "or the server was never too busy"
    direct.indices.delete(index="noise")
    complete(direct, fleet)


def test_connections_that_break_and_answers_that_creep(
    narrow: Node, direct: Elasticsearch, fleet: Store
) -> None:
    with proxied(narrow) as (proxy, url):
        proxy.poison("limit_data", bytes=60_000)  # of each connection; then it is closed

        def heal(over: threading.Event) -> None:
            over.wait(3)
            proxy.reset()
            proxy.poison("slow_close", delay=50)
            proxy.poison("latency", latency=20, jitter=20)

        with meanwhile(heal):
            until_done(fleet, url)
        complete(direct, fleet)
        changed = fleet.devices(SITE)[7]
        with fleet.transaction():
            fleet.queue_devices(SITE, [changed.id])
        proxy.reset()
        proxy.poison("reset_peer", timeout=0)
        with pytest.raises(ElasticsearchError, match="cannot be reached"):
            publish(fleet, url)
        assert fleet.waiting(SITE) == 1
        proxy.reset()
        assert publish(fleet, url).unchanged == DEVICES


def test_a_server_killed_in_the_midst_of_it(
    narrow: Node, direct: Elasticsearch, fleet: Store
) -> None:
    def cut(over: threading.Event) -> None:
        with connect(ElasticsearchSettings(url=narrow.url)) as client:
            while not over.is_set() and not client.count(index=INDEX)["count"]:
                client.indices.refresh(index=INDEX)
        narrow.kill()
        narrow.restart()

    with meanwhile(cut):
        failed = until_done(fleet, narrow.url, seconds=120)
    assert failed, "or it was not away"
    complete(direct, fleet)


@pytest.mark.skipif("WARDWATCH_SOAK" not in os.environ, reason="Not run: `make soak` does, slowly")
def test_a_disk_beyond_its_flood_stage(narrow: Node, direct: Elasticsearch, fleet: Store) -> None:
    publish(fleet, narrow.url)
    full = {f"cluster.routing.allocation.disk.{name}": "0.1%" for name in _MARKS}
    full["cluster.routing.allocation.disk.threshold_enabled"] = "true"
    direct.cluster.put_settings(persistent=full)
    with fleet.transaction():
        fleet.replace(SITE, ["d00003"], [])
    try:
        wait(lambda: "read_only_allow_delete" in str(direct.indices.get_settings(index=INDEX)), 40)
        with fleet.transaction():
            one = replace(fleet.devices(SITE)[5], hostname="renamed")
            held = Entry(device=one, keys=("k",), hosts=(), held=())
            fleet.replace(SITE, [one.id], [held])
        with pytest.raises(ElasticsearchError, match="Is the server's disk full"):
            publish(fleet, narrow.url)
        assert fleet.waiting(SITE) >= 1
    finally:
        direct.cluster.put_settings(persistent=dict.fromkeys(full))
        wait(lambda: "read_only_allow" not in str(direct.indices.get_settings(index=INDEX)), 40)
    done = publish(fleet, narrow.url)
    assert (done.written, done.deleted) == (1, 1)


_MARKS = ("watermark.low", "watermark.high", "watermark.flood_stage")


SETTINGS = """
[site]
name = "north"
[store]
file = "{db}"
[elasticsearch]
url = "{url}"
index = "{index}"
[run]
logs = ["{logs}"]
interval = 1
assess = 1
publish = true
publish_every = 1
"""


def test_run_goes_on_while_the_server_hangs(
    narrow: Node, direct: Elasticsearch, tmp_path: Path
) -> None:
    logs, settings = tmp_path / "logs", tmp_path / "north.toml"
    logs.mkdir()
    settings.write_text(
        SETTINGS.format(db=tmp_path / "north.db", url=narrow.url, index=INDEX, logs=logs)
    )

    def command(name: str, *more: str) -> list[str]:
        return [sys.executable, "-m", "wardwatch.cli", name, "--config", str(settings), *more]

    def devices() -> list[dict[str, Any]]:
        shown = subprocess.run(command("devices", "--json"), check=False, capture_output=True)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def published() -> int:
        direct.indices.refresh(index=INDEX)
        return int(direct.count(index=INDEX)["count"])

    shutil.copy(HOSPITAL / "dicom" / "dhcp.log", logs)
    with (tmp_path / "complaints").open("wb") as complaints:
        process = subprocess.Popen(command("run"), stderr=complaints)
    try:
        wait(lambda: published() > 2, 60)
        before = len(devices())
        os.killpg(narrow.process.pid, signal.SIGSTOP)
        for log in ("iomt_asset.log", "conn.log"):
            shutil.copy(HOSPITAL / "wards" / log, logs)
        wait(lambda: len(devices()) > before, 30)
        os.killpg(narrow.process.pid, signal.SIGCONT)
        wait(lambda: published() == len(devices()), 60)
    finally:
        os.killpg(narrow.process.pid, signal.SIGCONT)
        process.terminate()
        process.wait(60)
