"""Kibana's saved objects: one file each under `kibana/`, put together into what it imports.

In the files the attributes that Kibana keeps as JSON in a text are plain JSON, to be read and
compared; `build` makes texts of them. What leads to a report is left out where none is named.
https://www.elastic.co/docs/api/doc/kibana/operation/operation-post-saved-objects-import
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wardwatch.outputs.kibana_settings import KibanaError

FOLDERS = ("data-view", "lens", "search", "links", "dashboard")  # in the order of their references
REPORT, REPORT_PAGE = "REPORT_URL", "REPORT_PAGE"
PAGE = "_id"  # a document's id is the device's, and that of its page in the report

_TEXTS = frozenset((
    "fieldAttrs", "fieldFormatMap", "fields", "ignoreParentSettingsJSON", "optionsJSON",
    "panelsJSON", "runtimeFieldMap", "searchSourceJSON", "sourceFilters", "typeMeta",
))  # fmt: skip
_FOLDER = "-devices"
_PAGE = "{{value}}"
_ADDRESS = re.compile(r"[A-Za-z0-9:/._~%\[\]@+-]+")

Saved = dict[str, Any]


def directory() -> Path:
    """Return where the files are: in the installed package, or in the checkout."""
    shipped = Path(str(files("wardwatch"))) / "kibana"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[3] / "kibana"


def objects() -> list[Saved]:
    """Return the saved objects as they are in the files."""
    paths = (path for name in FOLDERS for path in sorted((directory() / name).glob("*.json")))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def build(report: str | None = None) -> bytes:
    """Return all of them as Kibana imports them: one object a line.

    `report` is the web address of a report, or of the folder of its device pages if it has one.
    """
    known = objects()
    if report is None:
        for one in known:
            _leave_out(one["attributes"])
    text = "".join(json.dumps(_stored(one), sort_keys=True) + "\n" for one in known)
    index, page = _addresses(report) if report is not None else ("", "")
    return text.replace(REPORT_PAGE, page).replace(REPORT, index).encode()


def _addresses(report: str) -> tuple[str, str]:
    """Return the addresses of a report and of a device's page in it, up to the device's id."""
    parts = urlsplit(report)
    if parts.scheme in ("http", "https") and parts.netloc and _ADDRESS.fullmatch(report):
        if report.endswith(".html"):
            return report, f"{report}#{_PAGE}"
        folder = report.rstrip("/")
        if folder.endswith(_FOLDER):  # as `wardwatch report` names it
            return f"{folder.removesuffix(_FOLDER)}.html", f"{folder}/{_PAGE}.html"
    raise KibanaError(
        f"{report!r} is no web address of a report: write that of its file, as "
        "https://reports.hospital.example/report.html, or of the folder of its device pages, as "
        "https://reports.hospital.example/report-devices"
    )


def _leave_out(attributes: Saved) -> None:
    """Take out what leads to a report."""
    for name in ("fieldAttrs", "fieldFormatMap"):
        attributes.get(name, {}).pop(PAGE, None)
    for name in ("links", "columns"):
        if name in attributes:
            attributes[name] = [one for one in attributes[name] if not _leads_to_report(one)]


def _leads_to_report(one: Any) -> bool:
    return one == PAGE or (isinstance(one, dict) and one.get("destination") == REPORT)


def _stored(value: Any) -> Any:
    """Return a value as Kibana keeps it."""
    if isinstance(value, dict):
        return {
            key: json.dumps(_stored(one), sort_keys=True) if key in _TEXTS else _stored(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_stored(one) for one in value]
    return value
