"""A device as others read it: the JSON of `wardwatch devices --json`, and a document in ECS names.

ECS is the Elastic Common Schema, https://www.elastic.co/docs/reference/ecs. Only this module
speaks it; `host.*` is the device on the network, `device.*` the equipment. Everything here was
said by a device about itself, so a document is bounded: long texts are cut, and what exceeds the
limits below is left out and `iomt.truncated` says so (`wardwatch device ID` still shows it all).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TypeVar

from wardwatch_enrichment.changes import Change
from wardwatch_enrichment.model import Attribute, Device, Event, Evidence
from wardwatch_enrichment.visibility import visibility

SCHEMA = 3
"""The document's form. Raise it with every change; the next publish then rewrites them all."""

TEXT_LENGTH = 512  # twice that in UTF-16 is what `ignore_above` still indexes
LINE_LENGTH = 4096
LIST_LENGTH = 256
ATTRIBUTES = 256
EVIDENCE = 4  # per attribute; each rests on its earliest lines
EVENTS = 32  # the worst and latest

_T = TypeVar("_T")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}", re.IGNORECASE)


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
    known = visibility(device)
    return {
        "level": known.level,
        "score": known.score,
        "heard": list(known.heard),
        "missing": list(known.missing),
        "reveal": list(known.reveal),
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


def asset_document(device: Device) -> dict[str, object]:
    """Return the device's Elasticsearch document; `iomt.content_hash` tells whether it changed."""
    cut = _Cut()
    ecs = _known(_ecs_fields(device, cut))
    iomt = _known(_own_fields(device, cut))
    iomt["truncated"] = cut.happened
    iomt["content_hash"] = content_hash({**ecs, "iomt": iomt})
    return {**ecs, "iomt": iomt}


def content_hash(document: Mapping[str, object]) -> str:
    """Return a digest that is equal for equal documents, whatever the order of their keys."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def iso_time(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC, always with microseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def time_or_null(seconds: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC, and null for none."""
    return None if seconds is None else iso_time(seconds)


class _Cut:
    """Shortens to the limits above, and remembers whether it ever had to."""

    def __init__(self) -> None:
        self.happened = False

    def text(self, value: str | None, length: int = TEXT_LENGTH) -> str | None:
        """Return a text that Elasticsearch can store: valid Unicode, not over `length`."""
        if value is None:
            return None
        if len(value) > length:
            self.happened = True
            value = value[: length - 1] + "…"
        return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)

    def texts(self, values: Iterable[str]) -> list[str | None]:
        """Return the texts of a list that is not over its own limit."""
        return [self.text(value) for value in self.items(values)]

    def items(self, values: Iterable[_T], limit: int = LIST_LENGTH) -> list[_T]:
        """Return the first of the values."""
        found = list(values)
        if len(found) > limit:
            self.happened = True
        return found[:limit]

    def addresses(self, values: Iterable[str]) -> list[str]:
        """Return what an `ip` field takes; one other string would reject the whole document."""
        return self.items(_distinct(_address(value) for value in values))


def _ecs_fields(device: Device, cut: _Cut) -> dict[str, object]:
    """Return what other programs on the same data have a name for, too."""
    return {
        "@timestamp": iso_time(device.last_seen),
        "event": {
            "kind": "asset",
            "category": ["host"],
            "type": ["info"],
            "module": "iomt",
            "dataset": "iomt.assets",
        },
        "observer": {"name": cut.texts(_sensors(device))},
        "host": {
            "name": cut.text(device.hostname),
            "ip": cut.addresses(device.ips),
            "mac": cut.texts(_ecs_macs(device.macs)),
            "os": {"full": cut.text(device.os)},
        },
        "device": {
            "id": device.id,
            "manufacturer": cut.text(device.manufacturer),
            "model": {"name": cut.text(device.model)},
            "serial_number": cut.text(device.serial_number),
        },
        "related": {
            "ip": cut.addresses((*device.ips, *device.via)),
            "hosts": cut.texts(_distinct((device.hostname, *device.names))),
        },
    }


def _own_fields(device: Device, cut: _Cut) -> dict[str, object]:
    """Return what ECS has no name for."""
    # Current and well-founded first: those are kept where there are too many.
    attributes = sorted(device.attributes, key=lambda a: (not a.current, -a.confidence))
    return {
        "schema": SCHEMA,
        "site": cut.text(device.site),
        "class": device.device_class,
        "type": cut.text(device.type),
        "visibility": _visibility_json(device),
        "software_versions": cut.texts(device.software_versions),
        "udi": cut.text(device.udi),
        "names": cut.texts(device.names),
        "macs": cut.texts(device.macs),  # as Zeek writes them, to search its logs with
        "via": cut.texts(device.via),
        "former_ids": cut.texts(device.former_ids),
        "first_seen": iso_time(device.first_seen),
        "last_seen": iso_time(device.last_seen),
        "attributes": [_attribute(a, cut) for a in cut.items(attributes, ATTRIBUTES)],
        "events": [_event(e, cut) for e in cut.items(device.events, EVENTS)],
    }


def _event(event: Event, cut: _Cut) -> dict[str, object]:
    return _known({
        name: cut.text(value) if isinstance(value, str) else value
        for name, value in event_json(event).items()
    })  # fmt: skip


def _attribute(attribute: Attribute, cut: _Cut) -> dict[str, object]:
    return {
        "name": attribute.name,
        "value": cut.text(attribute.value),
        "confidence": attribute.confidence,
        "current": attribute.current,
        "first_seen": iso_time(attribute.first_seen),
        "last_seen": iso_time(attribute.last_seen),
        "evidence": [_evidence(e, cut) for e in cut.items(attribute.evidence, EVIDENCE)],
    }


def _evidence(evidence: Evidence, cut: _Cut) -> dict[str, object]:
    fields = _evidence_json(evidence)
    line = cut.text(fields.pop("line"), LINE_LENGTH)
    return _known({**{name: cut.text(value) for name, value in fields.items()}, "line": line})


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


def _sensors(device: Device) -> list[str]:
    """Return the sensors that a device's evidence comes from."""
    return sorted({e.sensor for a in device.attributes for e in a.evidence})


def _ecs_macs(macs: Iterable[str]) -> list[str]:
    """Return hardware addresses in the form that ECS demands: upper case, with hyphens."""
    return [mac.upper().replace(":", "-") for mac in macs if _MAC.fullmatch(mac)]


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0]))  # a zone is no part of an address
    except ValueError:
        return None


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value is not None))


def _known(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that have a value, in every depth of objects."""
    found = {}
    for name, value in fields.items():
        kept = _known(value) if isinstance(value, dict) else value
        if kept is not None and kept not in ([], {}):
            found[name] = kept
    return found
