"""What happened, as Elasticsearch documents that are only ever added: of devices, of findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from wardwatch.documents import ecs
from wardwatch.documents.bounds import LINE_LENGTH, Cut, known
from wardwatch.documents.device import change_json, day_or_null, iso_time, place_fields
from wardwatch.documents.finding import Document, labelled, named
from wardwatch_enrichment.changes import Change
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.records import State

SCHEMA = 1
EVIDENCE = 2  # lines of each change

_TYPES = {"new device": "creation", "gone": "deletion", "merged": "deletion"}


def change_id(site: str, change: Change) -> str:
    """Return the id of a change: the same for the same change, whenever it is worked out."""
    told = (site, change.device_id, change.kind, change.attribute, iso_time(change.time))
    return _digest(*told, *change.before, "", *change.after)


def change_document(device: Device, change: Change) -> Document:
    """Return what happened to a device."""
    cut = Cut()
    detail = {
        "kind": change.kind,
        "attribute": cut.text(change.attribute),
        "before": cut.texts(change.before),
        "after": cut.texts(change.after),
    }
    shown: Any = change_json(change)["evidence"]
    evidence = [cut.all(one) for one in shown[:EVIDENCE]]
    return known({
        "@timestamp": iso_time(change.time),
        "event": _event(_TYPES.get(change.kind, "change"), f"device-{_word(change.kind)}"),
        "message": cut.text(_told(change)),
        **ecs.of_device(device, cut),
        "iomt": {**_about(device, cut), "change": {**detail, "evidence": evidence}},
    })  # fmt: skip


def state_id(state: State) -> str:
    """Return the id of a state of a finding."""
    kind = "closed" if state.closed is not None else "open"
    return _digest(state.site, state.finding, iso_time(state.at), kind)


def state_document(state: State, device: Device | None, kind: str) -> Document:
    """Return what happened to a finding: `kind` is opened, closed, reopened or moved."""
    cut = Cut()
    place = {"device": {"id": state.device_id}} if device is None else ecs.of_device(device, cut)
    about = {} if device is None else _about(device, cut)
    finding = {
        "id": state.finding,
        "state": "open" if state.closed is None else "closed",
        "affected": state.affected,
        "verdict": state.verdict,
        "device": state.called,
        "reason": state.reason,
        "closed_reason": state.closed,
        "advisories": list(state.advisories),
    }
    risk = {
        **labelled(state.label, state.score),
        "axes": {name: round(getattr(state, name), 1) for name in _AXES},
        "zone": state.zone,
        "due": day_or_null(state.due),
    }
    lines = [
        {"sentence": one.sentence, "log": one.log, "line": one.line}
        for one in state.evidence[:EVIDENCE]
    ]
    detail = {"kind": f"finding {kind}", "moved": state.moved, "evidence": lines}
    told = f"{kind}: {state.vulnerability} on {state.called or state.device_id}: {state.moved}"
    return known({
        "@timestamp": iso_time(state.at),
        "event": _event(_STATES[kind], f"finding-{kind}"),
        "message": cut.text(told),
        "vulnerability": cut.all(named(state.vulnerability, state.title)),
        **place,
        "iomt": {
            **about,
            "schema": SCHEMA,
            "site": cut.text(state.site),
            "finding": cut.all(finding),
            "risk": cut.all(risk),
            "change": cut.all(detail, LINE_LENGTH),
        },
    })  # fmt: skip


_AXES = ("safety", "effectiveness", "data")
_STATES: Mapping[str, str] = {
    "opened": "creation",
    "reopened": "creation",
    "closed": "deletion",
    "moved": "change",
}


def _event(kind: str, action: str) -> Document:
    return {
        "kind": "event",
        "category": ["configuration"] if action.startswith("device-") else ["vulnerability"],
        "type": [kind],
        "action": action,
        "module": "iomt",
        "dataset": "iomt.changes",
    }


def _about(device: Device, cut: Cut) -> Document:
    return {
        "schema": SCHEMA,
        "site": cut.text(device.site),
        "class": device.device_class,
        "type": cut.text(device.type),
        "place": place_fields(device, cut),
    }


def _told(change: Change) -> str:
    what = change.kind if change.attribute == "device" else f"{change.kind} ({change.attribute})"
    before, after = ", ".join(change.before), ", ".join(change.after)
    return f"{what}: {before} -> {after}" if before or after else what


def _word(text: str) -> str:
    return text.replace(" ", "-")


def _digest(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]
