"""What happened at a site, told once: changes of devices and of findings, and threats."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from elasticsearch import Elasticsearch

from wardwatch.documents.alert import alert_document, alert_id
from wardwatch.documents.change import change_document, change_id, state_document, state_id
from wardwatch.documents.finding import Document
from wardwatch.outputs.elasticsearch import PublishResult, stream
from wardwatch.outputs.elasticsearch_streams import append
from wardwatch.risk.publishing import Part, Publishing
from wardwatch.store.outbox import DIGEST, Moved
from wardwatch_enrichment.changes import Change, changes
from wardwatch_enrichment.links import sure_holder
from wardwatch_enrichment.model import Device, Event
from wardwatch_enrichment.risk.records import State

AT_ONCE = 500  # documents that are worked out and sent together

Named = tuple[str, Document]
Rows = list[tuple[int, Named | None]]


@dataclass(slots=True)
class News:
    """What is to be told of some devices, and what then was, by their ids."""

    documents: list[Named] = field(default_factory=list)
    told: dict[str, set[bytes]] = field(default_factory=dict)

    def drop(self, refused: Collection[str]) -> set[str]:
        """Count documents as not told; returns the devices that they are of."""
        found = set()
        for name, document in self.documents:
            if name in refused:
                found.add(document["device"]["id"])
                self.told[document["device"]["id"]].discard(bytes.fromhex(name)[:DIGEST])
        return found


class Chronicle:
    """The history of one site, on its way into the data streams beside an index of devices."""

    def __init__(self, client: Elasticsearch, work: Publishing, index: str) -> None:
        self._client, self._work = client, work
        self._store, self._site = work.store, work.site
        self._changes, self._alerts = stream("changes", index), stream("alerts", index)

    def of_devices(self, part: Part) -> News:
        """Return what changed on some devices and was not told yet."""
        before = self._store.told_of(self._site, part.ids)
        news = News()
        for device in part.devices:
            known = before.get(device.id, set())
            for change in changes(device, self._latest):
                name = change_id(self._site, change)
                digest = bytes.fromhex(name)[:DIGEST]
                if digest not in known:
                    news.told.setdefault(device.id, set(known)).add(digest)
                    news.documents.append((name, change_document(device, change)))
        return news

    def tell(self, news: News) -> tuple[str, PublishResult]:
        """Send it; returns the data stream with what was done there."""
        return self._changes, append(self._client, self._changes, news.documents)

    def note(self, part: Part, news: News) -> None:
        """Keep that it was told; inside a transaction."""
        self._store.note_told(self._site, news.told)
        present = {device.id for device in part.devices}
        self._store.forget_told(self._site, {*part.ids} - present)

    def rest(self, goes_on: Callable[[], bool]) -> Iterator[tuple[str, PublishResult]]:
        """Tell what else happened; yields the data streams with what was done there."""
        while goes_on() and (events := self._store.queued_events(self._site, AT_ONCE)):
            alerts = self._of_events(one.event for one in events)
            yield self._alerts, append(self._client, self._alerts, alerts)
            with self._store.transaction():
                self._store.event_was_told(one.number for one in events)
        yield from self._rows("states", self._states, goes_on)
        yield from self._rows("identities", self._identities, goes_on)

    def _rows(
        self, name: str, after: Callable[[int], Rows], goes_on: Callable[[], bool]
    ) -> Iterator[tuple[str, PublishResult]]:
        """Tell of rows that are only ever added to, from where that was left."""
        at = (self._store.publishing(self._site) or {}).get(name, 0)
        while goes_on() and (found := after(at)):
            yield self._changes, append(self._client, self._changes, (d for _, d in found if d))
            at = found[-1][0]
            with self._store.transaction():
                self._store.note_publishing(self._site, **{name: at})

    @cached_property
    def _latest(self) -> float:
        return max((device.last_seen for device in self._work.place.slight), default=0.0)

    def _of_events(self, events: Iterable[Event]) -> Iterator[Named]:
        """Yield the alerts of what was seen at devices; at other addresses it is not ours."""
        for event in events:
            held = self._store.held(event.host, self._site)
            holder = sure_holder(held, event.last_seen)
            device = self._work.place.device(holder) if holder else None
            if device:
                yield alert_id(self._site, event), alert_document(self._site, event, device)

    def _states(self, number: int) -> Rows:
        found: Rows = []
        for at, state in self._store.states_after(self._site, number, AT_ONCE):
            kind = _kind(state, self._store.state_before(state, at))
            device = self._work.place.device(state.device_id)
            found.append((at, (state_id(state), state_document(state, device, kind))))
        return found

    def _identities(self, number: int) -> Rows:
        return [
            (one.number, _identity(self._site, one, self._work.place.device(one.device)))
            for one in self._store.identities_after(self._site, number, AT_ONCE)
        ]


def _kind(state: State, before: State | None) -> str:
    if state.closed is not None:
        return "closed"
    if before is None:
        return "opened"
    return "moved" if before.closed is None else "reopened"


def _identity(site: str, one: Moved, device: Device | None) -> Named | None:
    if device is None:
        return None  # it is no more; what became of it is told of the other one
    change = Change(
        time=one.event.at,
        device_id=one.device,
        kind=one.event.kind,
        attribute="device",
        before=(one.event.other,),
        after=(one.event.key,),
    )
    return change_id(site, change), change_document(device, change)
