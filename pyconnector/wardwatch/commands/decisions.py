"""`accept`, `assign`, `note`, `decisions`: what people decide of findings, and why."""

from __future__ import annotations

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.text import Text

from wardwatch.commands import CommandError, Verb, enter, label, open_store, show, user, writable
from wardwatch.config import Config
from wardwatch.decisions import deciding
from wardwatch.decisions import rows as decision_rows
from wardwatch.decisions.deciding import DecisionError, Target
from wardwatch.documents.finding_json import place
from wardwatch.outputs import decisions as written
from wardwatch.outputs.terminal import moment, safe
from wardwatch.risk import risks
from wardwatch.sources import decisions as rows
from wardwatch.store import Store
from wardwatch_enrichment.finding import OPEN
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import URGENCY, Rated
from wardwatch_enrichment.risk.records import Decision, DecisionKind

_FEW = 50  # devices that are looked at one by one, and not all of the site


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "accept",
        accept,
        "accept the risk of findings until a day, in a person's name",
        "wardwatch accept 88976677 --until 2027-03-31 --who 'Dr. A. Weber, clinical engineering'"
        " \\\n    --why 'own segment from February on, order 4711'",
    )
    _findings(made)
    end = made.add_mutually_exclusive_group(required=True)
    end.add_argument(
        "--until", type=_ending, metavar="DATE", help="the last day on which that holds, in UTC"
    )
    end.add_argument("--withdraw", action="store_true", help="take the acceptance back instead")
    made.add_argument("--why", required=True, metavar="TEXT", help="the reason")
    made.add_argument("--who", required=True, metavar="NAME", help="the person who answers for it")

    made = verb(
        "assign",
        assign,
        "say who takes care of findings, or how far that is",
        "wardwatch assign 88976677 --owner 'clinical engineering' --status 'patch ordered'",
    )
    _findings(made)
    made.add_argument("--owner", default="", metavar="NAME", help="who takes care of it")
    made.add_argument("--status", default="", metavar="TEXT", help="how far that is")
    _person(made)

    made = verb(
        "note",
        note,
        "keep a remark on a finding",
        "wardwatch note 88976677 'maker asked'",
    )
    _findings(made)
    made.add_argument("text", metavar="TEXT", help="the remark")
    _person(made)
    _add_table(verb.group("decisions", "decisions as a table: for many at once, and for others"))


def _add_table(group: Verb) -> None:
    made = group(
        "export",
        export,
        "write all decisions as CSV",
        "wardwatch decisions export --open --vulnerability CVE-2020-12045 -o pumps.csv",
    )
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (default: print)")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument(
        "--open",
        action="store_true",
        help="instead a row to fill in for each open finding that is not accepted",
    )
    made.add_argument(
        "--label", action="append", type=label, choices=URGENCY, help="of those with this label"
    )
    made.add_argument(
        "--vulnerability", action="append", metavar="CVE", help="of those this one; repeatable"
    )
    made = group(
        "import",
        take,
        "take decisions from CSV, all of them or none; what is there already is not added again",
        "wardwatch decisions import pumps.csv",
    )
    made.add_argument("path", type=Path, metavar="FILE", help="as `decisions export` writes it")
    _person(made)


def _findings(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "findings", nargs="+", metavar="FINDING", help="a finding's id, or how that begins"
    )


def _person(made: argparse.ArgumentParser) -> None:
    made.add_argument("--who", default=user(), metavar="NAME", help="who says so (default: you)")


def _ending(text: str) -> float:
    try:
        return deciding.ending(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def accept(options: Namespace, config: Config) -> int:
    """Accept a risk, or take that back."""
    told = {"why": options.why, "until": options.until}
    if not options.withdraw:
        text = f"accepted until {moment(options.until)[:10]}"
        return _decide(options, config, "accept", text, told)
    return _decide(options, config, "accept", "no longer accepted", told)


def assign(options: Namespace, config: Config) -> int:
    """Give findings to somebody."""
    told = {"owner": options.owner, "status": options.status}
    text = ", ".join(f"{name} {value}" for name, value in told.items() if value)
    return _decide(options, config, "assign", text, told)


def note(options: Namespace, config: Config) -> int:
    """Keep a remark."""
    return _decide(options, config, "note", "noted", {"comment": options.text})


def _decide(
    options: Namespace, config: Config, kind: DecisionKind, text: str, told: dict[str, Any]
) -> int:
    """Decide one thing of all findings that were named, or of none."""
    now, decided = round(time.time(), 3), risks.policy_of(config.risk.policy)
    longest = decided.figures["acceptance_days"]
    with writable(options, config) as store:
        known = _meant(store, options.findings, now, decided)
        wrong, made = [], {}
        for asked in dict.fromkeys(options.findings):
            try:
                about = _found(store, known, asked)
                if getattr(options, "withdraw", False):
                    _holds(store, about, now)
                one = _made(about, kind, options.who, now, told)
            except (DecisionError, ValueError) as error:
                wrong.append(f"{asked}: {error}")
            else:
                made[one.finding] = (about, one)
                found = deciding.objections(one, about, now, longest)
                wrong += [f"{asked}: {column} {why}" for column, why in found]
        if wrong:
            raise CommandError("\n".join(wrong) + "\nnothing was decided")
        with store.transaction():
            store.decide(one for _, one in made.values())
    show(Text(safe(f"{_called(about)}: {text}, by {one.who}")) for about, one in made.values())
    return 0


def _meant(store: Store, asked: Iterable[str], now: float, decided: Policy) -> dict[str, Target]:
    """Return the findings that may be meant: of few devices where the record tells of which."""
    recorded = [one for site in store.sites() for one in store.open_findings(site).items()]
    begins = [text.strip().lower() for text in asked]
    ids = [{device for key, device in recorded if key.startswith(text)} for text in begins]
    devices = set[str]().union(*ids)
    if not all(ids) or len(devices) > _FEW:
        return _targets(store, store.sites(), now, decided)
    found = (risks.of_device(store, device, now, decided) for device in store.devices_of(devices))
    return deciding.targets(one for one in found if one)


def _found(store: Store, known: Mapping[str, Target], asked: str) -> Target:
    """Return the finding that is meant; of one that is gone, the record knows why."""
    try:
        return deciding.target(known, asked)
    except DecisionError:
        *_, last = (None, *store.states(finding=asked))
        if last is None or last.closed is None:
            raise
        since = moment(last.at)[:10]
        raise DecisionError(f"is closed since {since} ({last.closed}): nothing to decide") from None


def _made(
    about: Target, kind: DecisionKind, who: str, now: float, told: dict[str, Any]
) -> Decision:
    """Return a decision with its texts in one line each."""
    told = {name: deciding.line(v) if isinstance(v, str) else v for name, v in told.items()}
    if kind == "accept" and told["until"] is None:
        told["until"] = now
    return deciding.decision(about, kind, who=deciding.line(who), at=now, **told)


def _holds(store: Store, about: Target, now: float) -> None:
    """Refuse to withdraw what nobody accepted."""
    known = deciding.standings(store, about.device.site, now, [about.rated])
    found = known.get(about.rated.finding.id)
    if found is None or found.accepted is None:
        raise DecisionError(found.lapsed if found and found.lapsed else "is not accepted")


def _called(about: Target) -> str:
    finding, risk, device = about.rated.finding, about.rated.risk, about.device
    name = " ".join(filter(None, (device.manufacturer, device.model))) or device.hostname or ""
    return f"{finding.id[:8]} {finding.vulnerability} on {device.id[:8]} {name} ({risk.label})"


def _targets(store: Store, sites: Iterable[str], now: float, decided: Policy) -> dict[str, Target]:
    return deciding.targets(o for site in sites for o in risks.of_site(store, site, now, decided))


def export(options: Namespace, config: Config) -> int:
    """Write decisions, or rows to fill in."""
    with open_store(options, config) as store:
        if options.open:
            made = list(_to_fill_in(store, options, config))
        else:
            made = [written.cells(one) for one in store.decisions(options.site)]
    more = written.SHOWN if options.open else ()
    if options.output is None:
        written.write(made, sys.stdout, more)
        return 0
    with options.output.open("w", encoding="utf-8-sig", newline="") as file:
        count = written.write(made, file, more)
    show([Text(safe(f"Wrote {options.output}: {count} rows."))])
    enter(options, config, "decisions export", f"{count} decisions to {options.output}")
    return 0


def _to_fill_in(store: Store, options: Namespace, config: Config) -> Iterator[dict[str, str]]:
    """Yield a row for each finding that is open and not accepted, the worst first."""
    now, decided = time.time(), risks.policy_of(config.risk.policy)
    asked = {name.upper() for name in options.vulnerability or ()}
    for site in [options.site] if options.site else store.sites():
        known = _targets(store, [site], now, decided)
        held = deciding.standings(store, site, now, (t.rated for t in known.values()))
        for about in sorted(known.values(), key=lambda t: (t.rated.order, t.device.id)):
            rated = about.rated
            settled = held.get(rated.finding.id)
            if (
                rated.finding.affected in OPEN
                and not (settled and settled.accepted)
                and (not options.label or rated.risk.label in options.label)
                and (not asked or rated.finding.vulnerability.upper() in asked)
            ):
                yield _row(about, rated)


def _row(about: Target, rated: Rated) -> dict[str, str]:
    device = about.device
    return {
        "finding": rated.finding.id,
        "device": device.id,
        "vulnerability": rated.finding.vulnerability,
        "label": rated.risk.label,
        "score": f"{rated.risk.score:.1f}" if rated.case.cvss else "",
        "name": " ".join(filter(None, (device.manufacturer, device.model, device.hostname))),
        "serial_number": device.serial_number or "",
        "place": place(device) or "",
        "reason": rated.reason,
    }


def take(options: Namespace, config: Config) -> int:
    """Take decisions from a file."""
    now, decided = round(time.time(), 3), risks.policy_of(config.risk.policy)
    try:
        given = rows.read(options.path)
        with writable(options, config) as store:
            told = decision_rows.Told(
                _targets(store, store.sites(), now, decided),
                deciding.line(options.who),
                now,
                decided.figures["acceptance_days"],
            )
            with store.transaction():  # nobody decides in between
                found = decision_rows.take(given, store.decisions(), told)
                store.decide(found.made)
    except rows.DecisionFileError as error:
        raise CommandError(str(error)) from None
    except ValueError as error:
        raise CommandError(f"--who: {error}") from None
    text = f"{options.path}: took {len(found.made)} decisions; {found.known} were there already"
    show([Text(safe(f"{text}, {found.blank} rows decide nothing."))])
    if number := len(found.made):
        enter(options, config, "decisions import", f"{number} decisions from {options.path}")
    return 0
