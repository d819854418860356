"""`explain`: why a finding is what it is, down to each line that was seen."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence

from rich.text import Text

from wardwatch.commands import CommandError, Verb, open_store, show, show_json, show_old
from wardwatch.config import Config
from wardwatch.outputs import explain as shown
from wardwatch.outputs.findings import stands
from wardwatch.outputs.terminal import moment
from wardwatch.risk import explained as finding_explained
from wardwatch.risk import risks
from wardwatch.risk.explained import FULL, Explained
from wardwatch_enrichment import knowledge

_ID = re.compile(rf"[0-9a-f]{{1,{FULL}}}")


def add(verb: Verb) -> None:
    """Tell the command line of this command."""
    made = verb(
        "explain",
        explain,
        "tell why a finding is what it is: each step, each proof and the log lines behind it",
        "wardwatch explain 3f9c2ab1\n"
        "  wardwatch findings --json | head -1 | jq -r .id | xargs wardwatch explain",
    )
    made.add_argument("finding", metavar="FINDING", help="id of a finding, or how it begins")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")
    made.add_argument("--json", action="store_true", help="one JSON object with all of it")


def explain(options: Namespace, config: Config) -> int:
    """Explain one finding."""
    begins = options.finding.strip().lower()
    if not _ID.fullmatch(begins):
        raise CommandError(f"{options.finding[:60]}: is no id of a finding; {_REMEDY}")
    decided = risks.policy_of(config.risk.policy)
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        known = list(finding_explained.explained(store, begins, sites, time.time(), decided))
    one = _only(begins, known)
    if options.json:
        show_json(finding_explained.explained_json(one))
    else:
        show(shown.explanation(one.device, one.rated, one.steps, one.proof, one.callers))
        if decided_so := stands(one.standing):
            show([Text(f"decided: {decided_so}")])
        changing = finding_explained.would_change(one.rated.finding)
        show(shown.sources(changing, _documents(one), _versions(one)))
        show_old(one.old)
    return 0


_REMEDY = (
    "`wardwatch findings` tells the ids of findings (those of devices are others), "
    "and `--all` those of what is settled"
)


def _only(begins: str, known: Sequence[Explained]) -> Explained:
    if not known:
        raise CommandError(f"{begins}: no finding has this id now; {_REMEDY}")
    if len(known) > 1:
        some = ", ".join(sorted(one.rated.finding.id for one in known)[:5])
        raise CommandError(f"{begins}: {len(known)} ids begin so: {some}; give more of it")
    return known[0]


def _documents(one: Explained) -> Iterator[str]:
    for document in one.documents:
        where = f", {document.url}" if document.url else ""
        yield (
            f"advisory {document.id} of {document.publisher}, version {document.version}, "
            f"taken {moment(document.taken)}, sha256 {document.sha256}{where}"
        )


def _versions(one: Explained) -> Iterator[str]:
    yield f"knowledge {knowledge.digest()}"
    for feed in one.feeds:
        parts = (
            f"version {feed.version}" if feed.version else "",
            f"of {moment(feed.newest)}" if feed.newest else "",
            f"taken {moment(feed.taken)}" if feed.taken else "never taken",
        )
        yield f"feed {feed.name}: {', '.join(filter(None, parts))}, {feed.records} records"
