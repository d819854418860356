"""Publishing beside the following of logs: a server that is slow or away holds nothing else up."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from threading import Event, Thread

from wardwatch.outputs.elasticsearch_client import connect
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError, ElasticsearchSettings
from wardwatch.risk.publishing import Publishing
from wardwatch.running import log
from wardwatch.running.health import Health
from wardwatch.running.publish import Publish
from wardwatch.store import Store, StoreError
from wardwatch_enrichment.risk.policy import Policy

LATE = 900.0  # seconds after which a publish that still runs is told of
LEAVE = 5.0  # seconds that a publish has to end when the process does
WHOLE = 600.0  # and that it has where the process runs for this one alone


class Publisher:
    """What publishes a site, each time in a thread with a connection of its own to the database.

    One publish at a time: while the server is away, that one waits for it and what changes is
    queued. A process that ends leaves it in its midst; nothing is lost by that.
    """

    def __init__(self, settings: ElasticsearchSettings, decided: Policy) -> None:
        self._settings, self._decided = settings, decided
        self._thread: Thread | None = None
        self._began = 0.0
        self._stop = Event()

    def __call__(self, store: Store, site: str, now: float, health: Health) -> None:
        """Begin a publish, if the last one has ended."""
        if self._thread and self._thread.is_alive():
            if now - self._began > LATE and not health.publish_error:
                minutes = (now - self._began) / 60
                health.publish_error = (
                    f"the publish that began {minutes:.0f} minutes ago still runs; "
                    f"{store.waiting(site)} devices and events wait"
                )
            return
        self._began = now
        about = (store.path, site, health)
        self._thread = Thread(target=self._run, args=about, name="publish", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until a publish has told all, which the process then ends with."""
        if self._thread:
            self._thread.join(WHOLE)

    def end(self) -> None:
        """Let a publish end after the part at hand, and wait for that as long as may be."""
        self._stop.set()
        if self._thread:
            self._thread.join(LEAVE)

    def _run(self, path: Path, site: str, health: Health) -> None:
        try:
            with Store(path) as store:
                self._publish(store, site, health)
        except ElasticsearchError as error:  # all of it is written once the server is back
            health.publish_error = str(error)
        except (OSError, sqlite3.Error, StoreError) as error:
            health.publish_error = f"{error}; it is tried again"
        except Exception as error:  # its text may quote what came from the wire
            health.publish_error = f"{log.place(error)}; it is tried again"
            log.problem(health.publish_error)

    def _publish(self, store: Store, site: str, health: Health) -> None:
        began = time.time()
        with connect(self._settings) as client:
            work = Publishing(store, site, began, self._decided)
            made = Publish(client, work, self._settings.index, lambda: not self._stop.is_set())
            made.beat(health.document(), began)
            made.all()
        health.publish_error = "; ".join(made.failures[:3]) or None
        health.published = began
