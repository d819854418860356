"""Whose a threat is: the device that held the address when it was reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from wardwatch_enrichment.links import holders
from wardwatch_enrichment.model import Binding, Event

SURE_ENOUGH = 0.4  # an address that was only seen, up to a day before or after


def by_device(
    events: Iterable[Event], held: Callable[[str], list[tuple[str, Binding]]]
) -> dict[str, tuple[Event, ...]]:
    """Return the events of each device, the worst and latest first.

    `held` returns (device id, binding) for an address. Those that differ in nothing but their day
    become one.
    """
    found: defaultdict[str, dict[tuple[object, ...], Event]] = defaultdict(dict)
    bindings: dict[str, list[tuple[str, Binding]]] = {}
    for event in events:
        if event.host not in bindings:
            bindings[event.host] = held(event.host)
        likely = holders(bindings[event.host], event.last_seen)
        if not likely or likely[0].confidence < SURE_ENOUGH:
            continue
        key = (event.log, event.sensor, event.sid, event.signature, event.host, event.peer)
        known = found[likely[0].device_id]
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
