"""`status`: how the connector, its sensors and its feeds are."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from wardwatch.commands import Verb, complain, open_store, show, show_json
from wardwatch.config import Config
from wardwatch.outputs.terminal import moment, safe
from wardwatch.risk import ages
from wardwatch.running import health
from wardwatch.running.health import span


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "status",
        status,
        "tell how the connector, its sensors and its feeds are; 1 where something is wrong",
        "wardwatch status --json",
    )
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def status(options: Namespace, config: Config) -> int:
    """Tell how it is: 0 where all is well, 1 where somebody has to look at something."""
    now, wrong = time.time(), False
    with open_store(options, config) as store:
        feeds = {feed.name: ages.as_of(feed) for feed in store.feeds()}
        sites = [options.site] if options.site else sorted({*store.sites(), *store.followed()})
        if not sites:
            complain("nothing was taken in yet: `wardwatch run --config FILE` follows a sensor")
            wrong = True
        for site in sites:
            known = store.health(site)
            if known is None:
                complain(f"site {site}: `wardwatch run` never ran for it")
                wrong = True
                continue
            known["feeds"] = feeds  # those are of all sites, and may be newer than its word
            told = list(health.warnings(known, now))
            wrong = wrong or bool(told)
            if options.json:
                show_json({**known, "warnings": told})
            else:
                show(Text(safe(line)) for line in _lines(known, told, now))
    return 1 if wrong else 0


def _lines(known: dict[str, Any], told: list[str], now: float) -> Iterator[str]:
    waits = f"{known['behind']} bytes wait" if known["behind"] else "nothing waits"
    bad = f", {known['bad_rows']} bad" if known["bad_rows"] else ""
    size = f"database {known['store_bytes'] / 1e6:.1f} MB"
    yield f"{known['site']}: {known['devices']} devices, {size}, last cycle {moment(known['at'])}"
    yield f"  rows: {known['rows']} since {moment(known['started'])}{bad}; {waits}"
    yield from (f"    {line}" for line in _sources(known.get("sources", {}), now))
    seen = ", ".join(
        f"{name} until {moment(s['last_seen'])} (loss {s['loss']:.2%})"
        for name, s in known["sensors"].items()
    )
    yield f"  sensors: {seen or 'none has told of itself'}"
    risks = f"worked out {moment(known['assessed'])}" if known["assessed"] else "not worked out yet"
    yield f"  risks: {risks}"
    yield from (f"  {line}" for line in _outside(known))
    yield f"  feeds: {_feeds(known['feeds']) or 'none was taken'}"
    yield from (f"  ! {text}" for text in told)


def _sources(sources: dict[str, dict[str, float]], now: float) -> Iterator[str]:
    for log, told in sorted(sources.items()):
        newest = f"newest {span(now - told['newest'])} ago" if told["newest"] else "no row yet"
        waits = f", {told['behind']:.0f} bytes wait" if told["behind"] else ""
        yield f"{log}: {told['rows']:.0f} rows, {newest}{waits}"


def _outside(known: dict[str, Any]) -> Iterator[str]:
    """Yield how the outputs and the live feed are, where there are any."""
    if known["published"] or known["publish_error"]:
        at = moment(known["published"]) if known["published"] else "never"
        yield f"Elasticsearch: last took all {at}; {known.get('waiting', 0)} wait"
    if live := known.get("live"):
        state = f"connected since {moment(live['since'])}" if live["since"] else "not connected"
        yield f"live feed: {live['url']} {state}; {live['rows']} rows"


def _feeds(feeds: dict[str, float | None]) -> str:
    dated = (f"{name} of {moment(at)[:10]}" for name, at in feeds.items() if at is not None)
    return ", ".join(dated)
