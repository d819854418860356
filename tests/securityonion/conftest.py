"""A real engine for the ingest pipelines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from servers import opensearch
from servers.node import Node
from servers.session import running


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Node:
    """A server that runs pipelines."""
    return running(request.config, f"OpenSearch {opensearch.VERSION}", opensearch.start)
