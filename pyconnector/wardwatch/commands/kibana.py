"""`kibana build|import`: dashboards for those who have Kibana."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.text import Text

from wardwatch.commands import Verb, complain, show
from wardwatch.config import Config
from wardwatch.outputs import files, kibana, kibana_objects
from wardwatch.outputs.kibana_settings import KibanaSettings


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    actions = verb.group("kibana", "put the dashboards into Kibana")
    made = actions(
        "build",
        build,
        "write the dashboards to one file that Kibana imports",
        "wardwatch kibana build --output iomt_dashboards.ndjson",
    )
    made.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="where to (NDJSON)"
    )
    _report(made)
    made = actions(
        "import",
        load,
        "put the dashboards into a Kibana that runs",
        "wardwatch kibana import --url http://localhost:5601",
    )
    made.add_argument("--url", metavar="URL", help="Kibana, with its base path if it has one")
    made.add_argument("--space", metavar="ID", help="the space to put them into (default: default)")
    made.add_argument("--ca-file", type=Path, metavar="FILE", help="PEM of the authority to trust")
    made.add_argument("--api-key-file", type=Path, metavar="FILE", help="file with the API key")
    made.add_argument(
        "--overwrite",
        action="store_true",
        help="replace those of an earlier import, with what was changed in them by hand",
    )
    _report(made)


def _report(made: ArgumentParser) -> None:
    made.add_argument(
        "--report",
        metavar="URL",
        help="web address of the report, or of the folder of its device pages, to link to",
    )


def build(options: Namespace, config: Config) -> int:
    """Write the file."""
    content = kibana_objects.build(options.report or config.kibana.report)
    files.replace(options.output, content.decode())
    show([Text(f"Wrote {options.output}: {len(content.splitlines())} saved objects.")])
    return 0


def load(options: Namespace, config: Config) -> int:
    """Import them."""
    given = {key: getattr(options, key) for key in ("url", "space", "ca_file", "report")}
    settings: KibanaSettings = dataclasses.replace(
        config.kibana, **{key: value for key, value in given.items() if value}
    )
    secrets = config.elasticsearch
    if options.api_key_file:
        secrets = dataclasses.replace(secrets, api_key_file=options.api_key_file)
    content = kibana_objects.build(settings.report)
    done = kibana.load(settings, secrets, content, overwrite=options.overwrite)
    for failure in done.failures:
        complain(failure)
    where = f" in the space {settings.space}" if settings.space else ""
    there = f"{done.count} of {len(content.splitlines())} saved objects"
    show([Text(f"{there} were put into {settings.url}{where}.")])
    return 1 if done.failures else 0
