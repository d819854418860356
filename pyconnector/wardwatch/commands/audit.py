"""`audit`: the register of a year: acceptances, assignments, changes, exports and coverage."""

from __future__ import annotations

import sys
import time
from argparse import Namespace

from wardwatch.commands import UsageError, Verb, open_store, show, show_json
from wardwatch.commands.trend import moment
from wardwatch.config import Config
from wardwatch.decisions import auditing
from wardwatch.outputs import audit as written

_YEAR = 365 * 86_400.0


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "audit",
        audit,
        "show what was accepted, assigned, changed and given out, by whom, and what was seen",
        "wardwatch audit --since 2026-01-01 --until 2026-12-31 --csv > register-2026.csv",
    )
    made.add_argument("--since", metavar="DATE", help="from this day on (default: a year ago)")
    made.add_argument("--until", metavar="DATE", help="until the end of this day (default: now)")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="every entry, one JSON object a line")
    form.add_argument("--csv", action="store_true", help="every entry, a table for spreadsheets")


def audit(options: Namespace, config: Config) -> int:
    """Show the register."""
    now = time.time()
    until = min(now, moment(options.until)[1]) if options.until else now
    since = moment(options.since)[0] if options.since else until - _YEAR
    if since >= until:
        raise UsageError("--since must be before --until, and before now")
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        found = auditing.audit(store, sites, since, until)
    if options.json:
        for entry in written.entries(found):
            show_json(entry)
    elif options.csv:
        written.write(found, sys.stdout)
    else:
        show(written.page(found))
    return 0
