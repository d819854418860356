"""The register of a time: what was accepted, assigned, changed and given out, and what was seen.

A page for a person, in which what is alike is one row; every single entry for programs.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO, TypeVar

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.documents.device import iso_time, time_or_null
from wardwatch.outputs.terminal import cell, moment, safe
from wardwatch.spreadsheet import guarded
from wardwatch_enrichment.risk.records import Decision

ROWS = 20  # of a table on the page
WITHDRAWAL = "withdrawal"  # the state of what ends an acceptance
COLUMNS = (
    "kind", "at", "site", "who", "what", "state", "until", "finding", "device", "vulnerability",
    "before", "after",
)  # fmt: skip
_DAY = 86_400.0
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, and for an acceptance how it stands at the end of the time."""

    decision: Decision
    called: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """A figure of the risk model that was another from a run on."""

    site: str
    at: float
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOut:
    """An entry of the register: what was exported, published or taken in, and by whom."""

    site: str
    at: float
    kind: str
    who: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far a site was seen: `share` of its devices on average, and on the worst `day`.

    `days` of `all_days` have a record; `devices` are those of the last.
    """

    site: str
    days: int
    all_days: int
    devices: int
    share: float
    worst: float
    day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """A feed: when it was last taken, and of what time its newest content is."""

    name: str
    taken: float | None
    newest: float | None
    failed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All that is told of a time."""

    since: float
    until: float
    sites: Sequence[str]
    accepted: Sequence[Decided] = ()
    others: Sequence[Decided] = ()
    altered: Sequence[Altered] = ()
    given_out: Sequence[GivenOut] = ()
    seen: Sequence[Seen] = ()
    feeds: Sequence[Age] = ()


def page(audit: Audit) -> Iterator[Table | Text]:
    """Yield the page."""
    span = f"{moment(audit.since)} to {moment(audit.until)}"
    yield Text(f"Register of {safe(', '.join(audit.sites)) or 'no site'}, {span}", "bold")
    yield from _accepted(audit.accepted)
    yield from _others(audit.others)
    yield from _section(
        "Changes of the risk model", ("since", "site", "figure", "before", "after"), "none",
        [(moment(one.at)[:10], one.site, one.name, one.before, one.after)
         for one in reversed(audit.altered)],
    )  # fmt: skip
    yield from _given_out(audit.given_out)
    yield from _section(
        "Coverage: devices without something open that no sensor sees",
        ("site", "on average", "worst", "on", "recorded", "devices"),
        "nothing was recorded; `wardwatch ingest` does so",
        [
            (
                one.site, f"{one.share:.0%}", f"{one.worst:.0%}", moment(one.day)[:10],
                f"{one.days} of {one.all_days} days", str(one.devices),
            )
            for one in audit.seen
        ],
    )  # fmt: skip
    yield from _section(
        "Feeds, as they are now", ("feed", "last taken", "newest content", "last refused"),
        "none was taken",
        [(one.name, *(_age(at, audit.until) for at in (one.taken, one.newest, one.failed)))
         for one in audit.feeds],
    )  # fmt: skip


def _section(
    title: str, headings: Iterable[str], empty: str, rows: Sequence[Iterable[str]]
) -> Iterator[Table | Text]:
    yield Text("")
    yield Text(title if rows else f"{title}: {empty}", "bold" if rows else "")
    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows[:ROWS]:
        table.add_row(*(cell(value) for value in row))
    yield table
    if len(rows) > ROWS:
        yield Text(f"{len(rows) - ROWS} more rows are left out; --json and --csv have all.")


def _accepted(known: Sequence[Decided]) -> Iterator[Table | Text]:
    count: defaultdict[str, int] = defaultdict(int)
    for one in known:
        count[one.state.partition(":")[0]] += 1
    told = ", ".join(f"{number} {state}" for state, number in sorted(count.items()))
    rows = [
        (
            _several(same), one.decision.label or "", one.decision.who, one.decision.why,
            moment(one.decision.at)[:10],
            moment(one.decision.until)[:10] if one.decision.until else "", one.state,
        )
        for same in _alike(
            known, lambda o: (o.decision.at, o.decision.who, o.decision.why, o.decision.until,
                              o.decision.vulnerability, o.decision.label, o.state)
        )
        for one in same[:1]
    ]  # fmt: skip
    headings = ("finding", "then", "by", "why", "from", "until", "state")
    yield from _section(f"Acceptances: {told}" if told else "Acceptances", headings, "none", rows)


def _withdrawn(decision: Decision) -> str:
    return f"withdrawn: {decision.why}" if decision.kind == "accept" else ""


def _others(known: Sequence[Decided]) -> Iterator[Table | Text]:
    rows = [
        (
            moment(one.decision.at)[:10], _several(same), one.decision.owner,
            one.decision.status or one.decision.comment or _withdrawn(one.decision),
            one.decision.who,
        )
        for same in _alike(
            known, lambda o: (o.decision.at, o.decision.who, o.decision.owner, o.decision.status,
                              o.decision.comment, o.decision.why, o.decision.vulnerability)
        )
        for one in same[:1]
    ]  # fmt: skip
    headings = ("on", "finding", "owner", "status or note", "by")
    yield from _section(f"Assignments, notes and withdrawals: {len(known)}", headings, "none", rows)


def _given_out(known: Sequence[GivenOut]) -> Iterator[Table | Text]:
    rows = [
        (same[0].kind, same[0].site or "all", same[0].who, str(len(same)),
         moment(same[-1].at)[:10], moment(same[0].at), same[0].told)
        for same in _alike(known, lambda one: (one.kind, one.site, one.who))
    ]  # fmt: skip
    headings = ("what", "site", "by", "times", "first", "last", "the last one")
    yield from _section("Given out and taken in", headings, "nothing", rows)


def _alike(known: Iterable[_One], key: Callable[[_One], Hashable]) -> list[list[_One]]:
    """Return what is alike together, the latest first."""
    found: defaultdict[Hashable, list[_One]] = defaultdict(list)
    for one in reversed([*known]):
        found[key(one)].append(one)
    return [*found.values()]


def _several(same: Sequence[Decided]) -> str:
    one = same[0].decision
    if len(same) == 1:
        named = f"{one.device_id[:8]} {same[0].called}".strip()
        return f"{one.finding[:8]} {one.vulnerability} on {named}"
    names = [*dict.fromkeys(known.called for known in same)]
    more = " and others" if len(names) > 1 else ""
    return f"{one.vulnerability} on {len(same)} devices: {names[0]}{more}"


def _age(at: float | None, now: float) -> str:
    if at is None:
        return ""
    return f"{moment(at)[:10]} ({max(0, int((now - at) / _DAY))} days ago)"


def entries(audit: Audit) -> Iterator[dict[str, object]]:
    """Yield every entry for programs, each with its kind; a time is ISO 8601 in UTC."""
    for known in (*audit.accepted, *audit.others):
        yield _decided(known)
    for one in audit.altered:
        about = {"kind": "change", "at": iso_time(one.at), "site": one.site, "what": one.name}
        yield {**about, "before": one.before, "after": one.after}
    for given in audit.given_out:
        yield {
            "kind": given.kind,
            "at": iso_time(given.at),
            "site": given.site or None,
            "who": given.who,
            "what": given.told,
        }
    for seen in audit.seen:
        yield {
            "kind": "coverage",
            "at": iso_time(seen.day),
            "site": seen.site,
            "what": f"{seen.days} of {seen.all_days} days recorded",
            "share": round(seen.share, 4),
            "worst": round(seen.worst, 4),
            "devices": seen.devices,
            "days": seen.days,
        }
    for feed in audit.feeds:
        yield {
            "kind": "feed",
            "at": time_or_null(feed.taken),
            "what": feed.name,
            "newest": time_or_null(feed.newest),
            "failed": time_or_null(feed.failed),
        }


def _decided(known: Decided) -> dict[str, object]:
    one = known.decision
    given = f"{one.owner} {one.status}".strip()
    told = {"accept": one.why, "assign": given, "note": one.comment}
    return {
        "kind": one.kind,
        "at": iso_time(one.at),
        "site": one.site,
        "who": one.who,
        "what": told[one.kind],
        "state": known.state or None,
        "until": time_or_null(one.until),
        "finding": one.finding,
        "device": one.device_id,
        "vulnerability": one.vulnerability,
        "label": one.label,
        "score": one.score,
    }


def write(audit: Audit, stream: TextIO) -> None:
    """Write every entry as CSV."""
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for entry in entries(audit):
        writer.writerow([_text(entry.get(column)) for column in COLUMNS])


def _text(value: object) -> str:
    return "" if value is None else guarded(str(value))
