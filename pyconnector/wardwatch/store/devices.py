"""The inventory: devices, their keys and ids, who held which address, and corrections by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from wardwatch.store.schema import Asking, StoreError
from wardwatch.store.subjects import Subjects
from wardwatch.store.touched import Touched
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.identity import without_model
from wardwatch_enrichment.ids import Assigned
from wardwatch_enrichment.model import Binding, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A device with what the store needs to find it again: its keys, hosts and addresses held."""

    device: Device
    keys: tuple[str, ...]
    hosts: tuple[str, ...]
    held: tuple[Binding, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Who corrected something by hand, why, and when (epoch seconds)."""

    who: str
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class IdentityEvent:
    """A device took in (`merged`) or came out of (`split`) the `other`; `key` is what it has."""

    kind: Literal["merged", "split"]
    other: str
    at: float
    key: str


class Devices(Asking, Subjects, Touched):
    """The part of the store that the pipeline fills."""

    path: Path

    def device_count(self, site: str | None = None) -> int:
        """Return how many devices there are, at one site or at all."""
        query = "SELECT count(*) FROM device WHERE ?1 IS NULL OR site = ?1"
        return int(self._db.execute(query, (site,)).fetchone()[0])

    def owners(self, site: str, keys: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return which device id has which of the identity keys, and which had it once."""
        self._want(keys)
        query = "SELECT key, id FROM wanted CROSS JOIN device_key ON site = ? AND key = name"
        owners = dict(self._db.execute(query, (site,)))
        query = "SELECT key, former FROM wanted CROSS JOIN former_key ON site = ? AND key = name"
        return owners, dict(self._db.execute(query, (site,)))

    def age(self, device_id: str) -> int | None:
        """Return the number that orders an id by age, None where it was never given.

        A former id keeps its name, and is younger than all.
        """
        if number := self._number(device_id):
            return number
        query = "SELECT 1 FROM former_id WHERE former = ?"
        return 1 << 62 if self._db.execute(query, (device_id,)).fetchone() else None

    def _number(self, device_id: str) -> int | None:
        query = "SELECT number FROM device WHERE id = ?"
        row = self._db.execute(query, (device_id,)).fetchone()
        return int(row[0]) if row else None

    def former_ids(self, device_id: str) -> list[str]:
        """Return the ids that a device had before."""
        query = "SELECT former FROM former_id WHERE id = ? ORDER BY former"
        return [former for (former,) in self._db.execute(query, (device_id,))]

    def at_hosts(self, site: str, hosts: Collection[str]) -> set[str]:
        """Return the ids of the devices that rest on claims of these hosts."""
        self._want(hosts)
        query = "SELECT DISTINCT id FROM wanted CROSS JOIN device_host ON site = ? AND host = name"
        return {device_id for (device_id,) in self._db.execute(query, (site,))}

    def hosts_of(self, site: str, device_ids: Iterable[str]) -> set[str]:
        """Return the hosts on whose claims these devices rest."""
        query = "SELECT host FROM device_host WHERE site = ? AND id = ?"
        return {host for i in device_ids for (host,) in self._db.execute(query, (site, i))}

    def keys_of(self, device_id: str) -> list[str]:
        """Return the identity keys of a device."""
        query = "SELECT key FROM device_key WHERE id = ? ORDER BY key"
        return [key for (key,) in self._db.execute(query, (device_id,))]

    def replace(self, site: str, old_ids: Iterable[str], entries: Iterable[Entry]) -> None:
        """Put entries in the place of those with the old ids; inside a transaction."""
        numbers = {i: self._number(i) for i in old_ids}
        entries = list(entries)
        news = {*numbers, *(entry.device.id for entry in entries)}
        news.update(bound.ip for entry in entries for bound in entry.held)
        self.touch(site, news | self.held_by(numbers))
        for device_id in numbers.keys() - {entry.device.id for entry in entries}:
            self._db.execute(
                "INSERT OR REPLACE INTO former_key SELECT site, key, id FROM device_key"
                " WHERE id = ?",
                (device_id,),
            )
        for device_id in numbers:
            for table in ("device", "device_key", "device_host", "held"):
                query = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608  constant
                self._db.execute(query, (device_id,))
            self.drop_subject(device_id)
        # Those that keep their number go first, so that no new one takes it.
        for entry in sorted(entries, key=lambda entry: numbers.get(entry.device.id) is None):
            self._put(site, entry, numbers.get(entry.device.id))

    def held_by(self, device_ids: Iterable[str]) -> set[str]:
        """Return the addresses that devices ever held: whose evidence there is may change."""
        query = "SELECT ip FROM held WHERE id = ?"
        return {ip for i in device_ids for (ip,) in self._db.execute(query, (i,))}

    def _put(self, site: str, entry: Entry, number: int | None) -> None:
        device_id = entry.device.id
        for table in ("former_id", "former_key"):  # it is back
            self._db.execute(f"DELETE FROM {table} WHERE former = ?", (device_id,))  # noqa: S608
        self._db.execute(
            "INSERT INTO device VALUES (?, ?, ?, ?)",
            (number, device_id, site, msgspec.json.encode(entry.device)),
        )
        self.put_subject(entry.device)
        self._db.executemany(
            "INSERT OR REPLACE INTO device_key VALUES (?, ?, ?)",
            [(site, key, device_id) for key in entry.keys],
        )
        self._db.executemany(
            "INSERT INTO device_host VALUES (?, ?, ?)",
            [(site, host, device_id) for host in entry.hosts],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO former_id VALUES (?, ?)",
            [(former, device_id) for former in entry.device.former_ids],
        )
        self._db.executemany(
            "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (site, b.ip, device_id, b.mac, b.source, b.start, b.end, b.confidence)
                for b in entry.held
            ],
        )

    def note(self, site: str, assigned: Assigned, at: float) -> None:
        """Keep that devices became one, or one became several; inside a transaction."""
        happened = [("merged", i) for i in assigned.merged]
        happened += [("split", i) for i in assigned.split_from]
        self._db.executemany(
            "INSERT INTO identity_event (site, id, kind, other, at, key) VALUES (?, ?, ?, ?, ?, ?)",
            [(site, assigned.id, kind, i, at, assigned.group.keys[0]) for kind, i in happened],
        )

    def devices(self, site: str | None = None) -> list[Device]:
        """Return the inventory, of one site or of all."""
        query = "SELECT body FROM device WHERE ?1 IS NULL OR site = ?1 ORDER BY site, id"
        return [self._decoded(body) for (body,) in self._db.execute(query, (site,))]

    def devices_of(self, device_ids: Iterable[str]) -> list[Device]:
        """Return the devices with these ids, in their order."""
        query = """SELECT body FROM device
            WHERE id IN (SELECT told.value FROM json_each(?) AS told) ORDER BY id"""
        given = (json.dumps(list(device_ids)),)
        return [self._decoded(body) for (body,) in self._db.execute(query, given)]

    def _decoded(self, body: bytes) -> Device:
        try:
            return msgspec.json.decode(body, type=Device)
        except msgspec.DecodeError as error:
            raise StoreError(
                f"{self.path}: a device cannot be read ({error}); run `wardwatch ingest` again"
            ) from error

    def device(self, device_id: str) -> Device | None:
        """Return one device by its id, or by an id that it had before."""
        row = self._db.execute(
            "SELECT body FROM device WHERE id = coalesce("
            "(SELECT id FROM former_id WHERE former = ?1), ?1)",
            (device_id,),
        ).fetchone()
        return self._decoded(row[0]) if row else None

    def held(self, ip: str, site: str | None = None) -> list[tuple[str, Binding]]:
        """Return (device id, binding) for each time that a device held an address."""
        query = """SELECT id, ip, mac, start, end, source, confidence FROM held
            WHERE ip = ?1 AND (?2 IS NULL OR site = ?2) ORDER BY start"""
        return [_held(*row) for row in self._db.execute(query, (ip, site))]

    def held_each(self, ips: Iterable[str], site: str) -> dict[str, list[tuple[str, Binding]]]:
        """Return that of each of some addresses of a site."""
        query = """SELECT held.id, ip, mac, start, end, source, confidence
            FROM json_each(?) AS told CROSS JOIN held ON ip = told.value AND site = ?
            ORDER BY start, held.rowid"""
        found: dict[str, list[tuple[str, Binding]]] = {ip: [] for ip in ips}
        for row in self._db.execute(query, (json.dumps(list(found)), site)):
            found[row[1]].append(_held(*row))
        return found

    def corrections(self, site: str) -> list[tuple[str, str, bool]]:
        """Return what people said of pairs of identity keys, and whether they are one device's."""
        query = "SELECT one, other, same FROM correction WHERE site = ? ORDER BY at, one, other"
        return [(one, other, bool(same)) for one, other, same in self._db.execute(query, (site,))]

    def correct(self, site: str, one: str, other: str, same: bool, told: Told) -> None:
        """Keep what a person said of two keys, in the place of what was said before."""
        self._db.execute(
            "INSERT OR REPLACE INTO correction (site, one, other, same, who, why, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (site, *sorted((one, other)), same, told.who, told.why, told.at),
        )

    def forget_corrections(
        self, site: str, keys: Iterable[str], others: Iterable[str], *, same: bool = False
    ) -> int:
        """Drop what was said between two sets of keys, that they are one or that they are not.

        Returns how many there were.
        """
        known, told = set(map(without_model, keys)), set(map(without_model, others))
        dropped = [
            (site, one, other)
            for one, other, joined in self.corrections(site)
            if joined == same
            and ((one in known and other in told) or (one in told and other in known))
        ]
        self._db.executemany(
            "DELETE FROM correction WHERE site = ? AND one = ? AND other = ?", dropped
        )
        return len(dropped)

    def identity_events(self, device_id: str) -> list[IdentityEvent]:
        """Return when a device took others in or came out of one, the oldest first."""
        query = "SELECT kind, other, at, key FROM identity_event WHERE id = ? ORDER BY number"
        return [IdentityEvent(*row) for row in self._db.execute(query, (device_id,))]

    def tell(self, site: str, source: str, facts: Iterable[Fact]) -> None:
        """Keep what a site told in a file, in the place of what that told before."""
        self._db.execute("DELETE FROM fact WHERE site = ? AND source = ?", (site, source))
        self._db.executemany(
            "INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?)",
            [
                (site, source, fact.kind, fact.line, json.dumps(dict(fact.values)), fact.at)
                for fact in facts
            ],
        )

    def facts(self, site: str) -> list[Fact]:
        """Return all that a site told of itself, the oldest first."""
        query = """SELECT kind, body, source, line, at FROM fact WHERE site = ?
            ORDER BY at, source, kind, line"""
        return [
            Fact(kind=kind, values=json.loads(body), source=source, line=line, at=at)
            for kind, body, source, line, at in self._db.execute(query, (site,))
        ]


def _held(device: str, *row: Any) -> tuple[str, Binding]:
    names = ("ip", "mac", "start", "end", "source", "confidence")
    return device, Binding(**dict(zip(names, row, strict=True)))
