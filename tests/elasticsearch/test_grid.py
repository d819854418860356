"""A grid: two sensors' documents, read by one connector, published, and found by the dashboards.

The server is a remote cluster of its own, as the manager of Security Onion is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import onion_documents as onion
import pytest
from elasticsearch import Elasticsearch
from kibana import kql, lens
from kibana.saved import of_type, source, view_of
from onion_site import Site, conn, put
from running.connector import state
from servers import elasticsearch as real
from servers.node import Node

from wardwatch.cli import main
from wardwatch.outputs.elasticsearch import DEFAULT_INDEX

pytestmark = pytest.mark.parametrize("server", [real.VERSIONS[-1]], indirect=True)
EXAMPLES = Path(__file__).parents[2] / "examples"
SUFFIX = "_grid"
ASSETS = "logs-iomt_assets*"
NEEDS_MORE = {"iomt-count-coverage"}
SETTINGS = """
[site]
name = "hospital"
sensor = "manager"
[store]
file = "{folder}/grid.db"
[elasticsearch]
url = "{url}"
index = "{index}"
[run]
elasticsearch = ["*:logs-zeek-so", "*:logs-suricata.grid-so"]
publish = true
"""


@pytest.fixture
def own_remote(client: Elasticsearch) -> Iterator[None]:
    """Make the server a remote cluster of its own."""
    (node,) = client.nodes.info()["nodes"].values()
    seeds = "cluster.remote.manager.seeds"
    client.cluster.put_settings(persistent={seeds: [node["transport_address"]]})
    while not client.cluster.remote_info()["manager"]["connected"]:
        time.sleep(0.1)
    yield
    client.cluster.put_settings(persistent={seeds: None})


def shown(client: Elasticsearch, query: object) -> list[dict[str, object]]:
    """Return the devices of this grid that a query finds."""
    hits = client.search(index=DEFAULT_INDEX + SUFFIX, query=query, size=500)["hits"]["hits"]
    return [hit["_source"] for hit in hits]


@pytest.mark.usefixtures("own_remote")
def test_two_sensors_are_one_inventory(
    server: Node, client: Elasticsearch, site: Path, tmp_path: Path
) -> None:
    onion.setup(client)
    onion.write(client, "logs-zeek-so", onion.documents(site / "zeek", "sensor-1"))
    onion.write(client, "logs-suricata.grid-so", onion.documents(site / "suricata", "sensor-2"))
    settings = tmp_path / "grid.toml"
    index = DEFAULT_INDEX + SUFFIX
    settings.write_text(SETTINGS.format(folder=tmp_path, url=server.url, index=index))
    at = ["--config", str(settings)]
    assert main(["elasticsearch", "setup", *at]) == 0
    db = ["--db", str(tmp_path / "grid.db")]
    assert main(["feeds", "import", *db, str(EXAMPLES / "advisories")]) == 0
    plan = ["--site", "hospital", str(EXAMPLES / "site.yaml")]
    assert main(["facts", "import", *db, *plan]) == 0
    assert main(["run", "--once", *at]) == 0
    client.indices.refresh(index=f"{index},logs-iomt_findings{SUFFIX}")
    devices = [json.loads(line) for line in state(tmp_path / "grid.db")["devices"]]
    assert len(devices) > 50
    assert {one["device"]["id"] for one in shown(client, {"match_all": {}})} == {
        device["id"] for device in devices
    }
    sensors = {
        proof["sensor"]
        for device in devices
        for known in device["attributes"]
        for proof in known["evidence"]
    }
    assert sensors == {"sensor-1", "sensor-2", "site.yaml"}
    _dashboards_show(client)


def _dashboards_show(client: Elasticsearch) -> None:
    """Ask what the dashboards' panels and searches of devices ask."""
    asked = 0
    for name, panel in of_type("lens").items():
        for layer in lens.layers(panel):
            if layer.title == ASSETS and name not in NEEDS_MORE:
                found = client.search(index=DEFAULT_INDEX + SUFFIX, **lens.search(layer)).body
                assert any(map(any, lens.values(layer, found["aggregations"]).values())), name
                asked += 1
    for name, search in of_type("search").items():
        if view_of(search)["attributes"]["title"] == ASSETS:
            assert shown(client, kql.query(source(search)["query"]["query"])), name
            asked += 1
    assert asked > 10


@pytest.mark.usefixtures("own_remote")
def test_a_cluster_that_is_away_is_not_passed_over(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    put(client, stream, [("conn", conn(time.time() - 60))])
    away = "cluster.remote.east"
    client.cluster.put_settings(
        persistent={f"{away}.seeds": ["127.0.0.1:9"], f"{away}.skip_unavailable": True}
    )
    try:
        read = reading(f"*:{stream}")
        (wrong,) = read.look()
        assert "did not answer" in wrong
        assert read.kept("SELECT count(*) FROM mark") == [(0,)]
    finally:
        client.cluster.put_settings(
            persistent={f"{away}.seeds": None, f"{away}.skip_unavailable": None}
        )
    assert read.look() == []
    assert read.kept("SELECT count(DISTINCT host) FROM claim") == [(2,)]
