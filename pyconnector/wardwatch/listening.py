"""All that is heard of one file, of one log or of many: its claims and its alarms."""

from __future__ import annotations

from collections.abc import Mapping

from wardwatch.alarms import Alarms
from wardwatch.hearing import Hearing
from wardwatch.parsers import Parser
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch.store import Store


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

    @property
    def is_full(self) -> bool:
        """Whether a batch is due."""
        return any(hearing.is_full for hearing in self._hearings.values()) or any(
            alarms.is_full for alarms in self._alarms.values()
        )

    def listen(self, log: str, block: Block) -> list[tuple[int, str]]:
        """Take in a block; returns the lines and rows that were wrong as (line number, reason)."""
        part = self._hearings.get(log) or self._alarms.get(log)
        return [*block.bad, *(part.listen(block) if part else ())]

    def commit(self, store: Store) -> None:
        """Put what was heard since the last batch into the store, all of it or nothing."""
        with store.transaction():
            for hearing in self._hearings.values():
                store.add(hearing.claims())
            for log, alarms in self._alarms.items():
                store.add_events(self._site, self._sensor, log, alarms.take())
