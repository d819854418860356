"""What an index holds, and how documents are sent there: many at once, patiently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from wardwatch.outputs.elasticsearch_client import BUSY, NEEDED, explained, one_line
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError

Action = dict[str, Any]

_PAGE = 5000
_CHUNK_BYTES = 8 << 20
_KEEP_ALIVE = "2m"
_ATTEMPTS = 4  # at single documents that a busy server turned away


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """What a publish did. `failures` names what the server did not take, and why.

    `refused` are the ids of those documents.
    """

    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    closed: int = 0
    failures: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()


def hashes(client: Elasticsearch, index: str, query: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield id and content hash of each document that the query finds."""
    asked: dict[str, Any] = {
        "query": query,
        "size": _PAGE,
        "source": False,
        "docvalue_fields": [{"field": "iomt.content_hash"}],
        "track_total_hits": False,
    }
    first = client.search(index=index, **asked)["hits"]["hits"]
    if len(first) < _PAGE:  # mostly all of some devices: one request instead of three
        yield from map(_hash, first)
        return
    pit = client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
    after: Sequence[Any] | None = None
    try:
        while True:
            page = client.search(
                pit={"id": pit, "keep_alive": _KEEP_ALIVE},
                search_after=after,
                sort=[{"_shard_doc": "asc"}],
                **asked,
            )
            pit, hits = page["pit_id"], page["hits"]["hits"]
            yield from map(_hash, hits)
            if len(hits) < _PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        client.close_point_in_time(id=pit)


def _hash(hit: dict[str, Any]) -> tuple[str, str]:
    return hit["_id"], hit.get("fields", {}).get("iomt.content_hash", [""])[0]


def counted(client: Elasticsearch, site: str, indices: Iterable[str]) -> dict[str, int]:
    """Return how many documents a site has in each index, with all that was written."""
    here, counts = {"term": {"iomt.site": site}}, {}
    for index in indices:
        with explained(client, index):
            client.indices.refresh(index=index)
            counts[index] = int(client.count(index=index, query=here)["count"])
    return counts


def uuids(client: Elasticsearch, indices: Iterable[str]) -> list[str]:
    """Return what tells indices from any others, also from such of the same name."""
    found: list[str] = []
    for index in indices:
        with explained(client, index):
            known = client.indices.get_settings(index=index)
        found += (one["settings"]["index"]["uuid"] for one in known.values())
    return found


def device_ids(client: Elasticsearch, site: str, indices: Iterable[str]) -> set[str]:
    """Return the devices of which a site has a document, or a finding that is open, in indices."""
    closed = {"term": {"iomt.finding.state": "closed"}}
    current = {"bool": {"filter": {"term": {"iomt.site": site}}, "must_not": closed}}
    found: set[str] = set()
    for index in indices:
        by: dict[str, Any] = {"sources": [{"id": {"terms": {"field": "device.id"}}}], "size": _PAGE}
        while True:
            with explained(client, index):
                page = client.search(
                    index=index, size=0, query=current, aggs={"by": {"composite": by}}
                )
            told = page["aggregations"]["by"]
            found.update(bucket["key"]["id"] for bucket in told["buckets"])
            if "after_key" not in told:
                break
            by["after"] = told["after_key"]
    return found


def send(
    client: Elasticsearch, index: str, what: str, actions: Iterable[Action]
) -> tuple[dict[str, int], dict[str, str]]:
    """Send the actions, again while the server is busy; return counts by name, and failures by id.

    `what` is a document of this index in a word.
    """
    done = {"index": 0, "delete": 0, "create": 0}
    failures = {}
    for name, item in _bulk(client, actions):
        if item["status"] < 300:
            done[name] += 1
        elif (name, item["status"]) not in _AS_GOOD:
            failures[item["_id"]] = _failure(index, what, item)
    return done, failures


# What is gone already, and what is there already: an answer that was lost on its way.
_AS_GOOD = (("delete", 404), ("create", 409))


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
    """Return why a document was refused; raises where the index takes none, or not now."""
    error = item["error"]
    reason = one_line(f"{error['type']}: {error['reason']}")
    if error["type"] in _CLOSED:
        raise ElasticsearchError(f"The index {index} takes no writes: {reason}. {_CLOSED_REMEDY}")
    if item["status"] in (401, 403):
        raise ElasticsearchError(
            f"The server does not allow writing to {index} ({reason}): the role needs {NEEDED}."
        )
    if item["status"] in BUSY or item["status"] >= 500:
        raise ElasticsearchError(
            f"The index {index} is too busy, even after waiting ({reason}): try again later."
        )
    return f"{what} {one_line(item['_id'])}: {reason}"


_CLOSED = ("cluster_block_exception", "index_closed_exception")
_CLOSED_REMEDY = (
    "Is the server's disk full? Free space on it: the server then lifts its own block. One that "
    "somebody set is lifted by hand (set index.blocks.write and index.blocks.read_only to null, "
    "or open the index)."
)
