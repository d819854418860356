"""What would tell more: it makes nothing less likely, but shows what cannot be told now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.candidates import Known, Where, counted, every, where
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.rating import CANNOT_TELL, Rated
from wardwatch_enrichment.risk.tasks import Task, earliest, several, unit
from wardwatch_enrichment.vex.words import shown


def tells(known: Sequence[Known]) -> list[Task]:
    """Return where a sensor, or a look at the version, would tell most."""
    found = [*_sensors(known), *_versions(known)]
    return sorted(found, key=lambda one: (-len(one.findings), one.way, one.place, one.model))


def _sensors(known: Iterable[Known]) -> Iterable[Task]:
    """Yield where a sensor would tell what cannot be told, by subnet."""
    blind: defaultdict[tuple[str, str], list[tuple[Device, Rated]]] = defaultdict(list)
    for one, rated in every(known):
        if rated.risk.label == CANNOT_TELL and "C3" in rated.risk.path.split("+"):
            device = one.around.device
            blind[device.site, KEYS["subnet"](device) or ""].append((device, rated))
    for (site, subnet), found in blind.items():
        what = f"that sees {shown(subnet, 80)}" if subnet else "in their network (which is it?)"
        text = f"Place a sensor {what}, or import the rules of its boundary"
        yield _tell("sensor", text, Where(site, subnet, ""), found)


def _versions(known: Iterable[Known]) -> Iterable[Task]:
    """Yield of which devices the version would tell whether they are affected."""
    asked: defaultdict[Where, list[tuple[Device, Rated]]] = defaultdict(list)
    for one, rated in every(known):
        if rated.finding.affected == "possible" and rated.risk.label in ("Attend", "Act"):
            asked[where(one.around.device)].append((one.around.device, rated))
    for place, found in asked.items():
        text = f"Verify the version of {counted(len({one.id for one, _ in found}), place)}"
        yield _tell("version", text, place, found)


def _tell(way: str, text: str, place: Where, found: Sequence[tuple[Device, Rated]]) -> Task:
    devices = {device.id: device for device, _ in found}
    score = sum(rated.risk.score for _, rated in found)
    return Task(
        rank=0,
        kind="tell",
        way=way,
        text=f"{text}: {several(len(found), 'finding')} on "
        f"{several(len(devices), 'device')}, score {score:.1f}.",
        **place._asdict(),
        devices=tuple(map(unit, devices.values())),
        findings=tuple(rated.finding.id for _, rated in found),
        vulnerabilities=tuple(dict.fromkeys(rated.finding.vulnerability for _, rated in found)),
        due_days=earliest(rated for _, rated in found),
    )
