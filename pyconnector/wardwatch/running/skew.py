"""Sensors of a grid whose clocks are wrong, or whose documents are long on their way."""

from __future__ import annotations

from collections.abc import Mapping

from wardwatch.running.health import span

BEHIND = 600.0  # seconds; well before what comes so late would be missed
AHEAD = 300.0


class Skew:
    """How late the documents of each sensor come, by when the last ones were read there."""

    def __init__(self, index: str) -> None:
        self._index = index
        self._newest: dict[str, float] = {}
        self.problems: list[str] = []

    def look(self, newest: Mapping[str, float], now: float, since: float) -> float:
        """Return from when on to read, so that none is missed of a sensor that is behind.

        One that is behind goes on, but not up to now; one that is silent does not go on.
        """
        self.problems = []
        for sensor, at in sorted(newest.items()):
            before = self._newest.get(sensor)
            if at > now + AHEAD:
                self._say(sensor, f"are dated {span(at - now)} ahead")
            elif before is not None and before < at < now - BEHIND:
                self._say(sensor, f"come {span(now - at)} late")
                since = min(since, before)
        self._newest = dict(newest)
        return since

    def _say(self, sensor: str, how: str) -> None:
        self.problems.append(
            f"{self._index}: documents of sensor {sensor} {how}: check its clock, and its way here"
        )
