"""What a measure says in words: for which device, which flows, what is not known.

All texts may come from logs, files of the site and advisories: each is bounded in length, and what
is not printable is written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wardwatch_enrichment.mitigation.flows import ANY, Flow
from wardwatch_enrichment.mitigation.patches import Patch
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.surroundings import Surroundings
from wardwatch_enrichment.vex.words import counted, shown

LONGEST = 2_000
_NAME = 60
_TOLD = 500
_LISTED = 6
AGREE = "Agree it with clinical engineering and the manufacturer first."
ITS_SERVICE = "its service"
SEGMENT = "Give {device} a segment of its own."
WATCHED = "It makes nothing less likely: it is only noticed."
OPEN = (
    "Leave what carries alarms and therapy open, also where it was not seen yet (fail-over, "
    "downtime): log it, until the manufacturer's list of its flows is complete."
)
_LITTLE = "no sensor has watched it long enough to tell"


def bounded(text: str, last: str = "") -> str:
    """Return a text on one line and of bounded length, with a sentence that is never left out."""
    return " ".join(filter(None, (shown(" ".join(text.split()), LONGEST - len(last) - 1), last)))


def filled(template: str, device: Device, ports: str) -> str:
    """Return the words of an entry for the device at hand."""
    return template.format(device=named(device), ports=shown(ports, 200))


def named(device: Device) -> str:
    """Return how people find a device: make, model, address."""
    parts = (device.manufacturer, device.model or device.type)
    known = " ".join(shown(part, _NAME) for part in parts if part)
    where = ", ".join(shown(ip, _NAME) for ip in (device.ips or device.macs)[:2])
    return f"{known or 'the device'} at {where}" if where else known or f"the device {device.id}"


def patched(known: Patch, device: Device) -> str:
    """Return what to do with a patch, by what its manufacturer says of it."""
    name, told = shown(known.name, _TOLD).rstrip("."), shown(known.told, _NAME * 2)
    if known.status == "refused":
        return f"Do not install {name} on {named(device)}: its manufacturer refuses it ({told})."
    if known.status == "approved":
        return f"On {named(device)}, install what its manufacturer approves ({told}): {name}."
    ask = "Ask the manufacturer whether it approves it for this device before it is installed."
    return f"What mends it on {named(device)} ({told}): {name}. {ask}"


def advised(told: str, device: Device, advisory: str) -> str:
    """Return a workaround, and who advises it."""
    source = f", as {shown(advisory, _NAME)} tells" if advisory else ""
    return f"On {named(device)}{source}: {shown(told, _TOLD)}"


def held(text: str, flows: Iterable[Flow], ports: Sequence[str]) -> str:
    """Return a measure that would touch alarms or therapy: people list what must go on first."""
    known = [f"{flow.never} ({_flow(flow)})" for flow in flows if flow.never]
    what = "; ".join(counted(known, _LISTED)) or ", ".join(ports) or "what its patients rely on"
    return (
        f"Do not close anything yet: {shown(what, 600)} carries alarms or therapy. List with "
        "clinical engineering and the manufacturer all that must go on there, fail-over and "
        f"downtime included. Only then: {text}"
    )


def cut(flows: Sequence[Flow], around: Surroundings) -> str:
    """Return which flows would end, and how far it can be told that there are no others."""
    if flows:
        return f"It would end: {_listed(flows)}. Find out first whether these are needed."
    return f"It would end nothing that was seen: {_coverage(around)}."


def within(flows: Sequence[Flow]) -> str:
    """Return whom no rule at the border meets."""
    told = "It does not stop those in its own network"
    return f"{told}: {_listed(flows)}." if flows else ""


def callers(flows: Sequence[Flow], around: Surroundings) -> str:
    """Return who was seen there, of whom people keep those that are needed."""
    if flows:
        return f"Seen there: {_listed(flows)}. Have each of them confirmed."
    return f"Nobody was seen there: {_coverage(around)}."


def allowed(flows: Sequence[Flow], around: Surroundings) -> str:
    """Return what has to go on through the border of a segment."""
    if flows:
        return f"Let through what was seen: {_listed(flows)}."
    return f"Nothing else of it was seen: {_coverage(around)}."


def ended(flows: Sequence[Flow]) -> str:
    """Return what would end at the border of a segment."""
    return f"It would end: {_listed(flows)}." if flows else ""


def never(flows: Iterable[Flow]) -> str:
    """Return which flows of the device must go on whatever is done."""
    known = [flow for flow in flows if flow.never]
    return f"Never cut: {_listed(known)}." if known else ""


def _coverage(around: Surroundings) -> str:
    watched = around.watched
    if watched is None or not watched.speaks(around.now):
        return _LITTLE
    days = (min(watched.until - watched.since, 30 * 86_400.0)) / 86_400
    return f"in {days:.0f} days and {watched.flows} connections; rare ones may be missing"


def _listed(flows: Iterable[Flow]) -> str:
    order = sorted(flows, key=lambda flow: (flow.never is None, -flow.count, flow.peer))
    return "; ".join(counted(map(_flow, order), _LISTED)).rstrip(".")


def _flow(flow: Flow) -> str:
    way = "from" if flow.direction == "in" else "to"
    services = (
        f" ({', '.join(shown(one, 20) for one in flow.services[:3])})" if flow.services else ""
    )
    port = f" at {ANY}" if flow.port == ANY else f" {flow.port}"
    return f"{way} {shown(flow.peer, 50)}{port}{services}"
