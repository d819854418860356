"""How the connector, its sensors and its feeds are, and what an operator has to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wardwatch.risk import ages
from wardwatch.running.following import Source
from wardwatch.store import Store
from wardwatch_enrichment.presence import lost
from wardwatch_enrichment.surroundings import DAY, LOSS

STOPPED = 300.0  # seconds without a word of the process
LATE = 3600.0  # seconds that rows may wait, or risks may be old


@dataclass(slots=True, kw_only=True)
class Health:
    """What a process that follows a site says of itself. Times are seconds since the epoch.

    `behind` is how many bytes of logs wait, `sources` tells it by log: ``rows``, ``newest`` (the
    time of the newest row) and ``behind``. `feeds` are of when their data is, None where never
    taken. `waiting` is how much Elasticsearch was not told yet, and `publish_failing` since when it
    cannot be. `live` is what `live.Told` says of the live feed, None where that is off.
    """

    site: str
    pid: int
    started: float
    at: float = 0.0
    rows: int = 0
    bad_rows: int = 0
    behind: int = 0
    sources: dict[str, dict[str, float]] = field(default_factory=dict)
    took: float = 0.0
    devices: int = 0
    assessed: float | None = None
    published: float | None = None
    publish_error: str | None = None
    publish_failing: float | None = None
    waiting: int = 0
    store_bytes: int = 0
    sensors: dict[str, dict[str, float]] = field(default_factory=dict)
    feeds: dict[str, float | None] = field(default_factory=dict)
    live: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def begun(cls, store: Store, site: str, now: float) -> Health:
        """Return the health of a process that begins; what the one before last did still holds."""
        before = store.health(site) or {}
        return cls(
            site=site,
            pid=os.getpid(),
            started=now,
            assessed=before.get("assessed"),
            published=before.get("published"),
            sources={
                log: {"rows": 0, "newest": told["newest"], "behind": 0}
                for log, told in before.get("sources", {}).items()
            },
        )

    def take(self, sources: Mapping[str, Source], now: float) -> None:
        """Note what one look at the logs brought, by log."""
        known = {log: {**told, "behind": 0} for log, told in self.sources.items()}
        for log, source in sources.items():
            told = known.get(log, {"rows": 0, "newest": 0.0})
            newest = min(source.newest, now)  # a clock may be ahead
            known[log] = {
                "rows": told["rows"] + source.rows,
                "newest": max(told["newest"], newest),
                "behind": source.behind,
            }
        self.sources = known  # anew, because Prometheus may be reading the one before

    def count(self, store: Store) -> None:
        """Note how many devices there are, how large the database is, and what was not told."""
        self.devices = store.device_count(self.site)
        self.store_bytes = store.size()
        self.waiting = store.waiting(self.site)

    def look(self, store: Store, now: float) -> None:
        """Note how the sensors, the feeds and the output are."""
        self.sensors = dict(sensors(store, self.site, now))
        self.feeds = {feed.name: ages.as_of(feed) for feed in store.feeds()}
        if not self.publish_error:
            self.publish_failing = None
        elif self.publish_failing is None:
            self.publish_failing = now

    def document(self) -> dict[str, Any]:
        """Return it as `status` reads it."""
        return asdict(self)


def sensors(store: Store, site: str, now: float) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield each sensor of a site with its last sign of life, and what it lost on that day."""
    rows = store.coverage(site)
    counted: dict[str, dict[str, int]] = {}
    last: dict[str, float] = {}
    for row in rows:
        if row.value == "sensor":
            last[row.sensor] = max(min(row.last_seen, now), last.get(row.sensor, 0.0))
    for row in rows:
        seen = last.get(row.sensor)
        if seen is not None and row.value and row.first_seen // DAY == seen // DAY:
            told = counted.setdefault(row.sensor, {})
            told[row.value] = told.get(row.value, 0) + row.count
    for name, seen in sorted(last.items()):
        told = counted.get(name, {})
        yield name, {"last_seen": seen, "loss": lost(told)}


def warnings(health: Mapping[str, Any], now: float) -> Iterator[str]:
    """Yield what an operator has to look at, each with what to do."""
    silent = now - health["at"]
    if silent > STOPPED:
        yield f"the connector has not been heard of for {span(silent)}: start it again"
    yield from _sources(health, now)
    yield from _sensors(health["sensors"], now)
    for name, at in health["feeds"].items():
        if old := ages.aged(name, at, now):
            yield f"{old}: `wardwatch feeds update`, or `feeds import` takes a newer file"
    if error := health["publish_error"]:
        since = health.get("publish_failing")
        waits = f"for {span(now - since)}, {health.get('waiting', 0)} wait: " if since else ""
        yield f"Elasticsearch: {waits}{error}"
    yield from health["problems"]


def _sources(health: Mapping[str, Any], now: float) -> Iterator[str]:
    for log, told in health.get("sources", {}).items():
        late = now - told["newest"] if told["newest"] else 0.0
        if told["behind"] and late > LATE:
            yield f"{log}: is read {span(late)} late, {told['behind']:.0f} bytes wait"
    old = now - (health["assessed"] or health["started"])  # not since the last of many starts
    if old > LATE and now - health["at"] <= STOPPED:
        yield f"risks have not been worked out for {span(old)}: see what it logs"


def _sensors(known: Mapping[str, Mapping[str, float]], now: float) -> Iterator[str]:
    for name, told in known.items():
        if now - told["last_seen"] > DAY:
            yield (
                f"sensor {name} has been silent for {span(now - told['last_seen'])}: what rests "
                "on it cannot be told any more; look at it"
            )
        elif told["loss"] > LOSS:
            yield f"sensor {name} loses {told['loss']:.1%}: refusals prove nothing there"


def span(seconds: float) -> str:
    """Return how long something lasts, in words."""
    for size, word in ((DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{max(seconds, 0):.0f} seconds"
