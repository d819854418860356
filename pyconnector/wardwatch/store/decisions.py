"""What people decided of findings, and the register of what was given out: only ever added to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace

from wardwatch.store.schema import Asking
from wardwatch_enrichment.risk.records import Decision
from wardwatch_enrichment.surroundings import DAY

_DECISION = (
    "number, site, finding, kind, who, at, why, owner, status, comment, until, device,"
    " vulnerability, label, verdict, score"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One line of the register: `who` did what, of which kind, for a site or for all ("")."""

    number: int = 0
    site: str
    at: float
    kind: str
    who: str
    told: str


class Decisions(Asking):
    """The part of the store that keeps decisions. All that is added is inside a transaction."""

    def decide(self, made: Iterable[Decision]) -> None:
        """Add decisions; those that are there stay as they are."""
        self._db.executemany(
            f"INSERT INTO decision ({_DECISION}) VALUES (NULL{', ?' * 15})",  # noqa: S608  constant
            [astuple(one)[1:] for one in made],
        )

    def decisions(self, site: str | None = None) -> list[Decision]:
        """Return all decisions in the order in which they were taken in, of a site or of all."""
        query = f"SELECT {_DECISION} FROM decision WHERE ?1 IS NULL OR site = ?1 ORDER BY number"  # noqa: S608  constant
        names = Decision.__dataclass_fields__
        return [
            Decision(**dict(zip(names, row, strict=True)))
            for row in self._db.execute(query, (site,))
        ]

    def renamed(self) -> dict[str, str]:
        """Return the ids that devices had before they became one, with those that they have."""
        return dict(self._db.execute("SELECT former, id FROM former_id"))

    def enter(self, entry: Entered) -> None:
        """Add a line to the register."""
        self._db.execute(
            "INSERT INTO register (number, site, at, kind, who, told) VALUES (NULL, ?, ?, ?, ?, ?)",
            astuple(entry)[1:],
        )

    def enter_once(self, entry: Entered) -> None:
        """Add a line to the register, unless the same stands there of that day."""
        today = self.register(entry.at - entry.at % DAY, entry.at)
        if not any(replace(one, number=0, at=entry.at) == entry for one in today):
            self.enter(entry)

    def register(self, since: float, until: float) -> list[Entered]:
        """Return the lines of the register from a time on, until another."""
        query = """SELECT number, site, at, kind, who, told FROM register
            WHERE at >= ? AND at < ? ORDER BY at, number"""
        names = Entered.__dataclass_fields__
        return [
            Entered(**dict(zip(names, row, strict=True)))
            for row in self._db.execute(query, (since, until))
        ]
