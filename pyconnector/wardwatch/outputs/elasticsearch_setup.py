"""Templates and indices: put, checked, and brought from an older release to this one.

Current state is in plain indices, history in data streams that the first document makes.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, NamedTuple

from elasticsearch import BadRequestError, Elasticsearch
from elasticsearch.helpers import scan, streaming_bulk

from wardwatch.documents import device as assets
from wardwatch.documents import finding as findings
from wardwatch.outputs.elasticsearch_client import explained, one_line
from wardwatch.outputs.elasticsearch_settings import DEFAULT_INDEX, ElasticsearchError

FINDINGS_INDEX = "logs-iomt_findings"
STREAMS = ("changes", "alerts", "health")
_OF_STREAMS = ("iomt-ecs", "iomt-common", "iomt-events")


class _Kind(NamedTuple):
    """A kind of index: its template, that template's parts, and the form of its documents."""

    template: str
    parts: tuple[str, ...]
    schema: int


_ASSETS = _Kind(DEFAULT_INDEX, ("iomt-ecs", "iomt-common", "iomt-assets"), assets.SCHEMA)
_FINDINGS = _Kind(FINDINGS_INDEX, ("iomt-ecs", "iomt-common", "iomt-findings"), findings.SCHEMA)


def findings_index(index: str) -> str:
    """Return the index of the findings that goes with one of devices."""
    return FINDINGS_INDEX + index.removeprefix(DEFAULT_INDEX)


def stream(name: str, index: str = DEFAULT_INDEX) -> str:
    """Return the data stream of that name which goes with an index of devices."""
    return f"logs-iomt.{name}-so" + index.removeprefix(DEFAULT_INDEX)


def setup(
    client: Elasticsearch, index: str = DEFAULT_INDEX, lifecycle_policy: str | None = None
) -> None:
    """Put the templates, and make the indices or bring them to this release's fields.

    `lifecycle_policy` is an ILM policy of the server's that has the history instead of the
    retention which the templates say.
    """
    if not index.startswith(DEFAULT_INDEX):
        raise ElasticsearchError(
            f"The index template is for names that begin with {DEFAULT_INDEX}, not for "
            f"{index!r}: choose such a name, for example {DEFAULT_INDEX}_north."
        )
    with explained(client, index):
        for part in dict.fromkeys((*_ASSETS.parts, *_FINDINGS.parts, *_OF_STREAMS)):
            client.cluster.put_component_template(name=part, body=_template(part))
        for name in STREAMS:
            body = stream_template(name, lifecycle_policy)
            client.indices.put_index_template(name=stream(name), body=body)
            _renew_stream(client, stream(name, index))
        for kind, name in ((_ASSETS, index), (_FINDINGS, findings_index(index))):
            client.indices.put_index_template(name=kind.template, body=_template(kind.template))
            if not client.indices.exists(index=name):
                client.indices.create(index=name)
            _renew(client, kind, name)


def stream_template(name: str, lifecycle_policy: str | None = None) -> dict[str, Any]:
    """Return the template of a data stream, whose age a retention or an ILM policy limits."""
    body = _template(stream(name))
    if lifecycle_policy is not None:
        del body["template"]["lifecycle"]
        body["template"]["settings"]["index"]["lifecycle"] = {"name": lifecycle_policy}
    return body


def check(client: Elasticsearch, index: str = DEFAULT_INDEX) -> None:
    """Raise unless the index is there and was made by this release's `setup`."""
    schema = (_FINDINGS if index.startswith(FINDINGS_INDEX) else _ASSETS).schema
    with explained(client, index):
        found = client.indices.get_mapping(index=index)
    for name, entry in found.items():
        if entry["mappings"].get("_meta", {}).get("schema") != schema:
            raise ElasticsearchError(
                f"The index {one_line(name)} was not made by this release of Wardwatch: "
                "run `wardwatch elasticsearch setup`. If that refuses, too, something else "
                "wrote there before: delete that index first."
            )


def _renew(client: Elasticsearch, kind: _Kind, name: str) -> None:
    """Add the fields that an index of an earlier release lacks; make it anew where that fails."""
    try:
        for part in kind.parts:
            client.indices.put_mapping(index=name, body=_template(part)["template"]["mappings"])
    except BadRequestError:  # a field has another type now
        _remake(client, kind, name)


def _remake(client: Elasticsearch, kind: _Kind, name: str) -> None:
    """Copy an index into a new one, which then has its name as an alias.

    The name changes hands in one step; what was broken off before is begun again. A document that
    no longer fits is left out: the next publish writes it from what is recorded.
    """
    (old,) = client.indices.get_mapping(index=name)
    new = f"{name}.{kind.schema}" if old != f"{name}.{kind.schema}" else f"{name}.{kind.schema}b"
    client.indices.delete(index=new, ignore_unavailable=True)
    client.indices.create(index=new)
    client.indices.refresh(index=old)
    copies = (
        {"_index": new, "_id": hit["_id"], "_source": hit["_source"]}
        for hit in scan(client, index=old)
    )
    for _ in streaming_bulk(client, copies, raise_on_error=False):
        pass
    actions = [{"remove_index": {"index": old}}, {"add": {"index": new, "alias": name}}]
    client.indices.update_aliases(actions=actions)


def _renew_stream(client: Elasticsearch, name: str) -> None:
    """Have a data stream of an earlier release go on with this one's fields.

    They are added where that can be; else a new backing index begins with them, and what is older
    stays as it is.
    """
    if not client.indices.exists(index=name):
        return
    try:
        for part in _OF_STREAMS:
            mappings = _template(part)["template"]["mappings"]
            client.indices.put_mapping(index=name, body=mappings, write_index_only=True)
    except BadRequestError:
        client.indices.rollover(alias=name)


def _template(name: str) -> dict[str, Any]:
    path = files(__package__) / "index_templates" / f"{name}.json"
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template
