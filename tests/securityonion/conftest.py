"""A real engine for the ingest pipelines."""

from __future__ import annotations

import pytest
from servers import opensearch
from servers.node import Node
from servers.session import running


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Node:
    """A server that runs pipelines."""
    return running(request.config, f"OpenSearch {opensearch.VERSION}", opensearch.start)
