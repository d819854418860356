"""`merge`, `split`: what a person knows better than the evidence."""

from __future__ import annotations

import getpass
import time
from argparse import Namespace
from pathlib import Path

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, open_store, show
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.store import Store, Told


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
    with _writable(options, config) as store:
        one, other = by_prefix(store, options.id), by_prefix(store, options.other)
        if one.id == other.id or one.site != other.site:
            raise CommandError(
                "give two different entries of one site; `wardwatch devices` lists them"
            )
        with store.transaction():
            pipeline.merge(store, one.site, one.id, other.id, _told(options))
        pipeline.refresh(store, one.site)
        show([Text(f"{one.id} and {other.id} are one device now.")])
    return 0


def split(options: Namespace, config: Config) -> int:
    """Make one entry several."""
    with _writable(options, config) as store:
        found = by_prefix(store, options.id)
        try:
            with store.transaction():
                pipeline.split(store, found.site, found.id, options.key, _told(options))
        except ValueError as error:
            raise CommandError(f"{found.id}: {error}") from None
        pipeline.refresh(store, found.site)
        show([Text(f"{found.id} was split; `wardwatch devices` shows the parts.")])
    return 0


def _writable(options: Namespace, config: Config) -> Store:
    open_store(options, config).__exit__()  # says so where there is none yet
    path: Path = options.db or config.store.file
    return Store(path)


def _told(options: Namespace) -> Told:
    return Told(getpass.getuser(), options.why, time.time())
