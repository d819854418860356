"""What the loss of a device does on each axis: by its kind, under what the site says of it."""

from __future__ import annotations

from typing import NamedTuple

from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Factors

_MEDICAL = "medical device"
# Kinds of which the table says nothing: what is lost with them is other people's work and data.
_OF_CLASS: dict[str | None, tuple[float, float, float]] = {
    "it": (1, 3, 6),
    "iot": (1, 2, 2),
    "building": (2, 5, 1),
}


class Weighed(NamedTuple):
    """The factors of a device, and what they rest on, in words."""

    factors: Factors
    source: str


def factors(device: Device, fleet: int = 1) -> Weighed:
    """Return what a device is weighed by; `fleet` is how many of its model there are.

    What is not known to be something else is weighed as a medical device.
    """
    kind = device_types().get(device.type or "")
    safety: float
    effectiveness: float
    data: float
    if kind and kind.factors:
        safety, effectiveness, data = kind.factors
        source = f"as {_article(kind.name)}"
    elif device.device_class in _OF_CLASS and device.device_class:
        safety, effectiveness, data = _OF_CLASS[device.device_class]
        source = f"as {device.device_class} equipment"
    else:
        safety, effectiveness, data = device_types()[_MEDICAL].factors or (4, 4, 4)
        source = f"as a {_MEDICAL}, as its kind is not known"
    weighed = Factors(
        safety=safety,
        effectiveness=effectiveness,
        data=data,
        life=bool(kind and kind.life_sustaining),
        fleet=max(fleet, 1),
    )
    return Weighed(weighed, source)


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
