"""A device as others read it: the JSON of `wardwatch devices --json`, and a document in ECS names.

What ECS has names for is in `ecs.py`. Everything here was said by a device about itself, so a
document is bounded: long texts are cut, and what exceeds the limits of `bounds.py` and those below
is left out and `iomt.truncated` says so (`wardwatch device ID` still shows it all).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from wardwatch.documents import ecs
from wardwatch.documents.bounds import LINE_LENGTH, TEXT_LENGTH, Cut, known
from wardwatch_enrichment import hours
from wardwatch_enrichment.changes import Change
from wardwatch_enrichment.model import Attribute, Device, Event, Evidence
from wardwatch_enrichment.visibility import visibility

SCHEMA = 5
"""The document's form. Raise it with every change; the next publish then rewrites them all."""

ATTRIBUTES = 256
EVIDENCE = 4  # per attribute; each rests on its earliest lines
EVENTS = 32  # the worst and latest
PLACE = ("building", "ward", "location", "subnet", "owner", "phone", "note")


def device_json(device: Device) -> dict[str, object]:
    """Return everything known of a device; unknown is null, a time is ISO 8601 in UTC."""
    return {
        "id": device.id,
        "former_ids": list(device.former_ids),
        "site": device.site,
        "class": device.device_class,
        "manufacturer": device.manufacturer,
        "model": device.model,
        "type": device.type,
        "serial_number": device.serial_number,
        "software_versions": list(device.software_versions),
        "udi": device.udi,
        "os": device.os,
        "hostname": device.hostname,
        "macs": list(device.macs),
        "ips": list(device.ips),
        "names": list(device.names),
        "via": list(device.via),
        "first_seen": iso_time(device.first_seen),
        "last_seen": iso_time(device.last_seen),
        "visibility": _visibility_json(device),
        "attributes": [_attribute_json(attribute) for attribute in device.attributes],
    }


def _visibility_json(device: Device) -> dict[str, object]:
    shown = visibility(device)
    return {
        "level": shown.level,
        "score": shown.score,
        "heard": list(shown.heard),
        "missing": list(shown.missing),
        "reveal": list(shown.reveal),
    }


def change_json(change: Change) -> dict[str, object]:
    """Return one event in the life of a device."""
    return {
        "time": iso_time(change.time),
        "id": change.device_id,
        "kind": change.kind,
        "attribute": change.attribute,
        "before": list(change.before),
        "after": list(change.after),
        "evidence": [_evidence_json(evidence) for evidence in change.evidence],
    }


def event_json(event: Event) -> dict[str, object]:
    """Return a threat that was seen at a device."""
    return {
        "signature": event.signature,
        "sid": event.sid,
        "severity": event.severity,
        "category": event.category,
        "direction": event.direction,
        "host": event.host,
        "peer": event.peer,
        "count": event.count,
        "first_seen": iso_time(event.first_seen),
        "last_seen": iso_time(event.last_seen),
        "log": event.log,
        "sensor": event.sensor,
    }


def asset_document(
    device: Device,
    risk: Mapping[str, object] | None = None,
    peers: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return the device's Elasticsearch document; `iomt.content_hash` tells whether it changed.

    `risk` is what its open findings come to, as `finding.device_risk` has it, and `peers` whom it
    talks to, as `peers.peer_fields` has it.
    """
    cut = Cut()
    document = known({**_event_of(device), **ecs.of_device(device, cut)})
    iomt = known({**_own_fields(device, cut), "risk": dict(risk or {}), "peers": peers or {}})
    iomt["truncated"] = cut.happened
    iomt["content_hash"] = content_hash({**document, "iomt": iomt})
    return {**document, "iomt": iomt}


def content_hash(document: Mapping[str, object]) -> str:
    """Return a digest that is equal for equal documents, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


@lru_cache(maxsize=1 << 12)  # what a device says rests on few moments
def iso_time(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC, always with microseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def time_or_null(seconds: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC, and null for none."""
    return None if seconds is None else iso_time(seconds)


def day_or_null(seconds: float | None) -> str | None:
    """Return the day of a time (UTC)."""
    return None if seconds is None else iso_time(seconds)[:10]


def place_fields(device: Device, cut: Cut) -> dict[str, object]:
    """Return where a device stands and whom to ask there, in the words of its site."""
    told = {a.name: a.value for a in device.attributes if a.current}
    zones = dict.fromkeys(a.value for a in device.attributes if a.current and a.name == "zone")
    return {**{name: cut.text(told.get(name)) for name in PLACE}, "zone": cut.texts(zones)}


def _event_of(device: Device) -> dict[str, object]:
    return {
        "@timestamp": iso_time(device.last_seen),
        "event": {
            "kind": "asset",
            "category": ["host"],
            "type": ["info"],
            "module": "iomt",
            "dataset": "iomt.assets",
        },
    }


def _own_fields(device: Device, cut: Cut) -> dict[str, object]:
    """Return what ECS has no name for."""
    # Current and well-founded first: those are kept where there are too many.
    attributes = sorted(device.attributes, key=lambda a: (not a.current, -a.confidence))
    return {
        "schema": SCHEMA,
        "site": cut.text(device.site),
        "class": device.device_class,
        "type": cut.text(device.type),
        "place": place_fields(device, cut),
        "visibility": _visibility_json(device),
        "software_versions": cut.texts(device.software_versions),
        "udi": cut.text(device.udi),
        "names": cut.texts(device.names),
        "services": cut.texts(a.value for a in attributes if a.current and a.name == "services"),
        "held": _held(device, cut),
        "macs": cut.texts(device.macs),  # as Zeek writes them, to search its logs with
        "via": cut.texts(device.via),
        "former_ids": cut.texts(device.former_ids),
        "first_seen": iso_time(device.first_seen),
        "last_seen": iso_time(device.last_seen),
        "attributes": [_attribute(a, cut) for a in cut.items(attributes, ATTRIBUTES)],
        "events": [_event(e, cut) for e in cut.items(device.events, EVENTS)],
    }


def _held(device: Device, cut: Cut) -> dict[str, object]:
    """Return which addresses it ever had, and a line of each: from when until when."""
    had = sorted((a for a in device.attributes if a.name == "ips"), key=lambda a: -a.last_seen)
    lines = (f"{a.value}: {_minute(a.first_seen)} to {_minute(a.last_seen)}" for a in had)
    return {"ip": ecs.addresses((a.value for a in had), cut), "when": cut.texts(lines)}


def _minute(seconds: float) -> str:
    return f"{iso_time(seconds)[:16]}Z"


def _event(event: Event, cut: Cut) -> dict[str, object]:
    return known({
        name: cut.text(value) if isinstance(value, str) else value
        for name, value in event_json(event).items()
    })  # fmt: skip


def _attribute(attribute: Attribute, cut: Cut) -> dict[str, object]:
    return {
        "name": cut.text(attribute.name),
        "value": cut.text(attribute.value),
        "confidence": attribute.confidence,
        "current": attribute.current,
        "first_seen": iso_time(attribute.first_seen),
        "last_seen": iso_time(attribute.last_seen),
        "evidence": [_evidence(e, cut) for e in cut.items(attribute.evidence, EVIDENCE)],
    }


def _evidence(evidence: Evidence, cut: Cut) -> dict[str, object]:
    return {
        name: cut.text(value, LINE_LENGTH if name == "line" else TEXT_LENGTH)
        for name, value in _evidence_json(evidence).items()
        if value is not None
    }


def hours_json(seen: hours.Hours | None) -> dict[str, object] | None:
    """Return in which hours a device was seen on the network, by a time zone; None for never."""
    if seen is None:
        return None
    spans = {"seen": hours.active(seen), "quiet": hours.quiet(seen), "unknown": hours.unknown(seen)}
    return {
        "timezone": seen.zone,
        "days": seen.days,
        "watched_days": seen.of,
        "weekdays": [hours.NAMES[day] for day in seen.weekdays],
        "quiet_weekdays": [hours.NAMES[day] for day in hours.quiet_weekdays(seen)],
        **{name: [str(span) for span in found] for name, found in spans.items()},
        "sentence": hours.sentence(seen),
    }


def _attribute_json(attribute: Attribute) -> dict[str, object]:
    return {
        "name": attribute.name,
        "value": attribute.value,
        "confidence": attribute.confidence,
        "current": attribute.current,
        "first_seen": iso_time(attribute.first_seen),
        "last_seen": iso_time(attribute.last_seen),
        "evidence": [_evidence_json(evidence) for evidence in attribute.evidence],
    }


def _evidence_json(evidence: Evidence) -> dict[str, str | None]:
    return {
        "log": evidence.log,
        "uid": evidence.uid,
        "time": iso_time(evidence.time),
        "sensor": evidence.sensor,
        "host": evidence.host,
        "field": evidence.field,
        "value": evidence.value,
        "rule": evidence.rule,
        "sha256": evidence.sha256,
        "line": evidence.line,
    }
