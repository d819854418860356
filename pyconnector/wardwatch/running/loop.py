"""The work of a connector that never ends: follow, work out, publish, tell how it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from math import inf
from pathlib import Path

from wardwatch import pipeline
from wardwatch.config import Config
from wardwatch.running import log
from wardwatch.running.following import Following
from wardwatch.running.gathering import Gathering
from wardwatch.running.health import Health
from wardwatch.running.live import Live
from wardwatch.running.problems import Problems
from wardwatch.running.publisher import Publisher
from wardwatch.running.service import Signals, notify
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch_enrichment import knowledge
from wardwatch_enrichment.surroundings import DAY

PART = 30.0  # seconds of reading, after which the devices are worked out, however much waits
QUIET = 0.5  # seconds without a row, after which devices are worked out
SETTLED = 10.0  # seconds, after which they are worked out whether it is quiet or not
LOOK = 10.0  # seconds between two looks at sensors and feeds
WAITED = 3600.0  # seconds, after which what follows on evidence has its turn, whatever waits
CROWDED = (
    "there are so many hosts that new ones are only kept where they tell more than an address: "
    "look for what invents addresses on the network, then `wardwatch purge`"
)
Step = Callable[[Store, str, float, Health], bool | None]


class Running:
    """One site, followed until it is told to stop.

    `steps` are what follows on new evidence, each with the seconds that lie between two of its
    turns at least: working out risks, publishing. One that has more to do says so, and goes on once
    the logs had their turn.
    """

    def __init__(
        self, store: Store, config: Config, tell: Callable[[str], None], steps: dict[Step, float]
    ) -> None:
        self._store, self._config, self._steps = store, config, steps
        self.health = Health.begun(store, config.site.name, time.time())
        self._done: dict[Step, float] = {}
        self._going: set[Step] = set()
        self._forgot = self._looked = -inf  # by a clock that nobody sets
        self._turned = time.monotonic()
        self._tell, self._problems = tell, Problems(tell)
        self._following = self._follow()
        self._live = self._listen()
        self._gathering = self._gather()

    def reload(self, config: Config, steps: dict[Step, float]) -> None:
        """Go on with other settings; the site and the database stay.

        Where they do not work, those of before stay in force, all of them.
        """
        before, self._config = self._config, config
        try:
            following, gathering, live = self._follow(), self._gather(), self._listen()
        except BaseException:
            self._config = before
            raise
        self.close()
        self._steps = steps
        self._done.clear()
        self._going.clear()
        self._following, self._gathering, self._live = following, gathering, live

    @property
    def has_news(self) -> bool:
        """Whether rows wait that came live."""
        return self._live is not None and self._live.feed.has_news

    @property
    def _waits(self) -> bool:
        """Whether more is there than could be read."""
        return bool(self.health.behind or (self._gathering and self._gathering.waits))

    def finish(self) -> None:
        """Wait for what goes on beside the cycle, where nothing comes after it."""
        for step in self._steps:
            if isinstance(step, Publisher):
                step.finish()
        with self._store.transaction():
            self._store.put_health(self.health.site, self.health.document())

    def close(self) -> None:
        """Listen to nobody any more, and let what goes on beside the cycle come to an end."""
        if self._live:
            self._live.feed.close()
        for step in self._steps:
            if isinstance(step, Publisher):
                step.end()

    def _listen(self) -> Live | None:
        url = self._config.run.live
        return Live(self._store, self._config, url) if url else None

    def _gather(self) -> Gathering | None:
        config = self._config
        return Gathering(self._store, config, self._tell) if config.run.elasticsearch else None

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
            self._problems.last("work", ())
        except (OSError, sqlite3.Error) as error:
            self._problems.last("work", [f"{error}; it is tried again"])
            more = False
        self.health.problems = self._problems.now()
        self.health.took, self.health.at = time.monotonic() - began, time.time()
        return more

    def _cycle(self, began: float, signals: Signals | None) -> bool:
        def goes_on(seconds: float = PART) -> bool:
            notify(WATCHDOG=1)
            stopped = signals is not None and signals.stop
            return not stopped and time.monotonic() - began < seconds

        health, now = self.health, time.time()
        assessed = health.assessed
        self._store.look_after()
        rows = self._take(goes_on)
        while rows and not self._waits and goes_on() and time.monotonic() - began < SETTLED:
            time.sleep(QUIET)  # what a device says at once belongs together
            if not (more := self._take(goes_on)):
                break
            rows += more
        self._problems.last("hosts", [CROWDED] if self._store.crowded else ())
        whole = pipeline.refresh(self._store, health.site, lambda: goes_on(2 * PART))
        late = began - self._turned > WAITED  # there comes more than can be read
        if (not self._waits and whole) or self._going or late:
            self._turned = began
            self._turns(now)
        if began - self._forgot > DAY:
            self._following.forget()
            self._forgot = began
        if looks := began - self._looked > LOOK:
            health.look(self._store, time.time())
            self._looked = began
        if rows or looks or health.assessed != assessed:
            health.at = time.time()
            health.count(self._store)
            with self._store.transaction():
                self._store.put_health(health.site, health.document())
        notify(WATCHDOG=1, STATUS=f"{health.devices} devices, {health.behind} bytes wait")
        return bool(self._waits or self._going or not whole)

    def _take(self, goes_on: Callable[[], bool]) -> int:
        looked = time.monotonic()
        health, taken = self.health, self._following.take(time.time(), goes_on)
        if self._live:
            self._live.take(taken, looked, logs=bool(self._config.run.logs))
            self._problems.last("live", self._live.problems(time.time()))
            health.live = self._live.told()
        if self._gathering:
            self._gathering.take(taken, goes_on)
            self._problems.last("elasticsearch", self._gathering.problems)
        health.rows += taken.rows
        health.bad_rows += taken.bad_rows
        health.behind = taken.behind
        health.take(taken.sources, time.time())
        for problem in taken.problems:
            self._problems.pass_by(problem)
        self._problems.last("files", taken.unread)
        health.problems = self._problems.now()
        return taken.rows

    def _turns(self, now: float) -> None:
        if self._live:
            self._live.turn()
        for step, every in self._steps.items():
            since = now - self._done.get(step, 0.0)
            if step in self._going or since >= every or since < 0:  # the clock was set back
                if step not in self._going:
                    self._done[step] = now
                self._going.discard(step)
                if self._try(step, now):
                    self._going.add(step)
                notify(WATCHDOG=1)

    def _try(self, step: Step, now: float) -> bool:
        """Let a step have its turn; what nobody foresaw in it does not keep the others from theirs.

        Returns whether it has more to do.
        """
        name = type(step).__name__.lower()
        try:
            more = step(self._store, self.health.site, now, self.health)
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:  # its text may quote what came from the wire
            self._problems.last(name, [f"{name}: {log.place(error)}; it is tried again"])
            return False
        self._problems.last(name, getattr(step, "problems", ()))
        return bool(more)
