"""Elasticsearch: plain indices of devices and of findings, for Kibana and Security Onion.

`setup` puts the templates and makes the indices, `publish` makes that of the devices equal to the
inventory of a site. Both can be repeated at any time: documents have the device's id, and only
what changed is written. https://www.elastic.co/docs/api/doc/elasticsearch
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from wardwatch.documents.device import asset_document
from wardwatch.outputs.elasticsearch_bulk import Action, PublishResult, hashes, send
from wardwatch.outputs.elasticsearch_client import connect, explained
from wardwatch.outputs.elasticsearch_settings import (
    DEFAULT_INDEX,
    ElasticsearchError,
    ElasticsearchSettings,
)
from wardwatch.outputs.elasticsearch_setup import (
    FINDINGS_INDEX,
    check,
    findings_index,
    setup,
    stream,
)
from wardwatch_enrichment.model import Device

__all__ = [
    "DEFAULT_INDEX",
    "FINDINGS_INDEX",
    "ElasticsearchError",
    "ElasticsearchSettings",
    "Inventory",
    "PublishResult",
    "check",
    "connect",
    "findings_index",
    "publish",
    "setup",
    "stream",
    "write_devices",
]

Risks = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Devices of a site: `risks` is what their findings come to, `peers` whom they talk to, by id.

    `only` are the ids that all this is about, None for all of the site.
    """

    site: str
    devices: Iterable[Device]
    risks: Risks = field(default_factory=dict)
    peers: Risks = field(default_factory=dict)
    only: Collection[str] | None = None


def publish(
    client: Elasticsearch,
    site: str,
    devices: Iterable[Device],
    index: str = DEFAULT_INDEX,
    risks: Risks | None = None,
) -> PublishResult:
    """Make the site's documents equal to its devices: write what changed, delete what is gone."""
    check(client, index)
    known = Inventory(site=site, devices=devices, risks=risks or {})
    with explained(client, index):
        client.indices.refresh(index=index)  # else what was written just now may be unseen yet
        done = write_devices(client, known, index)
        client.indices.refresh(index=index)
    return done


def write_devices(client: Elasticsearch, known: Inventory, index: str) -> PublishResult:
    """Do so in an index that is checked and fresh."""
    query: dict[str, Any] = {"term": {"iomt.site": known.site}}
    if known.only is not None:
        query = {"bool": {"filter": [query, {"ids": {"values": list(known.only)}}]}}
    with explained(client, index):
        stored = dict(hashes(client, index, query))
        work = _Work(index, stored, known.risks, known.peers)
        done, failures = send(client, index, "device", work.actions(client, known.devices))
    return PublishResult(
        written=done["index"],
        unchanged=work.unchanged,
        deleted=done["delete"],
        failures=tuple(failures.values()),
        refused=frozenset(failures),
    )


@dataclass
class _Work:
    """What has to be sent, given the content hash of each document that is stored."""

    index: str
    stored: dict[str, str]
    risks: Risks
    peers: Risks
    present: set[str] = field(default_factory=set)
    former: set[str] = field(default_factory=set)
    unchanged: int = 0

    def actions(self, client: Elasticsearch, devices: Iterable[Device]) -> Iterator[Action]:
        """Yield the bulk actions; deletions last, so that no device is ever missing."""
        for device in devices:
            self.present.add(device.id)
            self.former.update(device.former_ids)
            risk, peers = self.risks.get(device.id), self.peers.get(device.id)
            document: dict[str, Any] = asset_document(device, risk, peers)
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
