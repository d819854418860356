"""`export`: all that is kept, for another program or for whoever asks what is known of a device."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import Verb, enter, open_store, show
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.documents.device import device_json
from wardwatch.documents.record import claim_json, record_json
from wardwatch.outputs.terminal import safe
from wardwatch.running import forgetting
from wardwatch.store import Store, backup
from wardwatch_enrichment.model import Claim, Device

_Record = dict[str, object]


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "export",
        export,
        "write all that is known of a site or a device, one JSON object a line",
        "wardwatch export --site north -o north.ndjson\n"
        "  wardwatch export --device 3f0c91aa -o request.ndjson",
    )
    which = made.add_mutually_exclusive_group()
    which.add_argument("--site", metavar="NAME", help="only this site's")
    which.add_argument(
        "--device", metavar="ID", help="only this device's: its id, or how it begins"
    )
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: the screen")


def export(options: Namespace, config: Config) -> int:
    """Write all that is known."""
    with open_store(options, config) as store:
        if options.device:
            known = by_prefix(pipeline.inventory(store), options.device)
            records = _of_device(store, known)
        else:
            records = _of_sites(store, [options.site] if options.site else store.sites())
        if options.output is None:
            _write(records, sys.stdout)
            return 0
        with backup.partial(options.output) as made, made.open("w", encoding="utf-8") as file:
            count = _write(records, file)
    show([Text(safe(f"Wrote {options.output}: {count} records."))])
    what = f"device {known.id}" if options.device else options.site or "all sites"
    enter(options, config, "export", f"{count} records of {what} to {options.output}")
    return 0


def _write(records: Iterable[_Record], file: TextIO) -> int:
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007  the last is the number of all
        file.write(json.dumps(record) + "\n")
    return count


def _of_sites(store: Store, sites: Iterable[str]) -> Iterator[_Record]:
    for site in sites:
        for device in pipeline.inventory(store, site):
            yield {"record": "device", **device_json(device)}
        yield from map(_claim, store.claims(site))
        yield from (record_json("exposure", one) | {"site": site} for one in store.exposures(site))
        yield from (record_json("alarm", one) | {"site": site} for one in store.events(site))
        yield from (record_json("finding", one) for one in store.states(site))
        yield from (record_json("decision", one) for one in store.decisions(site))
        yield from (record_json("fact", one) | {"site": site} for one in store.facts(site))
    for entry in store.register(0.0, float("inf")):
        if entry.site in ("", *sites):
            yield record_json("register", entry)


def _of_device(store: Store, device: Device) -> Iterator[_Record]:
    """Yield what is kept of one device; at an address of others, too, what hardware is its."""
    site, ids = device.site, {device.id, *device.former_ids}
    yield {"record": "device", **device_json(device)}
    own = set(forgetting.own_claims(store, device))
    hosts = store.hosts_of(site, [device.id])
    for claim in list(store.claims(site, hosts)):
        if forgetting.kept(claim) in own:
            yield _claim(claim)
    alone = {host for host in hosts if store.at_hosts(site, [host]) == {device.id}}
    for seen in store.exposures(site, hosts):
        if seen.host in alone or seen.mac in device.macs:
            yield record_json("exposure", seen) | {"site": site}
    yield from (record_json("alarm", one) | {"site": site} for one in device.events)
    for name in sorted(ids):
        yield from (record_json("finding", one) for one in store.states(site, device=name))
    for made in store.decisions(site):
        if made.device_id in ids:
            yield record_json("decision", made)


def _claim(claim: Claim) -> _Record:
    return claim_json(record_json("claim", claim.first), claim.last_seen)
