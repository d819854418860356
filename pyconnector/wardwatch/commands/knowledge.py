"""`fingerprint`: what the knowledge base makes of a value, and what it does not know yet."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from difflib import get_close_matches

import yaml
from rich.text import Text

from wardwatch.commands import CommandError, Verb, open_store, show, show_json
from wardwatch.config import Config
from wardwatch_enrichment import fingerprint as knowledge
from wardwatch_enrichment.content import fields
from wardwatch_enrichment.statements import Reading, read

LISTED = 50


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "fingerprint",
        fingerprint,
        "explain what a value says of a device",
        "wardwatch fingerprint dicom.implementation_version_name OFFIS_DCMTK_367\n"
        "  wardwatch fingerprint --unknown",
    )
    made.add_argument("field", nargs="?", metavar="FIELD", help="a field of iomt_asset.log")
    made.add_argument("value", nargs="?", metavar="VALUE", help="the value; - reads lines of stdin")
    made.add_argument(
        "--unknown", action="store_true", help="list this site's frequent values without an entry"
    )
    made.add_argument("--site", metavar="NAME", help="only of this site")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def fingerprint(options: Namespace, config: Config) -> int:
    """Explain values, or list those that nothing explains."""
    if options.unknown:
        return _unknown(options, config)
    if options.field not in fields() or options.value is None:
        near = get_close_matches(options.field or "", fields(), n=8, cutoff=0.5)
        hint = ", ".join(near) or "those of iomt_asset.log, as in dicom.manufacturer"
        raise CommandError(f"give a field and a value; near fields: {hint}")
    lines = sys.stdin if options.value == "-" else [options.value]
    found = [_explain(options, line.rstrip("\n")) for line in lines]
    return 0 if any(found) else 1


def _explain(options: Namespace, value: str) -> bool:
    stated = read(options.field, value)
    known = knowledge.match(fields()[options.field].fingerprint or options.field, value)
    if options.json:
        about = known.fingerprint if known else None
        show_json({
            "field": options.field,
            "value": value,
            "fingerprint": about and about.name,
            "source": about and about.source,
            "licence": about and about.licence,
            "states": [{"attribute": s.name, "value": s.value, "confidence": s.confidence,
                        "rule": s.rule} for s in stated],
        })  # fmt: skip
    else:
        show(Text(line) for line in _told(value, stated, known))
    return bool(stated)


def _told(value: str, stated: Iterable[Reading], known: knowledge.Match | None) -> Iterable[str]:
    if known:
        about = known.fingerprint
        yield f"{value!r} matches {about.name!r} (source: {about.source}; {about.licence})"
    else:
        yield f"{value!r} matches no fingerprint"
    for found in stated:
        yield f"  {found.name} = {found.value}  ({found.confidence:.2f}, by {found.rule})"


def _unknown(options: Namespace, config: Config) -> int:
    """Print values as entries that only need to be filled in."""
    with open_store(options, config) as store:
        counted = store.frequent_values(options.site, options.field)
    files = set(knowledge.names())
    listed = 0
    for field, value, hosts in counted:
        about = fields().get(field)
        file = about.fingerprint or field if about else field
        if file not in files or listed == LISTED or knowledge.match(file, value):
            continue
        listed += 1
        if options.json:
            show_json({"file": f"{file}.yaml", "field": field, "value": value, "hosts": hosts})
        else:
            entry = yaml.safe_dump({value: {"manufacturer": "", "type": ""}}, allow_unicode=False)
            show([Text(f"# {file}.yaml, values: {field}, {hosts} hosts\n  {entry.strip()}")])
    if not listed and not options.json:
        show([Text("Every value of a field that has fingerprints is known.")])
    return 0
