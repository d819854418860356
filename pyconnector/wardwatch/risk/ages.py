"""How old the data of feeds is, wherever a result rests on it: from a week on its age is told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from wardwatch.risk import findings
from wardwatch.store import Store
from wardwatch.store.feeds import Feed
from wardwatch_enrichment import maker_statements
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.surroundings import DAY

WEEK = 7 * DAY
SCORED = ("epss", "kev", "ssvc")  # every vulnerability's threat is by these
_POSTURE = {"system": {"eol"}, "component": {"eol"}, "recall": {"fda recalls"}}


def as_of(feed: Feed) -> float | None:
    """Return of when the data of a feed is; None where it was never taken.

    What its publisher was asked for was current then, also where nothing was new. A file that
    somebody carried here is as old as the newest that it says of itself.
    """
    asked = feed.source.startswith(("http://", "https://"))
    if feed.taken is None or feed.newest is None or asked:
        return feed.taken
    return min(feed.newest, feed.taken)


class Aged(NamedTuple):
    """A feed that is a week old or more, or was never taken; as a text, it says so."""

    feed: str
    as_of: float | None
    days: int | None

    def __str__(self) -> str:
        """Return it as people read it."""
        if self.as_of is None:
            return f"feed {self.feed} was never taken"
        return f"feed {self.feed} is of {self.day}, {self.days} days old"

    @property
    def day(self) -> str | None:
        """The day of its data."""
        if self.as_of is None:
            return None
        return datetime.fromtimestamp(self.as_of, UTC).date().isoformat()

    @property
    def dated(self) -> str:
        """It without its age, for what is not written anew each day."""
        return f"{self.feed} of {self.day}" if self.day else f"{self.feed}, never taken"

    @property
    def json(self) -> dict[str, object]:
        """It as programs read it."""
        return {"feed": self.feed, "as_of": self.day, "days": self.days}


def aged(name: str, at: float | None, now: float) -> Aged | None:
    """Return a feed as old; None below a week."""
    if at is None:
        return Aged(name, None, None)
    return Aged(name, at, int((now - at) // DAY)) if now - at >= WEEK else None


class Ages:
    """The feeds of a store at a time that are a week old, or that were refused from the first.

    Nothing else is told, so that what is told is read. That nothing was found rests on all of them.
    """

    def __init__(self, store: Store, now: float) -> None:
        known = (aged(feed.name, as_of(feed), now) for feed in store.feeds())
        self.every = tuple(one for one in known if one)
        self._feeds_of = cache(store.feeds_of)

    def of(self, *found: Finding) -> tuple[Aged, ...]:
        """Return those that any of some findings rests on."""
        if not self.every:
            return ()
        names = {name for finding in found for name in self._names(finding)}
        return tuple(one for one in self.every if one.feed in names)

    def _names(self, finding: Finding) -> set[str]:
        if finding.is_posture:
            return _POSTURE.get(getattr(findings.entry_of(finding), "check", ""), set())
        names = {*SCORED}
        for match in finding.matches:
            names |= self._feeds_of(match.advisory)
        if any(one.predicate == maker_statements.PREDICATE for one in finding.answers):
            names.add("vex")
        return names
