"""Which flows of the last 30 days an action would cut, and how far it can be told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import NamedTuple

from wardwatch_enrichment.mitigation.flows import Flow, flows, kept, toward
from wardwatch_enrichment.mitigation.measures import GRAVE
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.supposed import Supposed
from wardwatch_enrichment.surroundings import DAY, LIFE, Surroundings

AGREE = "agree with clinical engineering and the manufacturer first"
NEAR = "a rule at the border does not stop them, only one at the device or its switch port"
NOT_WATCHED = "not known: no sensor has watched it long enough to tell"


class Cut(NamedTuple):
    """What an action does to the flows of one device.

    `ended` are cut, `carried` have to go on, at its new place or with the device that comes
    instead, or they end, too. `forbidden` names the alarm or therapy flows among what would be cut,
    also by a port at which none was seen. `near` are those of `ended` from its own network. `days`
    is for how long it was watched without a gap, 0 for not long enough; `captured` the share of
    packets that its sensors took on their worst day, None for not known.
    """

    ended: tuple[Flow, ...]
    carried: tuple[Flow, ...]
    forbidden: tuple[str, ...]
    days: int
    flows: int
    captured: float | None
    near: tuple[Flow, ...] = ()


def cut(around: Surroundings, what: Supposed) -> Cut:
    """Return what an action would do to the flows of a device."""
    seen, type_ = flows(around), around.device.type
    ended = [
        *toward(seen, tuple(what.blocked)),
        *(_to_internet(seen, around) if what.sealed else ()),
    ]
    ports = {port: kept(port, frozenset(), None, type_) for port in sorted(what.blocked)}
    forbidden = [f"{name} ({port})" for port, name in ports.items() if name]
    forbidden += [f"{flow.never} ({flow.port})" for flow in ended if flow.never]
    moved = what.zone or what.allowed or what.replaced
    carried = [f for f in seen if f not in ended and _passes(f, what)] if moved else []
    near = tuple(f for f in ended if f.direction == "in" and around.is_near(f.peer))
    names = tuple(dict.fromkeys(forbidden))
    return Cut(tuple(ended), tuple(carried), names, *_coverage(around), near)


def _passes(flow: Flow, what: Supposed) -> bool:
    """Tell whether a flow has to be let through where the device is moved, or at a list.

    Nothing tells that its neighbours move with it: a monitor's central station may stay behind.
    """
    listed = flow.direction == "in" and flow.port in what.allowed
    return listed or what.zone is not None or what.replaced


def _to_internet(seen: Iterable[Flow], around: Surroundings) -> Iterable[Flow]:
    for flow in seen:
        public = flow.direction == "out" and ip_network(flow.peer).is_global
        if public and around.zone_of(str(ip_network(flow.peer)[0])) == "internet":
            yield flow


def _coverage(around: Surroundings) -> tuple[int, int, float | None]:
    watched = around.watched
    if watched is None or not watched.speaks(around.now):
        return 0, 0, None
    since = max(watched.since, watched.until - LIFE)
    loss = around.loss(since, watched.until)
    captured = None if loss is None else 1 - loss
    return int((watched.until - since) / DAY), watched.flows, captured


def told(cuts: Sequence[Cut]) -> str:
    """Return in words that nothing was seen, for how long and how well; never that it is safe."""
    days = min((one.days for one in cuts), default=0)
    if not days:
        blind = sum(not one.days for one in cuts)
        return NOT_WATCHED if blind == len(cuts) else f"{NOT_WATCHED} ({blind} of {len(cuts)})"
    shares = [one.captured for one in cuts if one.captured is not None]
    share = "how many packets it missed is not known"
    if len(shares) == len(cuts):
        share = f"{_percent(min(shares))} of packets captured"
    seen = f"{sum(one.flows for one in cuts)} connections"
    return f"none seen in {days} days at coverage: {share}, {seen}; rare ones may be missing"


def _percent(share: float) -> str:
    """Return a share that is never rounded up to all."""
    return f"{math.floor(share * 10_000) / 100:g} %"


def is_grave(factors: Factors) -> bool:
    """Tell whether people have to agree first: the device can harm, or sustains life."""
    return factors.life or factors.safety >= GRAVE
