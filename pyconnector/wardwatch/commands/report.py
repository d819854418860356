"""`report`: the inventory with its risks as pages for people."""

from __future__ import annotations

import time
from argparse import Namespace
from pathlib import Path

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import Verb, enter, open_store, show
from wardwatch.config import Config
from wardwatch.outputs import html
from wardwatch.risk import reported, risks


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "report",
        report,
        "write the inventory and its risks as an HTML report",
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


def report(options: Namespace, config: Config) -> int:
    """Write the HTML report."""
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        found = pipeline.inventory(store, options.site)
        given = reported.given(store, found, now, decided, config.site.zone)
    written = html.write(found, options.output, site=options.site, generated=now, given=given)
    pages = f" and {len(written) - 1} pages beside it" if len(written) > 1 else ""
    show([Text(f"Wrote {written[0]}{pages}: {len(found)} devices.")])
    enter(options, config, "report", f"{len(found)} devices to {options.output}")
    return 0
