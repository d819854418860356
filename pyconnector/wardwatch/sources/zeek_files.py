"""Zeek's log files: JSON or TSV. https://docs.zeek.org/en/lts/log-formats.html"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from wardwatch.sources.blocks import Block, numbered, one_by_one
from wardwatch.sources.files import (
    LONGEST_LINE,
    LogFile,
    Piece,
    SourceError,
    position,
    reading,
    whole_lines,
)
from wardwatch.sources.zeek_tsv import TsvReader


def read(file: LogFile, row_type: type[msgspec.Struct]) -> Iterator[Block]:
    """Yield the rows of a file as `row_type`, in blocks.

    Raises `SourceError` where the file cannot be read on; what was yielded before is good.
    """
    with reading(file.path) as stream:
        for block in blocks(whole_lines(stream), row_type, file.path):
            block.read = position(stream)
            yield block


def blocks(
    pieces: Iterable[Piece], row_type: type[msgspec.Struct], path: Path, header: bytes = b""
) -> Iterator[Block]:
    """Yield the rows of pieces of a file; `header` is the TSV header that stands before them."""
    reader: _JsonReader | TsvReader | None = None
    if header:
        reader = TsvReader(row_type)
        reader.read(header, 1)
    for text, number, end in pieces:
        if not text:
            bad = [(number, f"longer than {LONGEST_LINE} bytes")] if number else []
            yield Block(rows=[], lines=list, bad=bad, end=end, header=header)
            continue
        if reader is None:
            reader = TsvReader(row_type) if text.startswith(b"#") else _JsonReader(row_type)
        try:
            block = reader.read(text, number)
        except ValueError as error:
            raise SourceError(f"{path}: {error}") from error
        block.end = end
        header = block.header or header
        block.header = header
        yield block


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
        rows, kept, bad = one_by_one(self._decoder, numbered(text, number))
        return Block(rows=rows, lines=lambda: kept, bad=bad)
