"""Following logs as they grow: what came from them and how far they are taken go in together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wardwatch import parsers
from wardwatch.heard.listening import UNFORESEEN, Listening
from wardwatch.parsers import Parser
from wardwatch.pipeline import parsers_of
from wardwatch.scope import Scope
from wardwatch.sources.blocks import Block
from wardwatch.sources.files import SourceError
from wardwatch.sources.growing import Growing, Grown, UnreadableError
from wardwatch.store import Store

_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
REASON = 200  # characters of why a line is bad; it can quote what a device said
LIVE = "live"  # the mark of what came live, and of no file
NAMED = 10  # bad lines that are named in one look; the rest is counted


@dataclass(slots=True)
class Source:
    """What came from the files of one log: rows, the time of the newest, bytes that are left."""

    rows: int = 0
    newest: float = 0.0
    behind: int = 0


@dataclass(slots=True)
class Taken:
    """What one look brought. `problems` are sentences for a person, `unread` those that last.

    `behind` is how many bytes on disk are left for the next time, `sources` tells it by log.
    """

    files: int = 0
    rows: int = 0
    bad_rows: int = 0
    behind: int = 0
    sources: dict[str, Source] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


class Following:
    """The logs of one sensor of a site, followed from where they were left."""

    def __init__(
        self, store: Store, *, site: str, sensor: str, scope: Scope, paths: Iterable[Path]
    ) -> None:
        self._store, self._site, self._sensor, self._scope = store, site, sensor, scope
        self._growing = Growing(paths)
        self._known = parsers.load()
        self._saw_all = False

    def take(self, now: float, goes_on: Callable[[], bool] = lambda: True) -> Taken:
        """Take in what was written since the last time, `now` in epoch seconds.

        Each part is committed with how far its file is taken, so that a kill neither loses nor
        doubles anything; what could not be committed is read again. `goes_on` is asked after each
        part: where it says no, the rest is left for the next time.
        """
        taken = Taken()
        marks = self._store.marks(self._site, self._sensor)
        todo = self._growing.look(marks, now, taken.unread)
        self._saw_all = not taken.unread
        for at, grown in enumerate(todo):
            wanted = parsers_of(grown.file, self._known)
            if wanted and not self._try(grown, wanted, taken, goes_on):
                taken.behind = sum(one.behind for one in todo[at:])
                for left in todo[at:]:
                    taken.sources.setdefault(left.file.log, Source()).behind += left.behind
                break
        return taken

    def _try(
        self,
        grown: Grown,
        wanted: dict[str, Parser],
        taken: Taken,
        goes_on: Callable[[], bool],
    ) -> bool:
        """Take in a file; one with what no check foresaw does not keep the others waiting."""
        try:
            return self._take(grown, wanted, taken, goes_on)
        except UNFORESEEN as error:
            taken.unread.append(
                f"{grown.file.path}: what follows line {grown.mark.place.line} cannot be taken in "
                f"({type(error).__name__}): move the file away, and report this as a bug"
            )
            return True

    def forget(self) -> None:
        """Drop the marks of files that are gone; none where some cannot be seen."""
        if not self._saw_all:
            return
        with self._store.transaction():
            self._store.keep_marks(self._site, self._sensor, self._growing.identities | {LIVE})

    def _take(
        self,
        grown: Grown,
        wanted: dict[str, Parser],
        taken: Taken,
        goes_on: Callable[[], bool],
    ) -> bool:
        """Take in a file; returns whether it was read to its end."""
        heard = Listening(wanted, site=self._site, sensor=self._sensor, scope=self._scope)
        mark, whole = grown.mark, True
        taken.files += 1
        try:
            for log, block in grown.read({log: parser.Row for log, parser in wanted.items()}):
                self._note(grown, heard.listen(log, block), taken)
                taken.rows += len(block.rows)
                _count(taken.sources.setdefault(grown.file.log, Source()), block)
                if not block.end.offset:
                    continue
                mark, whole = grown.after(block), goes_on()
                if heard.is_full or not whole:
                    heard.commit(self._store, mark)
                if not whole:
                    return False
        except UnreadableError as error:
            taken.unread.append(str(error))
            heard.commit(self._store, mark)
            return True
        except SourceError as error:
            taken.problems.append(str(error))
        heard.commit(self._store, self._growing.done(grown, mark))
        return True

    def _note(self, grown: Grown, wrong: list[tuple[int, str]], taken: Taken) -> None:
        room = max(NAMED - taken.bad_rows, 0)
        taken.bad_rows += len(wrong)
        taken.problems += [
            f"{grown.file.path}:{number}: {unquoted(reason):.{REASON}}; not used"
            for number, reason in sorted(wrong)[:room]
        ]


def _count(source: Source, block: Block) -> None:
    source.rows += len(block.rows)
    times = (row.ts for row in block.rows if isinstance(row.ts, float))  # else it is no time
    source.newest = max(times, default=source.newest)


def unquoted(reason: str) -> str:
    """Return why a line is bad without a value of it: in the wrong column may stand a patient."""
    return _QUOTED.sub("…", reason)
