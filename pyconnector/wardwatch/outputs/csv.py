"""The inventory as CSV for spreadsheets, in which no cell is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from wardwatch.documents import device_json
from wardwatch_enrichment.model import Device

COLUMNS = (
    "id", "site", "class", "type", "manufacturer", "model", "serial_number", "software_versions",
    "udi", "os", "hostname", "names", "ips", "macs", "via", "first_seen", "last_seen",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  full-width ones work, too


def write(devices: Iterable[Device], stream: TextIO) -> None:
    """Write a heading and one row a device; lists are joined by "; "."""
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for device in devices:
        document = device_json(device)
        writer.writerow([_cell(document[column]) for column in COLUMNS])


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    text = "".join(c if c.isprintable() else " " for c in text)
    # Where the semicolon is the separator, what follows one is a cell of its own.
    return ";".join(
        f"'{part}" if part.lstrip(" \"'").startswith(_FORMULA) else part for part in text.split(";")
    )
