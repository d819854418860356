"""The index of findings: one document each; deleted only where a person's names are forgotten.

What is no longer open stays as it was last known, with why it was closed and what that rests on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from wardwatch.documents.closed import Closing, closed_document, recorded_document
from wardwatch.documents.finding import Document
from wardwatch.outputs.elasticsearch_bulk import Action, PublishResult, hashes, send
from wardwatch.outputs.elasticsearch_client import explained
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.records import State

_AT_ONCE = 200  # documents that are read back to be closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is published of a site: its open findings, and the last states of those that are not.

    `devices` are those of the site; `now` is when that was worked out. `only` are the ids of the
    devices that all this is about, None for all.
    """

    site: str
    now: float
    found: Iterable[Document]
    closed: Iterable[State] = ()
    devices: Iterable[Device] = ()
    only: Collection[str] | None = None


def write_findings(client: Elasticsearch, known: Findings, index: str) -> PublishResult:
    """Write the open findings that changed, and close those that are no longer open.

    The index is checked, and shows what was written before.
    """
    about: list[dict[str, Any]] = [{"term": {"iomt.site": known.site}}]
    if known.only is not None:
        about.append({"terms": {"device.id": list(known.only)}})
    here = {"bool": {"filter": about}}
    there = {"bool": {"filter": [*about, {"term": {"iomt.finding.state": "open"}}]}}
    with explained(client, index):
        work = _Work(
            index=index,
            known=known,
            stored=dict(hashes(client, index, here)),
            were_open={name for name, _ in hashes(client, index, there)},
        )
        done, failures = send(client, index, "finding", work.actions(client))
    return PublishResult(
        written=done["index"],
        unchanged=work.unchanged,
        closed=work.closed,
        failures=tuple(failures.values()),
        refused=frozenset(failures),
    )


def erase_findings(
    client: Elasticsearch, site: str, devices: Collection[str], index: str
) -> PublishResult:
    """Delete the documents of devices' findings, as names that are forgotten stand in them.

    What is still on record of them is written anew by the publish that follows.
    """
    about = [{"term": {"iomt.site": site}}, {"terms": {"device.id": sorted(devices)}}]
    with explained(client, index):
        client.indices.refresh(index=index)
        known = list(hashes(client, index, {"bool": {"filter": about}}))
        gone = ({"_op_type": "delete", "_index": index, "_id": name} for name, _ in known)
        done, failures = send(client, index, "finding", gone)
        client.indices.refresh(index=index)
    return PublishResult(deleted=done["delete"], failures=tuple(failures.values()))


class _Here:
    """The devices of a site, by the ids that they have and had."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self.devices = {device.id: device for device in devices}
        self._renamed = {old: one.id for one in self.devices.values() for old in one.former_ids}

    def why(self, device: str) -> str:
        """Return why a finding of a device is no longer open where no run recorded that."""
        if device in self.devices:
            return "it is no longer found; what closed it was not recorded"
        if device in self._renamed:
            return f"the device became one with {self._renamed[device]}"
        return "the device is no longer in the inventory"


@dataclass(kw_only=True)
class _Work:
    """What has to be sent, given the content hash of each document that is stored.

    `told` are the closed ones whose documents say so.
    """

    index: str
    known: Findings
    stored: Mapping[str, str]
    were_open: set[str]
    present: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    unchanged: int = 0
    closed: int = 0

    def actions(self, client: Elasticsearch) -> Iterator[Action]:
        """Yield the bulk actions; closings last, when all that is open has been worked out."""
        for document in self.known.found:
            iomt: dict[str, Any] = document["iomt"]
            name = iomt["finding"]["id"]
            self.present.add(name)
            if self.stored.get(name) == iomt["content_hash"]:
                self.unchanged += 1
            else:
                yield self._put(name, document)
        here = _Here(self.known.devices)
        recorded = self._recorded()
        lost = self.were_open - self.present - self.told
        names = sorted(recorded.keys() | lost)
        for at in range(0, len(names), _AT_ONCE):
            some = names[at : at + _AT_ONCE]
            stored = client.mget(index=self.index, ids=some)["docs"]
            for name, read in zip(some, stored, strict=True):
                before: Document | None = read.get("_source")
                if shown := self._closing(recorded.get(name), before, here):
                    self.closed += 1
                    yield self._put(name, shown)

    def _recorded(self) -> dict[str, State]:
        """Return the closed states whose documents do not say so yet."""
        found: dict[str, State] = {}
        for state in self.known.closed:
            if state.finding in self.present:
                continue
            if self.stored.get(state.finding) == Closing.of(state).hash:
                self.told.add(state.finding)
            else:
                found[state.finding] = state
        return found

    def _closing(
        self, state: State | None, before: Document | None, here: _Here
    ) -> Document | None:
        """Return the document of a finding that is to be closed; None where it is not ours."""
        if before and before["iomt"]["site"] != self.known.site:
            return None  # the device is another site's now
        if state:
            shown = before or recorded_document(state, here.devices.get(state.device_id))
            return closed_document(Closing.of(state), shown)
        if not before:
            return None
        why = here.why(before["device"]["id"])
        finding = before["iomt"]["finding"]["id"]
        return closed_document(Closing(finding=finding, at=self.known.now, why=why), before)

    def _put(self, name: str, document: Document) -> Action:
        return {"_index": self.index, "_id": name, "_source": document}
