"""Forgetting beside all else: once a day, a few seconds at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import inf

from wardwatch.running import log
from wardwatch.running.forgetting import Found, find, forget
from wardwatch.running.health import Health
from wardwatch.store import Store
from wardwatch.store.retention import DAY, Retention

FORGET_EVERY = 60  # seconds between two turns
TURN = 2.0  # seconds of each


class Forget:
    """A step of `run` that drops what is too old, and goes on in its next turn where it stopped.

    The first time is a day after a database is first followed into: whoever raises `[retention]`
    after an upgrade is in time. A restart does not begin the day anew. A clock that jumps ahead
    makes two days pass and no more, for as long as the logs do not say so, too.
    """

    def __init__(self, keep: Retention, exposure_days: int) -> None:
        self._keep, self._exposure_days = keep, exposure_days
        self._going: Iterator[None] | None = None
        self._found = Found()
        self._ended, self._today = -inf, 0.0

    def __call__(self, store: Store, site: str, now: float, _: Health) -> None:
        """Take a turn where there is something to do."""
        going, self._going = self._going, None  # what fails is begun anew
        if going is None:
            if time.monotonic() - self._ended < DAY or not _is_due(store, site, now):
                return
            known = max(store.newest(site), store.forgot(site) or 0.0)
            self._today = today = min(now, known + 2 * DAY)
            self._found = find(store, site, today, self._keep, self._exposure_days)
            going = forget(store, site, today, self._keep, self._found)
        until = time.monotonic() + TURN
        for _step in going:
            if time.monotonic() > until:
                self._going = going
                return
        with store.transaction():
            store.note_forgot(site, self._today)
        self._ended = time.monotonic()
        counts = [f"{kind}: {count}" for kind, count in self._found.counts().items() if count]
        if counts:
            log.event("forget", f"forgot what is older than [retention] says; {', '.join(counts)}")


def _is_due(store: Store, site: str, now: float) -> bool:
    last = store.forgot(site)
    if last is None or now < last:  # never yet, or the clock was set back
        with store.transaction():
            store.note_forgot(site, now)
        return False
    return now - last >= DAY
