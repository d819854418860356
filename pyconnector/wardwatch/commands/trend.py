"""`trend`: how risk went over time; and the record of it, which other commands write and read."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.text import Text

from wardwatch import pipeline
from wardwatch.commands import CommandError, UsageError, Verb, complain, open_store, show, show_json
from wardwatch.config import Config
from wardwatch.decisions import deciding
from wardwatch.documents.finding_json import standing_json
from wardwatch.outputs import trend as shown
from wardwatch.outputs.terminal import safe
from wardwatch.risk import recording, risks
from wardwatch.store import Store
from wardwatch.store.history import Assessed
from wardwatch_enrichment.risk import trend as over_time
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.records import Standing, State
from wardwatch_enrichment.risk.trend import Times

_BY = ("site", "ward", "model", "manufacturer", "type")
_UNKNOWN, _GONE = "not known", "no longer in the inventory"


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    made = verb(
        "trend",
        trend,
        "show how scores and labels went, what moved them, and how long it took to mitigate",
        "wardwatch trend --by ward --since 2026-10-01\n  wardwatch trend --device 1f3a9c2e --json",
    )
    made.add_argument("--device", metavar="ID", help="only one device")
    made.add_argument("--by", choices=_BY, default="site", help="default: site")
    made.add_argument("--since", metavar="DATE", help="only what came on this day or later")
    made.add_argument("--site", metavar="NAME", help="only this site's")
    made.add_argument("--json", action="store_true", help="one JSON object a line")


def keep(store: Store, sites: Iterable[str], config: Config) -> None:
    """Record what is found of sites, and tell what changed."""
    decided = risks.policy_of(config.risk.policy)
    for site in sites:
        try:
            done = recording.record(store, site, time.time(), decided)
        except recording.RecordingError as error:
            complain(str(error))
        else:
            show([Text(safe(f"{done}."))])


def trend(options: Namespace, config: Config) -> int:
    """Show how risk went over time."""
    since = moment(options.since)[0] if options.since else 0.0
    figures = risks.policy_of(config.risk.policy).figures
    with open_store(options, config) as store:
        device = _recorded(store, options.device) if options.device else None
        states = [_bare(state) for state in store.states(options.site, device=device)]
        if not states:
            raise CommandError(_no_record(store, options.site))
        by, name_of = "device" if device else options.by, _names(store, options)
    found = {
        name or _UNKNOWN: late
        for name, points in over_time.points(states, name_of, figures).items()
        if (late := [point for point in points if point.at >= since])
    }
    _tell(shown.by_score(found), over_time.times(states), by, as_json=options.json)
    return 0


def _tell(groups: shown.Groups, took: Iterable[Times], by: str, *, as_json: bool) -> None:
    if not as_json:
        show([*shown.trend(groups, by), *shown.times(took)])
        return
    for name, points in groups:
        for point in points:
            show_json(shown.point_json(name, by, point))
    for one in took:
        show_json(shown.times_json(one))


def _names(store: Store, options: Namespace) -> Callable[[State], str | None]:
    """Return what tells the group of a state; devices stand where they do today."""
    if options.device:
        return lambda state: state.device_id
    if options.by == "site":
        return lambda state: state.site
    read, names = KEYS[options.by], dict[str, str | None]()
    for device in pipeline.inventory(store, options.site):
        names |= dict.fromkeys((*device.former_ids, device.id), read(device))
    return lambda state: names.get(state.device_id, _GONE)


def _bare(state: State) -> State:
    """Return a state without its proof: of a large site, all of them are in memory."""
    return replace(state, evidence=(), case=None, reason="")


def _recorded(store: Store, prefix: str) -> str:
    """Return the one device on record whose id begins so."""
    ids = store.devices_on_record(prefix)
    if not ids:
        raise CommandError(f"{prefix}: the record has no finding of a device with this id")
    if len(ids) > 1:
        raise CommandError(f"{prefix}: begins several ids: {', '.join(ids[:10])}")
    return ids[0]


def as_of(options: Namespace, config: Config) -> int:
    """Show the findings of a day, from the record."""
    begins, asked = moment(options.as_of)
    if options.accepted or options.owner:
        raise UsageError("--as-of: is of what was found; `wardwatch audit` tells what was decided")
    with open_store(options, config) as store:
        sites = [options.site] if options.site else store.sites()
        latest = _run_at(store, sites, asked, options)
        if begins > max(time.time(), latest.at):
            raise UsageError(f"{options.as_of}: is yet to come; the record tells what was")
        states = [state for site in sites for state in store.states_at(site, asked)]
        device = _recorded(store, options.device) if options.device else None
        held = deciding.held_then(store, states, asked)
    states = [
        state
        for state in states
        if (device is None or state.device_id == device)
        and (options.all or state.closed is None)
        and (not options.label or state.label in options.label)
    ]
    accepted = sum(bool((one := held.get(s.finding)) and one.accepted) for s in states)
    told = (
        f"{len(states)} findings ({accepted} accepted) as recorded until "
        f"{_iso(min(asked, time.time()))}, last worked out anew on "
        f"{_iso(latest.at)} (run {latest.number}, model {latest.model}). Names, dates "
        "and proof are those that were kept then; what was learned later is not in it."
    )
    if options.json:
        for state in sorted(states, key=shown.order):
            said = standing_json(held.get(state.finding, Standing()))
            show_json({**shown.state_json(state, asked), "decided": said})
    else:
        show(shown.detail(states, told) if options.device else shown.as_of(states, told))
    return 0


def _run_at(store: Store, sites: Iterable[str], asked: float, options: Namespace) -> Assessed:
    """Return the last run until a time."""
    runs = [run for site in sites for run in store.runs(site)]
    if not runs:
        raise CommandError(_no_record(store, options.site))
    first = min(run.at for run in runs)
    if asked < first:
        raise CommandError(
            f"{options.as_of}: is before the first record, which is of {_iso(first)}"
        )
    return max((run for run in runs if run.at <= asked), key=lambda run: run.at)


def moment(text: str) -> tuple[float, float]:
    """Return the first and the last moment that a date or time means (UTC where it says none)."""
    try:
        given = datetime.fromisoformat(text)
        at = (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
        is_day = "T" not in text and ":" not in text
        end = at + timedelta(days=1) - timedelta(microseconds=1) if is_day else at
    except (ValueError, OverflowError):
        raise UsageError(f"{text}: is no date; write it as 2026-11-22") from None
    return at.timestamp(), end.timestamp()


def _no_record(store: Store, site: str | None) -> str:
    of = f"of site {site} " if site else ""
    return f"{store.path}: there is no record {of}yet; `wardwatch ingest` writes one each time"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="minutes")
