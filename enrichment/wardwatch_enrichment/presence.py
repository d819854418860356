"""Which sensors are there: a proof of the contrary counts only while the sensor that gave it is.

Of what happens while a sensor is away for a day nobody knows: a device that refused may have been
switched on since. What was seen to be open stays seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from wardwatch_enrichment.finding import Exposure

GAP = 86_400.0  # a sensor that was away for longer has missed what there was


class Run(NamedTuple):
    """From when to when a sensor was there without a gap, the last time.

    `away` is since when it had been away before, None where it never was.
    """

    since: float
    until: float
    away: float | None

    def is_silent(self, now: float) -> bool:
        """Tell whether it has fallen silent."""
        return now - self.until > GAP

    def bears(self, row: Exposure, now: float) -> bool:
        """Tell whether it has been there without a gap since it saw this."""
        resumed = self.away is not None and row.first_seen < self.since
        return not self.is_silent(now) and not resumed


def runs(sensors: Mapping[str, Iterable[Exposure]], now: float) -> dict[str, Run]:
    """Return the last run of each sensor that tells of itself, by what each says of itself."""
    found = ((name, _run(rows, now)) for name, rows in sensors.items())
    return {name: run for name, run in found if run}


def _run(rows: Iterable[Exposure], now: float) -> Run | None:
    beats = sorted(
        (row.first_seen, min(row.last_seen, now))  # its clock may be ahead
        for row in rows
        if row.value == "sensor" and row.first_seen <= now
    )
    if not beats:
        return None
    (since, until), away = beats[0], None
    for start, end in beats[1:]:
        if start - until > GAP:
            since, away = start, until
        until = max(until, end)
    return Run(since, until, away)


def told(silent: Mapping[str, float]) -> str:
    """Return which sensors are silent since when; empty for none."""
    names = (f"sensor {name} is silent since {day(at)}" for name, at in sorted(silent.items()))
    return ", ".join(names)


def why(known: Mapping[str, Run], names: Iterable[str], now: float) -> str:
    """Return why some sensors no longer bear what they saw; empty for none."""
    gone = {name: known[name] for name in names}
    if silent := {name: run.until for name, run in gone.items() if run.is_silent(now)}:
        return told(silent)
    away = (
        f"sensor {name} was away from {day(run.away or run.since)} to {day(run.since)}"
        for name, run in sorted(gone.items())
    )
    return ", ".join(away)


def day(at: float) -> str:
    """Return a time to the minute, as people read it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def lost(counted: Mapping[str, int]) -> float:
    """Return which share of what was to be seen was lost, by what a sensor counted of itself.

    It counts on the wire, and in what it has to take in: the worse of the two.
    """
    return max(_share(counted, "gaps", "acks"), _share(counted, "dropped", "packets"))


def _share(counted: Mapping[str, int], lost: str, seen: str) -> float:
    if not counted.get(lost):
        return 0.0
    return counted[lost] / max(counted.get(seen, 0), counted[lost])
