"""What faults of a server need: a proxy before it, work in the meantime, and patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from servers import toxiproxy
from servers.downloads import UnavailableError
from servers.node import Node


@contextmanager
def proxied(node: Node) -> Iterator[tuple[toxiproxy.Proxy, str]]:
    """Yield a proxy before a server, and its address."""
    try:
        with toxiproxy.before(f"127.0.0.1:{node.port}") as proxy:
            yield proxy, f"http://127.0.0.1:{proxy.port}"
    except UnavailableError as error:
        pytest.skip(f"Not run against a real toxiproxy: {error}")


@contextmanager
def meanwhile(work: Callable[[threading.Event], None], threads: int = 1) -> Iterator[None]:
    """Do something in other threads until the block ends."""
    over = threading.Event()
    known = [threading.Thread(target=work, args=(over,)) for _ in range(threads)]
    for one in known:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in known:
            one.join()


def wait(done: Callable[[], Any], seconds: float) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
