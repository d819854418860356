"""The risk of groups of devices: of a ward, a network, a model, a maker, a whole site.

All devices of a group count, those with nothing open as 0; a device of which nobody knows the ward
stands with the others of which that is not known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Protocol

from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.rating import CANNOT_TELL, URGENCY, DeviceRisk, device_risk


class Scored(Protocol):
    """A device with its risk as a whole."""

    @property
    def device(self) -> Device: ...

    @property
    def whole(self) -> DeviceRisk: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRisk:
    """A group of devices as one: scores from 0 to 100 on each axis and over all.

    `name` is None where nobody knows it. `share_high` is the share of devices whose score is
    high. `labels` counts open findings, and `label` is the most urgent, None where nothing is
    open; `cannot_tell` counts devices with one that cannot be told, so that their scores are no
    more than a guess. `worst` is the device with the highest score.
    """

    name: str | None
    score: float
    safety: float
    effectiveness: float
    data: float
    band: str
    devices: int
    share_high: float
    label: Label | None
    labels: Mapping[Label, int]
    cannot_tell: int
    worst: Device
    worst_score: float


def groups(
    scored: Iterable[Scored],
    by: str,
    others: Iterable[Device] = (),
    figures: Figures | None = None,
) -> list[GroupRisk]:
    """Return groups, the worst first; `by` is one of `KEYS`.

    `others` are devices of the same inventory; those without a risk have nothing open.
    """
    figures = model() if figures is None else figures
    key, nothing = KEYS[by], device_risk((), figures)
    known = {one.device.id: (one.device, one.whole) for one in scored}
    for device in others:
        known.setdefault(device.id, (device, nothing))
    found: defaultdict[str | None, list[tuple[Device, DeviceRisk]]] = defaultdict(list)
    for device, whole in known.values():
        found[key(device)].append((device, whole))
    made = [_group(name, members, figures) for name, members in found.items()]
    return sorted(made, key=_order)


def _group(
    name: str | None, members: list[tuple[Device, DeviceRisk]], figures: Figures
) -> GroupRisk:
    wholes = [whole for _, whole in members]
    labels: Counter[Label] = Counter()
    for whole in wholes:
        labels.update(whole.labels)
    folded = scoring.group((whole.score for whole in wholes), figures)
    worst, worst_risk = min(members, key=lambda member: (-member[1].score, member[0].id))
    return GroupRisk(
        name=name,
        score=folded.score,
        safety=scoring.fold((whole.safety for whole in wholes), figures),
        effectiveness=scoring.fold((whole.effectiveness for whole in wholes), figures),
        data=scoring.fold((whole.data for whole in wholes), figures),
        band=scoring.band(folded.score, figures),
        devices=folded.devices,
        share_high=folded.share_high,
        label=next((label for label in URGENCY if labels[label]), None),
        labels={label: labels[label] for label in URGENCY if labels[label]},
        cannot_tell=sum(bool(whole.labels.get(CANNOT_TELL)) for whole in wholes),
        worst=worst,
        worst_score=worst_risk.score,
    )


def _order(group: GroupRisk) -> tuple[object, ...]:
    return (-group.score, -group.share_high, group.name is None, group.name or "")


def _told(name: str) -> Callable[[Device], str | None]:
    """Return what reads an attribute; what the site told stands before what was seen."""

    def read(device: Device) -> str | None:
        return next((a.value for a in device.attributes if a.name == name and a.current), None)

    return read


def _subnet(device: Device) -> str | None:
    """Return the subnet by the plan, or else the network of its first address."""
    if told := _told("subnet")(device):
        return told
    for ip in device.ips:
        bits = 24 if ip_address(ip).version == 4 else 64
        return str(ip_network(f"{ip}/{bits}", strict=False))
    return None


def _model(device: Device) -> str | None:
    return " ".join(filter(None, (device.manufacturer, device.model))) if device.model else None


KEYS: Mapping[str, Callable[[Device], str | None]] = {
    "site": lambda device: device.site,
    "ward": _told("ward"),
    "building": _told("building"),
    "vlan": _told("vlan"),
    "subnet": _subnet,
    "model": _model,
    "manufacturer": lambda device: device.manufacturer,
    "type": lambda device: device.type,
}
