"""One publish of a site: what changed since the last one, what happened, and a sign of life.

What waits is in the store and goes from there only once the server has taken it. So a publish that
breaks off costs nothing: the next one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch

from wardwatch import __version__
from wardwatch.documents.heartbeat import heartbeat
from wardwatch.outputs.elasticsearch import (
    PublishResult,
    check,
    findings_index,
    stream,
    write_devices,
)
from wardwatch.outputs.elasticsearch_bulk import counted, device_ids, uuids
from wardwatch.outputs.elasticsearch_findings import Findings, erase_findings, write_findings
from wardwatch.outputs.elasticsearch_streams import append
from wardwatch.risk.publishing import Part, Publishing
from wardwatch.running.chronicle import Chronicle, News
from wardwatch.running.health import warnings
from wardwatch_enrichment.surroundings import DAY

ALERTS = 7 * DAY  # seconds back of which alerts are told at the first publish
NAMED = 20  # refused documents of an index that are named

Done = list[tuple[str, PublishResult]]
Sent = tuple[Part, News, Future[Done]]


class Publish:
    """One publish to one index of devices, and to the indices that go with it.

    `done` is what was done, by index. `goes_on` is asked after each part: where it says no, the
    rest is left to the next publish.
    """

    def __init__(
        self,
        client: Elasticsearch,
        work: Publishing,
        index: str,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self._client, self._work, self._goes_on = client, work, goes_on
        self._store, self._site, self._index = work.store, work.site, index
        self._beside = findings_index(index)
        self._chronicle = Chronicle(client, work, index)
        self.done = {self._beside: PublishResult(), self._index: PublishResult()}

    def beat(self, health: Mapping[str, Any], now: float) -> None:
        """Write a sign of life, by what a process that follows the site says of itself."""
        told = {**health, "waiting": self._store.waiting(self._site)}
        shown = heartbeat(told, now, __version__, warnings(told, now))
        check(self._client, self._index)  # of this release are then the templates, too
        name = stream("health", self._index)
        self._add(name, append(self._client, name, [(f"{self._site} {now:.3f}", shown)]))

    def all(self, *, whole: bool = False, evidence: bool = False) -> None:
        """Bring the documents of devices and findings up to date, and tell what happened.

        All documents are compared with `whole`, and where the server has others than it was given,
        or what all of them rest on has changed; with `evidence` that is also what was seen, for
        where nobody records findings and so knows which devices that moved.
        """
        for index in (self._beside, self._index):
            check(self._client, index)
        self._erase()
        self._queue(whole=whole, evidence=evidence)
        if not self._devices():
            return
        counts = counted(self._client, self._site, [self._beside, self._index])
        for index, count in counts.items():
            done = self.done[index]
            self.done[index] = replace(done, unchanged=max(count - done.written, 0))
        with self._store.transaction():
            self._store.note_publishing(self._site, counts=counts)
        for name, done in self._chronicle.rest(self._goes_on):
            self._add(name, done)

    @property
    def failures(self) -> list[str]:
        """What the server did not take, and why."""
        return [failure for done in self.done.values() for failure in done.failures]

    def _erase(self) -> None:
        """Drop the findings of devices that were purged, or whose names were forgotten."""
        if gone := self._store.erased(self._site):
            self._add(self._beside, erase_findings(self._client, self._site, gone, self._beside))
            with self._store.transaction():
                self._store.erasing_was_told(self._site, gone)

    def _devices(self) -> bool:
        """Write the devices that wait; returns whether that went to its end.

        While one part is on its way the next is worked out.
        """
        queued = self._store.queued_devices(self._site)
        sent: Sent | None = None
        if queued:
            with self._store.transaction():  # until all of it is there nobody can count on them
                self._store.note_publishing(self._site, counts=None)
        with ThreadPoolExecutor(1) as line:
            for part in self._work.parts(queued) if queued else ():
                known = part.findings(self._store, self._site, self._work.now)
                news = self._chronicle.of_devices(part)
                on_its_way = line.submit(self._put, part, known, news)
                if sent:
                    self._taken(*sent, queued)
                sent = part, news, on_its_way
                if not self._goes_on():
                    break
            if sent:
                self._taken(*sent, queued)
        return self._goes_on()

    def _put(self, part: Part, known: Findings, news: News) -> Done:
        findings = write_findings(self._client, known, self._beside)
        devices = write_devices(self._client, part.inventory(self._site), self._index)
        return [(self._beside, findings), (self._index, devices), self._chronicle.tell(news)]

    def _taken(
        self, part: Part, news: News, on_its_way: Future[Done], queued: Mapping[str, int]
    ) -> None:
        """Take a part off the queue once the server has it; what it refused stays there."""
        refused: set[str] = set()
        for index, done in on_its_way.result():
            self._add(index, done)
            refused |= done.refused
        waiting = part.devices_of(refused) | news.drop(refused)
        with self._store.transaction():
            self._chronicle.note(part, news)
            self._store.device_was_told(queued[name] for name in part.ids if name not in waiting)

    def _add(self, index: str, done: PublishResult) -> None:
        before = self.done.get(index, PublishResult())
        self.done[index] = PublishResult(
            written=before.written + done.written,
            deleted=before.deleted + done.deleted,
            closed=before.closed + done.closed,
            failures=(*before.failures, *done.failures)[:NAMED],
        )

    def _queue(self, *, whole: bool, evidence: bool) -> None:
        """Have all devices written where more than single ones may differ from the server's."""
        known = self._store.publishing(self._site)
        indices = [self._beside, self._index]
        found = counted(self._client, self._site, indices)
        told = {
            "inputs": self._work.inputs(),
            "indices": uuids(self._client, indices),
            "evidence": self._store.evidence_stamp(self._site),
        }
        if known and not evidence:
            told["evidence"] = known["evidence"]
        same = known and all(known[name] == value for name, value in told.items())
        if same and not whole and known and known["counts"] in (None, found):
            return
        ids = {device.id for device in self._work.place.slight}
        ids |= device_ids(self._client, self._site, indices)
        with self._store.transaction():
            if known is None:
                self._store.queue_events(self._site, self._work.now - ALERTS)
            self._store.queue_devices(self._site, ids)
            self._store.note_publishing(self._site, **told, counts=None)
