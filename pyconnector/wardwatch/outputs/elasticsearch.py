"""Elasticsearch: plain indices of devices and of findings, for Kibana and Security Onion.

`setup` puts the templates and makes the indices, `publish` makes that of the devices equal to the
inventory of a site. Both can be repeated at any time: documents have the device's id, and only
what changed is written. https://www.elastic.co/docs/api/doc/elasticsearch
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch

from wardwatch.documents import device as assets
from wardwatch.documents import finding as findings
from wardwatch.documents.device import asset_document
from wardwatch.outputs.elasticsearch_bulk import Action, PublishResult, hashes, send
from wardwatch.outputs.elasticsearch_client import connect, explained, one_line
from wardwatch.outputs.elasticsearch_settings import (
    DEFAULT_INDEX,
    ElasticsearchError,
    ElasticsearchSettings,
)
from wardwatch_enrichment.model import Device

__all__ = [
    "DEFAULT_INDEX",
    "FINDINGS_INDEX",
    "ElasticsearchError",
    "ElasticsearchSettings",
    "PublishResult",
    "check",
    "connect",
    "findings_index",
    "publish",
    "setup",
]

FINDINGS_INDEX = "logs-iomt_findings"
Risks = Mapping[str, Mapping[str, object]]


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


def setup(client: Elasticsearch, index: str = DEFAULT_INDEX) -> None:
    """Put the templates, and make the indices or bring them to this release's fields."""
    if not index.startswith(DEFAULT_INDEX):
        raise ElasticsearchError(
            f"The index template is for names that begin with {DEFAULT_INDEX}, not for "
            f"{index!r}: choose such a name, for example {DEFAULT_INDEX}_north."
        )
    with explained(client, index):
        for kind, name in ((_ASSETS, index), (_FINDINGS, findings_index(index))):
            for part in kind.parts:
                client.cluster.put_component_template(name=part, body=_template(part))
            client.indices.put_index_template(name=kind.template, body=_template(kind.template))
            if not client.indices.exists(index=name):
                client.indices.create(index=name)
            for part in kind.parts:  # for an index that an earlier release made
                client.indices.put_mapping(index=name, body=_template(part)["template"]["mappings"])


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


def publish(
    client: Elasticsearch,
    site: str,
    devices: Iterable[Device],
    index: str = DEFAULT_INDEX,
    risks: Risks | None = None,
) -> PublishResult:
    """Make the site's documents equal to its devices: write what changed, delete what is gone.

    `risks` is what the findings of devices come to, by their ids.
    """
    check(client, index)
    with explained(client, index):
        client.indices.refresh(index=index)  # else what was written just now may be unseen yet
        stored = dict(hashes(client, index, {"term": {"iomt.site": site}}))
        work = _Work(index, stored, risks or {})
        done, failures = send(client, index, "device", work.actions(client, devices))
    return PublishResult(
        written=done["index"],
        unchanged=work.unchanged,
        deleted=done["delete"],
        failures=failures,
    )


@dataclass
class _Work:
    """What has to be sent, given the content hash of each document that is stored."""

    index: str
    stored: dict[str, str]
    risks: Risks
    present: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)
    unchanged: int = 0

    def actions(self, client: Elasticsearch, devices: Iterable[Device]) -> Iterator[Action]:
        """Yield the bulk actions; deletions last, so that no device is ever missing."""
        for device in devices:
            self.present.add(device.id)
            self.former.update(device.former_ids)
            document: dict[str, Any] = asset_document(device, self.risks.get(device.id))
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
        found = dict(hashes(client, self.index, query)) if elsewhere else {}
        return (self.stored.keys() | found.keys()) - self.present


def _template(name: str) -> dict[str, Any]:
    path = files(__package__) / "index_templates" / f"{name}.json"
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template
