"""A peer of the live feed: it speaks as Zeek does, or as nobody should."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

Speaking = Callable[[ServerConnection], None]


def row(run: str, number: int, log: str = "", line: str = "") -> str:
    """Return a row, or a beat, as Zeek sends it."""
    told = (("string", run), ("count", number), ("string", log), ("string", line))
    arguments = [{"@data-type": kind, "data": data} for kind, data in told]
    return event("Live::row", arguments)


def event(name: str, arguments: list[Any]) -> str:
    """Return an event as Zeek sends it."""
    named: list[Any] = [
        {"@data-type": "string", "data": name},
        {"@data-type": "vector", "data": arguments},
    ]
    head: list[Any] = [{"@data-type": "count", "data": 1}] * 2
    data = [*head, {"@data-type": "vector", "data": named}]
    return json.dumps({"type": "data-message", "topic": "wardwatch/live", "data": data})


class Sensor:
    """Zeek's end of the feed: rows are numbered, and lost while nobody listens."""

    def __init__(self) -> None:
        self.run, self.number = "run1", 0
        self._client: ServerConnection | None = None
        self._server: Server = serve(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self.heard: queue.SimpleQueue[str | bytes] = queue.SimpleQueue()
        self.badly: Speaking | None = None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens."""
        return self._client is not None

    def _serve(self, client: ServerConnection) -> None:
        if self.badly is not None:
            with suppress(ConnectionClosed):
                self.badly(client)
                time.sleep(0.2)
            return
        assert json.loads(client.recv()) == ["wardwatch/live"]
        client.send(json.dumps({"type": "ack", "endpoint": "x", "version": "8.0.10"}))
        client.send(row(self.run, self.number))
        self._client = client
        try:
            for message in client:
                self.heard.put(message)
        finally:
            if self._client is client:
                self._client = None

    def tell(self, log: str, line: str) -> None:
        """Send a row, or lose it."""
        self.number += 1
        self._send(row(self.run, self.number, log, line))

    def beat(self) -> None:
        """Tell how many rows there were."""
        self._send(row(self.run, self.number))

    def _send(self, message: str) -> None:
        if client := self._client:
            with suppress(ConnectionClosed):
                client.send(message)

    def lose(self, count: int = 1) -> None:
        """Let rows be missing."""
        self.number += count

    def hang_up(self) -> None:
        """End the connection."""
        if client := self._client:
            client.close()

    def restart(self) -> None:
        """Begin anew, as another process does."""
        self.hang_up()
        self.run, self.number = f"{self.run}x", 0

    def close(self) -> None:
        """Be gone."""
        self._server.shutdown()
