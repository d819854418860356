"""From rows of threats to what a host is told to have seen of them, with every time that it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Protocol, cast

from wardwatch.heard.claims import lines_of, rows_in_order
from wardwatch.parsers import Parser
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch_enrichment.model import Alarm

ALARMS_PER_BATCH = 200_000


class Watching(Protocol):
    """What a parser of a log of threats has beyond others."""

    def alarms(self, row: Any, /) -> Iterator[Alarm]: ...


class Alarms:
    """The alarms of one log since the last batch, of the site's own hosts."""

    def __init__(self, parser: Parser, scope: Scope) -> None:
        self._alarms_of = cast("Watching", parser).alarms
        self._scope = scope
        self._times: defaultdict[Alarm, list[float]] = defaultdict(list)
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether a batch is due."""
        return self._count > ALARMS_PER_BATCH

    def listen(self, block: Block) -> list[tuple[int, str]]:
        """Take in a block; returns the rows that were wrong as (line number, reason)."""
        wrong: dict[int, str] = {}
        for row in rows_in_order(block.rows, wrong):
            try:
                for alarm in self._alarms_of(row):
                    if self._scope.covers(alarm.host):
                        self._times[alarm].append(row.ts)
                        self._count += 1
            except ValueError as error:
                wrong[id(row)] = str(error)
        return lines_of(block, wrong)

    def take(self) -> dict[Alarm, list[float]]:
        """Hand over what was heard since the last batch: each alarm's times, in order."""
        taken = {alarm: sorted(times) for alarm, times in self._times.items()}
        self._times.clear()
        self._count = 0
        return taken
