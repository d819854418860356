"""`findings`: what is open on the devices, the most urgent first, and why."""

from __future__ import annotations

import time
from argparse import Namespace

from wardwatch import pipeline
from wardwatch.commands import Verb, advisory, label, open_store, show, show_old, trend
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.decisions import deciding
from wardwatch.outputs import findings as shown
from wardwatch.outputs.findings import Held
from wardwatch.risk import findings as assessed
from wardwatch.risk import recording, risks
from wardwatch.risk.ages import Ages
from wardwatch_enrichment.risk.rating import URGENCY, Rated
from wardwatch_enrichment.risk.records import Standing


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
        "--label",
        action="append",
        type=label,
        choices=URGENCY,
        help="only with this label; may be repeated",
    )
    made.add_argument("--accepted", action="store_true", help="only those whose risk is accepted")
    made.add_argument("--owner", metavar="NAME", help="only those assigned to this owner")
    made.add_argument(
        "--as-of", metavar="DATE", help="as it stood at the end of that day (UTC), by the record"
    )
    advisory.add_common(made)


def findings(options: Namespace, config: Config) -> int:
    """List what is open, of all devices or with all proof of one."""
    if options.as_of:
        return trend.as_of(options, config)
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        if options.device:
            device = by_prefix(pipeline.inventory(store, options.site), options.device)
            one = risks.of_device(store, device, now, decided)
            known = [one] if one else []
        else:
            sites = [options.site] if options.site else store.sites()
            known = [o for site in sites for o in risks.of_site(store, site, now, decided)]
        held = deciding.held(store, ((o.device, o.rated) for o in known), now)
        chosen = ((o.device, _chosen(o.rated, options, held)) for o in known)
        wanted = advisory.wanted(chosen, every=options.all)
        found = recording.dated(store, wanted, now, decided)
        if options.json:
            advisory.tell_json(found, held, Ages(store, now))
        elif options.device:
            rated = [r for _, rated in found for r in rated]
            measures = assessed.measures(store, known[0].around, rated) if known else {}
            show(shown.detail(rated, measures, held))
        else:
            sites = [*{device.site for device, _ in found}]
            show(shown.overview(found, advisory.places(found, sites), held))
        if not options.json:
            show_old(Ages(store, now).every)
    return 0


def _chosen(rated: tuple[Rated, ...], options: Namespace, held: Held) -> tuple[Rated, ...]:
    labels, owner = options.label, options.owner
    return tuple(
        one
        for one in rated
        for standing in [held.get(one.finding.id, Standing())]
        if (not labels or one.risk.label in labels)
        and (not options.accepted or standing.accepted)
        and (owner is None or standing.owner.casefold() == owner.casefold())
    )
