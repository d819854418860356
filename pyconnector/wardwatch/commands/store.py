"""`backup` and `restore`: the whole database, as it was at one moment."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path

from rich.text import Text

from wardwatch.commands import CommandError, UsageError, Verb, enter, open_store, show
from wardwatch.config import Config
from wardwatch.outputs.terminal import safe
from wardwatch.running.service import RunningError, alone
from wardwatch.store import Store, backup


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "backup",
        backup_,
        "copy the database into a file, whole and checked, while others write",
        "wardwatch backup /backup/wardwatch-2026-11-23.db",
    )
    made.add_argument("file", type=Path, metavar="FILE", help="where to; only you can read it")
    made.add_argument("--force", action="store_true", help="replace a file that is there")

    made = verb(
        "restore",
        restore,
        "put a backup in the place of the database, which is kept beside it",
        "wardwatch restore /backup/wardwatch-2026-11-23.db",
    )
    made.add_argument("file", type=Path, metavar="FILE", help="what `wardwatch backup` wrote")


def _database(options: Namespace, config: Config) -> Path:
    path: Path = options.db or config.store.file
    return path.resolve()


def backup_(options: Namespace, config: Config) -> int:
    """Copy the database."""
    open_store(options, config).__exit__()  # says so where there is none
    path, file = _database(options, config), options.file
    if file.resolve() == path:
        raise UsageError(f"{file}: is the database itself; name another file")
    if file.exists() and not (options.force and file.is_file()):
        raise CommandError(f"{file}: is there already; name another file, or add --force")
    backup.copy(path, file)
    with Store(file, read_only=True) as made:
        count, size = made.device_count(), file.stat().st_size / 1e6
    show([Text(safe(f"Wrote {file}: {count} devices, {size:.1f} MB, checked."))])
    enter(options, config, "backup", f"the whole database to {file}")
    return 0


def restore(options: Namespace, config: Config) -> int:
    """Put a backup in the place of the database."""
    path = _database(options, config)
    locks = path.parent.glob(f"{path.name}-*.lock")
    sites = {one.name[len(path.name) + 1 : -len(".lock")] for one in locks}
    try:
        with ExitStack() as stack:
            for site in sorted(sites):
                stack.enter_context(alone(path, site))
            kept = backup.restore(options.file, path)
    except RunningError as error:
        raise CommandError(str(error)) from None
    with open_store(options, config, must_exist=False) as store:
        told = f"Restored {path} from {options.file}: {store.device_count()} devices."
        if kept:
            told += f" What was there is kept as {kept}."
    told += " `wardwatch run` reads again what its logs have had to say since the backup."
    show([Text(safe(told))])
    enter(options, config, "restore", f"the database from {options.file}; kept {kept}")
    return 0
