"""Servers that live as long as the test session: each started once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servers.downloads import UnavailableError
from servers.node import Node

_RUNNING = pytest.StashKey[dict[str, "Node | str"]]()


def running(config: pytest.Config, name: str, start: Callable[[], Node]) -> Node:
    """Return the server of that name; skip the test, loudly, where it cannot be had."""
    servers = config.stash.setdefault(_RUNNING, {})
    if name not in servers:
        try:
            node = start()
        except UnavailableError as error:
            servers[name] = str(error)
        else:
            config.add_cleanup(node.stop)
            servers[name] = node
    server = servers[name]
    if isinstance(server, str):
        pytest.skip(f"Not run against a real {name}: {server}")
    return server
