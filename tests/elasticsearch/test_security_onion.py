"""Security Onion's templates and indices: through a genuine curl on a real Elasticsearch."""

from __future__ import annotations

from pathlib import Path

import pytest
from securityonion.manager import Manager
from servers.node import Node

from wardwatch.outputs.elasticsearch import DEFAULT_INDEX
from wardwatch.securityonion import elastic
from wardwatch.securityonion.indices import Templates
from wardwatch.securityonion.journal import Journal
from wardwatch.securityonion.machine import Machine
from wardwatch.securityonion.step import Step

# As salt/elasticsearch/tools/sbin/so-elasticsearch-query of 2.4.110 calls it, without the login.
QUERY = """#!/bin/bash
path=$1; shift
curl -s -k -L -H "Content-Type: application/json" "{url}/${{path}}" "$@"
"""


@pytest.fixture
def machine(tmp_path: Path, server: Node, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A manager whose Elasticsearch is a real one."""
    manager = Manager(tmp_path)
    (manager.home / "bin" / "curl").unlink()  # the genuine one
    (manager.home / "bin" / elastic.QUERY).write_text(QUERY.format(url=server.url))
    monkeypatch.setenv("PATH", manager.environment["PATH"])
    return Machine(manager.root)


def wrong(step: Step) -> list[str]:
    """Return what is not as it should be."""
    return [one.what for one in step.standings() if one.word != "ok"]


def test_what_is_put_is_known_again(machine: Machine) -> None:
    """Whatever the server makes of it; what somebody changed is told, and put right."""
    client = elastic.connect(machine)
    step = Templates(machine, Journal(machine), client, f"{DEFAULT_INDEX}_installer", "")
    try:
        assert f"index {DEFAULT_INDEX}_installer" in wrong(step)
        step.do()
        assert wrong(step) == []
        patterns = [f"{DEFAULT_INDEX}*"]
        client.indices.put_index_template(name=DEFAULT_INDEX, index_patterns=patterns, priority=501)
        assert wrong(step) == [f"_index_template/{DEFAULT_INDEX}"]
        step.do()
        assert wrong(step) == []
    finally:
        for name in step.indices:
            client.options(ignore_status=404).indices.delete(index=name)
