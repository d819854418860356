"""The connector's sign of life as an Elasticsearch document: how it, its sensors and feeds are.

It is written with each publish. Where none comes any more, the connector has stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wardwatch.documents.bounds import Cut, known
from wardwatch.documents.device import iso_time, time_or_null

SCHEMA = 1
SENSORS, PROBLEMS = 64, 16

_COUNTS = ("rows", "bad_rows", "behind", "devices", "store_bytes", "waiting")


def heartbeat(
    health: Mapping[str, Any], now: float, version: str, warnings: Iterable[str]
) -> dict[str, object]:
    """Return the sign of life at a time, by what the process says of itself."""
    cut = Cut()
    told = cut.items(warnings, PROBLEMS)
    sensors = cut.items(sorted(health["sensors"].items()), SENSORS)
    feeds = cut.items(sorted(health["feeds"].items()), SENSORS)
    iomt = {
        "schema": SCHEMA,
        "site": cut.text(health["site"]),
        "health": {
            "status": "warning" if told else "ok",
            "warnings": cut.texts(told),
            "started": iso_time(health["started"]),
            "last_cycle": time_or_null(health["at"] or None),
            "lag_seconds": round(max(now - (health["at"] or health["started"]), 0.0), 1),
            "assessed": time_or_null(health["assessed"]),
            "published": time_or_null(health["published"]),
            "sensors": [_sensor(name, dict(seen), now, cut) for name, seen in sensors],
            "feeds": [
                {"name": cut.text(name), "newest": time_or_null(newest)} for name, newest in feeds
            ],
            **{name: health.get(name) for name in _COUNTS},
        },
    }
    return known({
        "@timestamp": iso_time(now),
        "event": {
            "kind": "metric",
            "category": ["host"],
            "type": ["info"],
            "module": "iomt",
            "dataset": "iomt.health",
        },
        "observer": {"name": cut.texts(name for name, _ in sensors)},
        "service": {"name": "wardwatch", "version": version},
        "iomt": iomt,
    })  # fmt: skip


def _sensor(name: str, seen: dict[str, float], now: float, cut: Cut) -> dict[str, object]:
    last = seen["last_seen"]
    return {
        "name": cut.text(name),
        "last_seen": iso_time(last),
        "silent_seconds": round(max(now - last, 0.0), 1),
        "loss": round(seen.get("loss", 0.0), 4),
    }
