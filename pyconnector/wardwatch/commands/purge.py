"""`purge`: forget what is too old, or all that is known of a device."""

from __future__ import annotations

import argparse
import time
from argparse import Namespace
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, replace

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, complain, enter, show, writable
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.outputs.terminal import safe
from wardwatch.running import forgetting
from wardwatch.store import Store, backup
from wardwatch.store.touched import JUDGED
from wardwatch_enrichment.model import Device

_COUNTED = {
    "devices": "devices that were long gone", "names": "names", "claims": "claims",
    "evidence": "copies of log lines", "events": "alarms", "exposure": "days of exposure",
    "history": "states of findings",
}  # fmt: skip


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "purge",
        purge,
        "forget what is too old by [retention], or all that is known of a device",
        "wardwatch purge --dry-run\n  wardwatch purge --device 3f0c91aa",
    )
    which = made.add_mutually_exclusive_group()
    which.add_argument(
        "--device", metavar="ID", help="all of this device: its id, or how it begins"
    )
    which.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="of every kind what is older; no device"
    )
    made.add_argument("--site", metavar="NAME", help="only at this site")
    made.add_argument("--dry-run", action="store_true", help="only say what would be forgotten")


def _days(text: str) -> int:
    number = text.removesuffix("d")
    if not number.isdecimal() or not int(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days; write 90")
    return int(number)


def purge(options: Namespace, config: Config) -> int:
    """Forget."""
    with writable(options, config) as store:
        if options.site and options.site not in store.sites():
            raise CommandError(f"{options.site}: no such site; there are {store.sites()}")
        if options.device:
            known = by_prefix(pipeline.inventory(store, options.site), options.device)
            told = _purge_device(store, known, dry_run=options.dry_run)
        else:
            told = _purge_old(store, options, config)
        if not options.dry_run:
            while store.shrink():
                pass
            store.flush()
    show(Text(safe(line)) for line in told)
    if not options.dry_run:
        enter(options, config, "purge", " ".join(told))
        if kept := backup.kept_beside(store.path):
            names = ", ".join(str(one) for one in kept)
            complain(f"still in these copies, which you may delete: {names}; and in your backups")
    return 0


def _purge_device(store: Store, device: Device, *, dry_run: bool) -> list[str]:
    counts = forgetting.purge(store, device, dry_run=dry_run)
    left = store.device(device.id)
    told = f"{'Would forget' if dry_run else 'Forgot'} device {device.id}: {_listed(counts)}."
    if left and not dry_run:
        told += " What another device at its address says, too, stays."
    texts = {*device.macs, *(name for name in (device.hostname, *device.names) if name)}
    facts = [
        fact
        for fact in store.facts(device.site)
        if not texts.isdisjoint(map(str, fact.values.values()))
    ]
    if facts:
        places = ", ".join(sorted({fact.source for fact in facts}))
        complain(f"a site's own facts name it, too, and stay: {places}; import them without it")
    return [told]


def _purge_old(store: Store, options: Namespace, config: Config) -> list[str]:
    keep, exposure_days = config.retention, config.store.exposure_days
    if options.older_than:
        days = options.older_than
        shorter = {name: min(days, old) for name, old in asdict(keep).items() if name != "devices"}
        keep = replace(keep, **shorter)
        exposure_days = min(max(days, JUDGED), exposure_days)
        if days < JUDGED:
            complain(f"exposure of the last {JUDGED} days stays: what is judged rests on it")
    told = []
    for site in [options.site] if options.site else store.sites():
        now = time.time()
        found = forgetting.find(store, site, now, keep, exposure_days)
        if not options.dry_run:
            deque(forgetting.forget(store, site, now, keep, found), maxlen=0)
        verb = "would forget" if options.dry_run else "forgot"
        told.append(f"Site {site}: {verb} {_listed(found.counts())}.")
    return told


def _listed(counts: Mapping[str, int]) -> str:
    known = [f"{_COUNTED.get(kind, kind)}: {count}" for kind, count in counts.items() if count]
    return ", ".join(known) or "nothing"
