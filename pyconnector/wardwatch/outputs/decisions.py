"""What people decided of findings as CSV, which can be taken in again as it is."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import TextIO

from wardwatch.documents.device import time_or_null
from wardwatch.spreadsheet import guarded
from wardwatch_enrichment.risk.records import Decision

COLUMNS = (
    "finding", "device", "vulnerability", "kind", "owner", "status", "comment", "who", "why",
    "until", "at",
)  # fmt: skip
# What helps a person who fills in the rest; it is not read again.
SHOWN = ("label", "score", "name", "serial_number", "place", "reason")


def cells(decision: Decision) -> dict[str, str]:
    """Return a decision by the columns."""
    return {
        "finding": decision.finding,
        "device": decision.device_id,
        "vulnerability": decision.vulnerability,
        "kind": decision.kind,
        "owner": decision.owner,
        "status": decision.status,
        "comment": decision.comment,
        "who": decision.who,
        "why": decision.why,
        "until": time_or_null(decision.until) or "",
        "at": time_or_null(decision.at) or "",
    }


def write(rows: Iterable[Mapping[str, str]], stream: TextIO, more: Iterable[str] = ()) -> int:
    """Write a heading and one row each; returns how many rows there were."""
    columns, count = [*COLUMNS, *more], 0
    writer = csv.writer(stream)
    writer.writerow(columns)
    for count, row in enumerate(rows, 1):  # noqa: B007  counted
        writer.writerow([guarded(row.get(column, "")) for column in columns])
    return count
