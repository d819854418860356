"""Rules that tell when no sign of life comes: their filters find the real ones of each site."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Any

import pytest
import yaml
from elasticsearch import Elasticsearch

from wardwatch.documents.heartbeat import heartbeat
from wardwatch.outputs.elasticsearch import setup, stream
from wardwatch.outputs.elasticsearch_streams import append

RULES = files("wardwatch.securityonion") / "elastalert"
NAMES = sorted(one.name for one in RULES.iterdir() if one.name.endswith(".yaml"))
INDEX = "logs-iomt_assets_silence"


def rule(name: str) -> dict[str, Any]:
    """Return what a rule says."""
    known: dict[str, Any] = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
    return known


def seen(client: Elasticsearch, known: dict[str, Any], now: float) -> dict[str, int]:
    """Return what ElastAlert counts by a rule: documents of its window, by site."""
    minutes = known["timeframe"]["minutes"]
    window = {"gt": int((now - 60 * minutes) * 1000), "lte": int(now * 1000)}
    query = {"bool": {"filter": [*known["filter"], {"range": {known["timestamp_field"]: window}}]}}
    by = {"by": {"terms": {"field": known.get("query_key", "iomt.site")}}}
    found = client.search(index=known["index"], query=query, aggs=by, size=0)
    return {one["key"]: one["doc_count"] for one in found["aggregations"]["by"]["buckets"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_connector_is_missed(client: Elasticsearch, name: str) -> None:
    setup(client, INDEX)
    known, now = rule(name), time.time()
    assert (known["type"], known["threshold"]) == ("flatline", 1), "what does not come is counted"
    health = {
        "started": now - 9000, "at": now, "assessed": None, "published": None, "sensors": {},
        "feeds": {}, "rows": 0,
    }  # fmt: skip
    for site, at in ((f"talks {name}", now - 60), (f"silent {name}", now - 1200)):
        told = heartbeat({**health, "site": site}, at, "0", [])
        append(client, stream("health", INDEX), [(f"{site} {at}", told)])
    client.indices.refresh(index=stream("health", INDEX))
    assert f"talks {name}" in seen(client, known, now)
    assert f"silent {name}" in seen(client, known, now - 1140)
    assert f"silent {name}" not in seen(client, known, now)
    assert seen(client, known, now + 1200) == {}, "below the threshold: the alert"


def test_each_rule_is_told_apart() -> None:
    assert len(NAMES) == len({rule(name)["detection_public_id"] for name in NAMES}) == 2
    text = (RULES / "README.md").read_text(encoding="utf-8")
    assert all(name in text for name in NAMES)
