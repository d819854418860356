"""Leaving no trace of a device or a name: where texts stand, and what else tells of a device."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import msgspec

from wardwatch.store.history import decoded
from wardwatch.store.retention import Kept
from wardwatch.store.schema import Asking
from wardwatch_enrichment.risk.records import State

FORGOTTEN = "(forgotten)"
_KEY = "host, subject, field, value, mac, sensor"


class Erasing(Asking):
    """The part of the store that finds texts wherever they stand. Changes are in transactions."""

    def lines_with(self, site: str, texts: Collection[str]) -> list[Kept]:
        """Return the claims in whose log line one of these texts stands as a word."""
        query = f"SELECT line, {_KEY} FROM claim WHERE site = ? AND line != ''"  # noqa: S608
        says = finder(texts)
        return [Kept(*key) for line, *key in self._db.execute(query, (site,)) if says(line)]

    def exposure_lines_with(self, site: str, texts: Collection[str]) -> list[int]:
        """Return the rows of exposure in whose log line one of these texts stands."""
        says = finder(texts)
        query = "SELECT rowid, line FROM exposure WHERE site = ? AND line != ''"
        return [number for number, line in self._db.execute(query, (site,)) if says(line)]

    def drop_exposure_lines(self, numbers: Iterable[int]) -> None:
        """Drop the copies of log lines, and leave what was seen."""
        query = "UPDATE exposure SET line = '' WHERE rowid = ?"
        self._db.executemany(query, [(number,) for number in numbers])

    def states_with(
        self, site: str, texts: Collection[str], devices: Collection[str] = ()
    ) -> dict[int, State]:
        """Return the states of findings in which a text stands, and those of some devices."""
        says = finder(texts)
        query = "SELECT number, device, body FROM finding_state WHERE site = ?"
        found = {}
        for number, device, body in self._db.execute(query, (site,)):
            if device in devices or (texts and says(zlib.decompress(body).decode())):
                found[number] = decoded(body)
        return found

    def drop_names(self, states: Mapping[int, State], texts: Collection[str]) -> None:
        """Take texts out of states: the lines that have them, and what is said in words.

        Labels, verdicts and names of advisories stay, whatever a computer calls itself.
        """
        says = finder(texts)

        def told(text: str) -> str:
            return FORGOTTEN if says(text) else text

        for number, state in states.items():
            evidence = tuple(e for e in state.evidence if not says(f"{e.sentence}\n{e.line}"))
            left = replace(
                state,
                evidence=evidence,
                called=told(state.called),
                reason=told(state.reason),
                moved=told(state.moved),
                closed=state.closed and told(state.closed),
                software=tuple(map(told, state.software)),
            )
            body = msgspec.json.encode(left)
            self._db.execute(
                "UPDATE finding_state SET body = ? WHERE number = ?",
                (zlib.compress(body, 1), number),
            )

    def rows_about(self, table: str, site: str, hosts: Mapping[str, bool], macs: set[str]) -> int:
        """Return how many rows of exposure or events are about hosts: see `drop_rows_about`."""
        return sum(
            self._db.execute(f"SELECT count(*) FROM {table} WHERE {where}", given).fetchone()[0]  # noqa: S608
            for where, given in _about(table, site, hosts, macs)
        )

    def drop_rows_about(
        self, table: str, site: str, hosts: Mapping[str, bool], macs: set[str]
    ) -> None:
        """Drop what was seen at hosts: all at those that are nobody else's, else by hardware."""
        for where, given in _about(table, site, hosts, macs):
            self._db.execute(f"DELETE FROM {table} WHERE {where}", given)  # noqa: S608

    def drop_waiting(self, site: str, hosts: Iterable[str]) -> None:
        """Drop alarms at hosts that outputs were not told of yet."""
        query = "DELETE FROM outbox WHERE site = ? AND json_extract(body, '$[0]') = ?"
        self._db.executemany(query, [(site, host) for host in hosts])

    def drop_traces(self, site: str, ids: Collection[str], keys: Collection[str]) -> None:
        """Drop what remembers devices that are gone: former ids and keys, merges, corrections."""
        gone, told = json.dumps(sorted(ids)), json.dumps(sorted(keys))
        among = "IN (SELECT value FROM json_each({}))"
        for table, one, other, given in (
            ("former_key", "former", "former", gone),
            ("former_key", "key", "key", told),
            ("identity_event", "id", "other", gone),
            ("correction", "one", "other", told),
        ):
            these = among.format("?2")
            query = f"""DELETE FROM {table} WHERE site = ?1
                AND ({one} {these} OR {other} {these})"""  # noqa: S608  constants
            self._db.execute(query, (site, given))
        these = among.format("?1")
        query = f"DELETE FROM former_id WHERE id {these} OR former {these}"  # noqa: S608
        self._db.execute(query, (gone,))

    def note_erased(self, site: str, ids: Collection[str]) -> None:
        """Have outputs drop what they keep of devices, where this site was ever published."""
        published = "SELECT 1 FROM setting WHERE name = ?"
        if ids and self._db.execute(published, (f"publishing:{site}",)).fetchone():
            told = json.dumps(sorted({*self.erased(site), *ids}))
            query = "INSERT OR REPLACE INTO setting VALUES (?, ?)"
            self._db.execute(query, (f"erased:{site}", told))

    def erased(self, site: str) -> list[str]:
        """Return the devices of which outputs have yet to drop what they keep."""
        query = "SELECT value FROM setting WHERE name = ?"
        row = self._db.execute(query, (f"erased:{site}",)).fetchone()
        found: list[str] = json.loads(row[0]) if row else []
        return found

    def erasing_was_told(self, site: str, ids: Collection[str]) -> None:
        """Take devices off that list."""
        told = json.dumps(sorted({*self.erased(site)} - {*ids}))
        query = "UPDATE setting SET value = ? WHERE name = ?"
        self._db.execute(query, (told, f"erased:{site}"))

    def drop_sightings_of(self, site: str, macs: Iterable[str]) -> None:
        """Drop what proves that hardware addresses held addresses."""
        query = "DELETE FROM sighting WHERE site = ? AND mac = ?"
        self._db.executemany(query, [(site, mac) for mac in macs])


def finder(texts: Collection[str]) -> Callable[[str], bool]:
    """Return what tells whether one of some texts stands in another as a word of its own.

    The name of a column of a log is no such word, though a computer may be called like one.
    """
    forms = {form for text in texts if text for form in (text, json.dumps(text)[1:-1])}
    if not forms:
        return lambda _: False
    every = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    search = re.compile(rf'(?<!\w)(?:{every})(?!\w|":)', re.IGNORECASE).search
    return lambda text: search(text) is not None


def _about(
    table: str, site: str, hosts: Mapping[str, bool], macs: set[str]
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield a condition for each host: is it nobody else's, all of it; else by hardware address."""
    for host, is_own in hosts.items():
        if is_own:
            yield "site = ? AND host = ?", (site, host)
        elif table == "exposure":
            among = "mac IN (SELECT value FROM json_each(?))"
            yield f"site = ? AND host = ? AND {among}", (site, host, json.dumps(sorted(macs)))
