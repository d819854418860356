"""In which hours a device is on the network: a hint for planning maintenance, never a sign of use.

A device may be in use and say nothing, and say something while nobody uses it. That it was not
seen says something only of hours in which all the sensors that see it were there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.surroundings import DAY, Surroundings

HOUR = 3_600.0
ENOUGH = 7  # so many days an hour must have been watched before silence says anything
WEEKS = 2  # and a day of the week so often
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _WEEK = 24, 7


class Span(NamedTuple):
    """Hours of the day from `start` up to `end`, which may be after midnight.

    `watched` is on how many days at least all its sensors were there.
    """

    start: int
    end: int
    watched: int

    def __str__(self) -> str:
        return f"{self.start:02}-{self.end:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When a device was seen on the network, by the clock of a time zone.

    `seen` and `watched` count days for each hour of the day: on which it was seen, and on which
    that would have been noticed. `weekdays` are those on which it was seen, Monday is 0, and
    `weeks` counts how often each was watched all day. It was seen on `days` of the `of` days on
    which a sensor was there.
    """

    zone: str
    seen: tuple[int, ...]
    watched: tuple[int, ...]
    weekdays: tuple[int, ...]
    weeks: tuple[int, ...]
    days: int
    of: int


def hours(around: Surroundings, zone: tzinfo = UTC) -> Hours | None:
    """Return in which hours a device was seen of late; None for never."""
    rows = list(around.of("coverage"))
    seen = {hour for row in rows for hour in _in(row) if hour * HOUR <= around.now}
    if not seen:
        return None
    first, last = min(seen), int(around.now // HOUR)
    beats = [_beats(_Told(around.sensors.get(row.sensor, ()))) for row in _one_each(rows)]
    watched = {hour for hour in frozenset.intersection(*beats) if first <= hour <= last} | seen
    at_seen, at_watched = _local(seen, zone), _local(watched, zone)
    days, days_seen = Counter(day for day, _ in at_watched), {day for day, _ in at_seen}
    full = Counter(_weekday(day) for day, count in days.items() if count == _DAY)
    return Hours(
        zone=str(zone),
        seen=_by_hour(at_seen),
        watched=_by_hour(at_watched),
        weekdays=tuple(sorted({_weekday(day) for day in days_seen})),
        weeks=tuple(full[day] for day in range(_WEEK)),
        days=len(days_seen),
        of=len(days),
    )


def _one_each(rows: Iterable[Exposure]) -> Iterable[Exposure]:
    """Return one row of each sensor."""
    return {row.sensor: row for row in rows}.values()


def _in(row: Exposure) -> Iterator[int]:
    """Yield the hours of a row, counted from 1970; one that has none noted has its ends."""
    day = int(row.first_seen // DAY) * _DAY
    if row.hours:
        yield from (day + hour for hour in range(_DAY) if row.hours >> hour & 1)
    else:
        yield from {int(row.first_seen // HOUR), int(row.last_seen // HOUR)}


class _Told:
    """What a sensor tells of itself: the very same rows are around many devices."""

    def __init__(self, rows: tuple[Exposure, ...]) -> None:
        self.rows = rows

    def __hash__(self) -> int:
        return id(self.rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and other.rows is self.rows


@lru_cache(maxsize=64)
def _beats(told: _Told) -> frozenset[int]:
    return frozenset(hour for row in told.rows if row.value == "sensor" for hour in _in(row))


@lru_cache(maxsize=1 << 14)
def _clock(hour: int, zone: tzinfo) -> tuple[int, int]:
    """Return the day, counted from the first there was, and the hour by a clock."""
    at = datetime.fromtimestamp(hour * HOUR, zone)
    return at.toordinal(), at.hour


def _local(found: Iterable[int], zone: tzinfo) -> set[tuple[int, int]]:
    return {_clock(hour, zone) for hour in found}


def _weekday(day: int) -> int:
    return date.fromordinal(day).weekday()


def _by_hour(found: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    count = Counter(hour for _, hour in found)
    return tuple(count[hour] for hour in range(_DAY))


def active(known: Hours) -> tuple[Span, ...]:
    """Return the hours of the day in which it was ever seen."""
    return _spans(known, {hour for hour in range(_DAY) if known.seen[hour]})


def quiet(known: Hours) -> tuple[Span, ...]:
    """Return the hours of the day in which it was never seen, though it would have been."""
    return _spans(known, {hour for hour in _unseen(known) if known.watched[hour] >= ENOUGH})


def unknown(known: Hours) -> tuple[Span, ...]:
    """Return the hours of the day in which it was not seen, which says nothing."""
    return _spans(known, {hour for hour in _unseen(known) if known.watched[hour] < ENOUGH})


def quiet_weekdays(known: Hours) -> tuple[int, ...]:
    """Return the days of the week on which it was never seen, though it would have been."""
    unseen = set(range(_WEEK)) - set(known.weekdays)
    return tuple(sorted(day for day in unseen if known.weeks[day] >= WEEKS))


def _unseen(known: Hours) -> set[int]:
    return {hour for hour in range(_DAY) if not known.seen[hour]}


def _spans(known: Hours, wanted: set[int]) -> tuple[Span, ...]:
    """Return hours of the day as spans, over midnight where they are on both sides of it."""
    if len(wanted) == _DAY:
        return (Span(0, _DAY, min(known.watched)),)
    found = []
    for start in sorted(wanted):
        if (start - 1) % _DAY not in wanted:
            end = start
            while end % _DAY in wanted:
                end += 1
            watched = min(known.watched[hour % _DAY] for hour in range(start, end))
            found.append(Span(start, end if end <= _DAY else end % _DAY, watched))
    return tuple(found)


def sentence(known: Hours) -> str:
    """Return when it is seen, when it is quiet, and of which hours that is not known."""
    told = [
        f"seen on the network {_weekdays(known.weekdays)} {_listed(active(known))}, "
        f"on {known.days} of {known.of} days ({known.zone})"
    ]
    if spans := quiet(known):
        least = min(span.watched for span in spans)
        told.append(f"quiet {_listed(spans)} on at least {least} days with a sensor there")
    if days := quiet_weekdays(known):
        told.append(
            f"never seen on {_weekdays(days)}, watched {min(known.weeks[d] for d in days)} times"
        )
    if spans := unknown(known):
        told.append(f"not known of {_listed(spans)}: too few days with a sensor there")
    return f"{'; '.join(told)}. A hint for planning maintenance: it does not tell of use."


def _listed(spans: Iterable[Span]) -> str:
    return ", ".join(map(str, spans))


def _weekdays(days: tuple[int, ...]) -> str:
    """Return days of the week as spans: Mon-Fri, Sun."""
    if len(days) == _WEEK:
        return "Mon-Sun"
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join("-".join(NAMES[at] for at in dict.fromkeys((run[0], run[-1]))) for run in runs)
