"""Logs as they grow: which files have more than was taken of them, and from where on to read.

A file is known by its first row and not by its name: the same rows stay the same file when it is
renamed, packed or copied, and what is written anew after a truncation is another one. What was
taken of each is a `Mark`; whoever stores what came from a file stores its mark with it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from wardwatch.sources import eve_files, zeek_files
from wardwatch.sources.blocks import Block
from wardwatch.sources.files import (
    BEGIN,
    EVE,
    UNKNOWN,
    LogFile,
    Place,
    SourceError,
    find,
    opened,
    whole_lines,
)

_HEAD = 1 << 16
_SETTLED = 3600.0  # seconds; a plain file that has not grown for so long ends where it ends
_WRITTEN = 10.0  # seconds; until then a packed file may still be being packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a file is taken. `header` is the TSV header in force there.

    `size` is what it had on disk when it was read to its end, 0 before.
    """

    identity: str
    path: str
    place: Place = BEGIN
    header: bytes = b""
    size: int = 0


class UnreadableError(SourceError):
    """A file could not be read this time; the rest of it is asked for again."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A file with more than was taken of it; its mark says from where on.

    `first` is by what its first row is known.
    """

    file: LogFile
    mark: Mark
    size: int
    ended: bool
    first: str

    @property
    def behind(self) -> int:
        """How many bytes on disk are not taken; of a packed file, all."""
        return self.size if self.file.path.suffix == ".gz" else self.size - self.mark.place.offset

    def read(self, row_types: Mapping[str, type[msgspec.Struct]]) -> Iterator[tuple[str, Block]]:
        """Yield log and rows of what was not taken yet; `row_types` are by log.

        Raises `SourceError` where it cannot be read on; what was yielded before is good.
        """
        try:
            with opened(self.file.path) as stream:
                if _identity(stream, self.file.log) == self.first:  # else just renamed
                    stream.seek(self.mark.place.offset)
                    yield from self._blocks(stream, row_types)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(
                f"{self.file.path}: the gzip data ends early or is damaged ({error}); copy the "
                "file again from the sensor"
            ) from error
        except FileNotFoundError:  # renamed this moment
            return
        except OSError as error:
            raise UnreadableError(
                f"{self.file.path}: {error.strerror}; check the owner and mode"
            ) from error

    def _blocks(
        self, stream: BinaryIO, row_types: Mapping[str, type[msgspec.Struct]]
    ) -> Iterator[tuple[str, Block]]:
        pieces = whole_lines(stream, self.mark.place, rest=self.ended)
        log = self.file.log
        if log == EVE:
            yield from eve_files.blocks(pieces, row_types)
            return
        blocks = zeek_files.blocks(pieces, row_types[log], self.file.path, self.mark.header)
        yield from ((log, block) for block in blocks)

    def after(self, block: Block) -> Mark:
        """Return the mark behind a block."""
        return replace(self.mark, place=block.end, header=block.header, size=0)


# What a file was at the last look: size, time, by what its first row is known, and by what it is
# itself where another has that row, too.
_Seen = tuple[int, int, str, str | None]


class Growing:
    """Follows files and directories; what does not exist yet may come later."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = tuple(paths)
        self._known: dict[tuple[int, int], _Seen] = {}
        self._before = self._known
        self._here: dict[str, Path] = {}

    @property
    def identities(self) -> frozenset[str]:
        """Those of all files that were there at the last look."""
        return frozenset(self._here)

    def look(
        self, marks: Mapping[str, Mark], now: float, problems: list[str] | None = None
    ) -> list[Grown]:
        """Return the files with more than their marks say, the oldest first.

        `marks` are by identity, `now` in epoch seconds; `problems` is told what cannot be read.
        """
        told: list[str] = [] if problems is None else problems
        found: list[tuple[float, Grown]] = []
        self._here = {}
        self._before, self._known = self._known, {}  # what is gone is forgotten
        for file in self._files(told):
            try:
                stat = file.path.stat()
                if stat.st_size and (grown := self._grown(file, stat, marks, now)):
                    found.append((stat.st_mtime, grown))
            except FileNotFoundError:  # it was renamed meanwhile, and is found under its new name
                continue
            except (OSError, EOFError, zlib.error) as error:
                told.append(f"{file.path}: {error}; check the file, its owner and mode")
        found.sort(key=lambda one: (one[0], str(one[1].file.path)))
        return [grown for _, grown in found]

    def done(self, grown: Grown, mark: Mark) -> Mark:
        """Return the mark of a file that was read: one that ended is not opened again."""
        return replace(mark, size=grown.size if grown.ended else 0)

    def _files(self, problems: list[str]) -> Iterator[LogFile]:
        for path in self._paths:
            try:
                yield from (file for file in find(path, problems) if file.log != UNKNOWN)
            except SourceError as error:
                problems.append(str(error))

    def _grown(
        self, file: LogFile, stat: os.stat_result, marks: Mapping[str, Mark], now: float
    ) -> Grown | None:
        zipped, quiet = file.path.suffix == ".gz", now - stat.st_mtime
        if zipped and abs(quiet) < _WRITTEN:  # a time to come is one of a clock that was set back
            return None
        key = (stat.st_dev, stat.st_ino)
        size, mtime, first, own = self._before.get(key, (0, 0, "", None))
        same = (size, mtime) == (stat.st_size, stat.st_mtime_ns)
        if not same or not first:
            with opened(file.path) as stream:
                if os.fstat(stream.fileno()).st_ino != stat.st_ino:
                    return None  # renamed this moment
                first = _identity(stream, file.log)
        identity = first
        if first in self._here:
            identity = own = own if same and own is not None else self._own(first, file)
        self._known[key] = (stat.st_size, stat.st_mtime_ns, first, own)
        if not identity or identity in self._here:
            return None
        self._here[identity] = file.path
        mark = marks.get(identity, Mark(identity=identity, path=str(file.path)))
        if mark.size == stat.st_size or (not zipped and mark.place.offset == stat.st_size):
            return None
        # What grew just now has not ended, though a clock that was set forward says so.
        ended = zipped or (quiet > _SETTLED and (same or not size))
        if not _goes_on(file.path, mark, stat.st_size):
            mark = replace(mark, place=BEGIN, header=b"")
        return Grown(file, replace(mark, path=str(file.path)), stat.st_size, ended, first)

    def _own(self, first: str, file: LogFile) -> str:
        """Return what a file is known by whose first row another has: by where they part.

        Empty where they do not: it is the same while it is packed or copied.
        """
        with opened(self._here[first]) as other, opened(file.path) as stream:
            rows = stream.read(_HEAD).split(b"\n")[:-1]
            others = other.read(_HEAD).split(b"\n")[:-1]
        for row, its in zip(rows, others, strict=False):
            if row != its and not row.startswith(b"#"):
                return hashlib.sha256(first.encode() + b"\n" + row).hexdigest()[:32]
        return ""


def _goes_on(path: Path, mark: Mark, size: int) -> bool:
    """Tell whether a file goes on where its mark is: it was not cut, or written anew."""
    at = mark.place
    if at.offset == 0 or at.skipping or mark.size:  # of one that ended the last line had no end
        return path.suffix == ".gz" or at.offset <= size
    if path.suffix != ".gz" and at.offset > size:
        return False
    with opened(path) as stream:
        stream.seek(at.offset - 1)
        return stream.read(1) == b"\n"


def _identity(stream: BinaryIO, log: str) -> str:
    """Return by what a file is known, empty where it has no whole row yet."""
    head = stream.read(_HEAD)
    *lines, rest = head.split(b"\n")
    rows = (line for line in lines if line and not line.startswith(b"#"))
    row = next(rows, rest if len(head) == _HEAD else b"")
    return hashlib.sha256(log.encode() + b"\n" + row).hexdigest()[:32] if row else ""
