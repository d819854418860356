"""Documents as Security Onion's Elasticsearch has them: what its ingest pipelines make of a line.

Fields and names are those of its pipelines zeek.common, suricata.common and common, and of ours.
Types as in its templates, but for those that the test server does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

Document = dict[str, Any]
DELAY = 20.0  # seconds until the agent has read a line
_RENAMED = {
    "host": ("host", "ip"),
    "mac": ("host", "mac"),
    "subject": ("iomt", "subject"),
    "field": ("iomt", "field"),
    "value": ("iomt", "value"),
}
_KEYWORDS = {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
_ADDRESSES = {"ips": {"path_match": "*.ip", "mapping": {"type": "ip"}}}


_EVENT = {"properties": {"ingested": {"type": "date"}, "dataset": {"type": "keyword"}}}
MAPPINGS = {
    "date_detection": False,
    "dynamic_templates": [_ADDRESSES, _KEYWORDS],
    "properties": {
        "@timestamp": {"type": "date"},
        "message": {"type": "text"},
        "event": _EVENT,
    },
}


def setup(client: Elasticsearch) -> None:
    """Put a template for the data streams."""
    client.indices.put_index_template(
        name="so-logs",
        index_patterns=["logs-zeek-so*", "logs-import-so*", "logs-suricata*"],
        priority=500,
        data_stream={},
        template={"mappings": MAPPINGS, "settings": {"number_of_replicas": 0}},
    )


def write(
    client: Elasticsearch,
    stream: str,
    documents: Iterator[Document],
    *,
    refresh: bool = True,
) -> int:
    """Add documents to a data stream; returns how many."""
    actions = ({"_op_type": "create", "_index": stream, "_source": one} for one in documents)
    done, _ = bulk(client, actions, refresh=refresh)
    return int(done)


def documents(folder: Path, sensor: str, arrived: float | None = None) -> Iterator[Document]:
    """Yield what becomes of the logs of a sensor, which were read there as they were written."""
    for path in sorted(folder.rglob("*.*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield document(line, path.name.partition(".")[0], sensor, arrived)


def document(line: str, log: str, sensor: str, arrived: float | None = None) -> Document:
    """Return what becomes of one line, which was read at some time."""
    row = json.loads(line)
    kind = ("suricata", row["event_type"]) if log == "eve" else ("zeek", log)
    stamp = row["timestamp"].replace("+0000", "+00:00") if log == "eve" else ""
    at = datetime.fromisoformat(stamp).timestamp() if stamp else row["ts"]
    made: Document = {
        "@timestamp": int(at * 1000),
        "event": {
            "module": kind[0],
            "dataset": ".".join(kind),
            "category": "network",
            "ingested": int((at + DELAY if arrived is None else arrived) * 1000),
        },
        "observer": {"name": sensor},
        "log": {"file": {"path": f"/nsm/zeek/logs/current/{log}.log"}},
        "tags": ["elastic-agent", kind[1]],
        "message": line,
    }
    if log == "iomt_asset":
        for name, (group, field) in _RENAMED.items():
            if name in row:
                made.setdefault(group, {})[field] = row[name]
    return made
