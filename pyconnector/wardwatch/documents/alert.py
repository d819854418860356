"""A threat at a device as an alert: with the fields by which Security Onion lists its own.

The Alerts page there shows what is tagged `alert`: that is only what was seen at a medical device,
for the sensor's own alert is there, too. Of one signature, peer, sensor and direction at a host
there is one a day; how often it came stands in the device's own document.
"""

from __future__ import annotations

import json
from hashlib import sha256

from wardwatch.documents import ecs
from wardwatch.documents.bounds import Cut, known
from wardwatch.documents.device import iso_time, place_fields
from wardwatch.documents.finding import Document
from wardwatch_enrichment.model import Device, Event

SCHEMA = 1

# Suricata's priority, 1 the gravest, in the words and numbers of Security Onion's alerts.
_SEVERITIES = {1: (3, "high"), 2: (2, "medium"), 3: (1, "low")}
_UNKNOWN = (1, "low")
_DAY = 86_400


def alert_id(site: str, event: Event) -> str:
    """Return the id of an alert: one a day for each threat at a host with a peer."""
    day = int(event.first_seen // _DAY)
    about = (event.signature, event.sid, event.direction, event.peer, event.log, event.sensor)
    return sha256(json.dumps([site, event.host, day, *about]).encode()).hexdigest()[:32]


def alert_document(site: str, event: Event, device: Device) -> Document:
    """Return the alert of what was seen at a device."""
    cut = Cut()
    number, label = _SEVERITIES.get(event.severity or 0, _UNKNOWN)
    here, there = ({"ip": ecs.address(ip or "")} for ip in (event.host, event.peer))
    source, destination = (there, here) if event.direction == "inbound" else (here, there)
    return known({
        "@timestamp": iso_time(event.first_seen),
        "tags": ["alert"] if device.device_class == "medical" else None,
        "rule": {
            "name": cut.text(event.signature),
            "uuid": str(event.sid) if event.sid is not None else alert_id(site, event),
            "category": cut.text(event.category),
        },
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "module": "iomt",
            "dataset": "iomt.alerts",
            "severity": number,
            "severity_label": label,
        },
        "message": cut.text(f"{event.signature} at {_called(device)}"),
        "source": source,
        "destination": destination,
        **ecs.of_device(device, cut),
        "iomt": {
            "schema": SCHEMA,
            "site": cut.text(site),
            "class": device.device_class,
            "type": cut.text(device.type),
            "place": place_fields(device, cut),
            "threat": {
                "direction": event.direction,
                "log": cut.text(event.log),
                "sensor": cut.text(event.sensor),
            },
        },
    })  # fmt: skip


def _called(device: Device) -> str:
    named = " ".join(filter(None, (device.manufacturer, device.model)))
    return named or device.hostname or next(iter(device.ips), device.id)
