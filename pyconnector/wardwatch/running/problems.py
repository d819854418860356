"""What is wrong while a site is followed: told when it begins, and forgotten when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

PASSING = 3600.0  # seconds for which a bad line is a problem
LASTING, MANY = 20, 5  # of each that are told: those that last, those that pass


class Problems:
    """The problems of a process, each a sentence for a person; `tell` is told of new ones."""

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._clock = tell, clock
        self._lasting: dict[str, set[str]] = {}
        self._passing: dict[str, float] = {}

    def pass_by(self, text: str) -> None:
        """Note what is over as soon as it is told, as a bad line is."""
        self._passing.pop(text, None)  # the latest last
        self._passing[text] = self._clock()
        self._passing = dict([*self._passing.items()][-MANY:])
        self._tell(text)

    def last(self, kind: str, texts: Iterable[str]) -> None:
        """Note all that is wrong of a kind now; what was wrong of it before is over."""
        now, before = set(texts), self._lasting.get(kind, set())
        self._lasting[kind] = now
        for text in sorted(now - before):
            self._tell(text)

    def now(self) -> list[str]:
        """Return what is wrong, what lasts first."""
        since = self._clock() - PASSING
        self._passing = {text: at for text, at in self._passing.items() if at > since}
        lasting = sorted({text for texts in self._lasting.values() for text in texts})
        return [*lasting[:LASTING], *(text for text in self._passing if text not in lasting)]
