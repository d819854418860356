"""The plan of work for people, as CSV and as JSON lines. What came from the wire stays text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from rich.text import Text

from wardwatch.outputs.terminal import safe
from wardwatch.spreadsheet import guarded
from wardwatch_enrichment.mitigation.flows import Flow
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.rating import URGENCY
from wardwatch_enrichment.risk.tasks import Task, Unit, several
from wardwatch_enrichment.risk.worklist import WorkList

COLUMNS = (
    "rank", "kind", "due_days", "text", "site", "place", "model", "devices", "device_names",
    "addresses", "owners", "phones", "findings", "vulnerabilities", "labels", "removed", "effort",
    "removed_per_effort", "flows_cut", "coverage", "flows_to_let_through", "agree", "left_out",
    "simulate", "sources",
)  # fmt: skip
_LISTED = 6
_LONGEST = 600
_CELL = 30_000  # characters; spreadsheets take some 32,767


def shown(plan: WorkList) -> Iterator[Text]:
    """Yield the tasks in their order, and what they come to."""
    for task in plan.tasks:
        yield from _task(task)
    yield from _sums(plan)
    if plan.tells:
        yield Text("")
        yield Text("What would tell more (it makes nothing less likely):")
    for task in plan.tells:
        yield Text(f"{task.rank:>3}. {_short(task.text)}")
        yield Text(f"     {_units(task.devices)}")


def _task(task: Task) -> Iterator[Text]:
    due = f", due within {task.due_days} days" if task.due_days is not None else ""
    yield Text(f"{task.rank:>3}. {_short(task.text)}", "bold")
    yield Text(
        f"     removes {task.removed:.1f} for effort {task.effort} ({task.worth:.1f} per effort)"
        f"; {several(len(task.findings), 'finding')}{_lifted(task.lifted)}{due}"
    )
    yield Text(f"     {_units(task.devices)}")
    if task.cut:
        yield Text(f"     it would end: {_flows(task.cut)}; find out first whether it is needed")
    else:
        yield Text(f"     flows that it would end: {safe(task.watched)}")
    if task.carried:
        yield Text(f"     let through: {_flows(task.carried)}")
    if task.spared:
        names = _units(task.spared)
        yield Text(f"     not at {names}: it would cut alarms or therapy there", "red")
    if task.agree:
        yield Text(f"     {task.agree}", "bold")
    if task.action:
        yield Text(f"     try it: wardwatch simulate {safe(task.action)}")


def _sums(plan: WorkList) -> Iterator[Text]:
    removed = plan.before.score - plan.after.score
    if not plan.tasks:
        yield Text("Nothing to do that would make anything less likely.")
        yield from _accepted(plan)
        return
    yield Text("")
    count = f"{len(plan.tasks)} tasks remove" if len(plan.tasks) > 1 else "1 task removes"
    share = removed / plan.before.score if plan.before.score else 0.0
    yield Text(f"{count} {removed:.1f} of {plan.before.score:.1f} ({share:.0%}).")
    yield Text(f"Labels then: {_labels(plan.before.labels, plan.after.labels)}.")
    yield from _accepted(plan)


def _accepted(plan: WorkList) -> Iterator[Text]:
    if plan.accepted:
        count = several(plan.accepted, "finding")
        yield Text(f"Not counted: {count} of accepted risk (`wardwatch findings --accepted`).")


def _labels(before: Mapping[Label, int], after: Mapping[Label, int]) -> str:
    return ", ".join(
        f"{label} {before.get(label, 0)} -> {after.get(label, 0)}"
        for label in URGENCY
        if before.get(label) or after.get(label)
    )


def _lifted(lifted: Mapping[Label, tuple[int, int]]) -> str:
    """Return which labels fewer findings have then."""
    return "".join(
        f", {one} {label} -> {other}" for label, (one, other) in lifted.items() if other < one
    )


def _short(text: str) -> str:
    told = safe(text)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"


def _units(units: Sequence[Unit]) -> str:
    some = ", ".join(_unit(unit) for unit in units[:_LISTED])
    return safe(some if len(units) <= _LISTED else f"{some} and {len(units) - _LISTED} more")


def _unit(unit: Unit) -> str:
    reach = " ".join(filter(None, (unit.owner, unit.phone)))
    where = " ".join(unit.ips[:1])
    told = "; ".join(filter(None, (unit.id[:8], where, reach)))
    return f"{unit.name[:80]} ({told})"


def _flows(found: Sequence[Flow]) -> str:
    some = [_flow(one) for one in found[:_LISTED]]
    more = [f"{len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return safe(", ".join(some + more))


def _flow(flow: Flow) -> str:
    way = "from" if flow.direction == "in" else "to"
    never = f" [alarms or therapy: {flow.never}]" if flow.never else ""
    services = f" ({', '.join(flow.services[:3])})" if flow.services else ""
    return f"{way} {flow.peer} {flow.port}{services} x{flow.count}{never}"


def write(plan: WorkList, stream: TextIO) -> None:
    """Write a heading and one row a task for a spreadsheet, in which no cell is a formula."""
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for task in (*plan.tasks, *plan.tells):
        row = _row(task)
        writer.writerow([_cell(row[column]) for column in COLUMNS])


def _cell(value: object) -> str:
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    told = text if len(text) <= _CELL else f"{text[:_CELL]}…"
    return guarded(told)


def _row(task: Task) -> dict[str, object]:
    done = task.kind == "mitigate"
    return {
        "rank": task.rank,
        "kind": task.kind,
        "due_days": "" if task.due_days is None else task.due_days,
        "text": task.text,
        "site": task.site,
        "place": task.place,
        "model": task.model,
        "devices": len(task.devices),
        "device_names": [f"{unit.id} {unit.name}" for unit in task.devices],
        "addresses": [ip for unit in task.devices for ip in unit.ips],
        "owners": _once(unit.owner for unit in task.devices),
        "phones": _once(unit.phone for unit in task.devices),
        "findings": len(task.findings),
        "vulnerabilities": list(task.vulnerabilities),
        "labels": [f"{one} {label} > {other}" for label, (one, other) in task.lifted.items()],
        "removed": f"{task.removed:.1f}" if done else "",
        "effort": str(task.effort) if done else "",
        "removed_per_effort": f"{task.worth:.1f}" if done else "",
        "flows_cut": [_flow(flow) for flow in task.cut],
        "coverage": task.watched,
        "flows_to_let_through": [_flow(flow) for flow in task.carried],
        "agree": task.agree,
        "left_out": [f"{unit.id} {unit.name}" for unit in task.spared],
        "simulate": task.action,
        "sources": list(task.sources),
    }


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def documents(plan: WorkList) -> Iterator[Mapping[str, object]]:
    """Yield one object for each task, and one that sums them up."""
    for task in (*plan.tasks, *plan.tells):
        yield _document(task)
    yield {
        "kind": "summary",
        "tasks": len(plan.tasks),
        "accepted": plan.accepted,
        "score": {
            "before": round(plan.before.score, 1),
            "after": round(plan.after.score, 1),
            "removed": round(plan.before.score - plan.after.score, 1),
        },
        "labels": {
            "before": {label: plan.before.labels.get(label, 0) for label in URGENCY},
            "after": {label: plan.after.labels.get(label, 0) for label in URGENCY},
        },
    }


def _document(task: Task) -> dict[str, object]:
    return {
        "kind": task.kind,
        "rank": task.rank,
        "way": task.way,
        "text": task.text,
        "simulate": task.action or None,
        "site": task.site,
        "place": task.place or None,
        "model": task.model or None,
        "devices": [_device(unit) for unit in task.devices],
        "findings": list(task.findings),
        "vulnerabilities": list(task.vulnerabilities),
        "labels": {label: {"before": a, "after": b} for label, (a, b) in task.lifted.items()},
        "removed": round(task.removed, 1),
        "effort": task.effort,
        "removed_per_effort": round(task.worth, 1),
        "due_days": task.due_days,
        "flows_cut": [_flow_document(flow) for flow in task.cut],
        "flows_to_let_through": [_flow_document(flow) for flow in task.carried],
        "coverage": task.watched or None,
        "agree": task.agree or None,
        "left_out": [_device(unit) for unit in task.spared],
        "sources": list(task.sources),
    }


def _device(unit: Unit) -> dict[str, object]:
    told = {"ward": unit.ward, "building": unit.building, "owner": unit.owner, "phone": unit.phone}
    known = {name: text or None for name, text in told.items()}
    return {"id": unit.id, "name": unit.name, "ips": list(unit.ips), **known}


def _flow_document(flow: Flow) -> dict[str, object]:
    return {
        "direction": flow.direction,
        "peer": flow.peer,
        "port": flow.port,
        "services": list(flow.services),
        "count": flow.count,
        "never": flow.never,
    }
