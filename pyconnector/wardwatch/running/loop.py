"""The work of a connector that never ends: follow, work out, publish, tell how it is."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from wardwatch import pipeline
from wardwatch.config import Config
from wardwatch.running.following import Following
from wardwatch.running.health import Health
from wardwatch.running.service import Signals, notify
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment import knowledge

PART = 30.0  # seconds of reading, after which the devices are worked out, however much waits
QUIET = 0.5  # seconds without a row, after which devices are worked out
SETTLED = 10.0  # seconds, after which they are worked out whether it is quiet or not
LOOK = 10.0  # seconds between two looks at sensors and feeds
FORGET = 86_400.0
Step = Callable[[Store, str, float, Health], None]


class Running:
    """One site, followed until it is told to stop.

    `steps` are what follows on new evidence, each with the seconds that lie between two of its
    turns at least: working out risks, publishing.
    """

    def __init__(
        self, store: Store, config: Config, tell: Callable[[str], None], steps: dict[Step, float]
    ) -> None:
        self._store, self._config, self._tell, self._steps = store, config, tell, steps
        self.health = Health(site=config.site.name, pid=os.getpid(), started=time.time())
        self._done: dict[Step, float] = {}
        self._forgot = self._looked = 0.0
        self._unread: set[str] = set()
        self._following = self._follow()

    def reload(self, config: Config, steps: dict[Step, float]) -> None:
        """Go on with other settings; the site and the database stay."""
        self._config, self._steps = config, steps
        self._done.clear()
        self._following = self._follow()

    def _follow(self) -> Following:
        site = self._config.site
        with self._store.transaction():
            self._store.adopt(knowledge.digest())
        return Following(
            self._store,
            site=site.name,
            sensor=site.sensor,
            scope=Scope(site.networks),
            paths=[Path(path) for path in self._config.run.logs],
        )

    def cycle(self, signals: Signals | None = None) -> bool:
        """Do all that is due once; returns whether more waits to be read.

        What fails is told and done again in the next cycle: nothing is taken that is not kept.
        """
        began = time.monotonic()
        try:
            more = self._cycle(began, signals)
            self.health.problems = self.health.problems[-5:]
        except (OSError, sqlite3.Error) as error:
            self._problem(f"{error}; it is tried again")
            more = False
        self.health.took, self.health.at = time.monotonic() - began, time.time()
        return more

    def _cycle(self, began: float, signals: Signals | None) -> bool:
        def goes_on() -> bool:
            notify(WATCHDOG=1)
            stopped = signals is not None and signals.stop
            return not stopped and time.monotonic() - began < PART

        health, now = self.health, time.time()
        rows = self._take(goes_on)
        while rows and not health.behind and goes_on() and time.monotonic() - began < SETTLED:
            time.sleep(QUIET)  # what a device says at once belongs together
            if not (more := self._take(goes_on)):
                break
            rows += more
        pipeline.refresh(self._store, health.site)
        if not health.behind:
            self._turns(now)
        if now - self._forgot > FORGET:
            self._following.forget()
            self._forgot = now
        if looks := now - self._looked > LOOK:
            health.look(self._store, time.time())
            self._looked = now
        if rows or looks:
            health.at = time.time()
            health.count(self._store)
            self._store.put_health(health.site, health.document())
        notify(WATCHDOG=1, STATUS=f"{health.devices} devices, {health.behind} bytes wait")
        return bool(health.behind)

    def _take(self, goes_on: Callable[[], bool]) -> int:
        health, taken = self.health, self._following.take(time.time(), goes_on)
        health.rows += taken.rows
        health.bad_rows += taken.bad_rows
        health.behind = taken.behind
        for problem in taken.problems:
            self._problem(problem)
        self._lasting({*taken.unread})
        return taken.rows

    def _turns(self, now: float) -> None:
        for step, every in self._steps.items():
            since = now - self._done.get(step, 0.0)
            if since >= every or since < 0:  # the clock was set back
                self._done[step] = now
                step(self._store, self.health.site, now, self.health)
                notify(WATCHDOG=1)

    def _lasting(self, unread: set[str]) -> None:
        """Tell once of files that cannot be read; once they can be, that is no problem any more."""
        over, new = self._unread - unread, unread - self._unread
        self.health.problems = [text for text in self.health.problems if text not in over]
        for text in sorted(new):
            self._problem(text)
        self._unread = unread

    def _problem(self, text: str) -> None:
        if text not in self.health.problems:
            self.health.problems.append(text)
        self._tell(text)
