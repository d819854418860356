"""What a register tells of a time: decisions and how they stand, changes of the model, coverage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wardwatch.decisions import deciding
from wardwatch.outputs.audit import WITHDRAWAL, Age, Altered, Audit, Decided, GivenOut, Seen
from wardwatch.risk.states import called
from wardwatch.store import Store
from wardwatch.store.history import Assessed
from wardwatch_enrichment.risk.policy import Policy, in_force
from wardwatch_enrichment.risk.records import Decision, State, standing

DAY = 86_400.0


def audit(store: Store, sites: Sequence[str], since: float, until: float) -> Audit:
    """Return the register of sites from a time on, until another."""
    known = [one for site in sites for one in _decided(store, site, since, until)]
    known.sort(key=lambda one: (one.decision.at, one.decision.number))
    return Audit(
        since=since,
        until=until,
        sites=sites,
        accepted=[one for one in known if one.state and one.state != WITHDRAWAL],
        others=[one for one in known if not one.state or one.state == WITHDRAWAL],
        altered=[one for site in sites for one in _altered(store.runs(site), since, until)],
        given_out=[
            GivenOut(site=one.site, at=one.at, kind=one.kind, who=one.who, told=one.told)
            for one in store.register(since, until)
            if not one.site or one.site in sites
        ],
        seen=[one for site in sites for one in _seen(site, store.runs(site), since, until)],
        feeds=[
            Age(name=feed.name, taken=feed.taken, newest=feed.newest, failed=feed.failed)
            for feed in store.feeds()
        ],
    )


def _decided(store: Store, site: str, since: float, until: float) -> Iterator[Decided]:
    """Yield the decisions of a time; of acceptances also those that still held in it."""
    decided = deciding.by_finding(store, site)
    ids = {one.device_id for known in decided.values() for one in known}
    names = {device.id: called(device) for device in store.devices_of(ids)}
    states = {one.finding: one for one in store.states_at(site, until) if one.finding in decided}
    for finding, known in decided.items():
        ordered = sorted((one for one in known if one.at <= until), key=lambda d: (d.at, d.number))
        for number, one in enumerate(ordered):
            later = next((d for d in ordered[number + 1 :] if d.kind == "accept"), None)
            ended = min(_end(one), later.at if later else until + 1)
            if one.kind == "accept" and (one.at >= since or ended >= since):
                state = _state(one, later, states.get(finding), until)
                yield Decided(decision=one, called=names.get(one.device_id, ""), state=state)
            elif one.kind != "accept" and one.at >= since:
                yield Decided(decision=one, called=names.get(one.device_id, ""))


def _end(one: Decision) -> float:
    return one.at if one.until is None else one.until


def _state(one: Decision, later: Decision | None, state: State | None, now: float) -> str:
    """Return how an acceptance stands, by what was recorded of its finding until then."""
    if _end(one) <= one.at:
        return WITHDRAWAL
    if later and later.at < _end(one):
        renewed = _end(later) > later.at
        return "renewed" if renewed else f"withdrawn: by {later.who}, {later.why}"
    if _end(one) <= now:
        return "run out"
    if state and state.closed is not None:
        return f"closed: {state.closed}"
    grade = deciding.grade_then(state) if state else None
    if lapsed := standing([one], now, grade).lapsed:
        return f"void: {lapsed}"
    return "running"


def _altered(runs: Iterable[Assessed], since: float, until: float) -> Iterator[Altered]:
    """Yield what a site changed of the model; the first run is compared with what is shipped."""
    shipped = {name: str(value) for name, value in in_force(Policy()).items()}
    before: Assessed | None = None
    for run in runs:
        if since <= run.at <= until:
            yield from (
                Altered(site=run.site, at=run.at, name=name, before=then, after=now)
                for name, then, now in _changes(before, run, shipped)
            )
        before = run


def _changes(
    before: Assessed | None, run: Assessed, shipped: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    then, now = _flat(before.figures) if before else {}, _flat(run.figures)
    changed = [
        (name, then.get(name, known), now.get(name, known))
        for name in sorted({*then, *now})
        for known in [f"{shipped.get(name, '?')} (as shipped)"]
        if then.get(name) != now.get(name)
    ]
    yield from changed
    if before and before.model != run.model:
        yield "model", before.model, run.model
    elif before and before.policy != run.policy and not changed:
        yield "answers or sanctioned networks", before.policy[:8], run.policy[:8]


def _flat(figures: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": str(one) for key, one in value.items()}
        else:
            found[name] = str(value)
    return found


def _seen(site: str, runs: Iterable[Assessed], since: float, until: float) -> Iterator[Seen]:
    """Yield how far a site was seen: each day as its last run found it."""
    days: defaultdict[int, list[Assessed]] = defaultdict(list)
    for run in runs:
        if since - since % DAY <= run.at <= until and run.devices:
            days[int(run.at // DAY)].append(run)
    if not days:
        return
    last = [known[-1] for _, known in sorted(days.items())]
    shares = [1 - run.uncovered / run.devices for run in last]
    worst = min(range(len(last)), key=lambda at: shares[at])
    yield Seen(
        site=site,
        days=len(days),
        all_days=int(until // DAY) - int(since // DAY) + 1,
        devices=last[-1].devices,
        share=sum(shares) / len(shares),
        worst=shares[worst],
        day=last[worst].at,
    )
