"""Zeek's log files: JSON or TSV, plain or gzip, current or rotated, one file or whole directories.

https://docs.zeek.org/en/lts/log-formats.html
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from wardwatch.sources.blocks import Block, numbered
from wardwatch.sources.zeek_tsv import TsvReader

BLOCK_BYTES = 1 << 19  # small enough for the rows to stay in a processor cache
LONGEST_LINE = 1 << 20  # Zeek's own are a few hundred bytes

UNKNOWN = "files of other names"  # in place of a log, where a name is none of Zeek's

# conn.log, conn.log.gz, conn.log.1.gz, conn.log-20261122.gz,
# conn.14:00:00-15:00:00.log.gz, conn-26-11-22_14.00.00.log,
# conn_20261122_14:00:00-15:00:00+0000.log.gz, json_streaming_conn.1.log
_NAME = re.compile(
    r"(?:json_streaming_)?(?P<log>[a-z][a-z0-9_]*?)(?:[._-]\d[\dT:._+-]*)?\.log(?:[.-]\d+)?(?:\.gz)?"
)


class SourceError(Exception):
    """A file or directory could not be read; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file of one log, found on disk."""

    path: Path
    log: str


def find(path: Path) -> list[LogFile]:
    """List the logs in a directory and below it, by name, or the one file; raises `SourceError`."""
    try:
        if path.is_dir():
            return _in_directory(path)
        if not path.exists():
            raise SourceError(f"{path}: does not exist; give a Zeek log or a directory of them")
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; check the owner and mode") from error
    if not path.is_file():
        raise SourceError(f"{path}: is no regular file; save what it gives to a file first")
    return [LogFile(path=path, log=_log_of(path))]


def _in_directory(directory: Path) -> list[LogFile]:
    found: list[LogFile] = []
    for path in _files_below(directory):
        if match := _NAME.fullmatch(path.name):
            found.append(LogFile(path=path, log=match["log"]))
        elif ".log" in path.name:
            found.append(LogFile(path=path, log=UNKNOWN))
    if not any(file.log != UNKNOWN for file in found):
        raise SourceError(
            f"{directory}: holds no Zeek logs (*.log, *.log.gz); give Zeek's log directory, "
            "such as /nsm/zeek/logs or /opt/zeek/logs/current"
        )
    return found


def _files_below(directory: Path) -> list[Path]:
    def fail(error: OSError) -> None:
        raise SourceError(f"{error.filename}: {error.strerror}; check the owner and mode")

    below = [
        Path(folder) / name
        for folder, _, names in os.walk(directory, onerror=fail)
        for name in names
    ]
    return sorted(path for path in below if path.is_file())


def _log_of(path: Path) -> str:
    """Name the log of a file that was given by name: by its header, else by its own name."""
    match = _NAME.fullmatch(path.name)
    try:
        with _open(path) as stream:
            head = stream.read(4096)
    except (OSError, EOFError, zlib.error):
        head = b""  # the reader will say what is wrong with it
    if named := re.search(rb"^#path[^\w]+(\w+)", head, re.MULTILINE):
        return named[1].decode()
    if match:
        return match["log"]
    raise SourceError(
        f"{path}: cannot tell which Zeek log this is; name it like Zeek does, as in conn.log"
    )


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def read(file: LogFile, row_type: type[msgspec.Struct]) -> Iterator[Block]:
    """Yield the rows of a file as `row_type`, in blocks.

    Raises `SourceError` where the file cannot be read on; what was yielded before is good.
    """
    path = file.path
    try:
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: is empty; delete it, or copy it again from the sensor")
        with _open(path) as stream:
            yield from _blocks(stream, row_type, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{path}: the gzip data ends early or is damaged ({error}); the rows before that "
            "point are in; copy the file again and repeat"
        ) from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; check the owner and mode") from error


def _blocks(stream: BinaryIO, row_type: type[msgspec.Struct], path: Path) -> Iterator[Block]:
    reader: _JsonReader | TsvReader | None = None
    number = 1
    for text, too_long in _whole_lines(stream):
        if reader is None:
            reader = TsvReader(row_type) if text.startswith(b"#") else _JsonReader(row_type)
        if too_long:
            block = Block(rows=[], lines=list, bad=[(number, f"longer than {LONGEST_LINE} bytes")])
            number += 1
        else:
            try:
                block = reader.read(text, number)
            except ValueError as error:
                raise SourceError(f"{path}: {error}") from error
            number += text.count(b"\n")
        block.read = _position(stream)
        yield block


def _position(stream: BinaryIO) -> int:
    return stream.fileobj.tell() if isinstance(stream, gzip.GzipFile) else stream.tell()


def _whole_lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Yield pieces that end with a line, and True in place of a line that is over-long."""
    rest = b""
    skipping = False
    while chunk := _some(stream):
        if skipping:
            _, newline, chunk = chunk.partition(b"\n")
            if not newline:
                continue
            skipping = False
        text = rest + chunk
        end = text.rfind(b"\n") + 1
        rest = text[end:]
        if end:
            yield text[:end], False
        if len(rest) > LONGEST_LINE:
            rest, skipping = b"", True
            yield b"", True
    if rest:
        yield rest + b"\n", False


def _some(stream: BinaryIO) -> bytes:
    # read1 gives what a truncated gzip still holds, where read would raise and lose it
    return (
        stream.read1(BLOCK_BYTES) if isinstance(stream, gzip.GzipFile) else stream.read(BLOCK_BYTES)
    )


class _JsonReader:
    """One JSON object a line, checked in full, built only where the row type asks."""

    def __init__(self, row_type: type[msgspec.Struct]) -> None:
        self._decoder = msgspec.json.Decoder(row_type)

    def read(self, text: bytes, number: int) -> Block:
        try:
            if not text.isascii():
                text.decode()  # the decoder passes over what it does not build
            return Block(
                rows=self._decoder.decode_lines(text), lines=lambda: numbered(text, number)
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(text, number)

    def _one_by_one(self, text: bytes, number: int) -> Block:
        rows, kept, bad = [], [], []
        for at, line in numbered(text, number):
            try:
                line.decode()
                rows.append(self._decoder.decode(line))
                kept.append((at, line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                bad.append((at, str(error)))
        return Block(rows=rows, lines=lambda: kept, bad=bad)


def total_bytes(files: Iterable[LogFile]) -> int:
    """Add up what is on disk, for a progress bar; files that vanished count nothing."""
    sizes = 0
    for file in files:
        try:
            sizes += file.path.stat().st_size
        except OSError:
            continue
    return sizes
