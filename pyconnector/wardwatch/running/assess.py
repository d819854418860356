"""The step that keeps a site's findings up to date while its logs are followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from wardwatch.risk import findings
from wardwatch.risk.assessing import Assessing
from wardwatch.risk.recording import Recorded, RecordingError
from wardwatch.running.health import Health
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy

SLICE = 1.0  # seconds, after which the logs have their turn again


class Assess:
    """One site's findings by one policy; what goes wrong is told."""

    def __init__(self, decided: Policy, tell: Callable[[str], None]) -> None:
        self._decided, self._tell = decided, tell
        self._assessing: Assessing | None = None
        self._round: Iterator[Recorded | None] | None = None
        self._began = 0.0
        self.problems: list[str] = []

    def __call__(self, store: Store, site: str, now: float, health: Health) -> bool:
        """Judge for a while; returns whether there is more to judge."""
        if self._assessing is None:
            self._assessing = Assessing(store, site, self._decided)
        if self._round is None:
            self._round, self._began = self._assessing.round(now), now
        until = time.monotonic() + SLICE
        try:
            for _ in self._round:
                if time.monotonic() > until:
                    return True
            health.assessed = self._began
            self.problems = findings.left_out(store)
        except RecordingError as error:
            self._tell(str(error))
        except BaseException:
            self._round = None
            raise
        self._round = None
        return False
