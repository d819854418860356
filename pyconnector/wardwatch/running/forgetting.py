"""Forgetting: what is too old, and what somebody wants gone, in steps that are over soon."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import TypeVar

from wardwatch import pipeline
from wardwatch.store import Store
from wardwatch.store.retention import AT_ONCE, DAY, Kept, Retention
from wardwatch_enrichment import identity
from wardwatch_enrichment.content import fields
from wardwatch_enrichment.facts import Facts
from wardwatch_enrichment.links import Addresses
from wardwatch_enrichment.model import Claim, Device

# Beside what states a host name: what people call their computers and services.
GIVEN_NAMES = (
    "mdns.instance", "rdp.client_name", "tls.name", "tls.client_name", "tls.common_name",
    "tls.client_common_name", "ntlm.domain",
)  # fmt: skip
HOSTS_AT_ONCE = 100  # whose devices one transaction works out again
_T = TypeVar("_T")


@dataclass(slots=True)
class Found:
    """What of a site is too old, by kind. `named` are the log lines in which old names stand."""

    devices: list[str] = field(default_factory=list)
    names: list[Kept] = field(default_factory=list)
    named: list[Kept] = field(default_factory=list)
    claims: list[Kept] = field(default_factory=list)
    evidence: list[Kept] = field(default_factory=list)
    events: list[tuple[str, ...]] = field(default_factory=list)
    exposure: list[int] = field(default_factory=list)
    history: list[int] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how much there is of each kind."""
        kinds = ("devices", "names", "claims", "evidence", "events", "exposure", "history")
        return {kind: len(getattr(self, kind)) for kind in kinds}


def find(store: Store, site: str, now: float, keep: Retention, exposure_days: int) -> Found:
    """Return what is too old; nothing is changed.

    All but names is measured by the newest that the logs say: neither a clock that is ahead nor a
    sensor that is away makes anything old. Names of people's computers go by the calendar.
    """
    logs = min(now, store.newest(site))
    held = _held(store, site)
    devices = Facts(store.facts(site)).lay_over(store.slight_devices(site))
    gone = [
        device.id
        for device in devices
        if device.last_seen < logs - keep.devices * DAY
        and not store.seen_since(site, store.hosts_of(site, [device.id]), logs - keep.devices * DAY)
    ]
    names = list(_names(store, site, now - keep.names * DAY, held, devices))
    return Found(
        devices=gone,
        names=names,
        named=store.lines_near(site, names),
        claims=store.replaced_claims(site, logs - keep.claims * DAY, held),
        evidence=store.old_lines(site, logs - keep.evidence * DAY, held),
        events=store.old_events(site, logs - keep.events * DAY, held),
        exposure=store.old_exposures(site, logs - exposure_days * DAY),
        history=store.old_history(site, logs - keep.history * DAY),
    )


def forget(store: Store, site: str, now: float, keep: Retention, found: Found) -> Iterator[None]:
    """Drop what is too old; one transaction at each step, so that others can write in between."""
    logs = min(now, store.newest(site))
    for device_id in found.devices:
        _leave(store, site, device_id)
        yield
    _forget_in_history(store, site, found.names)  # first, as the names lead there
    for lines in _by_host([*found.named, *found.evidence]):
        with store.transaction():
            _put_down(store, site, (), lines)
        yield
    for old, days, since in ((found.names, keep.names, now), (found.claims, keep.claims, logs)):
        for claims in _by_host(old):
            with store.transaction():  # what was heard again since it was found stays
                _put_down(store, site, claims, (), since - days * DAY)
            yield
    yield from _rows(store, site, found)
    with store.transaction():
        store.drop_old_runs(site, logs - keep.history * DAY)
        store.drop_old_sightings(site, logs - keep.claims * DAY)
    while store.shrink():
        yield
    yield


def purge(store: Store, device: Device, *, dry_run: bool = False) -> dict[str, int]:
    """Drop all that is known of a device, and return how much that is, by kind.

    What people decided of it stays, and so do the states of its findings that they decided on,
    without names and log lines. What another device said, too, is not dropped.
    """
    site, store_keys = device.site, store.keys_of(device.id)
    hosts = {
        host: store.at_hosts(site, [host]) == {device.id}
        for host in store.hosts_of(site, [device.id])
    }
    mine, texts, macs = own_claims(store, device), _texts(device), set(device.macs)
    texts |= {one.value for one in mine if one.field in name_fields()}
    lines = [one for one in store.lines_with(site, texts) if one not in set(mine)]
    exposed = store.exposure_lines_with(site, texts)
    ids = {device.id, *device.former_ids}
    states = store.states_with(site, texts, ids)
    told = {
        "claims": len(mine),
        "evidence": len(lines) + len(exposed),
        "exposure": store.rows_about("exposure", site, hosts, macs),
        "events": store.rows_about("event", site, hosts, macs),
        "history": len(states),
        "decisions that stay": sum(d.device_id in ids for d in store.decisions(site)),
    }
    if dry_run:
        return told
    with store.transaction():
        store.drop_rows_about("exposure", site, hosts, macs)
        store.drop_rows_about("event", site, hosts, macs)
        store.drop_waiting(site, (host for host, is_own in hosts.items() if is_own))
        store.drop_exposure_lines(exposed)
        store.drop_sightings_of(site, macs)
        _put_down(store, site, mine, lines)
        decided = {one.finding for one in store.decisions(site)}
        own = {n for n, s in states.items() if s.device_id in ids and s.finding not in decided}
        store.drop_numbered("finding_state", own)
        left = {n: s for n, s in states.items() if n not in own}
        store.drop_names(left, texts | set(device.ips) | macs)
        store.drop_traces(site, ids, store_keys)
        store.note_erased(site, ids)
        store.touch_all(site)  # nor is it named there
    store.forget_counts()
    return told


def name_fields() -> set[str]:
    """Return the fields that hold what a person calls a computer."""
    return {one.name for one in fields().values() if one.attribute == "hostname"} | {*GIVEN_NAMES}


def own_claims(store: Store, device: Device) -> list[Kept]:
    """Return the claims on which a device rests and no other does; names in any case."""
    site = device.site
    hosts = store.hosts_of(site, [device.id])
    found = store.sightings(site, hosts)
    groups = identity.group(store.claims(site, hosts), Addresses(found), store.corrections(site))
    keys, mine, others = set(store.keys_of(device.id)), set[Kept](), set[Kept]()
    for group in groups:
        claims = {kept(claim) for claim in _claims(group)}
        if keys.isdisjoint(group.keys):
            others |= claims
        else:
            mine |= claims
    return sorted(one for one in mine if one not in others or one.field in name_fields())


def _claims(group: identity.Group) -> Iterable[Claim]:
    return chain(group.said, group.described, *group.seen_at.values())


def kept(claim: Claim) -> Kept:
    """Return the key of a claim."""
    first = claim.first
    subject, mac = first.subject or "", first.mac or ""
    return Kept(first.host, subject, first.field, first.value, mac, first.sensor)


def _held(store: Store, site: str) -> set[str]:
    """Return the hosts whose evidence an open finding or a decision rests on."""
    renamed = store.renamed()
    ids = {*store.open_findings(site).values(), *store.decided_devices(site)}
    return store.hosts_of(site, {renamed.get(one, one) for one in ids})


def _names(
    store: Store, site: str, before: float, held: Collection[str], devices: Iterable[Device]
) -> Iterator[Kept]:
    """Yield the old names of what is no medical device.

    Where such a device and another had one address, its hardware tells whose name it is.
    """
    medical = [device for device in devices if device.device_class == "medical"]
    hosts = store.hosts_of(site, [device.id for device in medical])
    macs = {mac for device in medical for mac in device.macs}
    for one in store.old_claims(site, before, name_fields()):
        of_medical = one.host in hosts and (not one.mac or one.mac in macs)
        if one.host not in held and not of_medical:
            yield one


def _texts(device: Device) -> set[str]:
    return {text for text in (device.hostname, *device.names) if text}


def _by_host(claims: Iterable[Kept]) -> Iterator[list[Kept]]:
    """Yield claims in parts, each of so few hosts that it is soon done."""
    part: list[Kept] = []
    hosts: set[str] = set()
    for one in sorted(claims):
        if part and (len(part) >= AT_ONCE or len(hosts | {one.host}) > HOSTS_AT_ONCE):
            yield part
            part, hosts = [], set()
        part.append(one)
        hosts.add(one.host)
    if part:
        yield part


def _put_down(
    store: Store,
    site: str,
    claims: Collection[Kept],
    lines: Collection[Kept],
    before: float = inf,
) -> None:
    """Drop claims, and of others the log lines, and work out whose they were."""
    store.drop_claims(site, claims, before)
    store.drop_lines(site, lines)
    hosts = {one.host for one in (*claims, *lines)}
    pipeline.rework(store, site, hosts)
    store.tidy(site, hosts)
    store.forget_counts()


def _leave(store: Store, site: str, device_id: str) -> None:
    """Let a device leave the inventory; its findings and decisions stay on record."""
    if device := store.device(device_id):
        with store.transaction():
            keys = store.keys_of(device_id)
            _put_down(store, site, own_claims(store, device), ())
            store.drop_traces(site, {device_id, *device.former_ids}, keys)


def _forget_in_history(store: Store, site: str, names: Collection[Kept]) -> None:
    devices = store.at_hosts(site, {one.host for one in names})
    states = list(store.states_with(site, (), devices).items())
    texts = {one.value for one in names}
    for part in _parts(states):
        with store.transaction():
            store.drop_names(dict(part), texts)
            store.note_erased(site, {state.device_id for _, state in part})


def _rows(store: Store, site: str, found: Found) -> Iterator[None]:
    for events in _parts(found.events):
        with store.transaction():
            store.drop_events(site, events)
            store.touch(site, {key[0] for key in events})
            if store.publishing(site):
                store.queue_devices(site, store.at_hosts(site, {key[0] for key in events}))
        yield
    for table, numbers in (("exposure", found.exposure), ("finding_state", found.history)):
        for part in _parts(numbers):
            with store.transaction():
                store.drop_numbered(table, part)
                store.touch_all(site)
            yield
    store.forget_counts()


def _parts(rows: list[_T]) -> Iterator[list[_T]]:
    for at in range(0, len(rows), AT_ONCE):
        yield rows[at : at + AT_ONCE]
