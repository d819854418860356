"""The inventory as CSV for spreadsheets, in which no cell is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from wardwatch.documents.device import device_json
from wardwatch.spreadsheet import guarded
from wardwatch_enrichment.model import Device

COLUMNS = (
    "id", "site", "class", "type", "manufacturer", "model", "serial_number", "software_versions",
    "udi", "os", "hostname", "names", "ips", "macs", "via", "first_seen", "last_seen",
)  # fmt: skip


def write(devices: Iterable[Device], stream: TextIO) -> None:
    """Write a heading and one row a device; lists are joined by "; "."""
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for device in devices:
        document = device_json(device)
        writer.writerow([_cell(document[column]) for column in COLUMNS])


def _cell(value: object) -> str:
    return guarded("; ".join(map(str, value)) if isinstance(value, list) else str(value or ""))
