"""Groups of devices by their risk, and the figures in force, on a terminal and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.outputs.findings import STYLES
from wardwatch.outputs.terminal import cell, safe
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.groups import GroupRisk
from wardwatch_enrichment.risk.policy import Policy, in_force

NOT_KNOWN = "not known"


class OfSite(NamedTuple):
    """A group of devices of one site."""

    site: str
    group: GroupRisk


def table(found: Sequence[OfSite], by: str) -> Iterable[Table | Text]:
    """Yield groups in the order given, and a line that sums them up."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    many = len({one.site for one in found}) > 1 and by != "site"
    for heading in (*(["site"] if many else []), by):
        made.add_column(heading, overflow="fold")
    for heading in ("score", "safety", "effectiveness", "data", "devices", "high"):
        made.add_column(heading, justify="right")
    for heading in ("label", "findings", "cannot tell", "worst device"):
        made.add_column(heading, overflow="fold")
    for site, group in found:
        scores = (group.score, group.safety, group.effectiveness, group.data)
        made.add_row(
            *([cell(site)] if many else []),
            cell(group.name or NOT_KNOWN),
            *(f"{score:.1f}" for score in scores),
            str(group.devices),
            f"{group.share_high:.0%}",
            Text(group.label or "", STYLES.get(group.label or "", "")),
            ", ".join(f"{count} {label}" for label, count in group.labels.items()),
            f"{group.cannot_tell} devices" if group.cannot_tell else "",
            _worst(group),
        )
    yield made
    yield Text(_sum([group for _, group in found]))


def _worst(group: GroupRisk) -> Text:
    if not group.labels:
        return Text("nothing is open")
    name = cell(name_of(group.worst))
    return Text(f"{group.worst.id[:8]} {name.plain} ({group.worst_score:.1f})")


def name_of(device: Device) -> str | None:
    """Return what a person calls a device."""
    made = " ".join(filter(None, (device.manufacturer, device.model)))
    return made or device.hostname or next(iter((*device.names, *device.ips)), None)


def _sum(found: Sequence[GroupRisk]) -> str:
    devices = sum(group.devices for group in found)
    blind = sum(group.cannot_tell for group in found)
    told = f"{devices} devices in {len(found)} groups"
    if blind:
        told += f"; of {blind} something cannot be told, so that their scores are a guess"
    told += ". The three axes are folded apart; high is a share of devices by their scores."
    return f"{told} Findings of accepted risk count here, too: it is there."


def as_json(one: OfSite, by: str) -> dict[str, object]:
    """Return a group as programs read it; a name that nobody knows is null."""
    site, group = one
    return {
        "site": site,
        "by": by,
        "name": group.name,
        "score": round(group.score, 1),
        "axes": {
            "safety": round(group.safety, 1),
            "effectiveness": round(group.effectiveness, 1),
            "data": round(group.data, 1),
        },
        "band": group.band,
        "devices": group.devices,
        "share_high": round(group.share_high, 4),
        "label": group.label,
        "labels": dict(group.labels),
        "cannot_tell": group.cannot_tell,
        "worst": {
            "id": group.worst.id,
            "name": name_of(group.worst),
            "score": round(group.worst_score, 1),
        },
    }


def figures(decided: Policy, source: str | None) -> Iterable[Table | Text]:
    """Yield the figures in force, with what the site changed, and what else it decided."""
    own = {one.name: one for one in decided.changed()}
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("figure", "in force", "as shipped"):
        made.add_column(heading, overflow="fold")
    for name, value in in_force(decided).items():
        shipped = f"{own[name].shipped:g}, changed" if name in own else ""
        made.add_row(name, f"{value:g}", shipped)
    yield made
    yield Text(
        f"Model {decided.figures['model']}, policy {safe(source) if source else 'none'}: "
        f"{len(own)} figures changed, {len(decided.rubric)} answers to the rubric, "
        f"{len(decided.sanctioned)} sanctioned networks; digest {decided.digest()[:12]}."
    )
    for one in own.values():
        yield Text(f"  {one.name}: from {one.shipped:g} to {one.own:g}")
    for row in _answers(decided):
        levels = ", ".join(f"{axis} {row[axis]}" for axis in _AXES if row[axis])
        about = f"{row['vulnerability']} on {row['type']}: {levels}"
        yield Text(safe(f"  {about} (by {row['by']}: {row['reason']})"))
    for network in decided.sanctioned:
        yield Text(f"  may be called: {network}")


_AXES = ("confidentiality", "integrity", "availability")


def _answers(decided: Policy) -> list[Mapping[str, str | None]]:
    return [
        {
            "vulnerability": vulnerability,
            "type": kind,
            **{axis: getattr(answer, axis) for axis in _AXES},
            "by": answer.by,
            "reason": answer.reason,
        }
        for (vulnerability, kind), answer in sorted(decided.rubric.items())
    ]


def figures_json(decided: Policy, source: str | None) -> dict[str, object]:
    """Return the figures in force as programs read them."""
    return {
        "model": decided.figures["model"],
        "policy": source,
        "digest": decided.digest(),
        "figures": in_force(decided),
        "changed": [{"figure": o.name, "shipped": o.shipped, "own": o.own}
                    for o in decided.changed()],
        "rubric": _answers(decided),
        "sanctioned": list(decided.sanctioned),
    }  # fmt: skip
