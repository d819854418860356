"""`devices`, `device`, `who`, `changes`: what is known."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Iterable
from ipaddress import ip_address
from typing import get_args

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, enter, open_store, show, show_json, show_old
from wardwatch.config import Config
from wardwatch.decisions import deciding
from wardwatch.documents.device import change_json, device_json, event_json, hours_json, iso_time
from wardwatch.documents.finding_json import finding_json
from wardwatch.heard.claims import seconds
from wardwatch.outputs import csv, terminal
from wardwatch.outputs import findings as shown
from wardwatch.risk import findings, recording, risks
from wardwatch.risk.ages import Ages
from wardwatch_enrichment import hours
from wardwatch_enrichment.changes import Kind
from wardwatch_enrichment.finding import OPEN
from wardwatch_enrichment.links import holders
from wardwatch_enrichment.model import Device


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb("devices", devices, "list the devices", "wardwatch devices --json | jq .model")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, with evidence")
    form.add_argument("--csv", action="store_true", help="a table for spreadsheets")

    made = verb("device", device, "show one device with its evidence", "wardwatch device 3f0c91aa")
    made.add_argument("id", metavar="ID", help="its id, or how that begins")
    made.add_argument("--json", action="store_true", help="as one JSON object")

    made = verb(
        "changes",
        changes,
        "list what changed: new devices, addresses, places, software, services",
        "wardwatch changes --since 2026-11-01 --kind software",
    )
    made.add_argument("id", nargs="?", metavar="ID", help="only this device's")
    made.add_argument("--since", type=_time, metavar="TIME", help="only from this time on")
    made.add_argument("--kind", choices=get_args(Kind), help="only of this kind")
    made.add_argument("--site", metavar="NAME", help="only of this site")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with evidence")

    _add_who(verb)


def _add_who(verb: Verb) -> None:
    made = verb(
        "who",
        who,
        "tell which device held an address at a time",
        "wardwatch who 10.20.1.21 --at 2026-11-22T11:30:00Z",
    )
    made.add_argument("ip", type=_ip, metavar="IP", help="IPv4 or IPv6 address")
    made.add_argument(
        "--at",
        type=_time,
        metavar="TIME",
        help="ISO 8601 (UTC unless it says) or epoch seconds; default: now",
    )
    made.add_argument("--site", metavar="NAME", help="only at this site")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def _time(text: str) -> float:
    try:
        return seconds(float(text))
    except ValueError:
        pass
    try:
        return seconds(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write it as 2026-11-22T08:15:00Z"
        ) from None


def _ip(text: str) -> str:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; give one, as in 10.20.1.21") from None
    return str(getattr(found, "ipv4_mapped", None) or found)


def devices(options: Namespace, config: Config) -> int:
    """List the inventory."""
    with open_store(options, config) as store:
        found = sorted(pipeline.inventory(store, options.site), key=terminal.order)
    if options.json:
        for device in found:
            show_json(device_json(device))
    elif options.csv:
        csv.write(found, sys.stdout)
        enter(options, config, "devices", f"{len(found)} devices as CSV")
    else:
        show(terminal.inventory(found))
    return 0


def device(options: Namespace, config: Config) -> int:
    """Show one device."""
    with open_store(options, config) as store:
        found = by_prefix(pipeline.inventory(store), options.id)
        now = time.time()
        decided = risks.policy_of(config.risk.policy)
        known = risks.of_device(store, found, now, decided)
        rated = known.rated if known else ()
        ((_, rated),) = recording.dated(store, [(found, rated)], now, decided)
        open_ = [one for one in rated if one.finding.affected in OPEN]
        measures = findings.measures(store, known.around, open_) if known else {}
        held = deciding.held(store, [(found, rated)], now)
        ages = Ages(store, now)
        aged = [ages.of(one.finding) for one in rated]
        around = next(findings.site_of(store, found, now).arounds([found.id]))
    seen = hours.hours(around, config.site.zone)
    if options.json:
        events = {"events": [event_json(e) for e in found.events]}
        made = {
            "findings": [
                finding_json(found, r, held.get(r.finding.id), [one.json for one in old])
                for r, old in zip(rated, aged, strict=True)
            ]
        }
        show_json(device_json(found) | events | {"hours": hours_json(seen)} | made)
    else:
        show(terminal.detail(found))
        show([Text(hours.sentence(seen))] if seen else [])
        show(shown.detail(open_, measures, held))
        show_old(ages.every)
    return 0


def by_prefix(devices: Iterable[Device], prefix: str) -> Device:
    """Return the one device whose id, or former id, begins so."""
    found = [
        device
        for device in devices
        if any(name.startswith(prefix) for name in (device.id, *device.former_ids))
    ]
    if len(found) != 1:
        problem = "several ids begin so" if found else "no device has this id"
        raise CommandError(f"{prefix}: {problem}; `wardwatch devices` lists them")
    return found[0]


def who(options: Namespace, config: Config) -> int:
    """Answer which device held an address."""
    ip = options.ip
    at = options.at if options.at is not None else time.time()
    with open_store(options, config) as store:
        # The same private address at two sites is two questions.
        sites = [options.site] if options.site else store.sites()
        found = [holder for site in sites for holder in holders(store.held(ip, site), at)]
        known = {device.id: device for device in pipeline.inventory(store, options.site)}
    answers = [
        {
            "id": holder.device_id,
            "site": known[holder.device_id].site,
            "ip": ip,
            "at": iso_time(at),
            "confidence": round(holder.confidence, 2),
            "reason": holder.reason,
            "mac": holder.binding.mac,
            "from": iso_time(holder.binding.start),
            "until": iso_time(holder.binding.end),
            "source": holder.binding.source,
            "device": device_json(known[holder.device_id]) if options.json else None,
        }
        for holder in found
    ]
    if options.json:
        for answer in answers:
            show_json(answer)
    else:
        show(terminal.answers(ip, at, found, known))
    return 0


def changes(options: Namespace, config: Config) -> int:
    """List what changed, the oldest first."""
    with open_store(options, config) as store:
        # A device is looked for at all sites, so that it can be said at which it is.
        known = pipeline.inventory(store, None if options.id else options.site)
        wanted = [_at_site(known, options)] if options.id else known
        happened = pipeline.history(store, wanted, known)
    found = [
        change
        for change in happened
        if change.time >= (options.since or 0.0) and options.kind in (None, change.kind)
    ]
    if options.json:
        for change in found:
            show_json(change_json(change))
    else:
        show(terminal.history(found, {device.id: _name(device) for device in wanted}))
    return 0


def _at_site(devices: Iterable[Device], options: Namespace) -> Device:
    found = by_prefix(devices, options.id)
    if options.site not in (None, found.site):
        raise CommandError(
            f"{options.id}: is a device of site {found.site}, not of {options.site}; "
            "leave --site out, or give its own"
        )
    return found


def _name(device: Device) -> str | None:
    return device.hostname or next(iter(device.names), device.model)
