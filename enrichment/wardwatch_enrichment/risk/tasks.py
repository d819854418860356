"""What is to be done, as people plan it: one task per action, model and place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from wardwatch_enrichment.mitigation.flows import Flow
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.rating import Rated

TaskKind = Literal["mitigate", "tell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A device of a task, as people find it; what nobody told is empty."""

    id: str
    name: str
    ips: tuple[str, ...] = ()
    ward: str = ""
    building: str = ""
    owner: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do for devices of one model in one place, and what it removes.

    `kind` is `mitigate`, or `tell` for what makes nothing less likely but shows what cannot be told
    (place a sensor, verify a version). `text` says what to do; `action` is what `wardwatch
    simulate` takes to try it, empty where that cannot. `removed` is the sum of the scores that it
    takes away once all tasks of a better rank are done, and `lifted` tells for each label how many
    of its findings have it before and after. `effort` counts the work (1 is a rule of the network),
    once for the place or for each device. `cut` are the flows seen that would end, `carried` those
    that have to be let through where it is moved; `watched` says how far it can be told that there
    are no others. `agree` is who must agree first, empty for nobody. `due_days` is the earliest
    date of its findings, in days from when each was found. `spared` are devices that it leaves out,
    because it would cut alarms or therapy there.
    """

    rank: int
    kind: TaskKind = "mitigate"
    way: str
    action: str = ""
    text: str
    site: str
    place: str
    model: str
    devices: tuple[Unit, ...]
    findings: tuple[str, ...]
    vulnerabilities: tuple[str, ...]
    removed: float = 0.0
    effort: int = 0
    lifted: Mapping[Label, tuple[int, int]] = field(default_factory=dict)
    cut: tuple[Flow, ...] = ()
    carried: tuple[Flow, ...] = ()
    watched: str = ""
    agree: str = ""
    due_days: int | None = None
    sources: tuple[str, ...] = ()
    spared: tuple[Unit, ...] = ()

    @property
    def worth(self) -> float:
        """The score that it removes per effort."""
        return self.removed / self.effort if self.effort else 0.0


def unit(device: Device) -> Unit:
    """Return a device as people find it, by what its site tells."""
    told = {a.name: a.value for a in reversed(device.attributes) if a.current}
    known = " ".join(filter(None, (device.manufacturer, device.model))) or device.type or ""
    return Unit(
        id=device.id,
        name=" ".join(filter(None, (known, device.hostname or device.serial_number))) or device.id,
        ips=device.ips,
        **{name: told.get(name, "") for name in ("ward", "building", "owner", "phone")},
    )


def earliest(found: Iterable[Rated]) -> int | None:
    """Return within how many days the first of some findings is due; None for no date."""
    days = (rated.risk.due_days for rated in found)
    return min((one for one in days if one is not None), default=None)


def several(count: int, name: str) -> str:
    """Return how many there are of something, in words: 1 finding, 2 findings."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
