"""A site that is read from an Elasticsearch, and rows to put there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onion_documents as onion
from elasticsearch import Elasticsearch

from wardwatch.config import Config, RunSettings, SiteSettings
from wardwatch.outputs.elasticsearch import ElasticsearchSettings
from wardwatch.running.loop import Running
from wardwatch.store import Store

ROW = {
    "uid": "C1",
    "id.orig_h": "10.0.0.7",
    "id.resp_h": "10.0.0.8",
    "id.resp_p": 443,
    "proto": "tcp",
    "conn_state": "SF",
}
CLAIM = {"host": "10.0.0.7", "mac": "02:00:00:00:00:07", "subject": "dicom:1", "source": "dicom"}
HOUR, DAY = 3600.0, 86_400.0


class Site:
    """A site that is read from a server; each look is one cycle of `run`."""

    def __init__(self, db: Path, url: str, *patterns: str, days: int = 30) -> None:
        self.db, self.told = db, list[str]()
        self.store = Store(db)
        run = RunSettings(elasticsearch=patterns, elasticsearch_days=days)
        settings = ElasticsearchSettings(url=url)
        config = Config(site=SiteSettings(name="north"), elasticsearch=settings, run=run)
        self.running = Running(self.store, config, self.told.append, {})

    def look(self, *, late: bool = False) -> list[str]:
        """Read all that is there, also what is `late`; returns what is wrong."""
        gathered = self.running._gathering
        assert gathered is not None
        for pattern in gathered._patterns:
            pattern._looked = -DAY  # the minute is over
            pattern._looked_late = -DAY if late else pattern._looked_late
        while self.running.cycle():
            pass
        return self.running.health.problems

    def kept(self, query: str) -> list[Any]:
        """Ask the database."""
        return list(self.store._db.execute(query))


def conn(at: float, **changes: object) -> str:
    """Return a row of conn.log."""
    return json.dumps({"ts": at, **ROW, **changes})


def claim(at: float, field: str, value: str, **changes: object) -> str:
    """Return a row of iomt_asset.log."""
    return json.dumps({"ts": at, **CLAIM, "field": field, "value": value, **changes})


def put(client: Elasticsearch, stream: str, rows: Iterable[tuple[str, str]], **when: float) -> None:
    """Write (log, line) of sensor s1 into a data stream."""
    onion.write(client, stream, (onion.document(line, log, "s1", **when) for log, line in rows))
