"""All that is heard of one file, of one log or of many: its claims, its alarms, its exposures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sqlite3 import IntegrityError

from wardwatch.heard.alarms import Alarms
from wardwatch.heard.claims import Hearing
from wardwatch.heard.exposures import Exposures
from wardwatch.parsers import Parser
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch.sources.growing import Mark
from wardwatch.store import Store

# What rows can lead to that no check foresaw: they are told of, and keep no others waiting.
UNFORESEEN = (ArithmeticError, LookupError, TypeError, ValueError, IntegrityError)


class Listening:
    """Takes in a file's blocks, and puts into the store what they say."""

    def __init__(
        self, wanted: Mapping[str, Parser], *, site: str, sensor: str, scope: Scope
    ) -> None:
        self._site, self._sensor = site, sensor
        self._hearings = {
            log: Hearing(parser, site=site, sensor=sensor, scope=scope)
            for log, parser in wanted.items()
            if parser.VIEWS
        }
        self._alarms = {
            log: Alarms(parser, scope) for log, parser in wanted.items() if not parser.VIEWS
        }
        self._exposures = {
            log: Exposures(parser, scope)
            for log, parser in wanted.items()
            if hasattr(parser, "exposures")
        }

    @property
    def is_full(self) -> bool:
        """Whether a batch is due."""
        every: tuple[Iterable[Hearing | Alarms | Exposures], ...] = (
            self._hearings.values(), self._alarms.values(), self._exposures.values()
        )  # fmt: skip
        return any(part.is_full for parts in every for part in parts)

    def listen(self, log: str, block: Block) -> list[tuple[int, str]]:
        """Take in a block; returns the lines and rows that were wrong as (line number, reason)."""
        parts = (self._hearings.get(log), self._alarms.get(log), self._exposures.get(log))
        wrong = [one for part in parts if part for one in part.listen(block)]
        # A line is wrong once, for whatever is found first.
        return [*block.bad, *dict(reversed(wrong)).items()]

    def commit(self, store: Store, mark: Mark | None = None) -> None:
        """Put what was heard since the last batch into the store, all of it or nothing.

        `mark` tells how far the file is taken with that.
        """
        with store.transaction():
            if mark:
                store.put_mark(self._site, self._sensor, mark)
            self.put(store)

    def put(self, store: Store) -> None:
        """Do so together with more; inside a transaction."""
        for hearing in self._hearings.values():
            store.add(hearing.claims())
        for log, alarms in self._alarms.items():
            store.add_events(self._site, self._sensor, log, alarms.take())
        for log, exposures in self._exposures.items():
            store.add_exposures(self._site, self._sensor, log, exposures.take())
