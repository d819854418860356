"""What a simulation comes to, for people and as JSON lines. What came from the wire stays text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.documents.finding_json import scores
from wardwatch.outputs.terminal import cell, safe
from wardwatch_enrichment.finding import IN_WORDS
from wardwatch_enrichment.mitigation.flows import Flow
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import cutting, scoring, simulation
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.cutting import Cut
from wardwatch_enrichment.risk.rating import URGENCY, DeviceRisk, Rated
from wardwatch_enrichment.risk.simulation import Effect
from wardwatch_enrichment.risk.tasks import several

_LISTED = 12
_NAMED = 8
_CLOSING = ("block ", "allow ", "move ", "replace")


class Simulated(Protocol):
    """A device with what would become of it."""

    @property
    def device(self) -> Device: ...

    @property
    def effects(self) -> tuple[Effect, ...]: ...

    @property
    def before(self) -> DeviceRisk: ...

    @property
    def after(self) -> DeviceRisk: ...

    @property
    def cut(self) -> Cut: ...

    @property
    def grave(self) -> bool: ...


def shown(found: Sequence[Simulated], actions: str) -> Iterator[Table | Text]:
    """Yield what an action would do, the findings with the same outcome in one row."""
    yield Text(f"Simulated on {several(len(found), 'device')}: {safe(actions)}. Nothing is done.")
    if "watch " in actions:
        yield Text("What is only watched makes nothing less likely: it is noticed, not prevented.")
    effects = [one for device in found for one in device.effects]
    changed = [one for one in effects if one.changed]
    if changed:
        yield _table(found)
    yield from _sums(effects, len(changed))
    yield from _devices(found)
    yield from _flows(found, actions)


def _table(found: Iterable[Simulated]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("label", "score"):
        table.add_column(heading, no_wrap=True)
    for heading in ("devices", "model", "vulnerabilities", "because"):
        table.add_column(heading, overflow="fold")
    rows: defaultdict[tuple[str, ...], list[tuple[str, Effect]]] = defaultdict(list)
    for one in found:
        for effect in one.effects:
            if effect.changed:
                rows[_row(one.device, effect)].append((one.device.id, effect))
    order = sorted(rows.items(), key=lambda row: (-sum(e.removed for _, e in row[1]), row[0]))
    for (label, score, model, why), same in order:
        names = dict.fromkeys(effect.before.finding.vulnerability for _, effect in same)
        devices = len({device for device, _ in same})
        table.add_row(label, score, str(devices), cell(model), _listed(names), Text(safe(why)))
    return table


def _row(device: Device, effect: Effect) -> tuple[str, ...]:
    one, other = effect
    label = f"{one.risk.label} -> {other.risk.label if other else 'gone'}"
    score = f"{_score(one)} -> {_score(other) if other else '0'}"
    return label, score, _model(device), _why(effect)


def _score(rated: Rated) -> str:
    return f"{rated.risk.score:.1f}" if rated.case.cvss else "-"


def _why(effect: Effect) -> str:
    """Return what became of it in a few words."""
    if effect.after is None:
        return "the device is replaced; nothing is known of what comes in its place"
    finding = effect.after.finding
    if effect.closed:
        return f"{finding.affected}".replace("_", " ")
    zone = scoring.zone_of(effect.after.case)
    return f"{IN_WORDS[effect.after.risk.verdict]}, {zone.replace('_', ' ')}"


def _sums(effects: Sequence[Effect], changed: int) -> Iterator[Text]:
    before = simulation.sums(simulation.before(effects))
    after = simulation.sums(simulation.after(effects))
    yield Text(
        f"{changed} of {several(len(effects), 'open finding')} would change. "
        f"Score removed: {before.score - after.score:.1f} of {before.score:.1f}."
    )
    labels = (
        f"{label} {before.labels.get(label, 0)} -> {after.labels.get(label, 0)}"
        for label in URGENCY
        if before.labels.get(label) or after.labels.get(label)
    )
    if effects:
        yield Text(f"Labels: {', '.join(labels)}.")


def _devices(found: Iterable[Simulated]) -> Iterator[Text]:
    """Yield the scores of the devices, those alike together."""
    alike: defaultdict[tuple[str, float, float], list[str]] = defaultdict(list)
    for one in found:
        scores = (round(one.before.score, 1), round(one.after.score, 1))
        if scores[0] != scores[1]:
            alike[(_model(one.device), *scores)].append(one.device.id[:8])
    rows = sorted(alike.items(), key=lambda row: (-row[0][1], row[0]))
    for (model, before, after), ids in rows[:_LISTED]:
        count = several(len(ids), "device")
        yield Text(f"Device score {before:.1f} -> {after:.1f}: {count}, {safe(model)}")
    if len(rows) > _LISTED:
        yield Text(f"… and {len(rows) - _LISTED} other kinds of devices.")


def _flows(found: Sequence[Simulated], actions: str) -> Iterator[Text]:
    forbidden = Counter(name for one in found for name in one.cut.forbidden)
    for name, count in forbidden.most_common():
        where = several(count, "device")
        told = f"DO NOT DO THIS: it closes what carries alarms or therapy at {where}: {safe(name)}."
        yield Text(told, "bold red")
    ended = [(one.device, flow) for one in found for flow in one.cut.ended]
    if ended:
        yield Text(f"It would cut {several(len(ended), 'flow')} of the last 30 days:")
        yield from _some(ended)
        if near := sum(len(one.cut.near) for one in found):
            yield Text(f"{several(near, 'flow')} of them from its own network: {cutting.NEAR}.")
    elif any(verb in actions for verb in _CLOSING):
        yield Text(f"Flows that it would cut: {cutting.told([one.cut for one in found])}.")
    else:
        service = "; to be patched, a device may be out of use" if "patch " in actions else ""
        yield Text(f"It closes no port and moves nothing{service}.")
    carried = [(one.device, flow) for one in found for flow in one.cut.carried]
    if carried:
        yield Text(f"{several(len(carried), 'flow')} must be let through there, or end, too:")
        yield from _some(carried)
    if any(one.grave for one in found):
        yield Text(f"Before any of it: {cutting.AGREE}.", "bold")


def _some(found: Sequence[tuple[Device, Flow]]) -> Iterator[Text]:
    order = sorted(found, key=lambda one: (one[1].never is None, -one[1].count, one[0].id))
    for device, flow in order[:_LISTED]:
        never = f" - CARRIES ALARMS OR THERAPY: {flow.never}" if flow.never else ""
        services = f" ({', '.join(flow.services[:3])})" if flow.services else ""
        ends = f"{'from' if flow.direction == 'in' else 'to'} {flow.peer} {flow.port}{services}"
        name = f"{device.id[:8]} {_model(device)}"
        often = several(flow.count, "time")
        yield Text(safe(f"  {name}: {ends}, {often}{never}"), "red" if never else "")
    if len(order) > _LISTED:
        yield Text(f"  … and {len(order) - _LISTED} more")


def _model(device: Device) -> str:
    known = " ".join(filter(None, (device.manufacturer, device.model)))
    return known or device.type or device.hostname or "unknown device"


def _listed(names: Iterable[str]) -> Text:
    known = list(names)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return Text(safe(", ".join(known[:_NAMED])) + more)


def documents(found: Sequence[Simulated], actions: str) -> Iterator[Mapping[str, object]]:
    """Yield one object for each open finding, and one that sums them up."""
    for one in found:
        for effect in one.effects:
            yield _effect(one.device, effect)
    yield _summary(found, actions)


def _effect(device: Device, effect: Effect) -> dict[str, object]:
    finding = effect.before.finding
    return {
        "kind": "finding",
        "id": finding.id,
        "site": device.site,
        "device": {
            "id": device.id,
            "manufacturer": device.manufacturer,
            "model": device.model,
            "type": device.type,
            "ips": list(device.ips),
        },
        "vulnerability": finding.vulnerability,
        "title": finding.title,
        "changed": effect.changed,
        "before": _state(effect.before),
        "after": _state(effect.after) if effect.after else None,
        "removed": round(effect.removed, 1),
    }


def _state(rated: Rated) -> dict[str, object]:
    risk = rated.risk
    return {
        **scores(risk, scored=bool(rated.case.cvss)),
        "affected": rated.finding.affected,
        "verdict": rated.finding.verdict,
        "zone": scoring.zone_of(rated.case),
        "due_days": risk.due_days,
        "reason": rated.reason,
    }


def _summary(found: Sequence[Simulated], actions: str) -> dict[str, object]:
    effects = [one for device in found for one in device.effects]
    before = simulation.sums(simulation.before(effects))
    after = simulation.sums(simulation.after(effects))
    forbidden = list(dict.fromkeys(name for one in found for name in one.cut.forbidden))
    return {
        "kind": "summary",
        "actions": actions,
        "devices": len(found),
        "findings": len(effects),
        "changed": sum(one.changed for one in effects),
        "score": {
            "before": round(before.score, 1),
            "after": round(after.score, 1),
            "removed": round(before.score - after.score, 1),
        },
        "labels": {"before": _labels(before.labels), "after": _labels(after.labels)},
        "device_scores": [
            {
                "id": one.device.id,
                "before": round(one.before.score, 1),
                "after": round(one.after.score, 1),
            }
            for one in found
        ],
        "flows_cut": [_flow(one.device, flow) for one in found for flow in one.cut.ended],
        "flows_to_let_through": [
            _flow(one.device, flow) for one in found for flow in one.cut.carried
        ],
        "flows_from_own_network": sum(len(one.cut.near) for one in found),
        "coverage": cutting.told([one.cut for one in found]),
        "never_cut": forbidden,
        "recommended": not forbidden,
        "agree": cutting.AGREE if any(one.grave for one in found) else None,
    }


def _labels(counts: Mapping[Label, int]) -> dict[str, int]:
    return {label: counts.get(label, 0) for label in URGENCY}


def _flow(device: Device, flow: Flow) -> dict[str, object]:
    return {
        "device": device.id,
        "direction": flow.direction,
        "peer": flow.peer,
        "port": flow.port,
        "services": list(flow.services),
        "count": flow.count,
        "never": flow.never,
        "log": flow.log,
        "line": flow.line,
    }
