"""The command line: `wardwatch COMMAND --help` tells each command's own."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

from wardwatch import __version__, commands
from wardwatch.commands import CommandError
from wardwatch.config import Config, ConfigError, load
from wardwatch.hearing import seconds
from wardwatch.outputs.elasticsearch_client import ElasticsearchError
from wardwatch.store import StoreError

Command = Callable[[argparse.Namespace, Config], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 for success, 1 for failure; wrong usage exits with 2."""
    options = _parser().parse_args(arguments)
    try:
        config = load(options.config, os.environ)
        run: Command = options.run
        return run(options, config)
    except (CommandError, ConfigError, ElasticsearchError, StoreError) as error:
        message = str(error)
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except sqlite3.Error as error:
        message = f"the database: {error}; what was committed before is kept"
    except OSError as error:
        message = str(error)
    except KeyboardInterrupt:
        message = "stopped; what was committed before is kept"
    commands.complain(message)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wardwatch",
        description="Medical-device inventory from the logs of a network monitor. "
        "It only reads logs; nothing is ever sent to a device.",
    )
    parser.add_argument("--version", action="version", version=f"wardwatch {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--db", type=Path, metavar="FILE", help="database (default: wardwatch.db)")
    common.add_argument(
        "--config", type=Path, metavar="FILE", help="settings (default: wardwatch.toml, if there)"
    )
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(
        name: str, run: Command, summary: str, example: str, under: object = verbs
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = under.add_parser(  # type: ignore[attr-defined]
            name,
            parents=[common],
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=run)
        return made

    _add_ingest(verb)
    _add_readers(verb)
    _add_who(verb)
    server = verbs.add_parser(
        "elasticsearch", help="show the inventory in Elasticsearch and Kibana"
    )
    actions = server.add_subparsers(required=True, metavar="ACTION")
    _add_elasticsearch(verb, actions)
    verb("config", commands.config, "print the settings in force", "wardwatch config")
    verb(
        "doctor",
        commands.doctor,
        "say what is installed, reachable and missing",
        "wardwatch doctor",
    )
    return parser


def _add_ingest(verb: Callable[..., argparse.ArgumentParser]) -> None:
    made = verb(
        "ingest",
        commands.ingest,
        "read logs and work out the devices",
        "wardwatch ingest /nsm/zeek/logs/current\n  wardwatch ingest --site north conn.log.gz",
    )
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="Zeek log or directory")
    made.add_argument("--site", metavar="NAME", help="site that the logs are of")
    made.add_argument("--sensor", metavar="NAME", help="sensor that wrote them")


def _add_readers(verb: Callable[..., argparse.ArgumentParser]) -> None:
    made = verb(
        "devices", commands.devices, "list the devices", "wardwatch devices --json | jq .model"
    )
    made.add_argument("--site", metavar="NAME", help="only this site's")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, with evidence")
    form.add_argument("--csv", action="store_true", help="a table for spreadsheets")

    made = verb(
        "device", commands.device, "show one device with its evidence", "wardwatch device 3f0c91aa"
    )
    made.add_argument("id", metavar="ID", help="its id, or how that begins")
    made.add_argument("--json", action="store_true", help="as one JSON object")

    made = verb(
        "report",
        commands.report,
        "write the inventory as an HTML report",
        "wardwatch report -o report.html",
    )
    made.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("report.html"),
        metavar="FILE",
        help="where to (default: report.html)",
    )
    made.add_argument("--site", metavar="NAME", help="only this site's")


def _add_who(verb: Callable[..., argparse.ArgumentParser]) -> None:
    made = verb(
        "who",
        commands.who,
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


def _add_elasticsearch(verb: Callable[..., argparse.ArgumentParser], actions: object) -> None:
    for name, run, summary in (
        ("setup", commands.elasticsearch_setup, "put the templates and make the index"),
        ("publish", commands.elasticsearch_publish, "write the devices that have changed"),
    ):
        made = verb(
            name,
            run,
            summary,
            f"wardwatch elasticsearch {name} --url https://localhost:9200",
            actions,
        )
        made.add_argument(
            "--url", metavar="URL", help="server, or several of a cluster with commas"
        )
        made.add_argument(
            "--ca-file", type=Path, metavar="FILE", help="PEM of the authority to trust"
        )
        made.add_argument("--api-key-file", type=Path, metavar="FILE", help="file with the API key")
        if name == "publish":
            made.add_argument("--site", metavar="NAME", help="only this site's")


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


if __name__ == "__main__":
    sys.exit(main())
