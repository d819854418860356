"""Toxiproxy before a server: it cuts, delays and resets connections as a bad network does.

https://github.com/Shopify/toxiproxy is in no Debian package; it is made from its Go module.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers.downloads import CACHE, UnavailableError, require

VERSION = "2.5.0"
_MODULE = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{VERSION}"


class Proxy:
    """One proxy; `port` is where it listens."""

    def __init__(self, api: int, upstream: str) -> None:
        self._api, self.port = api, free_port()
        listen = f"127.0.0.1:{self.port}"
        self._ask("proxies", {"name": "server", "listen": listen, "upstream": upstream})

    def poison(self, kind: str, **attributes: int) -> None:
        """Treat what the server answers badly from now on; other kinds stay as they are."""
        toxic = {"name": kind, "type": kind, "stream": "downstream", "attributes": attributes}
        self._ask("proxies/server/toxics", toxic)

    def reset(self) -> None:
        """Let everything through again."""
        self._ask("reset", {})

    def _ask(self, path: str, body: dict[str, Any]) -> None:
        url = f"http://127.0.0.1:{self._api}/{path}"
        data = json.dumps(body).encode()
        with urllib.request.urlopen(url, data, 10) as answer:
            answer.read()


@contextmanager
def before(upstream: str) -> Iterator[Proxy]:
    """Run a proxy before host:port; raises `UnavailableError` where it cannot be had."""
    program, port = _program(), free_port()
    process = subprocess.Popen(
        [str(program), "-port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield Proxy(port, upstream)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program() -> Path:
    target = CACHE / f"toxiproxy-{VERSION}"
    program = target / "server"
    if not program.is_file():
        require("go", "golang-go")
        environment = {**os.environ, "GOBIN": str(target)}
        made = subprocess.run(
            ["go", "install", _MODULE], env=environment, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise UnavailableError(f"`go install {_MODULE}` failed: {made.stderr.strip()[-300:]}")
    return program


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise UnavailableError("toxiproxy did not start")
