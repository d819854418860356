"""`config`, `doctor`: the settings in force, and what is installed and reachable."""

from __future__ import annotations

from argparse import Namespace

from rich.table import Table
from rich.text import Text

from wardwatch import config as settings
from wardwatch import doctor as checks
from wardwatch.commands import Verb, show
from wardwatch.config import Config
from wardwatch.outputs import terminal


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    verb("config", config, "print the settings in force", "wardwatch config")
    verb("doctor", doctor, "say what is installed, reachable and missing", "wardwatch doctor")


def config(_: Namespace, config: Config) -> int:
    """Print the settings in force."""
    print(settings.show(config))  # noqa: T201  the output itself
    return 0


def doctor(options: Namespace, config: Config) -> int:
    """Check the surroundings."""
    found = list(checks.examine(options.db or config.store.file, config))
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in found:
        table.add_row(check.state, check.part, Text(terminal.safe(check.finding)))
    show([table])
    return 1 if any(check.state == "failed" for check in found) else 0
