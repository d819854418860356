"""Lines that Elasticsearch has, from all sensors of a grid: followed as logs are.

Documents arrive late, so that each time the last ones are asked for again, and known by their ids.
How far it is taken is kept together with what came; what is read twice counts once all the same.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch

from wardwatch import parsers
from wardwatch.config import Config
from wardwatch.heard.listening import UNFORESEEN, Listening
from wardwatch.outputs.elasticsearch_client import connect, explained
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError
from wardwatch.running.following import NAMED, REASON, Source, Taken, unquoted
from wardwatch.running.skew import Skew
from wardwatch.scope import Scope
from wardwatch.sources.elasticsearch import IncompleteError, Indexed, Line, overlapping
from wardwatch.sources.files import LONGEST_LINE, Place
from wardwatch.sources.growing import Mark
from wardwatch.sources.lines import blocks
from wardwatch.store import Store
from wardwatch_enrichment.surroundings import DAY

OVERLAP = 900.0  # seconds that a document may take on its way into the index
SLACK = 60.0  # that most of them take; an index shows them with a delay
WINDOW = 3600.0  # of what is read at once while catching up
FEW = 1_000  # documents of a window, after which the next one is longer
LONG = DAY  # from here on the cluster is asked for distinct claims, and not for each row
MOST_IDS = 500_000  # that are known in memory; beyond, what is read again counts once all the same
MOST_SENSORS = 200  # that are listened to before a batch is due
READING_SECONDS = 30
MARKS = "(elasticsearch)"  # in place of a sensor
GONE = 404  # a point in time that the server does not have any more

REMEDIES = {
    403: "does not allow this ({reason}). Reading needs read on {index}.",
    404: "has no {index} ({reason}): write into [run] elasticsearch what is there.",
}
Part = tuple[list[Line], float | None]


class Gathering:
    """The index patterns of a site, each followed from where it was left."""

    def __init__(self, store: Store, config: Config, tell: Callable[[str], None]) -> None:
        run = config.run
        if same := overlapping(run.elasticsearch):
            raise ElasticsearchError(
                f"[run] elasticsearch: {same[0]} and {same[1]} name the same indices, which would "
                "be read twice: leave one out (Security Onion's manager is in *: itself)"
            )
        client = connect(config.elasticsearch).options(
            request_timeout=READING_SECONDS, retry_on_timeout=False
        )
        self._patterns = [
            Pattern(store, config, client, index, tell) for index in run.elasticsearch
        ]

    def take(self, taken: Taken, goes_on: Callable[[], bool]) -> None:
        """Take in what is new, if it is time to look, and add to `taken` what that was."""
        for pattern in self._patterns:
            pattern.take(taken, time.time(), goes_on)

    @property
    def waits(self) -> bool:
        """Whether there was more than could be read in that time."""
        return any(pattern.is_amid for pattern in self._patterns)

    @property
    def problems(self) -> list[str]:
        """What is wrong for as long as it is so."""
        return [text for pattern in self._patterns for text in pattern.problems]


class Pattern:
    """One index pattern."""

    def __init__(
        self,
        store: Store,
        config: Config,
        client: Elasticsearch,
        index: str,
        tell: Callable[[str], None],
    ) -> None:
        self._store, self._client, self._index, self._tell = store, client, index, tell
        self._site, self._sensor = config.site.name, config.site.sensor
        self._scope = Scope(config.site.networks)
        self._every, self._days = config.run.elasticsearch_every, config.run.elasticsearch_days
        self._known = parsers.load()
        self._heard: dict[str, Listening] = {}
        self._ids: set[int] = set()
        self._before = self._ids
        self._parts: Iterator[Part] | None = None
        self._looked = self._looked_late = -DAY  # by a clock that nobody sets
        self._skew = Skew(index)
        self._trouble = ""

    @property
    def is_amid(self) -> bool:
        """Whether it is in the midst of reading."""
        return self._parts is not None

    @property
    def problems(self) -> list[str]:
        """What is wrong for as long as it is so."""
        return [*([self._trouble] if self._trouble else []), *self._skew.problems]

    def take(self, taken: Taken, now: float, goes_on: Callable[[], bool]) -> None:
        """Read on, or look for what is new if it is time."""
        if self._parts is None:
            if time.monotonic() - self._looked < self._every:
                return
            self._looked = time.monotonic()
            self._parts = self._read(now)
        try:
            with explained(self._client, self._index, REMEDIES):
                self._take(self._parts, taken, goes_on)
            self._trouble = ""
        except IncompleteError as error:
            self._break_off(f"{self._index}: {error}")
        except ElasticsearchError as error:
            self._break_off(f"{self._index}: {error}")

    def _break_off(self, trouble: str) -> None:
        """Begin again where it is known that all was read; what was heard so far is kept."""
        self._trouble = trouble
        self._commit(None)
        self._forget()

    def _forget(self) -> None:
        """Know of nothing that was read: the next look begins at the mark."""
        self._parts = None
        self._ids, self._before = set(), set()
        self._heard.clear()
        self._looked = time.monotonic()

    def _take(self, parts: Iterator[Part], taken: Taken, goes_on: Callable[[], bool]) -> None:
        for lines, until in parts:
            self._hear(self._new(lines), taken)
            if until is not None or len(self._heard) > MOST_SENSORS or self._is_full:
                self._commit(until)
            if not goes_on():
                self._commit(None)
                return
        self._parts = None

    def _new(self, lines: Iterable[Line]) -> list[Line]:
        """Return the lines whose documents are not known, and know them from now on."""
        found = []
        for line in lines:
            name = hash(line.id)
            if name not in self._ids and name not in self._before:
                found.append(line)
                self._ids.add(name)
        if len(self._ids) > MOST_IDS:
            self._before, self._ids = self._ids, set()
        return found

    def _read(self, now: float) -> Iterator[Part]:
        """Yield lines, and until when all is read where that is so with them."""
        found = Indexed(self._client, self._index, self._known)
        try:
            if wrong := found.check():
                raise IncompleteError(wrong)
            yield from self._parts_of(found, now)
        except ApiError as error:
            if error.status_code != GONE:
                raise
            gone = "the server let go of what was being read; it is read again"
            raise IncompleteError(gone) from None
        finally:
            _close(found)

    def _parts_of(self, found: Indexed, now: float) -> Iterator[Part]:
        mark = self._store.marks(self._site, MARKS).get(self._index)
        at = mark.place.offset / 1000 if mark else 0.0
        late = time.monotonic() - self._looked_late > OVERLAP
        since = max(at - (OVERLAP if late else SLACK), 0.0)
        if late:
            self._looked_late = time.monotonic()
            self._before, self._ids = self._ids, set()
            since = min(since, self._skew.look(found.newest(max(now - DAY, 0.0)), now, since))
        reduced = now - at > LONG
        if reduced:
            for lines in found.claims(since):
                yield lines, None
        since = max(since, now - self._days * DAY)
        window = WINDOW
        while now - since > window:
            first = found.earliest(since, claims=not reduced)
            if first is None or first > now - window:
                break
            until, count = max(first, since) + window, 0
            for lines in found.documents(since, until, claims=not reduced):
                count += len(lines)
                yield lines, None
            yield [], max(until, at)
            since, window = until, WINDOW if count > FEW else 2 * window
        for lines in found.documents(since, None, claims=not reduced):
            yield lines, None
        yield [], max(now, at)

    @property
    def _is_full(self) -> bool:
        return any(heard.is_full for heard in self._heard.values())

    def _hear(self, lines: Iterable[Line], taken: Taken) -> None:
        by: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
        for line in lines:
            wrong = line.wrong or _wrong(line.text)
            if wrong and (line.log or line.wrong):
                self._note(line, wrong, taken)
            elif line.log:
                by[line.sensor or self._sensor, line.log].append(line)
        source = taken.sources.setdefault(self._index, Source())
        for (sensor, log), of_log in by.items():
            heard = self._listening(sensor)
            for name, block in blocks([line.text for line in of_log], log, self._known):
                bad = heard.listen(name, block)
                for number, reason in sorted(bad):
                    self._note(of_log[number - 1], reason, taken)
                times = (row.ts for row in block.rows if isinstance(row.ts, float))
                source.newest = max([source.newest, *times])
                source.rows += len(block.rows)
                taken.rows += len(block.rows)

    def _listening(self, sensor: str) -> Listening:
        if sensor not in self._heard:
            self._heard[sensor] = Listening(
                self._known, site=self._site, sensor=sensor, scope=self._scope
            )
        return self._heard[sensor]

    def _note(self, line: Line, reason: str, taken: Taken) -> None:
        taken.bad_rows += 1
        if taken.bad_rows <= NAMED:
            taken.problems.append(f"{line.id}: {unquoted(reason):.{REASON}}; not used")

    def _commit(self, until: float | None) -> None:
        """Put what was heard into the store, with until when all was read, if that is so."""
        try:
            with self._store.transaction():
                for heard in self._heard.values():
                    heard.put(self._store)
                if until is not None:
                    place = Place(int(until * 1000))
                    mark = Mark(identity=self._index, path=self._index, place=place)
                    self._store.put_mark(self._site, MARKS, mark)
        except UNFORESEEN as error:
            self._tell(
                f"{self._index}: lines cannot be taken in ({type(error).__name__}): report this as "
                "a bug"
            )
        except BaseException:  # a full disk: what was handed over is nowhere now
            self._forget()
            raise
        self._heard.clear()


def _wrong(text: bytes) -> str:
    """Return why a text is no line of a log, empty where it may be one."""
    if len(text) > LONGEST_LINE:
        return f"longer than {LONGEST_LINE} bytes"
    return "" if text.startswith(b"{") and b"\n" not in text else "is no line of JSON"


def _close(found: Indexed) -> None:
    try:
        found.close()
    except (ApiError, TransportError):  # it ends by itself
        return
