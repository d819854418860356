"""`vex export`: what the hospital states of the vulnerabilities in its own devices."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from rich.text import Text

from wardwatch import __version__, pipeline
from wardwatch.commands import CommandError, Verb, enter, open_store, show
from wardwatch.commands.inventory import by_prefix
from wardwatch.config import Config
from wardwatch.outputs import files, terminal
from wardwatch.risk import findings
from wardwatch.risk.findings import Found
from wardwatch.store import Store
from wardwatch_enrichment.feed_form import FeedError
from wardwatch_enrichment.vex import as_csaf, as_openvex, positions
from wardwatch_enrichment.vex.positions import Edition, Positions, Publisher, Revision

_TLP = ("RED", "AMBER", "GREEN", "WHITE")


class _Form(Protocol):
    """A module that writes one form of document."""

    def document(self, edition: Edition, said: Positions) -> dict[str, Any]: ...
    def name(self, edition: Edition) -> str: ...
    def earlier(self, text: bytes | str) -> tuple[str, tuple[Revision, ...]]: ...


FORMS: dict[str, _Form] = {"openvex": as_openvex, "csaf": as_csaf}


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group(
        "vex", "state which vulnerabilities the devices have, in the hospital's name"
    )
    made = group(
        "export",
        export,
        "write what is found of vulnerabilities as OpenVEX or CSAF, one unit at a time",
        "wardwatch vex export --form csaf --site north -o vex-north.json",
    )
    made.add_argument("--form", choices=FORMS, default="openvex", help="default: openvex")
    made.add_argument("--site", metavar="NAME", help="only this site's devices")
    made.add_argument("--device", metavar="ID", help="only this device: its id, or how that begins")
    made.add_argument(
        "--vulnerability", metavar="CVE", action="append", help="only this one; may be repeated"
    )
    made.add_argument("--author", metavar="NAME", help="the hospital (default: vex.author)")
    made.add_argument(
        "--namespace", metavar="URL", help="a web address of the hospital (default: vex.namespace)"
    )
    made.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="where to; an earlier version there is continued",
    )


def export(options: Namespace, config: Config) -> int:
    """Write the document, or leave the earlier one where it still says all that is known."""
    publisher = _publisher(options, config)
    now = round(time.time(), 3)
    with open_store(options, config) as store:
        said = positions.positions(_wanted(store, options, now), now)
    if not said.stated:
        raise CommandError(
            f"there is nothing to state{_left_out(said)}; `wardwatch findings` lists what is known"
        )
    edition = _edition(options, publisher, said, now)
    edition, changed = _continued(options, edition, said)
    if not changed:
        text = f"{options.output}: version {edition.latest.number} still says all that is known"
        show([Text(terminal.safe(f"{text}{_left_out(said)}."))])
        return 0
    files.replace(options.output, _text(options.form, edition, said))
    show([Text(terminal.safe(_told(options.output, edition, said)))])
    enter(options, config, "vex export", f"{options.output}, version {edition.latest.number}")
    return 0


def _edition(options: Namespace, publisher: Publisher, said: Positions, now: float) -> Edition:
    """Return the first version of a document about what was asked for."""
    device = said.stated[0].units[0].id if options.device else ""
    wanted = sorted(name.upper() for name in options.vulnerability or ())
    return Edition(
        id=positions.document_id(publisher, options.site or "", device, *wanted),
        site=f"site {options.site}" if options.site else "all sites",
        publisher=publisher,
        revisions=(Revision(number=1, time=now, summary="First version."),),
        tool=__version__,
    )


def _publisher(options: Namespace, config: Config) -> Publisher:
    """Return in whose name the document speaks; without a name nothing is stated."""
    settings = config.vex
    author = (options.author or settings.author or "").strip()
    namespace = (options.namespace or settings.namespace or "").strip()
    wrong = []
    if not author:
        wrong.append("who states this? Set author in [vex], or give --author")
    if urlsplit(namespace).scheme not in ("https", "http") or not urlsplit(namespace).netloc:
        wrong.append(
            "under which web address of the hospital? Set namespace in [vex], or give --namespace, "
            "as in https://hospital.example"
        )
    if settings.tlp not in _TLP:
        wrong.append(f"vex.tlp: {settings.tlp!r} is none of {', '.join(_TLP)}")
    if wrong:
        raise CommandError("\n".join(wrong))
    contact = settings.contact or None
    return Publisher(name=author, namespace=namespace, contact=contact, tlp=settings.tlp)


def _wanted(store: Store, options: Namespace, now: float) -> Iterator[Found]:
    """Yield devices with the findings that were asked for; those without any are counted, too."""
    asked = {name.upper() for name in options.vulnerability or ()}
    for device, found in _found(store, options, now):
        yield device, tuple(f for f in found if not asked or f.vulnerability.upper() in asked)


def _found(store: Store, options: Namespace, now: float) -> Iterable[Found]:
    known = pipeline.inventory(store, options.site)
    if options.device:
        device = by_prefix(known, options.device)
        return [(device, findings.of_device(store, device, now))]
    sites = [options.site] if options.site else store.sites()
    found = [one for site in sites for one in findings.findings(store, site, now)]
    ids = {device.id for device, _ in found}
    return [*found, *((device, ()) for device in known if device.id not in ids)]


def _text(form: str, edition: Edition, said: Positions) -> str:
    document = FORMS[form].document(edition, said)
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _continued(options: Namespace, edition: Edition, said: Positions) -> tuple[Edition, bool]:
    """Return the version after the one that is there, and whether it says something else."""
    if not options.output.exists():
        return edition, True
    before = options.output.read_bytes()
    form = FORMS[options.form]
    try:
        name, revisions = form.earlier(before)
    except FeedError as error:
        raise CommandError(
            f"{options.output}: is no {options.form} document of `wardwatch vex export` ({error}); "
            "give another file"
        ) from None
    if name != form.name(edition):
        raise CommandError(
            f"{options.output}: is about something else or by somebody else ({name[:100]}); "
            "give another file"
        )
    same = replace(edition, revisions=revisions)
    if _text(options.form, same, said).encode() == before:
        return same, False
    latest = revisions[-1]
    if latest.time >= edition.latest.time:
        raise CommandError(f"{options.output}: is of a later time than now; check the clock")
    after = replace(edition.latest, number=latest.number + 1, summary="Worked out anew.")
    return replace(edition, revisions=(*revisions, after)), True


def _told(path: Path, edition: Edition, said: Positions) -> str:
    count: Counter[str] = Counter()
    for one in said.stated:
        count[one.status] += len(one.units)
    states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in count.items())
    units = len({unit.id for one in said.stated for unit in one.units})
    head = f"Wrote {path}, version {edition.latest.number}"
    return f"{head}: {units} devices; {states}{_left_out(said)}."


def _left_out(said: Positions) -> str:
    text = "; ".join(f"{reason}: {number}" for reason, number in said.left_out.items())
    return f" (left out: {text})" if text else ""
