"""The commands, one module for each kind: `add` tells the command line of them, the rest runs them.

A new module here is found by itself.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sqlite3
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from rich.table import Table
from rich.text import Text

from wardwatch.config import Config
from wardwatch.outputs import narrow, terminal
from wardwatch.running.service import lost
from wardwatch.store import Store, StoreError
from wardwatch.store.decisions import Entered
from wardwatch_enrichment.risk.rating import URGENCY

Command = Callable[[Namespace, Config], int]


class Verb(Protocol):
    """Adds a command, or a command with commands of its own."""

    def __call__(
        self, name: str, run: Command, summary: str, example: str
    ) -> argparse.ArgumentParser: ...

    def group(self, name: str, summary: str) -> Verb: ...


class CommandError(Exception):
    """A command cannot do what it was asked; the message says what to do instead."""


class UsageError(CommandError):
    """A command was typed in a way that it cannot understand."""


def complain(message: str) -> None:
    """Print a problem where a pipe does not swallow it."""
    console = terminal.console(error=True)
    for line in message.splitlines():
        console.print(f"wardwatch: {terminal.safe(line)}", soft_wrap=True)


def show(parts: Iterable[Table | Text]) -> None:
    """Print for a person."""
    console = terminal.console()
    for part in parts:
        if isinstance(part, Table) and not narrow.fits(part, console.width):
            for row in narrow.listed(part):
                console.print(row)
        else:
            console.print(part)


def show_old(feeds: Iterable[object]) -> None:
    """Say how old the feeds are that what was shown rests on, of those that are old."""
    show(Text(f"Note: {terminal.safe(str(one))}.", "yellow") for one in feeds)


def show_json(document: Mapping[str, object]) -> None:
    """Print for a program, one object a line."""
    # ASCII escapes keep control and direction characters from acting on a terminal
    print(json.dumps(document))  # noqa: T201  the output itself


def open_store(options: Namespace, config: Config, *, must_exist: bool = True) -> Store:
    """Open the database that options and settings name."""
    path: Path = options.db or config.store.file
    if must_exist and not path.exists():
        raise CommandError(
            f"{path}: there is no database yet; run `wardwatch ingest` first, or name it with --db"
        )
    if not must_exist and (lock := lost(path)):
        raise CommandError(
            f"{path}: the database that `wardwatch run` kept here is gone; restore a backup, or "
            f"delete {lock} to begin with an empty one"
        )
    store = Store(path, read_only=must_exist)
    if store.migrated:
        complain(store.migrated)
    if must_exist:
        _check(store, getattr(options, "site", None))
    return store


def writable(options: Namespace, config: Config) -> Store:
    """Open the same to write into it; there must be one already."""
    path: Path = options.db or config.store.file
    if path.exists() and path.stat().st_size:  # an older one is brought up to date
        open_store(options, config, must_exist=False).__exit__()
    open_store(options, config).__exit__()  # says so where there is none yet
    return Store(path)


def label(text: str) -> str:
    """Return a label as it is written, however somebody typed it."""
    return {known.casefold(): known for known in URGENCY}.get(text.casefold(), text)


def user() -> str:
    """Return who types this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user needs no name
        return str(os.getuid())


def enter(options: Namespace, config: Config, kind: str, told: str, *, daily: bool = False) -> None:
    """Enter into the register what was given out; where that is not possible, say so and go on.

    What runs all the time is entered once a day (`daily`).
    """
    path: Path = options.db or config.store.file
    site, now = getattr(options, "site", None) or "", time.time()
    made = Entered(site=site, at=now, kind=kind, who=user(), told=told)
    try:
        with Store(path) as store, store.transaction():
            if daily:
                store.enter_once(made)
            else:
                store.enter(made)
    except (StoreError, sqlite3.Error) as error:
        complain(f"not entered into the register: {error}")


def _check(store: Store, site: str | None) -> None:
    """Refuse a site that there is not; warn where not all that was read is in the inventory yet."""
    sites = store.sites()
    if site and site not in sites:
        raise CommandError(f"{site}: no such site; there are {', '.join(sites) or 'none yet'}")
    for publisher, name in store.unreadable():
        complain(f"advisory {name} of {publisher} cannot be read; findings may lack what it says")
    for name in [site] if site else sites:
        if store.changed_hosts(name, 1):
            complain(
                f"site {name}: this inventory does not show all that was read; "
                "run `wardwatch ingest` again, unless it is running now"
            )
