"""The inventory on a terminal. What came from the wire is printed as text, whatever it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wardwatch_enrichment.changes import Change
from wardwatch_enrichment.facts import Covered
from wardwatch_enrichment.links import Holder, by_number
from wardwatch_enrichment.model import Attribute, Device, DeviceClass, Event, standings
from wardwatch_enrichment.visibility import visibility

CELL = 60  # characters of a value that a table shows
_CLASSES: tuple[DeviceClass | None, ...] = ("medical", "iot", "building", "it", None)
_PIPE_WIDTH = 1_000  # a pipe has no edge; a row stays on one line


def console(*, error: bool = False) -> Console:
    """Return a console that neither interprets nor wraps what it is given where it is piped."""
    made = Console(stderr=error, markup=False, highlight=False, emoji=False, soft_wrap=False)
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


def safe(text: str) -> str:
    """Return text in which everything that a terminal could act upon is written out."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def cell(value: object) -> Text:
    """Return one cell: bounded, and never more than text."""
    text = safe(", ".join(value) if isinstance(value, tuple) else str(value or ""))
    return Text(text if len(text) <= CELL else text[: CELL - 1] + "…")


def moment(ts: float) -> str:
    """Return a time to the second, in UTC."""
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def order(device: Device) -> tuple[object, ...]:
    """Sort medical devices first, then by what they are."""
    known = (device.manufacturer, device.model, device.serial_number, device.hostname)
    return (
        _CLASSES.index(device.device_class),
        *(value or "\U0010ffff" for value in known),
        [by_number(ip) for ip in device.ips],
        device.id,
    )


def inventory(devices: Sequence[Device]) -> Iterable[Table | Text]:
    """Yield the table of devices, in the order given, and a line that sums them up."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("id", "class", "type", "manufacturer", "model", "serial number"):
        table.add_column(heading, overflow="fold")
    for heading in ("software", "name", "address", "last seen"):
        table.add_column(heading, overflow="fold")
    for device in devices:
        name = device.hostname or next(iter(device.names), None)
        place = device.ips or tuple(f"via {gateway}" for gateway in device.via)
        shown: list[object] = [device.device_class, device.type, device.manufacturer, device.model]
        shown += [device.serial_number, device.software_versions, name, place]
        table.add_row(
            device.id[:8],
            *(cell(value) for value in shown),
            moment(device.last_seen),
        )
    yield table
    count = Counter(device.device_class for device in devices)
    known = ", ".join(f"{count[kind]} {kind or 'not known'}" for kind in _CLASSES if count[kind])
    yield Text(f"{len(devices)} devices: {known}" if devices else "No devices yet.")


def detail(device: Device) -> Iterable[Table | Text]:
    """Yield one device with every attribute and the lines that say so."""
    yield Text(f"device {device.id} at site {safe(device.site)}")
    for label, value in (
        ("class", device.device_class),
        ("former ids", device.former_ids),
        ("via", device.via),
        ("first seen", moment(device.first_seen)),
        ("last seen", moment(device.last_seen)),
    ):
        if value:
            yield Text(f"{label}: {cell(value)}")
    known = visibility(device)
    yield Text(f"{known.level}, {known.score:.0%} of what matters: {known.sentence}")
    yield _attributes(device.attributes)
    if device.events:
        yield Text(f"threats seen at it: {len(device.events)}")
        yield _events(device.events)


def history(changes: Iterable[Change], names: Mapping[str, str | None]) -> Iterable[Table | Text]:
    """Yield what changed, in the order given; `names` are the devices' by their ids."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("time", "id", "device", "what", "before", "after", "evidence"):
        table.add_column(heading, overflow="fold")
    count = 0
    for change in changes:
        count += 1
        what = change.kind if change.attribute == "device" else f"{change.kind}: {change.attribute}"
        quoted = next((f"{e.log} {e.uid or '-'} {e.field}" for e in change.evidence), "")
        table.add_row(
            moment(change.time),
            change.device_id[:8],
            cell(names.get(change.device_id)),
            what,
            cell(change.before),
            cell(change.after),
            cell(quoted),
        )
    yield table
    yield Text(f"{count} changes")


def _attributes(attributes: Iterable[Attribute]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("attribute", "value", "confidence", "seen", "evidence"):
        table.add_column(heading, overflow="fold")
    for attribute, standing in standings(attributes).items():
        name = attribute.name if attribute.current else f"({attribute.name}, {standing})"
        quoted = Text("\n").join(
            Text(
                safe(
                    f"{e.log} {e.uid or '-'} {moment(e.time)} {e.sensor}: "
                    f"{e.host} {e.field} = {e.value[:CELL]}"
                )
            )
            for e in attribute.evidence
        )
        seen = f"{moment(attribute.first_seen)}\n{moment(attribute.last_seen)}"
        table.add_row(
            cell(name), Text(safe(attribute.value)), f"{attribute.confidence:.2f}", seen, quoted
        )
    return table


def _way(event: Event) -> str:
    peer = event.peer or "several"
    ends = (peer, event.host) if event.direction == "inbound" else (event.host, peer)
    return " to ".join(ends)


def _events(events: Iterable[Event]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("severity", "signature", "sid", "category", "from and to", "count"):
        table.add_column(heading, overflow="fold")
    table.add_column("seen", overflow="fold")
    table.add_column("reported by", overflow="fold")
    for event in events:
        table.add_row(
            str(event.severity or ""),
            cell(event.signature),
            str(event.sid or ""),
            cell(event.category),
            safe(_way(event)),
            str(event.count),
            f"{moment(event.first_seen)}\n{moment(event.last_seen)}",
            safe(f"{event.log} {event.sensor}"),
        )
    return table


def coverage(
    site: str, covered: Sequence[Covered], outside: Mapping[str, int]
) -> Iterable[Table | Text]:
    """Yield the subnets of a site's plan, the blind spots first, and what is not in the plan."""
    if not covered:
        yield Text(
            f"Site {safe(site)} has no address plan; `wardwatch facts import plan.csv` takes one."
        )
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("subnet", "name", "devices", "last seen", "state"):
            table.add_column(heading, overflow="fold")
        for found in sorted(covered, key=lambda c: c.last_seen is not None):
            state = "seen" if found.last_seen is not None else "NOTHING SEEN: a blind spot"
            if found.last_seen is None and found.tapped is False:
                state = "no tap there: not seen, as planned"
            elif found.last_seen is None and found.tapped:
                state = "NOTHING SEEN, though a tap is planned there"
            seen = "" if found.last_seen is None else moment(found.last_seen)
            table.add_row(found.cidr, cell(found.name), str(found.devices), seen, state)
        blind = sum(found.last_seen is None for found in covered)
        yield Text(f"site {safe(site)}: {len(covered)} subnets planned, {blind} not seen")
        yield table
    if outside and covered:
        where = ", ".join(f"{cidr} ({count})" for cidr, count in sorted(outside.items()))
        yield Text(f"Devices at addresses that are not in the plan: {where}")


def answers(
    ip: str, at: float, found: Sequence[Holder], known: Mapping[str, Device]
) -> Iterable[Table | Text]:
    """Yield which devices can have held an address, the likeliest first."""
    if not found:
        yield Text(f"No device is known to have held {ip}.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("site", "confidence", "id", "device", "mac", "held from", "until"):
        table.add_column(heading, overflow="fold")
    table.add_column("proof")
    table.add_column("why")
    for holder in found:
        device, binding = known[holder.device_id], holder.binding
        shown = (device.manufacturer, device.model, device.serial_number, device.hostname)
        table.add_row(
            cell(device.site),
            f"{holder.confidence:.2f}",
            device.id[:8],
            cell(tuple(value for value in shown if value)),
            binding.mac or "",
            moment(binding.start),
            moment(binding.end),
            binding.source,
            holder.reason,
        )
    yield Text(f"{ip} at {moment(at)}:")
    yield table
