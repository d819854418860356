"""The files that sensors write, as they lie on disk: plain or gzip, current or rotated.

One file or whole directories; which log a file is tells its name, else its first lines.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, NamedTuple

BLOCK_BYTES = 1 << 19  # small enough for the rows to stay in a processor cache
LONGEST_LINE = 1 << 20  # sensors' own are a few hundred bytes

EVE = "eve"
UNKNOWN = "files of other names"  # in place of a log, where a name is no sensor's

# conn.log, conn.log.gz, conn.log.1.gz, conn.log-20261122.gz,
# conn.14:00:00-15:00:00.log.gz, conn-26-11-22_14.00.00.log,
# conn_20261122_14:00:00-15:00:00+0000.log.gz, json_streaming_conn.1.log
_ZEEK = re.compile(
    r"(?:json_streaming_)?(?P<log>[a-z][a-z0-9_]*?)(?:[._-]\d[\dT:._+-]*)?\.log(?:[.-]\d+)?(?:\.gz)?"
)
# eve.json, eve.json.1.gz, eve.json-20261122.gz, eve-2026-11-22-14:32.json, eve-alert.json
_EVE = re.compile(r"eve(?:[._-][\w.:+-]*?)?\.json(?:[.-]\d+)*(?:\.gz)?")


class SourceError(Exception):
    """A file or directory could not be read; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file of one log, found on disk; the log of Suricata's is `EVE`."""

    path: Path
    log: str


def find(path: Path, problems: list[str] | None = None) -> list[LogFile]:
    """List the logs in a directory and below it, by name, or the one file; raises `SourceError`.

    Where `problems` are given, they are told what cannot be listed below a directory, and the rest
    is.
    """
    try:
        if path.is_dir():
            return _in_directory(path, problems)
        if not path.exists():
            raise SourceError(
                f"{path}: does not exist; give a log of Zeek or Suricata, or a directory of them"
            )
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; check the owner and mode") from error
    if not path.is_file():
        raise SourceError(f"{path}: is no regular file; save what it gives to a file first")
    return [LogFile(path=path, log=_log_of(path))]


def _by_name(name: str) -> str | None:
    if match := _ZEEK.fullmatch(name):
        return match["log"]
    return EVE if _EVE.fullmatch(name) else None


def _in_directory(directory: Path, problems: list[str] | None) -> list[LogFile]:
    found: list[LogFile] = []
    # By name first: of a million other files none is looked at, or kept in memory.
    named = (
        (folder, name, _by_name(name) or UNKNOWN)
        for folder, name in _files_below(directory, problems)
        if ".log" in name or _by_name(name)
    )
    for folder, name, log in sorted(named):
        path = os.path.join(folder, name)  # noqa: PTH118  there can be very many
        if os.path.isfile(path):  # noqa: PTH113
            found.append(LogFile(path=Path(path), log=log))
    if not any(file.log != UNKNOWN for file in found):
        raise SourceError(
            f"{directory}: holds no Zeek logs (*.log, *.log.gz) and no eve.json of Suricata; give "
            "the directory of a sensor's logs, such as /nsm/zeek/logs or /var/log/suricata"
        )
    return found


def _files_below(directory: Path, problems: list[str] | None) -> Iterator[tuple[str, str]]:
    def fail(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):  # it was removed this moment
            return
        told = f"{error.filename}: {error.strerror}; check the owner and mode"
        if problems is None:
            raise SourceError(told)
        problems.append(told)

    for folder, _, names in os.walk(directory, onerror=fail):
        yield from ((folder, name) for name in names)


def _log_of(path: Path) -> str:
    """Name the log of a file that was given by name: by what it begins with, else by its name."""
    try:
        with opened(path) as stream:
            head = stream.read(4096)
    except (OSError, EOFError, zlib.error):
        head = b""  # the reader will say what is wrong with it
    if named := re.search(rb"^#path[^\w]+(\w+)", head, re.MULTILINE):
        return named[1].decode()
    if log := _by_name(path.name):
        return log
    if re.match(rb'\s*\{[^\n]*"event_type"\s*:', head):
        return EVE
    raise SourceError(
        f"{path}: cannot tell which log this is; name it like Zeek or Suricata does, as in "
        "conn.log or eve.json"
    )


def opened(path: Path) -> BinaryIO:
    """Open a file, plain or gzip, whatever its name says."""
    # A pipe that was put in its place would keep us waiting for ever.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
        if not S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(EINVAL, "is no regular file any more", str(path))
        zipped = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file for its rows.

    Raises `SourceError` where it cannot be read on; what was read before is good.
    """
    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: is empty; delete it, or copy it again from the sensor")
        with opened(path) as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{path}: the gzip data ends early or is damaged ({error}); the rows before that "
            "point are in; copy the file again and repeat"
        ) from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; check the owner and mode") from error


def position(stream: BinaryIO) -> int:
    """Return how many bytes of the file on disk are done."""
    return stream.fileobj.tell() if isinstance(stream, gzip.GzipFile) else stream.tell()


@dataclass(frozen=True, slots=True)
class Place:
    """How far the text of a file is taken: bytes, and the number of the line that comes next.

    `skipping` tells that this lies within an over-long line.
    """

    offset: int = 0
    line: int = 1
    skipping: bool = False


BEGIN = Place()


class Piece(NamedTuple):
    """Whole lines, and the place behind them; no text where a line is over-long."""

    text: bytes
    number: int
    end: Place


def whole_lines(stream: BinaryIO, begin: Place = BEGIN, *, rest: bool = True) -> Iterator[Piece]:
    """Yield pieces that end with a line, from a place on at which the stream stands.

    The `rest` after the last newline is a line only where nothing more comes.
    """
    at, kept = begin, b""
    while chunk := _some(stream):
        if at.skipping:
            passed, newline, chunk = chunk.partition(b"\n")
            offset = at.offset + len(passed) + len(newline)
            at = Place(offset, at.line + len(newline), not newline)
            if at.skipping:
                continue
        text = kept + chunk
        end = text.rfind(b"\n") + 1
        kept = text[end:]
        if end:
            number = at.line
            at = Place(at.offset + end, number + text.count(b"\n"))
            yield Piece(text[:end], number, at)
        if len(kept) > LONGEST_LINE:
            number, at = at.line, Place(at.offset + len(kept), at.line, skipping=True)
            kept = b""
            yield Piece(b"", number, at)
    if kept and rest:
        yield Piece(kept + b"\n", at.line, Place(at.offset + len(kept), at.line + 1))
    elif at.skipping:
        yield Piece(b"", 0, at)


def _some(stream: BinaryIO) -> bytes:
    # read1 gives what a truncated gzip still holds, where read would raise and lose it
    return (
        stream.read1(BLOCK_BYTES) if isinstance(stream, gzip.GzipFile) else stream.read(BLOCK_BYTES)
    )


def total_bytes(files: Iterable[LogFile]) -> int:
    """Add up what is on disk, for a progress bar; files that vanished count nothing."""
    sizes = 0
    for file in files:
        try:
            sizes += file.path.stat().st_size
        except OSError:
            continue
    return sizes
