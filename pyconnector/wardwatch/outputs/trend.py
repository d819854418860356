"""How risk went over time, and how it stood on a day: for a person, and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from wardwatch.documents.device import iso_time, time_or_null
from wardwatch.documents.finding_json import scores
from wardwatch.outputs.findings import STYLES
from wardwatch.outputs.terminal import cell, safe
from wardwatch_enrichment.finding import IN_WORDS, POSTURE
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.rating import URGENCY
from wardwatch_enrichment.risk.records import State
from wardwatch_enrichment.risk.trend import Point, Times

DAYS = 14  # that are shown of a group
GROUPS = 10
REASONS = 3
_LONGEST = 160  # characters of what moved something

Groups = Sequence[tuple[str, Sequence[Point]]]


def trend(groups: Groups, by: str) -> Iterator[Table | Text]:
    """Yield how groups went, those with the highest score first."""
    for name, points in groups[:GROUPS]:
        left = f"; the last {DAYS} of {len(points)} days" if len(points) > DAYS else ""
        yield Text("")
        yield Text(f"{by} {safe(name)}{left}", "bold")
        yield _days(points)
    if len(groups) > GROUPS:
        yield Text(f"{len(groups) - GROUPS} more are left out; --json has all.")


def _days(points: Sequence[Point]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("day", no_wrap=True)
    for heading in ("score", "change"):
        table.add_column(heading, justify="right")
    for heading in ("open", "came", "closed", "what moved it"):
        table.add_column(heading, overflow="fold")
    scores = [0.0, *(point.score for point in points)]
    rows = list(zip(points, scores, strict=False))
    for number, (point, before) in list(enumerate(rows))[-DAYS:]:
        table.add_row(
            _day(point.at),
            f"{point.score:.1f}",
            f"{point.score - before:+.1f}" if number else "",
            *(_labels(of) for of in (point.labels, point.opened, point.closed)),
            _reasons(point.moved),
        )
    return table


def _labels(counted: Mapping[Label, int]) -> str:
    return ", ".join(f"{count} {label}" for label, count in counted.items()) or "-"


def _reasons(moved: Mapping[str, int]) -> Text:
    told = [
        f"{count}x {safe(why)[:_LONGEST]}" if count > 1 else safe(why)[:_LONGEST]
        for why, count in list(moved.items())[:REASONS]
    ]
    more = sum(list(moved.values())[REASONS:])
    return Text("\n".join([*told, *([f"and {more} more"] if more else [])]))


def times(found: Iterable[Times]) -> Iterator[Text]:
    """Yield how long it took until it was mitigated."""
    yield Text("")
    for one in found:
        took = "none was mitigated yet"
        if one.mean is not None and one.median is not None:
            took = (
                f"{one.mean:.1f} days on average until it was mitigated, median {one.median:.1f} "
                f"(n = {one.mitigated})"
            )
        rest = [f"{one.open} still open"]
        rest += [f"{one.otherwise} ended without proof"] if one.otherwise else []
        yield Text(f"{one.label}: {took}; {', '.join(rest)}.")


def point_json(name: str, by: str, point: Point) -> dict[str, object]:
    """Return a group after the changes of a day."""
    return {
        "kind": "score",
        by: name,
        "at": iso_time(point.at),
        "score": round(point.score, 1),
        "open": dict(point.labels),
        "opened": dict(point.opened),
        "closed": dict(point.closed),
        "moved": [{"why": why, "findings": count} for why, count in point.moved.items()],
    }


def times_json(one: Times) -> dict[str, object]:
    """Return how long it took for a label; null where nothing was mitigated."""
    return {
        "kind": "time to mitigate",
        "label": one.label,
        "n": one.mitigated,
        "mean_days": None if one.mean is None else round(one.mean, 2),
        "median_days": None if one.median is None else round(one.median, 2),
        "open": one.open,
        "ended_otherwise": one.otherwise,
    }


def as_of(states: Iterable[State], told: str) -> Iterator[Table | Text]:
    """Yield findings as they stood; `told` says from which record."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("label", no_wrap=True)
    table.add_column("score", justify="right")
    for heading in ("due", "device id", "device", "affected", "here", "finding", "zone", "since"):
        table.add_column(heading, overflow="fold")
    known = sorted(states, key=order)
    for state in known:
        here = state.closed if state.closed is not None else _here(state)
        vulnerability = state.title if state.vulnerability.startswith(POSTURE) else ""
        table.add_row(
            Text("closed" if state.closed is not None else state.label, _style(state)),
            f"{state.score:.1f}" if state.case is None or state.case.cvss else "",
            _day(state.due) if state.due is not None else "",
            state.device_id[:8],
            cell(state.called),
            state.affected.replace("_", " "),
            cell(here),
            Text(f"{state.finding[:8]} ").append_text(cell(vulnerability or state.vulnerability)),
            state.zone.replace("_", " "),
            _day(since(state)),
        )
    yield table
    yield Text(safe(told))


def order(state: State) -> tuple[object, ...]:
    """Sort as live findings are: the worst first, what is closed last."""
    urgency = URGENCY.index(state.label)
    return (state.closed is not None, urgency, -state.score, state.vulnerability, state.device_id)


def since(state: State) -> float:
    """Return since when a finding was as urgent, or as closed, as it was."""
    return state.began.get(state.label, state.at)


def detail(states: Iterable[State], told: str) -> Iterator[Text]:
    """Yield the findings of one device as they stood, each with the proof that was kept."""
    for state in sorted(states, key=order):
        yield Text("")
        yield Text(f"{safe(state.vulnerability)} {safe(state.title)}".rstrip())
        due = f", due on {_day(state.due)}" if state.due is not None else ""
        yield Text(f"  {safe(state.reason)}{due}", _style(state))
        axes = f"safety {state.safety:.1f}, effectiveness {state.effectiveness:.1f}"
        yield Text(f"  score {state.score:.1f} of 100: {axes}, data {state.data:.1f}")
        yield Text(f"  so since {_day(since(state))}: {safe(state.moved)}")
        if state.closed is not None:
            yield Text(f"  closed on {_day(state.at)}: {safe(state.closed)}")
        for one in state.evidence:
            yield Text(f"  - {safe(one.sentence)}")
            if one.line:
                yield Text(f"      {safe(one.log or 'advisory')}: {safe(one.line)[:240]}")
    yield Text("")
    yield Text(safe(told))


def state_json(state: State, asked: float) -> dict[str, object]:
    """Return a finding as it stood at a time, by the record."""
    scored = state.case is None or bool(state.case.cvss)
    return {
        "id": state.finding,
        "site": state.site,
        "device": {
            "id": state.device_id,
            "name": state.called or None,
            "software_versions": list(state.software),
        },
        "vulnerability": state.vulnerability,
        "title": state.title,
        **scores(state, scored=scored),
        "due": None if state.due is None else _day(state.due),
        "since": None if state.closed is not None else _day(since(state)),
        "reason": state.reason,
        "affected": state.affected,
        "verdict": state.verdict,
        "wording": _here(state) or None,
        "zone": state.zone,
        "moved": state.moved,
        "closed": state.closed,
        "advisories": list(state.advisories),
        "proof": [
            {"sentence": one.sentence, "log": one.log, "line": one.line} for one in state.evidence
        ],
        "recorded": iso_time(state.at),
        "as_of": time_or_null(asked),
        "run": state.run,
    }


def _here(state: State) -> str:
    """Return the verdict in words, as `findings` says it."""
    return state.wording or (IN_WORDS[state.verdict] if state.verdict else "")


def _style(state: State) -> str:
    return "" if state.closed is not None else STYLES.get(state.label, "")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def by_score(groups: Mapping[str, Sequence[Point]]) -> Groups:
    """Return groups, the one with the highest score first."""
    return sorted(groups.items(), key=lambda one: (-one[1][-1].score, one[0]))
