"""Suricata's eve.json: one JSON object a line, of many kinds in one file.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-output.html
A row's evidence is what its parser reads of the line, written anew: the line itself can hold what
nobody asked for, such as URLs with patients' names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from wardwatch.sources.blocks import Block, numbered, one_by_one
from wardwatch.sources.files import (
    EVE,
    LONGEST_LINE,
    LogFile,
    Piece,
    position,
    reading,
    whole_lines,
)

# Within a text the quotation marks would have backslashes before them.
_EVENT_TYPE = re.compile(rb'"event_type"\s*:\s*"([a-z0-9_]+)"')

Line = tuple[int, bytes]


def read(
    file: LogFile, row_types: Mapping[str, type[msgspec.Struct]]
) -> Iterator[tuple[str, Block]]:
    """Yield log and rows of a file in blocks; what cannot be read comes with no log's name.

    `row_types` are by log: ``eve_flow`` is of the events of type flow. Events of no such log are
    passed over. Raises `SourceError` where the file
    cannot be read on; what was yielded before is good.
    """
    with reading(file.path) as stream:
        for log, block in blocks(whole_lines(stream), row_types):
            block.read = position(stream)
            yield log, block


def blocks(
    pieces: Iterable[Piece], row_types: Mapping[str, type[msgspec.Struct]]
) -> Iterator[tuple[str, Block]]:
    """Yield log and rows of pieces of a file; the last block of each piece bears its end."""
    readers = {log: _Reader(row_type) for log, row_type in row_types.items()}
    for text, number, end in pieces:
        if text:
            yield from _blocks(text, number, readers)
        bad = [(number, f"longer than {LONGEST_LINE} bytes")] if number and not text else []
        yield "", Block(rows=[], lines=list, bad=bad, end=end)


def _blocks(
    text: bytes, number: int, readers: Mapping[str, _Reader]
) -> Iterator[tuple[str, Block]]:
    """Yield a block for each log, and one of the lines that are of none."""
    by_log: defaultdict[str, list[Line]] = defaultdict(list)
    bad: list[tuple[int, str]] = []
    for line in numbered(text, number):
        if found := _EVENT_TYPE.search(line[1]):
            by_log[f"{EVE}_{found[1].decode()}"].append(line)
        else:
            bad.append((line[0], "is no record of eve.json: it has no event_type"))
    yield "", Block(rows=[], lines=list, bad=bad)
    for log, lines in by_log.items():
        if reader := readers.get(log):
            yield log, reader.read(lines)


class _Reader:
    """Rows of one event type."""

    def __init__(self, row_type: type[msgspec.Struct]) -> None:
        self._decoder = msgspec.json.Decoder(row_type)

    def read(self, lines: list[Line]) -> Block:
        text = b"\n".join(line for _, line in lines)
        try:
            if not text.isascii():
                text.decode()  # the decoder passes over what it does not build
            rows = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(lines)
        return Block(rows=rows, lines=lambda: _Evidence(lines, self._decoder))

    def _one_by_one(self, lines: list[Line]) -> Block:
        rows, kept, bad = one_by_one(self._decoder, lines)
        return Block(rows=rows, lines=lambda: _Evidence(kept, self._decoder), bad=bad)


class _Evidence:
    """Lines with no more in them than was read, written when somebody asks for one."""

    def __init__(self, lines: list[Line], decoder: msgspec.json.Decoder[msgspec.Struct]) -> None:
        self._lines, self._decoder = lines, decoder

    def __getitem__(self, at: int) -> Line:
        number, line = self._lines[at]
        return number, msgspec.json.encode(self._decoder.decode(line))
