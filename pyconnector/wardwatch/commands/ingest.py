"""`ingest`: read logs and work out the devices."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress
from rich.text import Text

from wardwatch.commands import Verb, complain, open_store, rules, show, trend
from wardwatch.config import Config
from wardwatch.outputs import terminal
from wardwatch.pipeline import Ingest, Report
from wardwatch.risk import findings
from wardwatch.scope import Scope
from wardwatch.sources.files import total_bytes


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "ingest",
        ingest,
        "read logs and work out the devices",
        "wardwatch ingest /nsm/zeek/logs/current\n  wardwatch ingest --site north eve.json.1.gz",
    )
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="log or directory")
    made.add_argument("--site", metavar="NAME", help="site that the logs are of")
    made.add_argument("--sensor", metavar="NAME", help="sensor that wrote them")


def ingest(options: Namespace, config: Config) -> int:
    """Read logs into the store."""
    site, sensor = options.site or config.site.name, options.sensor or config.site.sensor
    with open_store(options, config, must_exist=False) as store:
        store.days_kept = config.store.exposure_days
        run = Ingest(store, site=site, sensor=sensor, scope=Scope(config.site.networks))
        files = run.find(options.paths)
        with _progress(total_bytes(files)) as bar:
            report = run.run(files, lambda done: bar.advance(bar.task_ids[0], done))
        findings.read(store)
        renewed = rules.renew(store, config)
        known = store.device_count(site)
        for problem in report.problems:
            complain(problem)
        show(
            [
                Text(_summary(report)),
                Text(f"Site {terminal.safe(site)} now has {known} devices."),
                *([Text(renewed)] if renewed else []),
            ]
        )
        trend.keep(store, store.sites(), config)
    return 1 if report.failed else 0


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    console = terminal.console(error=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task("reading", total=total)
        yield bar


def _summary(report: Report) -> str:
    text = f"Read {report.rows} rows of {report.files} files"
    if report.bad_rows:
        text += f"; {report.bad_rows} lines were bad"
    if report.dropped:
        text += f", dropped {report.dropped} claims and exposures over the limits of their hosts"
    if report.ignored:
        text += f"; logs not used: {', '.join(sorted(report.ignored))}"
    return text + "."
