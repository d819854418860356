"""The role that is shipped: enough to read and to publish, and each part of it needed."""

from __future__ import annotations

import time
from pathlib import Path

import onion_documents as onion
import pytest
from elasticsearch import Elasticsearch
from servers.elasticsearch import BARE, NO_STREAMS, PASSWORD, USERS, WITHOUT, authority
from servers.node import Node

from wardwatch.cli import main
from wardwatch.outputs.elasticsearch import DEFAULT_INDEX, ElasticsearchSettings, connect, setup
from wardwatch.outputs.elasticsearch_role import rights
from wardwatch.store import Store

SETTINGS = """
[site]
name = "north"
[store]
file = "{folder}/north.db"
[elasticsearch]
url = "{url}"
ca_file = "{ca}"
username = "{user}"
password_file = "{folder}/password"
index = "{index}"
[run]
elasticsearch = ["logs-zeek-so", "logs-suricata*"]
publish = true
"""
CONN = '{{"ts":{0},"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}}'
# What only another cluster asks for cannot be missed on one server.
LACKING = [name for name in USERS if name.startswith(WITHOUT) and "cross_cluster" not in name]
# What is said, by what is missing: the place in the role, and the privilege.
SAID = {
    "0": "Reading needs read on logs-",
    "1": "read, write, maintenance and view_index_metadata on logs-iomt_*",
    "2": "create_doc",
}


@pytest.fixture(scope="module")
def onion_server(secured: Node, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A server with users, our indices and one connection that Zeek saw."""
    folder = tmp_path_factory.mktemp("role")
    with _client(secured, folder, "installer") as client:
        setup(client)
        setup(client, BARE)
    with _client(secured, folder, "security_onion") as client:
        onion.setup(client)
        seen = onion.document(CONN.format(time.time()), "conn", "sensor-1")
        onion.write(client, "logs-zeek-so", iter([seen]))
    return secured


def _client(node: Node, folder: Path, user: str) -> Elasticsearch:
    (folder / "password").write_text(PASSWORD)
    return connect(
        ElasticsearchSettings(
            url=node.url,
            ca_file=authority(node),
            username=user,
            password_file=folder / "password",
        )
    )


def run(node: Node, folder: Path, user: str) -> str:
    """Let the connector read and publish once as a user; returns what it complains of."""
    (folder / "password").write_text(PASSWORD)
    settings = folder / "north.toml"
    ca = authority(node)
    index = BARE if user == NO_STREAMS else DEFAULT_INDEX
    settings.write_text(SETTINGS.format(folder=folder, url=node.url, ca=ca, user=user, index=index))
    assert main(["run", "--once", "--config", str(settings)]) == 0
    with Store(folder / "north.db", read_only=True) as store:
        health = store.health("north")
        devices = store.device_count("north")
    assert health is not None
    told = [*health["problems"], *filter(None, [health["publish_error"]])]
    assert devices == 2 or told
    return "\n".join(told)


def test_the_role_is_enough(onion_server: Node, tmp_path: Path) -> None:
    assert run(onion_server, tmp_path, "connector") == (
        "logs-suricata*: there is no index of that name, or none that this user may read"
    )


@pytest.mark.parametrize("user", LACKING)
def test_each_part_of_it_is_needed(onion_server: Node, tmp_path: Path, user: str) -> None:
    place = user.removeprefix(WITHOUT)[0]
    assert SAID[place] in run(onion_server, tmp_path, user)


def test_a_role_of_another_site_is_of_its_indices_alone() -> None:
    role = rights("logs-iomt_assets_north", ["logs-zeek-so", "*:logs-zeek-so", "logs-suricata*"])
    names = [one["names"] for one in role["indices"]]
    assert names[0] == ["logs-zeek-so", "logs-suricata*"]
    assert names[1] == ["logs-iomt_assets_north", "logs-iomt_findings_north"]
    assert all(name.endswith("-so_north") for name in names[2])
