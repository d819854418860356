"""The one place that knows the order: files, rows, claims, store, identity, devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import time

from wardwatch import parsers
from wardwatch.heard.listening import Listening
from wardwatch.parsers import Parser
from wardwatch.scope import Scope
from wardwatch.sources import eve_files, zeek_files
from wardwatch.sources.blocks import Block
from wardwatch.sources.files import EVE, LogFile, SourceError, find
from wardwatch.store import Entry, Store, Told
from wardwatch_enrichment import attributes, changes, events, identity, ids, knowledge
from wardwatch_enrichment.changes import Change
from wardwatch_enrichment.facts import Facts
from wardwatch_enrichment.links import UNPROVEN, Addresses, is_link_local
from wardwatch_enrichment.model import Binding, Device

HOSTS_AT_ONCE = 2_000
PASSING = 600.0  # seconds, by the logs, for which an entry is nobody's that knew it
NAMED_PER_FILE = 10  # bad lines that are named; the rest is counted


@dataclass(slots=True)
class Report:
    """What an ingest did. `problems` are sentences for a person; `failed` decides the exit code."""

    files: int = 0
    rows: int = 0
    bad_rows: int = 0
    dropped: int = 0
    failed: bool = False
    problems: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


class Ingest:
    """One run over files of one site and sensor."""

    def __init__(self, store: Store, *, site: str, sensor: str, scope: Scope) -> None:
        self._store, self._site, self._sensor, self._scope = store, site, sensor, scope
        self.report = Report()

    def find(self, paths: Iterable[Path]) -> list[LogFile]:
        """List the files below the paths; what cannot be listed becomes a problem."""
        found: dict[Path, LogFile] = {}
        for path in paths:
            try:
                found |= {file.path.resolve(): file for file in find(path)}
            except SourceError as error:
                self._fail(error)
        return list(found.values())

    def run(
        self, files: Iterable[LogFile], progress: Callable[[int], None] = lambda _: None
    ) -> Report:
        """Read everything, commit what is good, and work out the devices again.

        `progress` is told the bytes done since it was last called.
        """
        known = parsers.load()
        with self._store.transaction():
            self._store.adopt(knowledge.digest())
        for file in files:
            if wanted := parsers_of(file, known):
                self._file(file, wanted, progress)
            else:
                self.report.ignored[file.log] += 1
        for site in sorted({self._site, *self._store.sites()}):
            refresh(self._store, site)
        self.report.dropped = self._store.dropped
        return self.report

    def _fail(self, error: Exception) -> None:
        self.report.failed = True
        self.report.problems.append(str(error))

    def _file(
        self, file: LogFile, wanted: Mapping[str, Parser], progress: Callable[[int], None]
    ) -> None:
        heard = Listening(wanted, site=self._site, sensor=self._sensor, scope=self._scope)
        bad: list[tuple[int, str]] = []
        rows = bad_rows = done = 0
        try:
            for log, block in _blocks(file, wanted):
                wrong = heard.listen(log, block)
                bad_rows += len(wrong)
                bad = [*bad, *sorted(wrong)][:NAMED_PER_FILE]
                rows += len(block.rows)
                progress(block.read - done)
                done = block.read
                if heard.is_full:
                    heard.commit(self._store)
        except SourceError as error:
            self._fail(error)
        heard.commit(self._store)
        self.report.files += 1
        self.report.rows += rows
        self.report.bad_rows += bad_rows
        if bad_rows and not rows:
            whose = "eve.json of Suricata" if file.log == EVE else "Zeek log"
            self._fail(SourceError(f"{file.path}: is no {whose}: none of its lines could be read"))
        self.report.problems += [
            f"{file.path}:{number}: {reason}; not used" for number, reason in bad
        ]
        if bad_rows > len(bad):
            self.report.problems.append(
                f"{file.path}: {bad_rows - len(bad)} more lines of this file were not used"
            )


def parsers_of(file: LogFile, known: Mapping[str, Parser]) -> dict[str, Parser]:
    """Return what reads a file, by log; an eve.json is of many logs."""
    if file.log == EVE:
        return {log: parser for log, parser in known.items() if log.startswith(f"{EVE}_")}
    return {file.log: known[file.log]} if file.log in known else {}


def _blocks(file: LogFile, wanted: Mapping[str, Parser]) -> Iterator[tuple[str, Block]]:
    """Yield the blocks of a file, each with its log."""
    rows = {log: parser.Row for log, parser in wanted.items()}
    if file.log == EVE:
        yield from eve_files.read(file, rows)
    else:
        yield from ((file.log, block) for block in zeek_files.read(file, rows[file.log]))


def refresh(store: Store, site: str, goes_on: Callable[[], bool] = lambda: True) -> bool:
    """Work out the devices of a site again, as far as claims have changed; tell if all is done.

    Each part is committed, so that a kill costs no more than that; then `goes_on` is asked.
    """
    while changed := store.changed_hosts(site, HOSTS_AT_ONCE):
        with store.transaction():
            rework(store, site, changed)
        if not goes_on():
            break
    return not changed


def rework(store: Store, site: str, changed: Iterable[str]) -> set[str]:
    """Work out the devices of hosts again; inside a transaction. Returns all that took part."""
    hosts = _together(store, site, changed)
    _rework(store, site, hosts)
    store.mark(site, hosts, changed=False)
    return hosts


def _together(store: Store, site: str, changed: Iterable[str]) -> set[str]:
    """Return the hosts whose claims can only be judged together with those of the changed ones."""
    hosts: set[str] = set()
    todo = set(changed)
    while todo:
        hosts |= todo
        routers = Addresses(store.sightings(site, todo)).routers
        todo = store.linked(site, todo, {f"mac:{mac}" for mac in routers})
        todo |= store.hosts_of(site, store.at_hosts(site, hosts))
        owned, _ = store.owners(site, {f"mac:{mac}" for mac in routers})
        todo |= store.hosts_of(site, owned.values())
        todo -= hosts
    return hosts


def _rework(store: Store, site: str, hosts: set[str]) -> None:
    """Put new entries in the place of all that rest on claims of these hosts."""
    addresses = Addresses(store.sightings(site, hosts))
    corrections = store.corrections(site)
    groups = identity.group(store.claims(site, hosts), addresses, corrections)
    by_hand = {key for one, other, _ in corrections for key in (one, other)}
    owners, before = store.owners(site, {key for group in groups for key in group.keys})
    entries = []
    gone = store.at_hosts(site, hosts)
    given = ids.assign(site, groups, owners, before, store.age)
    present = {assigned.id for assigned in given}
    for assigned in given:
        group = assigned.group
        told = by_hand and not by_hand.isdisjoint(group.keys)
        passing = {i for i in assigned.merged if not told and _is_passing(store, i, group)}
        known = (assigned.id, *assigned.merged)
        names = {*assigned.merged, *(former for i in known for former in store.former_ids(i))}
        old = tuple(sorted(names - present - passing))
        entries.append(
            Entry(
                device=attributes.device(site, group, assigned.id, old, addresses),
                keys=tuple(group.keys),
                hosts=tuple(sorted({*group.seen_at, *(c.first.host for c in group.described)})),
                held=tuple(_held(group, addresses)),
            )
        )
        gone |= {assigned.id, *assigned.merged}
        merged = tuple(i for i in assigned.merged if i not in passing)
        store.note(site, replace(assigned, merged=merged), entries[-1].device.last_seen)
    store.replace(site, gone, entries)


def _is_passing(store: Store, device_id: str, group: identity.Group) -> bool:
    """Tell whether an entry was no more than an address, for minutes, until more came of it."""
    keys = store.keys_of(device_id)
    if any(not key.startswith(("ip:", "mac:")) for key in keys):
        return False
    device = store.device(device_id)
    latest = max(claim.last_seen for claims in group.seen_at.values() for claim in claims)
    return device is not None and latest - device.first_seen < PASSING


def inventory(store: Store, site: str | None = None) -> list[Device]:
    """Return the devices of one site or of all, with what the sites know and saw of them."""
    known: list[Device] = []
    for name in [site] if site else store.sites():
        threats = events.by_device(store.events(name), partial(store.held, site=name))
        known += [
            replace(device, events=found) if (found := threats.get(device.id)) else device
            for device in Facts(store.facts(name)).lay_over(store.devices(name))
        ]
    return known


def history(store: Store, devices: Iterable[Device], every: Iterable[Device]) -> list[Change]:
    """Return all that happened to some of `every` device, the oldest first."""
    latest: dict[str, float] = {}
    for device in every:  # a sensor's clock may be ahead
        latest[device.site] = max(min(device.last_seen, time()), latest.get(device.site, 0.0))
    found: list[Change] = []
    for device in devices:
        found += changes.changes(device, latest[device.site])
        found += [
            Change(
                time=event.at,
                device_id=device.id,
                kind=event.kind,
                attribute="device",
                before=(event.other,),
                after=(event.key,),
            )
            for event in store.identity_events(device.id)
        ]
    return sorted(found, key=lambda change: (change.time, change.device_id))


def merge(store: Store, site: str, one: str, other: str, told: Told) -> None:
    """Make two devices one, because a person says so; inside a transaction."""
    keys, others = store.keys_of(one), store.keys_of(other)
    store.forget_corrections(site, keys, others)
    said = [(a, b, True) for a in _lasting(keys) for b in _lasting(others)]
    _correct(store, site, {one, other}, said, told)


def _lasting(keys: Iterable[str]) -> list[str]:
    """Return the keys by which a device will be known later; mere addresses if it has no other."""
    known = sorted({identity.without_model(key) for key in keys})
    return [key for key in known if identity.rank(key) < identity.rank("ip:")] or known


def split(store: Store, site: str, device_id: str, key: str | None, told: Told) -> None:
    """Undo what made a device one by hand, or else set the part with this key apart.

    Raises ValueError where there is nothing to split; inside a transaction.
    """
    keys = store.keys_of(device_id)
    if store.forget_corrections(site, keys, keys, same=True):
        _correct(store, site, {device_id}, [], told)
        return
    parts = identity.parts(keys)
    if key not in parts or len(parts) == 1:
        raise ValueError(f"can only be split at one of several of: {', '.join(parts)}")
    apart = [(key, other, False) for other in parts if other != key]
    _correct(store, site, {device_id}, apart, told)


def _correct(
    store: Store, site: str, ids: set[str], said: list[tuple[str, str, bool]], told: Told
) -> None:
    hosts = store.hosts_of(site, ids)
    for one, other, same in said:
        store.correct(site, one, other, same, told)
        store.link(site, f"told:{one} {other}", hosts)
    store.mark(site, hosts, changed=True)


def _held(group: identity.Group, addresses: Addresses) -> Iterator[Binding]:
    """Yield when a device held its addresses: as proven, else as long as it was seen there."""
    for ip, claims in group.seen_at.items():
        proven = [bound for bound in addresses.of(ip) if f"mac:{bound.mac}" in group.hosts]
        yield from proven
        if not proven and not is_link_local(ip):
            yield Binding(
                ip=ip,
                mac=None,
                start=min(claim.first_seen for claim in claims),
                end=max(claim.last_seen for claim in claims),
                source="seen",
                confidence=UNPROVEN,
            )
