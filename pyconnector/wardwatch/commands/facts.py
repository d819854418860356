"""`facts`, `coverage`: what a site knows of itself, and where it does not see."""

from __future__ import annotations

import time
from argparse import Namespace
from collections import Counter
from pathlib import Path

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, Verb, complain, open_store, show, show_json, trend
from wardwatch.config import Config
from wardwatch.documents.device import iso_time
from wardwatch.outputs import terminal
from wardwatch.sources import site_facts
from wardwatch.store import Store
from wardwatch_enrichment.facts import Facts


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("facts", "tell what the site knows: plan, boundaries, equipment, patches")
    made = group(
        "import",
        take,
        "take facts from files; a file replaces what it told before",
        "wardwatch facts import plan.csv cmms-export.csv site.yaml show-access-list.txt nft.json",
    )
    made.add_argument(
        "paths", nargs="+", type=Path, metavar="FILE", help="CSV, YAML, firewall's export"
    )
    made.add_argument("--site", metavar="NAME", help="site that they are of")
    made = group("list", listed, "list what was told", "wardwatch facts list --site north")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    made = verb(
        "coverage",
        coverage,
        "show the planned subnets, and those from which nothing is seen",
        "wardwatch coverage --site north",
    )
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def take(options: Namespace, config: Config) -> int:
    """Import facts: of each file all, or none."""
    site = options.site or config.site.name
    names = Counter(name for _, name in {(p.resolve(), p.name) for p in options.paths})
    if twice := [name for name, count in names.items() if count > 1]:
        raise CommandError(
            f"{', '.join(twice)}: several files are called so, and each would replace what the "
            "other told; rename them"
        )
    with Store(options.db or config.store.file) as store:
        for path in options.paths:
            _take(path, site, store)
        if site not in (heard := store.heard_sites()):
            complain(
                f"site {site} is one that no sensor has heard yet; "
                f"heard were {', '.join(heard) or 'none'}"
            )
        else:
            trend.keep(store, [site], config)
    return 0


def _take(path: Path, site: str, store: Store) -> None:
    try:
        found = site_facts.read(path, time.time(), complain)
    except site_facts.FactsError as error:
        raise CommandError(str(error)) from None
    before = sum(fact.source == path.name for fact in store.facts(site))
    with store.transaction():
        store.tell(site, path.name, found)
    count = Counter(fact.kind for fact in found)
    known = ", ".join(f"{number} {kind}" for kind, number in sorted(count.items())) or "nothing"
    instead = f", in the place of {before} that a file of this name told before" if before else ""
    show([Text(terminal.safe(f"{path.name}: {known} for site {site}{instead}."))])


def listed(options: Namespace, config: Config) -> int:
    """List all facts, with where they stand."""
    with open_store(options, config) as store:
        found = [(s, fact) for s in _sites(options, store) for fact in store.facts(s)]
    for site, fact in found:
        place = f"{fact.source}:{fact.line}"
        if options.json:
            show_json({"site": site, "kind": fact.kind, "place": place, **fact.values})
        else:
            told = ", ".join(f"{name}={text}" for name, text in fact.values.items())
            show([Text(terminal.safe(f"{site} {fact.kind} {told} ({place})"))])
    return 0


def _sites(options: Namespace, store: Store) -> list[str]:
    return [options.site] if options.site else store.sites()


def coverage(options: Namespace, config: Config) -> int:
    """Show what is seen of the plan."""
    with open_store(options, config) as store:
        for site in _sites(options, store):
            facts = Facts(store.facts(site))
            covered, outside = facts.coverage(pipeline.inventory(store, site))
            if options.json:
                for found in covered:
                    seen = None if found.last_seen is None else iso_time(found.last_seen)
                    show_json({"site": site, "cidr": found.cidr, "name": found.name,
                               "tapped": found.tapped, "devices": found.devices,
                               "last_seen": seen})  # fmt: skip
                for cidr, number in sorted(outside.items()):
                    show_json({"site": site, "cidr": cidr, "planned": False, "devices": number})
            else:
                show(terminal.coverage(site, covered, outside))
    return 0
