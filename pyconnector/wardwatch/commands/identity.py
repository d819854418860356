"""`merge`, `split`: what a person knows better than the evidence."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterable

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, show, user, writable
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.store import Store, Told
from wardwatch_enrichment import identity
from wardwatch_enrichment.model import Device


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "merge",
        merge,
        "say that two entries are one device",
        "wardwatch merge 3f0c91aa 77b2 --why 'dock and pump, asset 4711'",
    )
    made.add_argument("id", metavar="ID", help="an entry's id, or how that begins")
    made.add_argument("other", metavar="OTHER", help="the other entry's")
    _reason(made)
    made = verb(
        "split",
        split,
        "undo a merge, or say that a part of an entry is another device",
        "wardwatch split 3f0c91aa mac:00:09:fb:12:34:56",
    )
    made.add_argument("id", metavar="ID", help="the entry's id, or how that begins")
    made.add_argument(
        "key", nargs="?", metavar="KEY", help="the part that is another device (names what can be)"
    )
    _reason(made)


def _reason(made: object) -> None:
    made.add_argument(  # type: ignore[attr-defined]
        "--why", default="", metavar="TEXT", help="the reason, kept with the correction"
    )


def merge(options: Namespace, config: Config) -> int:
    """Make two entries one."""
    with writable(options, config) as store:
        known = pipeline.inventory(store)
        one, other = by_prefix(known, options.id), by_prefix(known, options.other)
        if one.id == other.id or one.site != other.site:
            raise CommandError(
                "give two different entries of one site; `wardwatch devices` lists them"
            )
        parts = identity.parts([*store.keys_of(one.id), *store.keys_of(other.id)])
        if not _tried(
            store,
            (one, other),
            lambda: pipeline.merge(store, one.site, one.id, other.id, _told(options)),
            lambda: _id(store, one) == _id(store, other),
        ):
            raise CommandError(
                f"nothing changed: {one.id} and {other.id} are still two devices; "
                f"their parts are {', '.join(parts)}"
            )
        show([Text(f"{one.id} and {other.id} are one device now.")])
    return 0


def split(options: Namespace, config: Config) -> int:
    """Make one entry several."""
    with writable(options, config) as store:
        found = by_prefix(pipeline.inventory(store), options.id)
        keys = store.keys_of(found.id)
        parts = identity.parts(keys)
        if options.key not in (None, *parts):
            raise CommandError(f"{options.key}: is no part of {found.id}; {_choice(parts)}")

        def apart() -> None:
            try:
                pipeline.split(store, found.site, found.id, options.key, _told(options))
            except ValueError:
                raise CommandError(
                    f"{found.id}: was not merged by hand; {_choice(parts)}"
                ) from None

        def worked() -> bool:
            return len(set(store.owners(found.site, keys)[0].values())) > 1

        if not _tried(store, (found,), apart, worked):
            raise CommandError(f"nothing changed: {found.id} is still one device; {_choice(parts)}")
        show([Text(f"{found.id} was split; `wardwatch devices` shows the parts.")])
    return 0


def _tried(
    store: Store,
    devices: Iterable[Device],
    correct: Callable[[], None],
    worked: Callable[[], bool],
) -> bool:
    """Correct something and tell whether that worked; what did not is not kept."""
    concerned = {device.id: device.site for device in devices}
    (site,) = set(concerned.values())
    hosts = store.hosts_of(site, concerned)
    before = set(store.corrections(site))
    with store.transaction():
        correct()
    pipeline.refresh(store, site)
    if worked():
        return True
    with store.transaction():
        for one, other, same in set(store.corrections(site)) - before:
            store.forget_corrections(site, [one], [other], same=same)
        store.mark(site, hosts, changed=True)
    pipeline.refresh(store, site)
    return False


def _id(store: Store, device: Device) -> str | None:
    found = store.device(device.id)
    return found.id if found else None


def _choice(parts: list[str]) -> str:
    if len(parts) == 1:
        return f"it has one part only, {parts[0]}"
    return f"its parts are {', '.join(parts)}"


def _told(options: Namespace) -> Told:
    return Told(user(), options.why, time.time())
