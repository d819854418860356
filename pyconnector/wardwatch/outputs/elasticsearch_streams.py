"""History: data streams to which documents are only ever added, each once.

A document's id is made of what it tells, so what is sent again because an answer was lost is not
there twice. https://www.elastic.co/docs/manage-data/data-store/data-streams
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from wardwatch.outputs.elasticsearch_bulk import PublishResult, send
from wardwatch.outputs.elasticsearch_client import explained


def append(
    client: Elasticsearch, stream: str, documents: Iterable[tuple[str, Mapping[str, Any]]]
) -> PublishResult:
    """Add documents by their ids; what is there already stays as it is."""
    actions = (
        {"_op_type": "create", "_index": stream, "_id": name, "_source": document}
        for name, document in documents
    )
    with explained(client, stream):
        done, failures = send(client, stream, "document", actions)
    told, refused = tuple(failures.values()), frozenset(failures)
    return PublishResult(written=done["create"], failures=told, refused=refused)
