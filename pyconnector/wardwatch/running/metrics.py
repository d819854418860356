"""The health of a process that follows a site, for Prometheus, on loopback alone.

https://prometheus.io/docs/instrumenting/exposition_formats/
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wardwatch.running.health import Health

_Samples = Iterable[tuple[tuple[str, ...], float | None]]


class _Metrics(Collector):
    def __init__(self, ask: Callable[[], Health]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        health = self._ask()
        yield from _of_site(health)
        yield from _of_sources(health)
        yield from _of_sensors(health)
        yield from _of_output(health)
        dated = (((name,), at or 0.0) for name, at in health.feeds.items())
        yield _gauge(
            "feed_as_of_timestamp_seconds",
            "Of when the data of a feed is; 0 where it was never taken",
            ("feed",),
            dated,
        )


def _of_site(health: Health) -> Iterator[Metric]:
    for name, text, count in (
        ("rows", "Rows taken from logs", health.rows),
        ("bad_rows", "Lines that could not be used", health.bad_rows),
    ):
        yield _counter(name, text, ("site",), [((health.site,), count)])
    gauges: tuple[tuple[str, str, float | None], ...] = (
        ("started_timestamp_seconds", "When the process started", health.started),
        ("waiting_bytes", "Log bytes that wait to be read", health.behind),
        ("cycle_seconds", "How long the last cycle took", health.took),
        ("cycle_timestamp_seconds", "When the last cycle ended", health.at),
        ("assessed_timestamp_seconds", "When risks were last worked out", health.assessed),
        ("devices", "Devices in the inventory", health.devices),
        ("store_bytes", "Bytes of the database in use", health.store_bytes),
        ("problems", "Problems that an operator has to look at", len(health.problems)),
    )
    for name, text, value in gauges:
        yield _gauge(name, text, ("site",), [((health.site,), value)])


def _of_sources(health: Health) -> Iterator[Metric]:
    names = ("site", "log")
    known = [((health.site, log), told) for log, told in health.sources.items()]
    rows = ((key, told["rows"]) for key, told in known)
    yield _counter("source_rows", "Rows taken from the files of a log", names, rows)
    newest = ((key, told["newest"] or None) for key, told in known)
    text = "The time of the newest row of a log"
    yield _gauge("source_newest_timestamp_seconds", text, names, newest)
    lag = ((key, health.at - told["newest"] if told["newest"] else None) for key, told in known)
    text = "How long before the last cycle the newest row of a log was"
    yield _gauge("source_lag_seconds", text, names, ((k, v and max(v, 0.0)) for k, v in lag))
    waits = ((key, told["behind"]) for key, told in known)
    yield _gauge("source_waiting_bytes", "Bytes of a log that wait to be read", names, waits)


def _of_sensors(health: Health) -> Iterator[Metric]:
    names = ("site", "sensor")
    known = [((health.site, name), told) for name, told in health.sensors.items()]
    seen = ((key, told["last_seen"]) for key, told in known)
    yield _gauge("sensor_heartbeat_timestamp_seconds", "A sensor's last sign of life", names, seen)
    loss = ((key, told["loss"]) for key, told in known)
    yield _gauge("sensor_loss_ratio", "What a sensor lost on its last day", names, loss)
    if live := health.live:
        here, connected = (health.site,), live["since"] is not None
        text = "Whether the live feed is connected"
        yield _gauge("live_connected", text, ("site",), [(here, connected)])
        text = "When the sensor was last heard live"
        heard = [(here, live["heard"])]
        yield _gauge("live_heard_timestamp_seconds", text, ("site",), heard)
        text = "Rows taken from the live feed"
        yield _counter("live_rows", text, ("site",), [(here, live["rows"])])


def _of_output(health: Health) -> Iterator[Metric]:
    for name, text, value in (
        ("published_timestamp_seconds", "When Elasticsearch last took all", health.published),
        ("output_waiting", "Devices and events that it was not told of", health.waiting),
        ("output_failing", "Whether it cannot be written to", bool(health.publish_error)),
        (
            "output_failing_since_timestamp_seconds",
            "Since when it cannot be written to",
            health.publish_failing,
        ),
    ):
        yield _gauge(name, text, ("site",), [((health.site,), value)])


def _gauge(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    return _filled(GaugeMetricFamily(f"wardwatch_{name}", text, labels=labels), samples)


def _counter(name: str, text: str, labels: tuple[str, ...], samples: _Samples) -> Metric:
    return _filled(CounterMetricFamily(f"wardwatch_{name}", text, labels=labels), samples)


def _filled(
    made: GaugeMetricFamily | CounterMetricFamily, samples: _Samples
) -> GaugeMetricFamily | CounterMetricFamily:
    """Return a metric with its samples; what is not known has none."""
    for labels, value in samples:
        if value is not None:
            made.add_metric(labels, value)
    return made


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
