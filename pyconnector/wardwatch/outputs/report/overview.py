"""The risk of all devices in a minute: labels, the three axes, groups, and what nobody can tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from wardwatch.outputs.report.entry import (
    ACCEPTED,
    STATES,
    UNIDENTIFIED,
    Entry,
    is_counted,
    is_late,
)
from wardwatch.outputs.report.given import Given
from wardwatch.outputs.report.picture import Part, level, stack
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.groups import KEYS
from wardwatch_enrichment.risk.rating import CANNOT_TELL

LOOKS = {
    state: state.lower().replace("*", "-star").replace(" ", "-")  # names of CSS classes
    for state in STATES
}
AXES = {
    "safety": "Patient safety",
    "effectiveness": "Clinical effectiveness",
    "data": "Data and systems",
}
_KINDS = {
    "site": "Site",
    "ward": "Ward or department",
    "type": "Type",
    "manufacturer": "Manufacturer",
}
_WORST = 5
_ROWS = 8
_UNKNOWN = "unknown"


class Tile(NamedTuple):
    """A label with how many devices have it as their most urgent, and how many findings have it."""

    state: str
    look: str
    devices: int
    findings: int
    due_days: int | None


class Worst(NamedTuple):
    """A device with its score on one axis."""

    entry: Entry
    score: float
    band: str
    bar: Markup


class Axis(NamedTuple):
    """One axis: how many devices are in each band, and the worst of them."""

    title: str
    bands: list[tuple[str, int]]
    bar: Markup
    untold: int
    worst: list[Worst]


class Row(NamedTuple):
    """A group of devices with its score, how many of them are high, and their labels.

    `rated` is how many of them have a score at all.
    """

    name: str
    score: float
    band: str
    devices: int
    rated: int
    high: int
    labels: list[tuple[str, str, int]]
    bar: Markup


class Groups(NamedTuple):
    """Groups of one kind, the worst first, and how many more there are."""

    title: str
    rows: list[Row]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All figures of the first page. `blind` counts devices by why little is known of them."""

    tiles: list[Tile]
    bar: Markup
    whole: Row
    axes: list[Axis]
    groups: list[Groups]
    blind: dict[str, int]
    findings: int
    sum: float
    overdue: int
    next_back: float | None
    figures: list[tuple[str, str]]


def overview(entries: Sequence[Entry], given: Given, now: float) -> Overview:
    """Return the figures of the first page."""
    ends = [
        decided.until
        for entry in entries
        for one in entry.rated
        if (decided := entry.accepted(one)) and decided.until is not None
    ]
    return Overview(
        tiles=_tiles(entries, given),
        bar=stack("Devices by what is most urgent", _parts(entries)),
        whole=_row("All devices", list(entries), given),
        axes=[_axis(name, title, entries, given) for name, title in AXES.items()],
        groups=[g for g in _groups(entries, given) if any(row.name for row in g.rows)],
        blind=_blind(entries, given),
        findings=sum(entry.labels.total() for entry in entries),
        sum=sum(one.risk.score for entry in entries for one in entry.counted),
        overdue=sum(is_late(one, now) for entry in entries for one in entry.counted),
        next_back=min(ends, default=None),
        figures=_figures(given),
    )


def _tiles(entries: Sequence[Entry], given: Given) -> list[Tile]:
    devices = Counter(entry.state for entry in entries)
    findings = sum((entry.labels for entry in entries), Counter[str]())
    days = given.figures["due_days"]
    return [
        Tile(state, LOOKS[state], devices[state], findings[state], days.get(state))
        for state in STATES
    ]


def _parts(entries: Sequence[Entry]) -> list[Part]:
    counts = Counter(entry.state for entry in entries)
    return [Part(state, counts[state], LOOKS[state]) for state in STATES]


def _axis(name: str, title: str, entries: Sequence[Entry], given: Given) -> Axis:
    scores = [(getattr(e.risk, name), e) for e in entries if e.risk]
    counts = Counter(scoring.band(score, given.figures) for score, _ in scores)
    bands = [(band, counts[band]) for band in given.figures["bands"]]
    untold = len(entries) - len(scores) + sum(e.state == CANNOT_TELL for _, e in scores)
    parts = [Part(band, count, f"band-{band}") for band, count in bands]
    parts.append(Part("no finding, or not identified", len(entries) - len(scores), "whole"))
    worst = sorted(scores, key=lambda one: (-one[0], one[1].label))[:_WORST]
    return Axis(
        title,
        bands,
        stack(f"{title}: devices by band", parts),
        untold,
        [
            Worst(
                entry, score, scoring.band(score, given.figures), level(title, score, given.figures)
            )
            for score, entry in worst
            if score > 0
        ],
    )


def _groups(entries: Sequence[Entry], given: Given) -> Iterator[Groups]:
    several = len({entry.device.site for entry in entries}) > 1
    for by, title in _KINDS.items():
        if by == "site" and not several:
            continue
        members: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            members[KEYS[by](entry.device) or ""].append(entry)
        unknown = members.pop("", None)
        rows = [_row(name, one, given) for name, one in members.items()]
        rows.sort(key=lambda row: (-row.score, -row.devices, row.name))
        last = [_row("", unknown, given)] if unknown else []
        yield Groups(title, [*rows[:_ROWS], *last], max(len(rows) - _ROWS, 0))


def _row(name: str, entries: list[Entry], given: Given) -> Row:
    group = scoring.group((e.risk.score if e.risk else 0.0 for e in entries), given.figures)
    counts = Counter(entry.state for entry in entries)
    return Row(
        name,
        group.score,
        scoring.band(group.score, given.figures),
        group.devices,
        sum(entry.risk is not None for entry in entries),
        round(group.share_high * group.devices),
        [(state, LOOKS[state], counts[state]) for state in STATES if counts[state]],
        stack(name or _UNKNOWN, _parts(entries), 10),
    )


def _blind(entries: Sequence[Entry], given: Given) -> dict[str, int]:
    counted = [one for entry in entries for one in entry.rated if is_counted(one)]
    return {
        "devices": len(entries),
        "model": sum(entry.device.model is None for entry in entries),
        "unidentified": sum(entry.state == UNIDENTIFIED for entry in entries),
        "unwatched": sum(entry.device.id in given.unwatched for entry in entries),
        "untold_devices": sum(bool(entry.labels[CANNOT_TELL]) for entry in entries),
        "untold": sum(entry.labels[CANNOT_TELL] for entry in entries),
        "version": sum(one.finding.affected == "possible" for one in counted),
        "planned": len(given.plan),
        "accepted": sum(entry.labels[ACCEPTED] for entry in entries),
    }


def _figures(given: Given) -> list[tuple[str, str]]:
    """Return the figures that the pages explain: from which score a band begins, the weights."""
    bands = ", ".join(f"{name} from {least:g}" for name, least in given.figures["bands"].items())
    weights = ", ".join(f"{name} {value:g}" for name, value in given.figures["weights"].items())
    return [("Bands", bands), ("Weights", weights)]
