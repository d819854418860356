"""`fingerprint`: what the knowledge base makes of a value, and what it does not know yet."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from textwrap import indent
from typing import NamedTuple

import yaml
from rich.text import Text

from wardwatch.commands import UsageError, Verb, open_store, show, show_json
from wardwatch.config import Config
from wardwatch_enrichment import fingerprint as knowledge
from wardwatch_enrichment.content import fields
from wardwatch_enrichment.statements import Reading, read

LISTED = 50


class _Unknown(NamedTuple):
    """A value that nothing explains: where its entry belongs, and how many hosts say it."""

    file: str
    field: str
    value: str
    hosts: int


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
    if options.unknown and options.field in (None, *fields()):
        return _unknown(options, config)
    if options.field not in fields() or options.value is None:
        near = get_close_matches(options.field or "", fields(), n=8, cutoff=0.5)
        hint = ", ".join(near) or "those of iomt_asset.log, as in dicom.manufacturer"
        raise UsageError(f"give a field and a value; near fields: {hint}")
    lines = sys.stdin if options.value == "-" else [options.value]
    found = [_explain(options, line.rstrip("\n")) for line in lines]
    return 0 if any(found) else 1


def _explain(options: Namespace, value: str) -> bool:
    stated = read(options.field, value)
    known = knowledge.match(fields()[options.field].file, value)
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
    found = list(islice(_unmatched(counted), LISTED))
    if options.json:
        for one in found:
            show_json({"file": f"{one.file}.yaml", "field": one.field, "value": one.value,
                       "hosts": one.hosts})  # fmt: skip
        return 0
    for file in dict.fromkeys(one.file for one in found):
        print(f"# for {file}.yaml, under values:")  # noqa: T201  to be pasted: never wrapped
        for one in found:
            if one.file == file:
                print(_entry(one), end="")  # noqa: T201
    if not found:
        show([Text("Every value of a field that has fingerprints is known.")])
    return 0


def _unmatched(counted: Iterable[tuple[str, str, int]]) -> Iterator[_Unknown]:
    """Yield what no file knows, each once however it is spelled: as an entry would match it."""
    files = set(knowledge.names())
    seen: set[tuple[str, str]] = set()
    for field, said, hosts in counted:
        about = fields().get(field)
        file = about.file if about else field
        value = said.strip()
        entry = (file, value.casefold())
        if file in files and value and entry not in seen and not knowledge.match(file, value):
            seen.add(entry)
            yield _Unknown(file, field, value, hosts)


def _entry(one: _Unknown) -> str:
    """Return an entry as it stands under `values:`, in ASCII that acts on no terminal."""
    empty = {one.value: {"manufacturer": "", "type": ""}}
    text = yaml.safe_dump(
        empty, allow_unicode=False, default_flow_style=None, width=sys.maxsize, sort_keys=False
    )
    return indent(f"# {one.field}, {one.hosts} hosts\n{text}", "  ")
