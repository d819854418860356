"""A real Zeek and a real Elasticsearch, as the other tests have them."""

from __future__ import annotations

import pytest
from servers import elasticsearch as real
from servers.node import Node
from servers.session import running
from zeek.conftest import run_zeek, zeek_path

__all__ = ["run_zeek", "zeek_path"]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Node:
    """A server that lets everybody in."""
    version = real.VERSIONS[-1]
    return running(request.config, f"Elasticsearch {version}", lambda: real.start(version))
