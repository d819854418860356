"""`feeds`: take in advisories and what else the public says of vulnerabilities and devices."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table
from rich.text import Text

from wardwatch.commands import CommandError, Verb, complain, open_store, show, show_json, trend
from wardwatch.config import Config
from wardwatch.documents.device import time_or_null
from wardwatch.feeds.settings import SettingsError
from wardwatch.feeds.take import Report, take_files
from wardwatch.feeds.update import Update
from wardwatch.outputs import terminal
from wardwatch.risk import findings
from wardwatch.sources.feed_files import FeedFile, FeedFileError, read
from wardwatch.store.feeds import Feed

DAY = 86_400
NAMED = 10  # advisories that are named after they were taken


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("feeds", "take in advisories, exploited vulnerabilities, recalls, and more")
    group("update", update, "fetch the feeds that are set", "wardwatch feeds update")
    made = group(
        "import",
        take,
        "take feeds from files that were carried in",
        "wardwatch feeds import csaf/ known_exploited_vulnerabilities.json epss.csv.gz",
    )
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file, .gz, .zip, folder")
    made.add_argument(
        "--force", action="store_true", help="also what is older or smaller than what is there"
    )
    made = group("status", status, "show how old each feed is", "wardwatch feeds status --json")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def update(options: Namespace, config: Config) -> int:
    """Fetch all feeds in the settings."""
    if not any(config.feeds.addresses()):
        raise CommandError("no feed is set; put addresses into [feeds] of wardwatch.toml")
    with open_store(options, config, must_exist=False) as store:
        try:
            report = Update(store, config.feeds, time.time()).run()
            hit = findings.read(store)
        except SettingsError as error:
            raise CommandError(str(error)) from None
        code = _tell(report, hit)
        trend.keep(store, store.sites() if report.taken else [], config)
    return code


def take(options: Namespace, config: Config) -> int:
    """Import feeds from files."""
    try:
        keys = config.feeds.keys()
    except SettingsError as error:
        raise CommandError(str(error)) from None
    with open_store(options, config, must_exist=False) as store:
        files = _files(options.paths)
        report = take_files(store, files, time.time(), keys=keys, force=options.force)
        hit = findings.read(store)
        code = _tell(report, hit)
        trend.keep(store, store.sites() if report.taken else [], config)
    return code


def _files(paths: list[Path]) -> Iterator[FeedFile | FeedFileError]:
    for path in paths:
        yield from read(path)


def _tell(report: Report, hit: Mapping[str, int]) -> int:
    for problem in report.problems:
        complain(problem)
    if report.refused > len(report.problems):
        complain(f"{report.refused - len(report.problems)} more were refused")
    parts = [f"{terminal.safe(name)}: {count}" for name, count in sorted(report.taken.items())]
    text = f"Took {', '.join(parts) or 'nothing new'}; {report.unchanged} were there already"
    if report.ignored:
        text += f", {report.ignored} files are no feeds"
    if report.refused:
        text += f", {report.refused} were refused, and what was there stays"
    show([Text(text + ".")])
    for name, count in sorted(hit.items(), key=lambda one: (-one[1], one[0]))[:NAMED]:
        shown = terminal.safe(name)
        devices = "1 device" if count == 1 else f"{count} devices"
        show([Text(f"{shown}: perhaps {devices}; `wardwatch advisory {shown}` tells.")])
    if len(hit) > NAMED:
        show([Text(f"{len(hit) - NAMED} more may be about devices: `wardwatch findings`.")])
    return 1 if report.refused else 0


def status(options: Namespace, config: Config) -> int:
    """Show the state of each feed."""
    now = time.time()
    with open_store(options, config) as store:
        found = store.feeds()
    if options.json:
        for feed in found:
            show_json(_json(feed, now))
        return 0
    if not found:
        show([Text("No feed was taken yet: `wardwatch feeds import PATH` or `feeds update`.")])
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("feed", "records", "newest", "age", "last taken", "last refused"):
        table.add_column(heading)
    for feed in found:
        table.add_row(*(Text(terminal.safe(cell)) for cell in _cells(feed, now)))
    show([table])
    return 0


def _cells(feed: Feed, now: float) -> tuple[str, ...]:
    unverified = f" ({feed.unverified} not verified)" if feed.unverified else ""
    refused = f"{_day(feed.failed)}: {feed.reason}" if feed.failed else "-"
    return (
        feed.name,
        f"{feed.records}{unverified}",
        _day(feed.newest),
        "-" if feed.newest is None else f"{max(now - feed.newest, 0) // DAY:.0f} days",
        _day(feed.taken),
        refused,
    )


def _day(at: float | None) -> str:
    return "-" if at is None else datetime.fromtimestamp(at, UTC).date().isoformat()


def _json(feed: Feed, now: float) -> dict[str, object]:
    return {
        "feed": feed.name,
        "source": feed.source,
        "version": feed.version,
        "records": feed.records,
        "unverified": feed.unverified,
        "newest": time_or_null(feed.newest),
        "age_days": None if feed.newest is None else int(max(now - feed.newest, 0) // DAY),
        "taken": time_or_null(feed.taken),
        "refused": time_or_null(feed.failed),
        "reason": feed.reason,
    }
