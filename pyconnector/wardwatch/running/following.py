"""Following logs as they grow: what came from them and how far they are taken go in together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from wardwatch import parsers
from wardwatch.heard.listening import Listening
from wardwatch.parsers import Parser
from wardwatch.pipeline import parsers_of
from wardwatch.scope import Scope
from wardwatch.sources.files import SourceError
from wardwatch.sources.growing import Growing, Grown
from wardwatch.store import Store

NAMED = 10  # bad lines that are named in one look; the rest is counted


@dataclass(slots=True)
class Taken:
    """What one look brought. `problems` are sentences for a person, `unread` those that last.

    `behind` is how many bytes on disk are left for the next time.
    """

    files: int = 0
    rows: int = 0
    bad_rows: int = 0
    behind: int = 0
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

    def take(self, now: float, goes_on: Callable[[], bool] = lambda: True) -> Taken:
        """Take in what was written since the last time, `now` in epoch seconds.

        Each part is committed with how far its file is taken, so that a kill neither loses nor
        doubles anything; what could not be committed is read again. `goes_on` is asked after each
        part: where it says no, the rest is left for the next time.
        """
        taken = Taken()
        marks = self._store.marks(self._site, self._sensor)
        todo = self._growing.look(marks, now, taken.unread)
        for at, grown in enumerate(todo):
            wanted = parsers_of(grown.file, self._known)
            if wanted and not self._take(grown, wanted, taken, goes_on):
                taken.behind = sum(one.behind for one in todo[at:])
                break
        return taken

    def forget(self) -> None:
        """Drop the marks of files that are gone."""
        with self._store.transaction():
            self._store.keep_marks(self._site, self._sensor, self._growing.identities)

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
                if not block.end.offset:
                    continue
                mark, whole = grown.after(block), goes_on()
                if heard.is_full or not whole:
                    heard.commit(self._store, mark)
                if not whole:
                    return False
        except SourceError as error:
            taken.problems.append(str(error))
        heard.commit(self._store, self._growing.done(grown, mark))
        return True

    def _note(self, grown: Grown, wrong: list[tuple[int, str]], taken: Taken) -> None:
        room = max(NAMED - taken.bad_rows, 0)
        taken.bad_rows += len(wrong)
        taken.problems += [
            f"{grown.file.path}:{number}: {reason}; not used"
            for number, reason in sorted(wrong)[:room]
        ]
