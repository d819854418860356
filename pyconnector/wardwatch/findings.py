"""Advisories and evidence brought together: what is open on which device, and what proves it.

Only the advisories that share a token with a device are read for it, and only the devices that
share one with an advisory; what was not read under this knowledge is read then and there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from wardwatch.store import Store
from wardwatch.store.feeds import Document
from wardwatch_enrichment import curation, events, knowledge, preconditions
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Facts
from wardwatch_enrichment.finding import AFFECTED, SETTLED, Exposure, Finding
from wardwatch_enrichment.handling import Handling
from wardwatch_enrichment.matching import Fleet, Index, fleet
from wardwatch_enrichment.mitigation.measures import Mitigation, mitigations
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.posture import entries, look
from wardwatch_enrichment.posture.entries import Posture
from wardwatch_enrichment.posture.recalls import Recalls
from wardwatch_enrichment.preconditions import Precondition
from wardwatch_enrichment.subjects import subjects, tokens_of
from wardwatch_enrichment.surroundings import DAY, LIFE, Surroundings

Found = tuple[Device, tuple[Finding, ...]]
_AT_ONCE = 500  # devices whose evidence is in memory, or advisories of one transaction


class _Evidence(NamedTuple):
    """The exposure of some devices by their ids, and what the sensors say of themselves."""

    own: Mapping[str, tuple[Exposure, ...]]
    calls: Mapping[str, tuple[Exposure, ...]]
    sensors: Mapping[str, tuple[Exposure, ...]]


def read(store: Store) -> dict[str, int]:
    """Read the advisories that are new, or were read with other knowledge.

    Returns, by the ids of those that may be about some, of how many devices each can be.
    """
    now, hit = knowledge.digest(), {}
    unread = store.unread_advisories(now)
    for at in range(0, len(unread), _AT_ONCE):
        with store.transaction():
            for publisher, name in unread[at : at + _AT_ONCE]:
                for document in store.documents(publisher=publisher, name=name):
                    tokens = _read(store, document, now)
                    if count := store.count_subjects(tokens):
                        hit[name] = count
    return hit


def _read(store: Store, document: Document, now: str) -> set[str]:
    """Keep an advisory as it is read, and return by which tokens it is found."""
    advisory = _advisory(document.body)
    tokens = {token for product in advisory.products for token in tokens_of(product)}
    tokens |= {f"cve:{v.cve}" for v in advisory.vulnerabilities if v.cve}
    store.put_advisory(document, advisory, tokens, now)
    return tokens


def advisories(store: Store, tokens: Iterable[str]) -> list[Advisory]:
    """Return the advisories that may be about something with one of the tokens."""
    now = knowledge.digest()
    unread = store.unread_advisories(now)  # what was read of them is of a former revision
    found = [
        known
        for name in sorted(store.advisories_with(tokens) - set(unread))
        if (known := store.advisory(*name, now))
    ]
    found += [
        _advisory(document.body)
        for publisher, name in unread
        for document in store.documents(publisher=publisher, name=name)
    ]
    return found


def _advisory(body: bytes) -> Advisory:
    return curation.decided(csaf.parse(body))


def findings(store: Store, site: str, now: float) -> Iterator[Found]:
    """Yield the devices of a site that have something open or settled, with that."""
    around = _Site(store, site, now)
    index = Index(advisories(store, around.tokens()), around.fleet)
    yield from around.judge({device.id for device in around.slight}, index, with_posture=True)


def of_device(store: Store, device: Device, now: float) -> tuple[Finding, ...]:
    """Return what is open or settled on one device of the inventory."""
    tokens = {token for one in subjects(device) for token in one.tokens}
    around = _Site(store, device.site, now, tokens)
    index = Index(advisories(store, tokens), around.fleet)
    return next((found for _, found in around.judge({device.id}, index, with_posture=True)), ())


def measures(
    store: Store, device: Device, found: Iterable[Finding], now: float
) -> dict[str, tuple[Mitigation, ...]]:
    """Return what can be done about findings of a device, by their ids, the first choice first."""
    around = _Site(store, device.site, now, set()).around(device)
    return {one.id: mitigations(one, around, _entry(one), cwes=_cwes(store, one)) for one in found}


def _entry(finding: Finding) -> Precondition | Posture | None:
    """Return what a finding was judged by."""
    known = preconditions.preconditions().get(finding.vulnerability)
    return known or next(
        (one for one in entries.entries() if finding.vulnerability.startswith(one.id)), None
    )


def _cwes(store: Store, finding: Finding) -> tuple[str, ...]:
    """Return the weakness classes that its advisory names."""
    now = knowledge.digest()
    for match in finding.matches[:1]:
        known = store.advisory(match.publisher, match.advisory, now)
        for about in known.vulnerabilities if known else ():
            if about.cve == finding.vulnerability:
                return about.cwes
    return ()


def of_advisories(
    store: Store, site: str, known: Iterable[Advisory], now: float
) -> Iterator[Found]:
    """Yield the devices of a site that some advisories are about, with what they come to there."""
    known = tuple(known)
    products = (product for advisory in known for product in advisory.products)
    tokens = {token for product in products for token in tokens_of(product)}
    around = _Site(store, site, now, tokens)
    index = Index(known, around.fleet)
    wanted = {device.id for device in around.slight if index.matches(device)}
    yield from around.judge(wanted, index)


class _Site:
    """One site at one time: its plan, its facts, and the few values of its devices.

    `tokens` limits those to what shares one; a site with a register is looked through whole,
    because that may say of any device what it is.
    """

    def __init__(self, store: Store, site: str, now: float, tokens: set[str] | None = None) -> None:
        told = store.facts(site)
        registered = any(fact.kind == "device" for fact in told)
        self._store, self._site, self._now = store, site, now
        self._facts, self._handling = Facts(told), Handling(told)
        self._boundaries = Boundaries(told)
        self._zones: dict[str, str] = {}
        known = store.slight_devices(site, None if registered else tokens)
        self._own = self._facts.owned(known)
        self.slight = [self._facts.laid_over(d, self._own.get(d.id)) for d in known]
        self.fleet: Fleet = fleet(self.slight)

    def tokens(self) -> set[str]:
        """Return the tokens of all that advisories can be about."""
        return {token for d in self.slight for one in subjects(d) for token in one.tokens}

    def judge(self, ids: set[str], index: Index, *, with_posture: bool = False) -> Iterator[Found]:
        """Yield devices with what an index comes to on them, and with what their posture shows."""
        assessment = Assessment(index, cache(self._store.statements))
        look = self._posture() if with_posture else _no_posture
        ordered = sorted(ids)
        for at in range(0, len(ordered), _AT_ONCE):
            full = self._store.devices_of(ordered[at : at + _AT_ONCE])
            evidence = self._evidence(full)
            for known in full:
                device = self._facts.laid_over(known, self._own.get(known.id))
                around = self._around(device, evidence)
                if found := [*assessment.findings(around), *look(around)]:
                    yield device, tuple(sorted(found, key=order))

    def _posture(self) -> Callable[[Surroundings], Iterable[Finding]]:
        """Return what tells the posture of a device, with what the feeds say read once."""
        today = datetime.fromtimestamp(self._now, UTC).date()
        lifecycles = cache(self._store.lifecycles)
        known = Recalls(self._store.recalls())
        return lambda around: look.findings(around, lifecycles, known, today)

    @cached_property
    def _on_link(self) -> Mapping[str, Exposure]:
        """Who uses IPv6 at addresses that are tied to it by nothing but the row's own proof."""
        return self._store.ipv6_on_link(self._site, self._now - LIFE - DAY)

    def around(self, device: Device) -> Surroundings:
        """Return one device of the inventory with its evidence."""
        return self._around(device, self._evidence([device]))

    def _around(self, device: Device, evidence: _Evidence) -> Surroundings:
        on_link = (row for mac in device.macs if (row := self._on_link.get(mac)))
        return Surroundings(
            device=device,
            now=self._now,
            rows=(*evidence.own.get(device.id, ()), *on_link),
            calls=evidence.calls.get(device.id, ()),
            sensors=evidence.sensors,
            handling=self._handling.of(device),
            boundaries=self._boundaries,
            zone_of=self.zone,
        )

    def _evidence(self, devices: Iterable[Device]) -> _Evidence:
        since = self._now - LIFE - DAY
        hosts = {ip for device in devices for ip in device.ips}
        own = self._store.exposures(self._site, hosts, since)
        called = {peer for row in own if row.value == "to" for peer in row.peers if "/" not in peer}
        known = events.exposures_by_device(
            [*own, *self._store.exposures(self._site, called - hosts, since)],
            lambda ip: self._store.held(ip, self._site),
        )
        sensors: defaultdict[str, list[Exposure]] = defaultdict(list)
        for row in self._store.coverage(self._site):
            sensors[row.sensor].append(row)
        return _Evidence(
            known.own, known.called, {name: tuple(rows) for name, rows in sensors.items()}
        )

    def zone(self, ip: str) -> str:
        """Return the zone of an address by the plan; without one, the subnet that it is in."""
        if ip not in self._zones:
            self._zones[ip] = self._zone(ip)
        return self._zones[ip]

    def _zone(self, ip: str) -> str:
        fact = self._facts.subnet_of(ip)
        if fact:
            return fact.values.get("zone") or fact.values.get("name") or fact.values["cidr"]
        address = ip_address(ip)
        if address.is_global and not address.is_multicast:
            return "internet"
        return str(ip_network(f"{ip}/{24 if address.version == 4 else 64}", strict=False))


def _no_posture(_: Surroundings) -> Iterable[Finding]:
    return ()


_VERDICTS = ("exploitable", "potential", "unlikely", "not_exploitable", None)


def order(finding: Finding) -> tuple[object, ...]:
    """Sort what can be used here before what perhaps can; posture and what is settled come last."""
    return (
        finding.affected in SETTLED,
        finding.is_posture,
        _VERDICTS.index(finding.verdict),
        AFFECTED.index(finding.affected),
        finding.vulnerability,
    )
