"""What outputs have not been told yet: devices to write anew, and what is appended to history.

Triggers put it there in the transaction that changes a device, a finding, a decision or an event,
so neither a kill nor an output that is away loses any of it. It is dropped once it was taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from wardwatch.store.devices import IdentityEvent
from wardwatch.store.history import decoded
from wardwatch.store.schema import Asking
from wardwatch_enrichment.model import Event
from wardwatch_enrichment.risk.records import State


class Waiting(NamedTuple):
    """An alarm that waits, by its number in the queue."""

    number: int
    event: Event


class Moved(NamedTuple):
    """What happened to the identity of a device, by its number."""

    number: int
    device: str
    event: IdentityEvent


class Outbox(Asking):
    """The part of the store that outputs take from. All that changes is in a transaction."""

    def publishing(self, site: str) -> dict[str, Any] | None:
        """Return what was noted of the last publish of a site; None where there was none."""
        query = "SELECT value FROM setting WHERE name = ?"
        row = self._db.execute(query, (f"publishing:{site}",)).fetchone()
        found: dict[str, Any] | None = json.loads(row[0]) if row else None
        return found

    def note_publishing(self, site: str, **known: object) -> None:
        """Note something of the publish of a site; from the first time on changes are queued."""
        told = {**(self.publishing(site) or {}), **known}
        self._db.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?)", (f"publishing:{site}", json.dumps(told))
        )

    def queue_devices(self, site: str, ids: Iterable[str] | None = None) -> None:
        """Have devices of a site written anew: some, or all."""
        if ids is None:
            ids = [
                one for (one,) in self._db.execute("SELECT id FROM device WHERE site = ?", (site,))
            ]
        query = "INSERT OR REPLACE INTO unpublished (site, device) VALUES (?, ?)"
        self._db.executemany(query, [(site, one) for one in ids])

    def queued_devices(self, site: str) -> dict[str, int]:
        """Return the devices that wait, each with its number in the queue."""
        query = "SELECT device, number FROM unpublished WHERE site = ? ORDER BY device"
        return dict(self._db.execute(query, (site,)))

    def device_was_told(self, taken: Iterable[int]) -> None:
        """Drop devices by their numbers; one that changed meanwhile has another, and stays."""
        self._db.executemany("DELETE FROM unpublished WHERE number = ?", [(n,) for n in taken])

    def queue_events(self, site: str, since: float) -> None:
        """Have the events of a site told that are known since a time."""
        self._db.execute(
            """INSERT INTO outbox (site, body) SELECT site, json_array(host, nullif(peer, ''),
            direction, signature, nullif(sid, 0), severity, category, log, sensor, first_seen,
            last_seen, count) FROM event WHERE site = ? AND first_seen >= ? ORDER BY first_seen""",
            (site, since),
        )

    def queued_events(self, site: str, limit: int) -> list[Waiting]:
        """Return the first events that wait."""
        query = "SELECT number, body FROM outbox WHERE site = ? ORDER BY number LIMIT ?"
        return [
            Waiting(number, Event(**dict(zip(_EVENT, msgspec.json.decode(body), strict=True))))
            for number, body in self._db.execute(query, (site, limit))
        ]

    def event_was_told(self, taken: Iterable[int]) -> None:
        """Drop events by their numbers."""
        self._db.executemany("DELETE FROM outbox WHERE number = ?", [(n,) for n in taken])

    def states_after(self, site: str, number: int, limit: int) -> Iterator[tuple[int, State]]:
        """Yield the states of findings that came after one, by their numbers."""
        query = """SELECT number, body FROM finding_state WHERE number > ? AND site = ?
            ORDER BY number LIMIT ?"""
        for at, body in self._db.execute(query, (number, site, limit)).fetchall():
            yield at, decoded(body)

    def state_before(self, state: State, number: int) -> State | None:
        """Return the state of a finding that came before the one with a number."""
        query = """SELECT body FROM finding_state WHERE site = ? AND finding = ? AND number < ?
            ORDER BY number DESC LIMIT 1"""
        row = self._db.execute(query, (state.site, state.finding, number)).fetchone()
        return decoded(row[0]) if row else None

    def identities_after(self, site: str, number: int, limit: int) -> list[Moved]:
        """Return what happened to identities after something, in order."""
        query = """SELECT number, id, kind, other, at, key FROM identity_event
            WHERE number > ? AND site = ? ORDER BY number LIMIT ?"""
        found = self._db.execute(query, (number, site, limit))
        return [Moved(at, device, IdentityEvent(*told)) for at, device, *told in found]

    def told_of(self, site: str, devices: Iterable[str]) -> dict[str, set[bytes]]:
        """Return the digests of the changes of devices that were told."""
        query = """SELECT device, digests FROM told WHERE site = ?
            AND device IN (SELECT wanted.value FROM json_each(?) AS wanted)"""
        given = (site, json.dumps(list(devices)))
        return {
            device: {body[at : at + DIGEST] for at in range(0, len(body), DIGEST)}
            for device, body in self._db.execute(query, given)
        }

    def note_told(self, site: str, told: Mapping[str, Iterable[bytes]]) -> None:
        """Keep which changes of devices were told."""
        self._db.executemany(
            "INSERT OR REPLACE INTO told VALUES (?, ?, ?)",
            [(site, device, b"".join(sorted(digests))) for device, digests in told.items()],
        )

    def forget_told(self, site: str, devices: Iterable[str]) -> None:
        """Drop what was told of devices that are no more."""
        self._db.executemany(
            "DELETE FROM told WHERE site = ? AND device = ?", [(site, one) for one in devices]
        )

    def waiting(self, site: str) -> int:
        """Return how much waits to be told, in devices and events."""
        query = """SELECT (SELECT count(*) FROM unpublished WHERE site = ?1)
            + (SELECT count(*) FROM outbox WHERE site = ?1)"""
        return int(self._db.execute(query, (site,)).fetchone()[0])

    def evidence_stamp(self, site: str) -> str:
        """Return what changes whenever evidence of the last days came in."""
        query = """SELECT max(rowid), (SELECT count(*) || ' ' || sum(count) || ' ' || max(last_seen)
            FROM exposure WHERE day >= ?2 - 1 AND site = ?1) FROM exposure"""
        latest = self._db.execute("SELECT max(day) FROM exposure").fetchone()[0] or 0
        return str(self._db.execute(query, (site, latest)).fetchone())


DIGEST = 8  # bytes
_EVENT = (
    "host", "peer", "direction", "signature", "sid", "severity", "category", "log", "sensor",
    "first_seen", "last_seen", "count",
)  # fmt: skip
