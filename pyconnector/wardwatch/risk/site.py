"""One site at one time: its devices with their evidence, the site's plan, facts and advisories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, cached_property
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from wardwatch.store import Store
from wardwatch_enrichment import events
from wardwatch_enrichment.assessment import Assessment
from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.device_types import lineage
from wardwatch_enrichment.facts import Facts
from wardwatch_enrichment.finding import AFFECTED, SETTLED, Exposure, Finding
from wardwatch_enrichment.handling import Handling
from wardwatch_enrichment.matching import Fleet, Index, fleet
from wardwatch_enrichment.model import Binding, Device, Event
from wardwatch_enrichment.posture import look
from wardwatch_enrichment.posture.recalls import Recalls
from wardwatch_enrichment.risk.criticality import Criticality
from wardwatch_enrichment.subjects import subjects
from wardwatch_enrichment.surroundings import DAY, LIFE, Surroundings

_AT_ONCE = 50  # devices whose evidence is in memory: of each some rows a day, of a month
_REGISTERED = 0.9  # of the medical devices that are seen, for the register to be a whole one


class Judged(NamedTuple):
    """A device in its surroundings, with what is open or settled on it."""

    around: Surroundings
    findings: tuple[Finding, ...]


class _Evidence(NamedTuple):
    """The evidence of some devices by their ids."""

    own: Mapping[str, tuple[Exposure, ...]]
    calls: Mapping[str, tuple[Exposure, ...]]
    threats: Mapping[str, tuple[Event, ...]]


class Site:
    """One site at one time: its plan, its facts, and the few values of its devices.

    `tokens` limits those to what shares one; a site with a register is looked through whole,
    because that may say of any device what it is.
    """

    def __init__(self, store: Store, site: str, now: float, tokens: set[str] | None = None) -> None:
        told = store.facts(site)
        registered = any(fact.kind == "device" for fact in told)
        self.store, self.name, self.now = store, site, now
        self.told_at = {fact.at for fact in told}
        self._facts, self._handling = Facts(told), Handling(told)
        self._boundaries, self.criticality = Boundaries(told), Criticality(told)
        self._registered = _kinds(f.values.get("type") for f in told if f.kind == "device")
        self._zones: dict[str, str] = {}
        known = store.slight_devices(site, None if registered else tokens)
        self._own = self._facts.owned(known)
        self.slight = [self._facts.laid_over(d, self._own.get(d.id)) for d in known]
        self.fleet: Fleet = fleet(self.slight)

    def tokens(self, ids: Container[str]) -> set[str]:
        """Return the tokens of all that advisories of some devices can be about."""
        wanted = (device for device in self.slight if device.id in ids)
        return {token for d in wanted for one in subjects(d) for token in one.tokens}

    def judge(self, ids: set[str], index: Index, *, with_posture: bool = False) -> Iterator[Judged]:
        """Yield devices with what an index comes to on them, and with what their posture shows."""
        assessment = Assessment(index, cache(self.store.statements))
        look = self._posture() if with_posture else _no_posture
        for around in self.arounds(ids):
            if found := [*assessment.findings(around), *look(around)]:
                yield Judged(around, tuple(sorted(found, key=order)))

    def _posture(self) -> Callable[[Surroundings], Iterable[Finding]]:
        """Return what tells the posture of a device, with what the feeds say read once."""
        today = datetime.fromtimestamp(self.now, UTC).date()
        lifecycles = cache(self.store.lifecycles)
        known = Recalls(self.store.recalls())
        return lambda around: look.findings(around, lifecycles, known, today)

    @cached_property
    def _on_link(self) -> Mapping[str, Exposure]:
        """Who uses IPv6 at addresses that are tied to it by nothing but the row's own proof."""
        return self.store.ipv6_on_link(self.name, self.now - LIFE - DAY)

    def arounds(self, ids: Iterable[str]) -> Iterator[Surroundings]:
        """Yield devices of the inventory by their ids, each with its evidence, in that order."""
        ordered = sorted(ids)
        for at in range(0, len(ordered), _AT_ONCE):
            full = self.store.devices_of(ordered[at : at + _AT_ONCE])
            evidence = self._evidence(full)
            for known in full:
                device = self._facts.laid_over(known, self._own.get(known.id))
                threats = evidence.threats.get(known.id, ())
                if own := tuple(event for event in threats if event.host in known.ips):
                    device = replace(device, events=own)
                yield self._around(device, evidence)

    def told_of(self, device: Device) -> tuple[object, ...]:
        """Return which row of the register is a device's own."""
        own = self._own.get(device.id)
        return (own.source, own.line, own.at) if own else ()

    def device(self, name: str) -> Device | None:
        """Return a device by its id, or a former one, with what its site knows of it."""
        known = self.store.device(name)
        return known and self._facts.laid_over(known, self._own.get(known.id))

    def fleet_of(self, device: Device) -> int:
        """Return how many devices of its model there are, itself included."""
        return self._models[device.manufacturer, device.model] if device.model else 1

    @cached_property
    def _models(self) -> Counter[tuple[str | None, str | None]]:
        return Counter((one.manufacturer, one.model) for one in self.slight)

    def only(self, device: Device) -> str:
        """Return by what it is known to be the only one of its kind here; empty for not known.

        What no sensor sees may be another one: only the equipment register tells that it is not,
        and only one that has nearly all that is seen.
        """
        kind, own = device.type or "", self._own.get(device.id)
        listed = own is not None and own.values.get("type") == kind
        alone = self._registered[kind] == self._typed[kind] == 1
        if not listed or not alone or not self._is_registered or device.device_class != "medical":
            return ""
        return f"the only {kind} in the equipment register and on the network"

    @cached_property
    def _is_registered(self) -> bool:
        medical = [one.id in self._own for one in self.slight if one.device_class == "medical"]
        return sum(medical) >= _REGISTERED * len(medical)

    @cached_property
    def _typed(self) -> Counter[str]:
        return _kinds(device.type for device in self.slight)

    def _around(self, device: Device, evidence: _Evidence) -> Surroundings:
        # Others are read at the same time; what is seen of this one must not depend on those.
        rows = [row for row in evidence.own.get(device.id, ()) if row.host in device.ips]
        called = callees(rows)
        calls = (row for row in evidence.calls.get(device.id, ()) if row.host in called)
        return Surroundings(
            device=device,
            now=self.now,
            rows=(*rows, *self.on_link(device)),
            calls=tuple(calls),
            sensors=self.sensors,
            handling=self._handling.of(device),
            boundaries=self._boundaries,
            zone_of=self.zone,
        )

    def _evidence(self, devices: Collection[Device]) -> _Evidence:
        since = self.now - LIFE - DAY
        hosts = {ip for device in devices for ip in device.ips}
        own = self.store.exposures(self.name, hosts, since)
        known_of = self.store.held_each(hosts, self.name)
        others = cache(lambda ip: self.store.held(ip, self.name))

        def held(ip: str) -> list[tuple[str, Binding]]:
            return known_of[ip] if ip in known_of else others(ip)

        called = callees(own)
        known = events.exposures_by_device(
            [*own, *self.store.exposures(self.name, called - hosts, since)],
            held,
            clients=self.store.held_by(device.id for device in devices),
        )
        threats = events.by_device(self.store.events(self.name, hosts), held)
        return _Evidence(known.own, known.called, threats)

    @cached_property
    def sensors(self) -> Mapping[str, tuple[Exposure, ...]]:
        """What each sensor tells of itself."""
        found: defaultdict[str, list[Exposure]] = defaultdict(list)
        for row in self.store.coverage(self.name):
            found[row.sensor].append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    def on_link(self, device: Device) -> tuple[Exposure, ...]:
        """Return what tells that a device uses IPv6 on its own link."""
        return tuple(row for mac in device.macs if (row := self._on_link.get(mac)))

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


def callees(rows: Iterable[Exposure]) -> set[str]:
    """Return the addresses that somebody is seen to call."""
    return {peer for row in rows if row.value == "to" for peer in row.peers if "/" not in peer}


def _kinds(types: Iterable[str | None]) -> Counter[str]:
    """Return how many there are of each kind of device, each also as one of the more general."""
    return Counter(kind for name in types for kind in lineage(name or ""))


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
