"""What each command does: from options and settings to output and exit code."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from wardwatch import doctor as checks
from wardwatch.config import Config, show
from wardwatch.documents import device_json, iso_time
from wardwatch.outputs import csv, elasticsearch, html, terminal
from wardwatch.outputs.elasticsearch_client import ElasticsearchSettings, connect
from wardwatch.pipeline import Ingest, Report
from wardwatch.scope import Scope
from wardwatch.sources.zeek_files import total_bytes
from wardwatch.store import Store
from wardwatch_enrichment.links import holders
from wardwatch_enrichment.model import Device


class CommandError(Exception):
    """A command cannot do what it was asked; the message says what to do instead."""


def complain(message: str) -> None:
    """Print a problem where a pipe does not swallow it."""
    console = terminal.console(error=True)
    for line in message.splitlines():
        console.print(f"wardwatch: {terminal.safe(line)}", soft_wrap=True)


def _print(parts: Iterable[Table | Text]) -> None:
    console = terminal.console()
    for part in parts:
        console.print(part)


def _open(options: Namespace, config: Config, *, must_exist: bool = True) -> Store:
    path: Path = options.db or config.store.file
    if must_exist and not path.exists():
        raise CommandError(
            f"{path}: there is no database yet; run `wardwatch ingest` first, or name it with --db"
        )
    store = Store(path, read_only=must_exist)
    site = getattr(options, "site", None)
    if must_exist and site and site not in (sites := store.sites()):
        raise CommandError(f"{site}: no such site; there are {', '.join(sites) or 'none yet'}")
    return store


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    console = terminal.console(error=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task("reading", total=total)
        yield bar


def ingest(options: Namespace, config: Config) -> int:
    """Read logs into the store."""
    site, sensor = options.site or config.site.name, options.sensor or config.site.sensor
    with _open(options, config, must_exist=False) as store:
        run = Ingest(store, site=site, sensor=sensor, scope=Scope(config.site.networks))
        files = run.find(options.paths)
        with _progress(total_bytes(files)) as bar:
            report = run.run(files, lambda done: bar.advance(bar.task_ids[0], done))
        known = store.device_count(site)
    for problem in report.problems:
        complain(problem)
    _print(
        [
            Text(_summary(report)),
            Text(f"Site {terminal.safe(site)} now has {known} devices."),
        ]
    )
    return 1 if report.failed else 0


def _summary(report: Report) -> str:
    text = f"Read {report.rows} rows of {report.files} files"
    if report.bad_rows:
        text += f"; {report.bad_rows} lines were bad"
    if report.dropped:
        text += f", dropped {report.dropped} claims over the limits of their hosts"
    if report.ignored:
        text += f"; logs not used: {', '.join(sorted(report.ignored))}"
    return text + "."


def devices(options: Namespace, config: Config) -> int:
    """List the inventory."""
    with _open(options, config) as store:
        found = sorted(store.devices(options.site), key=terminal.order)
    if options.json:
        for device in found:
            _print_json(device_json(device))
    elif options.csv:
        csv.write(found, sys.stdout)
    else:
        _print(terminal.inventory(found))
    return 0


def _print_json(document: Mapping[str, object]) -> None:
    # ASCII escapes keep control and direction characters from acting on a terminal
    print(json.dumps(document))  # noqa: T201  the output itself


def device(options: Namespace, config: Config) -> int:
    """Show one device."""
    with _open(options, config) as store:
        found = store.device(options.id) or _by_prefix(store, options.id)
    if options.json:
        _print_json(device_json(found))
    else:
        _print(terminal.detail(found))
    return 0


def _by_prefix(store: Store, prefix: str) -> Device:
    found = [
        device
        for device in store.devices()
        if any(name.startswith(prefix) for name in (device.id, *device.former_ids))
    ]
    if len(found) != 1:
        problem = "several ids begin so" if found else "no device has this id"
        raise CommandError(f"{prefix}: {problem}; `wardwatch devices` lists them")
    return found[0]


def who(options: Namespace, config: Config) -> int:
    """Answer which device held an address."""
    ip = options.ip
    at = options.at if options.at is not None else time.time()
    with _open(options, config) as store:
        # The same private address at two sites is two questions.
        sites = [options.site] if options.site else store.sites()
        found = [holder for site in sites for holder in holders(store.held(ip, site), at)]
        known = {device.id: device for device in store.devices(options.site)}
    answers = [
        {
            "id": holder.device_id,
            "site": known[holder.device_id].site,
            "ip": ip,
            "at": iso_time(at),
            "confidence": round(holder.confidence, 2),
            "reason": holder.reason,
            "mac": holder.binding.mac,
            "from": iso_time(holder.binding.start),
            "until": iso_time(holder.binding.end),
            "source": holder.binding.source,
            "device": device_json(known[holder.device_id]) if options.json else None,
        }
        for holder in found
    ]
    if options.json:
        for answer in answers:
            _print_json(answer)
    else:
        _print(terminal.answers(ip, at, found, known))
    return 0


def report(options: Namespace, config: Config) -> int:
    """Write the HTML report."""
    with _open(options, config) as store:
        found = store.devices(options.site)
    written = html.write(found, options.output, site=options.site, generated=time.time())
    pages = f" and {len(written) - 1} pages beside it" if len(written) > 1 else ""
    _print([Text(f"Wrote {written[0]}{pages}: {len(found)} devices.")])
    return 0


def _server(options: Namespace, config: Config) -> ElasticsearchSettings:
    given = {key: getattr(options, key) for key in ("url", "ca_file", "api_key_file")}
    return dataclasses.replace(
        config.elasticsearch, **{key: value for key, value in given.items() if value}
    )


def elasticsearch_setup(options: Namespace, config: Config) -> int:
    """Put templates and index."""
    settings = _server(options, config)
    with connect(settings) as client:
        elasticsearch.setup(client, settings.index)
    _print([Text(f"{settings.index} is ready at {settings.url}.")])
    return 0


def elasticsearch_publish(options: Namespace, config: Config) -> int:
    """Publish what changed, site by site."""
    settings = _server(options, config)
    failed = False
    with _open(options, config) as store, connect(settings) as client:
        for site in [options.site] if options.site else store.sites():
            done = elasticsearch.publish(client, site, store.devices(site), settings.index)
            for failure in done.failures:
                complain(failure)
            failed = failed or bool(done.failures)
            _print(
                [
                    Text(
                        f"{terminal.safe(site)}: wrote {done.written}, unchanged {done.unchanged}, "
                        f"deleted {done.deleted} in {settings.index}."
                    )
                ]
            )
    return 1 if failed else 0


def config(_: Namespace, config: Config) -> int:
    """Print the settings in force."""
    print(show(config))  # noqa: T201  the output itself
    return 0


def doctor(options: Namespace, config: Config) -> int:
    """Check the surroundings."""
    found = list(checks.examine(options.db or config.store.file, config))
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in found:
        table.add_row(check.state, check.part, Text(terminal.safe(check.finding)))
    _print([table])
    return 1 if any(check.state == "failed" for check in found) else 0
