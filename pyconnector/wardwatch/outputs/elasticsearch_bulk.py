"""What an index holds, and how documents are sent there: many at once, patiently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from wardwatch.outputs.elasticsearch_client import BUSY, one_line
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError

Action = dict[str, Any]

_PAGE = 5000
_CHUNK_BYTES = 8 << 20
_KEEP_ALIVE = "2m"
_ATTEMPTS = 4  # at single documents that a busy server turned away


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """What a publish did. `failures` names what the server did not take, and why."""

    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    closed: int = 0
    failures: tuple[str, ...] = ()


def hashes(client: Elasticsearch, index: str, query: dict[str, Any]) -> Iterator[tuple[str, str]]:
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


def send(
    client: Elasticsearch, index: str, what: str, actions: Iterable[Action]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Send the actions, again while the server is busy; return counts by name, and failures.

    `what` is a document of this index in a word.
    """
    done = {"index": 0, "delete": 0}
    failures = []
    for name, item in _bulk(client, actions):
        if item["status"] < 300:
            done[name] += 1
        elif (name, item["status"]) != ("delete", 404):  # gone already is as good
            failures.append(_failure(index, what, item))
    client.indices.refresh(index=index)
    return done, tuple(failures)


def _bulk(client: Elasticsearch, actions: Iterable[Action]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each action's name and outcome."""
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


def _failure(index: str, what: str, item: dict[str, Any]) -> str:
    error = item["error"]
    reason = one_line(f"{error['type']}: {error['reason']}")
    if error["type"] == "cluster_block_exception":
        raise ElasticsearchError(
            f"The index {index} takes no writes: {reason}. Is the server's disk full? Free space "
            "on it, then lift the block (set index.blocks.write and index.blocks.read_only to "
            "null)."
        )
    return f"{what} {one_line(item['_id'])}: {reason}"
