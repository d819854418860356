"""`risk check|groups|show`: the model against scenarios, over groups of devices, its figures."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, open_store, show, show_json
from wardwatch.config import Config
from wardwatch.outputs import risk_groups
from wardwatch.outputs.risk_groups import OfSite
from wardwatch.outputs.terminal import safe
from wardwatch.risk import risks
from wardwatch.store import Store
from wardwatch_enrichment.risk import scenarios
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.groups import groups as grouped
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.scenarios import Checked


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("risk", "the risk of groups of devices, the model's figures, its check")
    made = group(
        "check",
        check,
        "work out the scenarios of a file and print each figure that is not as expected",
        "wardwatch risk check scenarios.yaml",
    )
    made.add_argument(
        "file", metavar="FILE", help="YAML: device_factors, scenarios, hospitals; - reads stdin"
    )
    made.add_argument("--json", action="store_true", help="one JSON object a row, with all figures")
    made = group(
        "groups",
        groups,
        "list groups of devices, the worst first, with the three axes apart",
        "wardwatch risk groups --by ward --site north",
    )
    made.add_argument("--by", choices=KEYS, default="ward", help="default: ward")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    made = group(
        "show",
        figures,
        "print the figures in force, and what the site's policy changed from which to which",
        "wardwatch risk show",
    )
    made.add_argument("--json", action="store_true", help="as one JSON object")


def check(options: Namespace, _: Config) -> int:
    """Check each row of a file; 1 where one deviates or cannot be read."""
    rows = list(scenarios.check(_content(options.file)))
    if options.json:
        for row in rows:
            show_json({**asdict(row), "got": dict(row.got)})
    else:
        show(Text(safe(line)) for line in _told(rows))
    return 1 if any(row.deviations or row.errors for row in rows) else 0


def groups(options: Namespace, config: Config) -> int:
    """List groups of devices with their risk."""
    decided = risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        found = [one for site in sites for one in _of_site(store, site, options.by, decided)]
    found.sort(key=lambda one: -one.group.score)
    if options.json:
        for one in found:
            show_json(risk_groups.as_json(one, options.by))
    else:
        show(risk_groups.table(found, options.by))
    return 0


def _of_site(store: Store, site: str, by: str, decided: Policy) -> list[OfSite]:
    scored = risks.of_site(store, site, time.time(), decided)
    others = pipeline.inventory(store, site)
    return [OfSite(site, one) for one in grouped(scored, by, others, decided.figures)]


def figures(options: Namespace, config: Config) -> int:
    """Show the figures in force."""
    path = config.risk.policy
    decided, source = risks.policy_of(path), str(path) if path else None
    if options.json:
        show_json(risk_groups.figures_json(decided, source))
    else:
        show(risk_groups.figures(decided, source))
    return 0


def _content(name: str) -> Any:
    text = sys.stdin.read() if name == "-" else Path(name).read_bytes()
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CommandError(f"{name}: cannot be read as YAML: {error}") from None


def _told(rows: list[Checked]) -> Iterator[str]:
    for row in rows:
        yield from row.errors
        if row.deviations:
            yield f"{row.id}  {row.name}".rstrip()
        for one in row.deviations:
            yield f"  {one.figure}: expected {one.expected}, got {one.got}"
    read = [row for row in rows if row.id and not row.errors]
    away = [row for row in read if row.deviations]
    count = sum(len(row.deviations) for row in away)
    wrong = sum(bool(row.errors) for row in rows)
    unread = f", {wrong} could not be read" if wrong else ""
    yield f"{len(read)} rows checked, {len(away)} deviate in {count} figures{unread}."
