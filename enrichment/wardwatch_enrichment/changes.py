"""What changed on a device, read from how long each value of each attribute was stated.

Nothing is recorded while it happens: the same evidence gives the same changes, however often and in
whatever order it was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from wardwatch_enrichment.model import Attribute, Device, Evidence

Kind = Literal[
    "new device",
    "address",
    "hardware",
    "identity",
    "software",
    "name",
    "place",
    "service",
    "gone",
    "merged",
    "split",
]
STALE = 7 * 86_400.0  # seconds without a sign of life after which a device counts as gone
_KINDS: dict[str, Kind] = {
    "ips": "address",
    "macs": "hardware",
    "hardware_versions": "hardware",
    "manufacturer": "identity",
    "model": "identity",
    "serial_number": "identity",
    "udi": "identity",
    "software_versions": "software",
    "firmware_versions": "software",
    "module_software": "software",
    "os": "software",
    "hostname": "name",
    "vlan": "place",
    "sensors": "place",
    "location": "place",
    "services": "service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event in the life of a device.

    `before` is empty where something came in addition, `after` where it only went away. Of a merge
    or split `before` is the other entry's id, and `after` the key that this one has.
    """

    time: float
    device_id: str
    kind: Kind
    attribute: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def changes(device: Device, latest: float, stale_after: float = STALE) -> list[Change]:
    """Return all changes of a device, the oldest first.

    `latest` is when its site was last heard of (epoch seconds).
    """
    found = [
        Change(time=device.first_seen, device_id=device.id, kind="new device", attribute="device")
    ]
    by_name: defaultdict[str, list[Attribute]] = defaultdict(list)
    for attribute in device.attributes:
        if attribute.name in _KINDS:
            by_name[attribute.name].append(attribute)
    for name, values in by_name.items():
        found += _of_attribute(device.id, name, values)
    if latest - device.last_seen > stale_after:
        found.append(
            Change(time=device.last_seen, device_id=device.id, kind="gone", attribute="device")
        )
    return sorted(found, key=lambda change: (change.time, change.kind, change.attribute))


def _of_attribute(device_id: str, name: str, values: Iterable[Attribute]) -> Iterator[Change]:
    began: defaultdict[float, list[Attribute]] = defaultdict(list)
    for value in values:
        began[value.first_seen].append(value)
    starts = sorted(began)
    for at in starts[1:]:
        earlier = [value for start in starts if start < at for value in began[start]]
        ended = [value for value in earlier if value.last_seen <= at]
        last = max((value.last_seen for value in ended), default=0.0)
        yield Change(
            time=at,
            device_id=device_id,
            kind=_KINDS[name],
            attribute=name,
            # What ended before something else did was replaced then.
            before=tuple(v.value for v in ended if v.last_seen == last),
            after=tuple(value.value for value in began[at]),
            evidence=tuple(line for value in began[at] for line in value.evidence[:1]),
        )
