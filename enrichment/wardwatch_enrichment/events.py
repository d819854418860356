"""Whose threats and exposures are: the device that held the address when they were seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from typing import NamedTuple

from wardwatch_enrichment.finding import SENSOR, Exposure
from wardwatch_enrichment.links import sure_holder
from wardwatch_enrichment.model import Binding, Event

Held = Callable[[str], list[tuple[str, Binding]]]


def by_device(events: Iterable[Event], held: Held) -> dict[str, tuple[Event, ...]]:
    """Return the events of each device, the worst and latest first.

    `held` returns (device id, binding) for an address. Those that differ in nothing but their day
    become one.
    """
    found: defaultdict[str, dict[tuple[object, ...], Event]] = defaultdict(dict)
    bindings: dict[str, list[tuple[str, Binding]]] = {}
    for event in events:
        if event.host not in bindings:
            bindings[event.host] = held(event.host)
        device = sure_holder(bindings[event.host], event.last_seen)
        if device is None:
            continue
        key = (event.log, event.sensor, event.sid, event.signature, event.host, event.peer)
        known = found[device]
        known[*key, event.direction] = _joined(known.get((*key, event.direction)), event)
    return {device: tuple(sorted(kept.values(), key=_order)) for device, kept in found.items()}


def _joined(one: Event | None, other: Event) -> Event:
    if one is None:
        return other
    return replace(
        one,
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        count=one.count + other.count,
    )


def _order(event: Event) -> tuple[object, ...]:
    worst = event.severity if event.severity is not None else 9
    return worst, -event.last_seen, event.signature, event.peer or "", event.direction, event.host


class ByDevice(NamedTuple):
    """Exposure evidence by device id: `own` is at the device itself.

    `called` are services of other hosts, accepted, refused or unanswered, that it was a client of.
    """

    own: dict[str, tuple[Exposure, ...]]
    called: dict[str, tuple[Exposure, ...]]


def exposures_by_device(
    exposures: Iterable[Exposure], held: Held, clients: Container[str] | None = None
) -> ByDevice:
    """Return the exposure of each device, and what it calls, in the order in which they come.

    `held` is as for `by_device`. Where `clients` are given, only calls from these addresses are
    looked at: a server has many callers, and few of them are asked for. What cannot be told to be
    one device's is nobody's: the address changed hands at the time, or a hardware address speaks
    against it.
    """
    own: defaultdict[str, list[Exposure]] = defaultdict(list)
    called: defaultdict[str, list[Exposure]] = defaultdict(list)
    whose = _Whose(held)
    for exposure in exposures:
        if exposure.host == SENSOR:
            continue
        device = whose.all_the_while(exposure.host, exposure, exposure.mac)
        if device:
            own[device].append(exposure)
        if exposure.kind == "service":
            peers = (peer for peer in exposure.peers if "/" not in peer)
            asked = (peer for peer in peers if clients is None or peer in clients)
            for client in {whose.all_the_while(ip, exposure, None) for ip in asked}:
                if client and client != device:
                    called[client].append(exposure)
    return ByDevice(
        {device: tuple(found) for device, found in own.items()},
        {device: tuple(found) for device, found in called.items()},
    )


class _Whose:
    """Who held addresses; each is asked for once."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._bindings: dict[str, list[tuple[str, Binding]]] = {}

    def all_the_while(self, ip: str, exposure: Exposure, mac: str | None) -> str | None:
        """Return the device that held an address as long as evidence is of, if it is one."""
        if ip not in self._bindings:
            self._bindings[ip] = self._held(ip)
        start, end = exposure.first_seen, exposure.last_seen
        bindings = self._bindings[ip]
        if not bindings:  # most peers are no devices of the site
            return None
        if mac:
            bindings = [(i, bound) for i, bound in bindings if bound.mac in (mac, None)]
        one, other = sure_holder(bindings, start), sure_holder(bindings, end)
        taken_over = {i for i, bound in bindings if start < bound.start <= end}
        return one if one == other and taken_over <= {one} else None
