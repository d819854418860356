"""`findings`: what is open on the devices, the most urgent first, and why."""

from __future__ import annotations

import time
from argparse import Namespace

from wardwatch import findings as assessed
from wardwatch import pipeline, risks
from wardwatch.commands import Verb, advisory, open_store, show
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.outputs import findings as shown
from wardwatch_enrichment.risk.rating import URGENCY, Rated


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "findings",
        findings,
        "list what is open on the devices, the most urgent first",
        "wardwatch findings --label Act --label Attend\n"
        "  wardwatch findings --json | jq 'select(.verdict == \"exploitable\")'",
    )
    made.add_argument("--device", metavar="ID", help="only of one device, with all proof")
    made.add_argument(
        "--label", action="append", choices=URGENCY, help="only with this label; may be repeated"
    )
    advisory.add_common(made)


def findings(options: Namespace, config: Config) -> int:
    """List what is open, of all devices or with all proof of one."""
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        if options.device:
            device = by_prefix(pipeline.inventory(store, options.site), options.device)
            one = risks.of_device(store, device, now, decided)
            known = [one] if one else []
        else:
            sites = [options.site] if options.site else store.sites()
            known = [o for site in sites for o in risks.of_site(store, site, now, decided)]
        chosen = ((o.device, _labelled(o.rated, options.label)) for o in known)
        found = advisory.wanted(chosen, every=options.all)
        if options.json:
            advisory.tell_json(found)
        elif options.device:
            rated = [r for _, rated in found for r in rated]
            measures = assessed.measures(store, known[0].around, rated) if known else {}
            show(shown.detail(rated, measures))
        else:
            sites = [*{device.site for device, _ in found}]
            show(shown.overview(found, advisory.places(found, sites)))
    return 0


def _labelled(rated: tuple[Rated, ...], labels: list[str] | None) -> tuple[Rated, ...]:
    return tuple(r for r in rated if not labels or r.risk.label in labels)
