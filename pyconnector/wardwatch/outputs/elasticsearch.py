"""Elasticsearch: one document per device in a plain index, for Kibana and Security Onion.

`setup` puts the templates and makes the index, `publish` makes the index equal to the inventory
of a site. Both can be repeated at any time: documents have the device's id, and only what changed
is written. https://www.elastic.co/docs/api/doc/elasticsearch
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from wardwatch.documents import SCHEMA, asset_document
from wardwatch.outputs.elasticsearch_client import (
    BUSY,
    DEFAULT_INDEX,
    ElasticsearchError,
    ElasticsearchSettings,
    connect,
    explained,
    one_line,
)
from wardwatch_enrichment.model import Device

__all__ = [
    "DEFAULT_INDEX",
    "ElasticsearchError",
    "ElasticsearchSettings",
    "PublishResult",
    "check",
    "connect",
    "publish",
    "setup",
]

COMPONENT_TEMPLATES = ("iomt-ecs", "iomt-assets")

_PAGE = 5000
_CHUNK_BYTES = 8 << 20
_KEEP_ALIVE = "2m"
_ATTEMPTS = 4  # at single documents that a busy server turned away


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """What a publish did. `failures` names the devices that the server did not take, and why."""

    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    failures: tuple[str, ...] = ()


def setup(client: Elasticsearch, index: str = DEFAULT_INDEX) -> None:
    """Put the templates, and make the index or bring it to this release's fields."""
    if not index.startswith(DEFAULT_INDEX):
        raise ElasticsearchError(
            f"The index template is for names that begin with {DEFAULT_INDEX}, not for "
            f"{index!r}: choose such a name, for example {DEFAULT_INDEX}_north."
        )
    with explained(client, index):
        for name in COMPONENT_TEMPLATES:
            client.cluster.put_component_template(name=name, body=_template(name))
        client.indices.put_index_template(name=DEFAULT_INDEX, body=_template(DEFAULT_INDEX))
        if not client.indices.exists(index=index):
            client.indices.create(index=index)
        for name in COMPONENT_TEMPLATES:  # for an index that an earlier release made
            client.indices.put_mapping(index=index, body=_template(name)["template"]["mappings"])


def check(client: Elasticsearch, index: str = DEFAULT_INDEX) -> None:
    """Raise unless the index is there and was made by this release's `setup`."""
    with explained(client, index):
        found = client.indices.get_mapping(index=index)
    for name, entry in found.items():
        if entry["mappings"].get("_meta", {}).get("schema") != SCHEMA:
            raise ElasticsearchError(
                f"The index {one_line(name)} was not made by this release of Wardwatch: "
                "run `wardwatch elasticsearch setup`. If that refuses, too, something else "
                "wrote there before: delete that index first."
            )


def publish(
    client: Elasticsearch, site: str, devices: Iterable[Device], index: str = DEFAULT_INDEX
) -> PublishResult:
    """Make the site's documents equal to its devices: write what changed, delete what is gone."""
    check(client, index)
    with explained(client, index):
        work = _Work(index, _stored_of(client, index, site))
        written, deleted, failures = 0, 0, []
        for name, item in _bulk(client, work.actions(client, devices)):
            if item["status"] < 300:
                written, deleted = written + (name == "index"), deleted + (name == "delete")
            elif (name, item["status"]) != ("delete", 404):  # gone already is as good
                failures.append(_failure(index, item))
        client.indices.refresh(index=index)
    return PublishResult(
        written=written, unchanged=work.unchanged, deleted=deleted, failures=tuple(failures)
    )


@dataclass
class _Work:
    """What has to be sent, given the content hash of each document that is stored."""

    index: str
    stored: dict[str, str]
    present: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)
    unchanged: int = 0

    def actions(self, client: Elasticsearch, devices: Iterable[Device]) -> Iterator[dict[str, Any]]:
        """Yield the bulk actions; deletions last, so that no device is ever missing."""
        for device in devices:
            self.present.add(device.id)
            self.former.update(device.former_ids)
            document: dict[str, Any] = asset_document(device)
            if self.stored.get(device.id) == document["iomt"]["content_hash"]:
                self.unchanged += 1
                continue
            yield {"_index": self.index, "_id": device.id, "_source": document}
        for old in sorted(self._gone(client)):
            yield {"_op_type": "delete", "_index": self.index, "_id": old}

    def _gone(self, client: Elasticsearch) -> set[str]:
        # A device that was merged into one of this site may have been another site's.
        elsewhere = sorted(self.former - self.present - self.stored.keys())
        query = {"ids": {"values": elsewhere}}
        found = dict(_hashes(client, self.index, query)) if elsewhere else {}
        return (self.stored.keys() | found.keys()) - self.present


def _stored_of(client: Elasticsearch, index: str, site: str) -> dict[str, str]:
    client.indices.refresh(index=index)  # else what an earlier publish wrote may be unseen yet
    return dict(_hashes(client, index, {"term": {"iomt.site": site}}))


def _hashes(client: Elasticsearch, index: str, query: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield id and content hash of each document that the query finds."""
    pit = client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
    after: Sequence[Any] | None = None
    try:
        while True:
            page = client.search(
                query=query,
                pit={"id": pit, "keep_alive": _KEEP_ALIVE},
                search_after=after,
                sort=[{"_shard_doc": "asc"}],
                size=_PAGE,
                source=False,
                docvalue_fields=[{"field": "iomt.content_hash"}],
                track_total_hits=False,
            )
            pit, hits = page["pit_id"], page["hits"]["hits"]
            for hit in hits:
                yield hit["_id"], hit.get("fields", {}).get("iomt.content_hash", [""])[0]
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        client.close_point_in_time(id=pit)


def _bulk(
    client: Elasticsearch, actions: Iterable[dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Send the actions and yield each one's name and outcome, retried while the server is busy."""
    outcomes = streaming_bulk(
        client,
        actions,
        max_chunk_bytes=_CHUNK_BYTES,
        raise_on_error=False,
        max_retries=_ATTEMPTS,
        initial_backoff=1,
        retry_on_status=BUSY,
    )
    for _, outcome in outcomes:
        yield from outcome.items()


def _failure(index: str, item: dict[str, Any]) -> str:
    error = item["error"]
    reason = one_line(f"{error['type']}: {error['reason']}")
    if error["type"] == "cluster_block_exception":
        raise ElasticsearchError(
            f"The index {index} takes no writes: {reason}. Is the server's disk full? Free space "
            "on it, then lift the block (set index.blocks.write and index.blocks.read_only to "
            "null)."
        )
    return f"device {one_line(item['_id'])}: {reason}"


def _template(name: str) -> dict[str, Any]:
    path = files(__package__) / "index_templates" / f"{name}.json"
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template
