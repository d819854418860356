"""How the connector, its sensors and its feeds are: for `status`, and for Prometheus on loopback.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from ipaddress import ip_address
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wardwatch.store import Store
from wardwatch_enrichment.surroundings import DAY, LOSS, share

WEEK = 7 * DAY


@dataclass(slots=True, kw_only=True)
class Health:
    """What a process that follows a site says of itself. Times are seconds since the epoch.

    `behind` is how many bytes of logs wait.
    """

    site: str
    pid: int
    started: float
    at: float = 0.0
    rows: int = 0
    bad_rows: int = 0
    behind: int = 0
    took: float = 0.0
    devices: int = 0
    assessed: float | None = None
    published: float | None = None
    publish_error: str | None = None
    store_bytes: int = 0
    sensors: dict[str, dict[str, float]] = field(default_factory=dict)
    feeds: dict[str, float | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def count(self, store: Store) -> None:
        """Note how many devices there are, and how large the database is."""
        self.devices = store.device_count(self.site)
        self.store_bytes = store.size()

    def look(self, store: Store, now: float) -> None:
        """Note how the sensors and the feeds are, for which all their rows are read."""
        self.sensors = dict(sensors(store, self.site, now))
        self.feeds = {feed.name: feed.newest or feed.taken for feed in store.feeds()}

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
        yield name, {"last_seen": seen, "loss": max(share(told, *w) for w in _LOSSES)}


_LOSSES = (("gaps", "acks"), ("dropped", "packets"))


def warnings(health: dict[str, Any], now: float) -> Iterator[str]:
    """Yield what an operator has to look at, each with what to do."""
    silent = now - health["at"]
    if silent > 300:
        yield f"the connector has not been heard of for {_span(silent)}: start it again"
    for name, told in health["sensors"].items():
        if now - told["last_seen"] > DAY:
            yield (
                f"sensor {name} has been silent for {_span(now - told['last_seen'])}: what rests "
                "on its silence counts no more; look at it"
            )
        elif told["loss"] > LOSS:
            yield f"sensor {name} loses {told['loss']:.1%}: refusals prove nothing there"
    for name, newest in health["feeds"].items():
        if newest is not None and now - newest > WEEK:
            yield f"feed {name} is {_span(now - newest)} old: `wardwatch feeds update`"
    if health["publish_error"]:
        yield f"Elasticsearch: {health['publish_error']}"
    yield from health["problems"]


def _span(seconds: float) -> str:
    for size, word in ((DAY, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} seconds"


class _Metrics(Collector):
    def __init__(self, ask: Callable[[], Health]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        health = self._ask()
        names = ["site"]
        for name, text, value in (
            ("rows", "Rows taken from logs", health.rows),
            ("bad_rows", "Lines that could not be used", health.bad_rows),
        ):
            counter = CounterMetricFamily(f"wardwatch_{name}", text, labels=names)
            counter.add_metric([health.site], value)
            yield counter
        gauges: tuple[tuple[str, str, float | None], ...] = (
            ("behind_bytes", "Log bytes that wait to be read", health.behind),
            ("cycle_seconds", "How long the last cycle took", health.took),
            ("cycle_timestamp_seconds", "When the last cycle ended", health.at),
            ("assessed_timestamp_seconds", "When risks were last worked out", health.assessed),
            ("published_timestamp_seconds", "When Elasticsearch last took all", health.published),
            ("devices", "Devices in the inventory", health.devices),
            ("store_bytes", "Bytes of the database in use", health.store_bytes),
        )
        for name, text, value_or_none in gauges:
            if value_or_none is not None:
                gauge = GaugeMetricFamily(f"wardwatch_{name}", text, labels=names)
                gauge.add_metric([health.site], value_or_none)
                yield gauge
        yield from self._of_many(health)

    def _of_many(self, health: Health) -> Iterator[Metric]:
        seen = GaugeMetricFamily(
            "wardwatch_sensor_heartbeat_timestamp_seconds",
            "A sensor's last sign of life",
            labels=["site", "sensor"],
        )
        loss = GaugeMetricFamily(
            "wardwatch_sensor_loss_ratio", "What a sensor lost", labels=["site", "sensor"]
        )
        for name, told in health.sensors.items():
            seen.add_metric([health.site, name], told["last_seen"])
            loss.add_metric([health.site, name], told["loss"])
        newest = GaugeMetricFamily(
            "wardwatch_feed_newest_timestamp_seconds", "A feed's newest content", labels=["feed"]
        )
        for name, at in health.feeds.items():
            if at is not None:
                newest.add_metric([name], at)
        yield from (seen, loss, newest)


def serve(address: str, ask: Callable[[], Health]) -> Callable[[], None]:
    """Answer Prometheus at host:port, on loopback alone; returns what stops it.

    Raises `ValueError` for another address.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or not _is_loopback(host):
        raise ValueError(f"{address}: only loopback is served, as in 127.0.0.1:9477")
    registry = CollectorRegistry()
    registry.register(_Metrics(ask))
    server, thread = start_http_server(int(port), host, registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
