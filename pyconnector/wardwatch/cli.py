"""The command line: `wardwatch COMMAND --help` tells each command's own."""

from __future__ import annotations

import argparse
import gc
import os
import pkgutil
import sqlite3
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from wardwatch import __version__, commands
from wardwatch.commands import Command, CommandError, UsageError
from wardwatch.config import ConfigError, load
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError
from wardwatch.outputs.kibana_settings import KibanaError
from wardwatch.risk.risks import PolicyFileError
from wardwatch.store import StoreError
from wardwatch_enrichment.fingerprint import FingerprintError

# Millions of records without cycles: looking for some every 700 took a third of all time.
_ALLOCATIONS = 200_000
# In the order of their use; what stands nowhere here comes behind.
_ORDER = ("ingest", "inventory", "knowledge", "identity", "elasticsearch", "surroundings")
# Commands whose module is not called like them. Only that of the command typed is loaded, which
# takes a third of the time of all; what stands nowhere here is found, too, by loading all.
_AT = {
    "devices": "inventory", "device": "inventory", "changes": "inventory", "who": "inventory",
    "fingerprint": "knowledge", "merge": "identity", "split": "identity", "coverage": "facts",
    "config": "surroundings", "doctor": "surroundings",
    "accept": "decisions", "assign": "decisions", "note": "decisions",
    "backup": "store", "restore": "store",
}  # fmt: skip

_TOLD = (
    CommandError, ConfigError, ElasticsearchError, FingerprintError, KibanaError, PolicyFileError,
    StoreError,
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 for success, 1 for failure; wrong usage exits with 2."""
    gc.set_threshold(_ALLOCATIONS)
    typed = sys.argv[1:] if arguments is None else arguments
    options = _parser(_modules(typed[0] if typed else "")).parse_args(typed)
    try:
        config = load(options.config, os.environ)
        run: Command = options.run
        return run(options, config)
    except UsageError as error:
        commands.complain(str(error))
        return 2
    except _TOLD as error:
        message = str(error)
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except sqlite3.Error as error:
        message = f"the database: {error}; what was committed before is kept"
    except OSError as error:
        named = error.filename is not None and error.strerror
        message = f"{error.filename}: {error.strerror}" if named else str(error)
    except KeyboardInterrupt:
        message = "stopped; what was committed before is kept"
    commands.complain(message)
    return 1


class Verbs:
    """The commands of one parser, and what all of them have in common."""

    def __init__(self, under: argparse.ArgumentParser, metavar: str) -> None:
        self._parsers = under.add_subparsers(required=True, metavar=metavar)

    def __call__(
        self, name: str, run: Command, summary: str, example: str
    ) -> argparse.ArgumentParser:
        """Add a command and return its parser, for its own arguments."""
        made = self._parsers.add_parser(
            name,
            parents=[_common()],
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run)
        return made

    def group(self, name: str, summary: str) -> Verbs:
        """Add a command that has commands of its own."""
        return Verbs(self._parsers.add_parser(name, help=summary), "ACTION")


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--db", type=Path, metavar="FILE", help="database (default: wardwatch.db)")
    common.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: wardwatch.toml, if there)"
    )
    return common


def _modules(word: str) -> list[str]:
    """Return the modules to load for a command line that begins with a word."""
    found = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    named = _AT.get(word, word)
    ordered = [*(n for n in _ORDER if n in found), *sorted(found - set(_ORDER))]
    return [named] if named in found else ordered


def _parser(modules: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wardwatch",
        description="Medical devices from the logs of a network monitor: what is there, what can "
        "be exploited on which, and what to do first. "
        "It only reads logs; nothing is ever sent to a device.",
    )
    parser.add_argument("--version", action="version", version=f"wardwatch {__version__}")
    verbs = Verbs(parser, "COMMAND")
    for name in modules:
        import_module(f"wardwatch.commands.{name}").add(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
