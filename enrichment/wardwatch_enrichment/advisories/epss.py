"""EPSS, the probability that a vulnerability is attacked within 30 days, as its daily CSV.

https://www.first.org/epss/data_stats: a line with model and date, the headings, a row for each CVE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from wardwatch_enrichment.feed_form import CVE, FeedError
from wardwatch_enrichment.model import Score

_CVE = re.compile(CVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of one day; iterating over `rows` raises `FeedError` where one is wrong."""

    model: str | None
    day: date | None
    rows: Iterator[Score]


def parse(lines: Iterable[str]) -> Scores:
    """Return the scores of a file's lines."""
    numbered = enumerate(lines, 1)
    number, line = next(numbered, (0, ""))
    about = dict(part.partition(":")[::2] for part in line.strip().lstrip("#").split(","))
    model = day = None
    if line.startswith("#"):
        model = about.get("model_version")
        day = _day(about.get("score_date"))
        number, line = next(numbered, (number, ""))
    headings = [heading.strip() for heading in line.split(",")]
    if headings[:2] != ["cve", "epss"] or headings[2:] not in ([], ["percentile"]):
        raise FeedError(f"line {number}: must have the headings cve,epss,percentile")
    return Scores(model=model, day=day, rows=_rows(numbered, len(headings), model, day))


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise FeedError(f"line 1: score_date: {text[:40]!r} is no date") from None


def _rows(
    numbered: Iterator[tuple[int, str]], columns: int, model: str | None, day: date | None
) -> Iterator[Score]:
    for number, line in numbered:
        cells = line.strip().split(",")
        if cells == [""]:
            continue
        if len(cells) != columns or not line.endswith("\n"):
            raise FeedError(f"line {number}: is cut short: {line.rstrip()[:60]!r}")
        if not _CVE.match(cells[0]):
            raise FeedError(f"line {number}: {cells[0][:40]!r} is no CVE number")
        share, *rest = (_share(number, cell) for cell in cells[1:])
        percentile = rest[0] if rest else None
        yield Score(cve=cells[0], probability=share, percentile=percentile, model=model, day=day)


def _share(number: int, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise FeedError(f"line {number}: {text[:40]!r} is no number between 0 and 1")
    return share
