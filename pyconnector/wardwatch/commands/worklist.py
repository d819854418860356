"""`worklist`: what to do first over all devices, and what each step removes."""

from __future__ import annotations

import argparse
import io
import json
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from wardwatch.commands import Verb, enter, open_store, show, show_old
from wardwatch.config import Config
from wardwatch.outputs import files
from wardwatch.outputs import worklist as shown
from wardwatch.outputs.terminal import safe
from wardwatch.risk import risks
from wardwatch.risk import worklist as planned
from wardwatch.risk.ages import Aged, Ages
from wardwatch_enrichment.risk.worklist import LIMIT, WorkList

_MOST = 1_000


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "worklist",
        worklist,
        "rank what to do by the risk that it removes for its effort: a plan of work",
        "wardwatch worklist --limit 5\n"
        "  wardwatch worklist --site north --csv -o week.csv\n"
        "  wardwatch worklist --json | jq 'select(.kind == \"mitigate\") | .text'",
    )
    made.add_argument("--site", help="only of one site")
    made.add_argument(
        "--limit", type=_limit, default=LIMIT, metavar="N", help=f"tasks (default: {LIMIT})"
    )
    form = made.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one task a line, then the sum")
    form.add_argument("--csv", action="store_true", help="for spreadsheets, one task a row")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: print)")


def _limit(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_MOST}")
    return int(text)


def worklist(options: Namespace, config: Config) -> int:
    """Print the plan of work, or write it to a file."""
    decided = risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        now = time.time()
        plan = planned.of_sites(store, sites, now, decided, options.limit)
        old = Ages(store, now).every
    if options.output:
        files.replace(options.output, _text(plan, options, old))
    elif options.csv or options.json:
        print(_text(plan, options, old), end="")  # noqa: T201  the output itself
    else:
        show(shown.shown(plan))
        show_old(old)
    if options.output or options.csv:
        place = options.output or "standard output"
        enter(options, config, "worklist", f"the work list to {place}")
    return 0


def _text(plan: WorkList, options: Namespace, old: Sequence[Aged]) -> str:
    if options.csv:
        stream = io.StringIO(newline="")
        shown.write(plan, stream)
        return stream.getvalue()
    if options.json:
        told = [one.json for one in old]
        documents = ({**document, "old_feeds": told} for document in shown.documents(plan))
        return "".join(f"{json.dumps(document)}\n" for document in documents)
    notes = (f"Note: {safe(str(one))}." for one in old)
    return "".join(f"{line}\n" for line in (*(t.plain for t in shown.shown(plan)), *notes))
