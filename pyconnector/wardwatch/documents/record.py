"""What is kept, row by row, as it is exported: every line says of which kind it is."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from wardwatch.documents.device import iso_time

_TIMES = ("at", "due", "until", "first_seen", "last_seen", "start", "end")


def record_json(kind: str, record: object) -> dict[str, object]:
    """Return a record under the name of its kind; unknown is null, a time is ISO 8601 in UTC."""
    plain: dict[str, object] = msgspec.to_builtins(record)
    return {"record": kind, **_timed(plain)}


def claim_json(first: Mapping[str, object], last_seen: float) -> dict[str, object]:
    """Return a claim: who said what, when first and last, and the first log line that says so."""
    said = {name: value for name, value in first.items() if name != "ts"}
    return {**said, **_timed({"first_seen": first["ts"], "last_seen": last_seen})}


def _timed(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: iso_time(value) if name in _TIMES and isinstance(value, (int, float)) else value
        for name, value in values.items()
    }
