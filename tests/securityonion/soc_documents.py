"""Documents of a hospital's day, made by the product, each with the rules that tell of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from published_findings import documents
from securityonion.onion import envelope
from securityonion.samples import LINES

from wardwatch.documents.alert import alert_document
from wardwatch.documents.change import change_document, state_document
from wardwatch.documents.device import asset_document
from wardwatch.documents.heartbeat import heartbeat
from wardwatch_enrichment.changes import Change, Kind
from wardwatch_enrichment.model import Attribute, Device, Event
from wardwatch_enrichment.risk.records import State

NOW = 1_795_000_000.0
CHANGES, ALERTS, HEALTH, ZEEK = (
    *(f"logs-iomt.{name}-so" for name in ("changes", "alerts", "health")),
    "logs-zeek-so",
)
ASSETS, FINDINGS = "logs-iomt_assets", "logs-iomt_findings"
LOGIN = {"kind": "auth", "value": "credentials_in_clear", "port": 23, "service": "telnet"}


@dataclass(frozen=True, slots=True)
class Case:
    """A document in its stream, and the names of the rules that tell of it."""

    name: str
    stream: str
    document: dict[str, Any]
    rules: set[str] = field(default_factory=set)
    pipeline: str | None = None


def _zoned(device: Device, *zones: str) -> Device:
    seen = {"confidence": 0.9, "current": True, "first_seen": NOW, "last_seen": NOW}
    known = [("zone", zone) for zone in zones] + [("ips", ip) for ip in device.ips]
    known += [("ward", "ward 4"), ("phone", "4700")]
    told = [Attribute(name=name, value=value, evidence=(), **seen) for name, value in known]
    return replace(device, attributes=tuple(told))


PUMP = _zoned(
    Device(
        id="066a5381",
        site="north",
        device_class="medical",
        manufacturer="Baxter",
        model="SIGMA Spectrum",
        type="infusion pump",
        ips=("10.20.8.21",),
        macs=("02:00:00:00:00:09",),
        first_seen=NOW,
        last_seen=NOW,
    ),
    "clinical",
)
_NOTHING = dict.fromkeys(("device_class", "manufacturer", "model", "type"))
UNKNOWN = replace(PUMP, id="5d0c", **_NOTHING)
LAPTOP = replace(PUMP, id="77aa", device_class="it", model=None, type="workstation")


def change(device: Device, kind: Kind, before: tuple[str, ...] = ("1",)) -> dict[str, Any]:
    """Return what happened to a device; `after` is always another value."""
    told = {"time": NOW, "device_id": device.id, "kind": kind, "attribute": "x", "after": ("2",)}
    return change_document(device, Change(**told, before=before, evidence=()))


def finding(vulnerability: str, kind: str, **values: Any) -> dict[str, Any]:
    """Return what happened to a finding on the pump, or on another device."""
    device = values.pop("device", PUMP)
    told: dict[str, Any] = {
        "finding": "f1",
        "device_id": device.id,
        "site": "north",
        "vulnerability": vulnerability,
        "at": NOW,
        "label": "Track",
        "score": 20.0,
        **dict.fromkeys(("safety", "effectiveness", "data"), 20.0),
        "affected": "confirmed",
        "verdict": "exploitable",
        "zone": "enterprise",
        "reason": "seen",
        "moved": "new evidence",
        "closed": "mitigated" if kind == "closed" else None,
    }
    return state_document(State(**told | values), device, kind)


def notice(note: str) -> dict[str, Any]:
    """Return a line of notice.log as Zeek writes it."""
    return {
        "ts": NOW,
        "uid": "CHhAvVGS1DHFjwGM9",
        "id.orig_h": "10.20.3.11",
        "id.orig_p": 40000,
        "id.resp_h": "10.20.8.21",
        "id.resp_p": 23,
        "proto": "tcp",
        "note": note,
        "msg": "10.20.3.11, no usual caller, connected to 10.20.8.21 23/tcp",
        "sub": "CVE-2020-12045",
        "actions": ["Notice::ACTION_LOG"],
        "suppress_for": 86400.0,
    }


_RULED = {
    "POSTURE-COMPROMISE": "compromised-device",
    "POSTURE-DATA-LEAVING": "compromised-device",
    "POSTURE-PUBLISHED-ACCOUNT": "published-account",
    "POSTURE-CLEAR-TEXT": "readable-across-zones",
    "POSTURE-TELNET-PASSWORD": "clear-login",
    "POSTURE-FTP-PASSWORD": "clear-login",
    "POSTURE-CLEAR-PASSWORD": "clear-login",
    "POSTURE-SENDS-PASSWORD": "clear-login",
    "POSTURE-INTERNET": "calls-internet",
}
# Of a change of each kind, with a value before, at a medical device in a clinical network.
_CHANGED = {
    "new device": "new-medical-device",
    "service": "new-service",
    "software": "software-changed",
    "identity": "identity-changed",
    "hardware": "identity-changed",
}


def cases() -> Iterator[Case]:
    """Return all documents of the day."""
    yield from _of_devices()
    yield from _of_findings()
    yield from _of_zeek()
    yield from _standing()
    event = Event(
        host="10.20.8.21",
        peer="10.20.3.11",
        direction="inbound",
        signature="WARDWATCH x",
        sid=1805300,
        severity=1,
        category="Misc Attack",
        log="suricata",
        sensor="tap1",
        first_seen=NOW,
        last_seen=NOW,
        count=1,
    )
    yield Case("alert", ALERTS, alert_document("north", event, PUMP))
    beat = {"site": "north", "started": NOW, "at": NOW, "assessed": NOW, "published": NOW}
    beat |= {"sensors": {}, "feeds": {}}
    yield Case("health", HEALTH, heartbeat(beat, NOW, "0.1", ["sensor tap1 is silent"]))


def _standing() -> Iterator[Case]:
    risk = {"label": "Act"}
    for device in (PUMP, UNKNOWN, LAPTOP):
        yield Case(f"asset {device.id}", ASSETS, asset_document(device, risk))
    for number, document in enumerate(documents([PUMP])):
        yield Case(f"finding {number}", FINDINGS, document)


def _of_zeek() -> Iterator[Case]:
    for note, rules in (
        ("Wardwatch::Attempt", {"attempt-at-weakness"}),
        ("Scan::Port", set[str]()),
    ):
        document = envelope("notice", json.dumps(notice(note)))
        yield Case(f"notice {note}", ZEEK, document, rules, "zeek.notice")
    lines = [*LINES.items(), ("iomt_exposure", LINES["iomt_exposure"] | LOGIN)]
    lines += [("dicom", LINES["dicom"] | {"result": "accepted"})]
    for number, (log, line) in enumerate(lines):
        document = envelope(log, json.dumps(line))
        yield Case(f"{log} {number}", ZEEK, document, pipeline=f"zeek.{log}")


def _of_devices() -> Iterator[Case]:
    for kind in get_args(Kind):
        rules = {_CHANGED[kind]} if kind in _CHANGED else set()
        yield Case(f"{kind} pump", CHANGES, change(PUMP, kind), rules)
        rules = rules & {"new-medical-device", "new-service"}
        yield Case(f"{kind} pump, first value", CHANGES, change(PUMP, kind, ()), rules)
        yield Case(f"{kind} laptop", CHANGES, change(LAPTOP, kind))
    gone = Change(
        time=NOW,
        device_id="x",
        kind="service",
        attribute="services",
        before=("tcp/23",),
        evidence=(),
    )
    yield Case("service gone", CHANGES, change_document(PUMP, gone))
    for zones, medical, unknown in (
        (("clinical",), True, True),
        (("isolated",), True, True),
        (("enterprise",), True, False),
        (("guest",), False, False),
        ((), True, False),
    ):
        said = f"new in {zones}"
        rules = {"new-medical-device"} if medical else set()
        yield Case(f"{said}, pump", CHANGES, change(_zoned(PUMP, *zones), "new device", ()), rules)
        rules = {"unknown-device-in-clinical-zone"} if unknown else set()
        there = change(_zoned(UNKNOWN, *zones), "new device", ())
        yield Case(f"{said}, unknown", CHANGES, there, rules)


def _of_findings() -> Iterator[Case]:
    for number in (*_RULED, "CVE-2020-12045", "POSTURE-EOL-SYSTEM"):
        for kind in ("opened", "reopened", "moved", "closed"):
            told = number in _RULED and kind in ("opened", "reopened")
            rules = {_RULED[number]} if told else set()
            yield Case(f"{number} {kind}", CHANGES, finding(number, kind), rules)
    for kind in ("opened", "reopened", "moved", "closed"):
        rules = {"due-now"} if kind != "closed" else set()
        yield Case(f"Act {kind}", CHANGES, finding("CVE-1", kind, label="Act"), rules)
    laptop = finding("POSTURE-INTERNET", "opened", device=LAPTOP)
    yield Case("laptop on the internet", CHANGES, laptop)
