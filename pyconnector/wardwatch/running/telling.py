"""The way back to Zeek: which services it is to watch for new callers (zeek-scripts/attempts)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

from wardwatch.risk import watched
from wardwatch.sources.zeek_websocket import Feed, event, value
from wardwatch.store import Store
from wardwatch.store.decisions import Entered
from wardwatch_enrichment.attempts import Target

TOPIC = "wardwatch/told"
EVERY = 300.0  # seconds between two looks at what is to be watched
AGAIN = 3600.0  # seconds after which the same is told again: it ends at the sensor after a day
PART = 1_000  # services and callers in one message


class Telling:
    """Keeps one sensor told. `targets` is how many services it was told of, None before."""

    def __init__(self, store: Store, site: str, feed: Feed, url: str) -> None:
        self._store, self._site, self._feed, self._url = store, site, feed, url
        self._told: list[Target] = []
        self._to: float | None = None
        self._looked = self._sent = -inf
        self.targets: int | None = None

    def turn(self) -> None:
        """Tell the sensor, where it is connected and that is due."""
        clock, to = time.monotonic(), self._feed.since
        if to is None or (to == self._to and clock - self._looked < EVERY):
            return
        now = time.time()
        found = watched.targets(self._store, self._site, now)
        self._looked = clock
        if to == self._to and found == self._told and clock - self._sent < AGAIN:
            return
        self._feed.tell(messages(found, int(now)))
        self._to, self._told, self._sent, self.targets = to, found, clock, len(found)
        self._enter(now)

    def _enter(self, now: float) -> None:
        """Enter into the register that it was told, once a day."""
        told = f"the services to watch, to {self._url}"
        made = Entered(site=self._site, at=now, kind="sensor", who="wardwatch run", told=told)
        with self._store.transaction():
            self._store.enter_once(made)


def messages(targets: Iterable[Target], generation: int) -> list[str]:
    """Return a whole set as events; the last of them puts it into force."""
    parts = list(_parts(targets))
    return [
        event(
            TOPIC,
            "Wardwatch::told",
            value("count", generation),
            value("count", number),
            value("count", len(parts)),
            value("vector", [_weak(target) for target in part]),
        )
        for number, part in enumerate(parts, 1)
    ]


def _parts(targets: Iterable[Target]) -> Iterator[list[Target]]:
    part: list[Target] = []
    size = 0
    for target in targets:
        part.append(target)
        size += 1 + len(target.peers)
        if size >= PART:
            yield part
            part, size = [], 0
    yield part


def _weak(target: Target) -> dict[str, Any]:
    """Return a record as Zeek's script has it."""
    peers = [value("subnet", _subnet(peer)) for peer in target.peers]
    return value(
        "vector",
        [
            value("address", target.host),
            value("port", f"{target.port}/{target.proto}"),
            value("string", target.device),
            value("string", ",".join(target.ids)),
            value("set", peers),
        ],
    )


def _subnet(peer: str) -> str:
    return peer if "/" in peer else f"{peer}/{128 if ':' in peer else 32}"
