"""Days in place of versions: of release, of manufacture. They are a line of their own."""

from __future__ import annotations

import re

from wardwatch_enrichment.advisory import Atom

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:t.*)?")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_NAMED = re.compile(r"([a-z]+)\.? (?:(\d{1,2})(?:st|nd|rd|th)?,? )?(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def date(plain: str) -> tuple[Atom, ...]:
    """Return a day, or a month of a year, as the atoms of a line of its own; empty for no date."""
    numbers: tuple[str | int | None, ...] = ()
    if found := _DAY.fullmatch(plain):
        numbers = found.groups()
    elif (found := _NAMED.fullmatch(plain)) and (of_year := month(found[1])):
        numbers = (found[3], of_year, found[2])
    elif found := _SLASHED.fullmatch(plain):
        first, second = int(found[1]), int(found[2])
        if min(first, second) > 12 or (max(first, second) <= 12 and first != second):
            return ()  # neither 4/13 nor 13/4: the month cannot be told
        numbers = (found[3], min(first, second), max(first, second))
    if not numbers:
        return ()
    rest = (Atom("number", int(number)) for number in numbers if number is not None)
    return (Atom("word", "date"), *rest)


def month(word: str) -> int | None:
    """Return the number of a month by its name or the beginning of it."""
    names = (number for number, name in enumerate(_MONTHS, 1) if name.startswith(word))
    return next(names, None) if len(word) > 2 else None
