"""What every file source yields: rows in blocks, with the way back to their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from wardwatch.sources.files import BEGIN, Place


class Lines(Protocol):
    """Number and text of the lines that rows come from, in the order of the rows."""

    def __getitem__(self, at: int, /) -> tuple[int, bytes]: ...


@dataclass(slots=True, kw_only=True)
class Block:
    """Rows of one file that follow each other, with what was wrong between them.

    `rows` are structs of the parser; `lines` gives number and text of each; `bad` holds (line
    number, reason). `read` is how many bytes of the file on disk are done.
    """

    rows: list[Any]
    lines: Callable[[], Lines]
    bad: list[tuple[int, str]] = field(default_factory=list)
    read: int = 0
    end: Place = BEGIN
    header: bytes = b""


def one_by_one(
    decoder: msgspec.json.Decoder[Any], lines: Iterable[tuple[int, bytes]]
) -> tuple[list[Any], list[tuple[int, bytes]], list[tuple[int, str]]]:
    """Decode lines of which some are wrong: the rows, their lines, and (number, reason) of those.

    The decoder passes over what it does not build, so that each line is checked to be text first.
    """
    rows, kept, bad = [], [], []
    for at, line in lines:
        try:
            line.decode()
            rows.append(decoder.decode(line))
            kept.append((at, line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad.append((at, str(error)))
    return rows, kept, bad


def numbered(text: bytes, number: int) -> list[tuple[int, bytes]]:
    """Split whole lines, the first of which has `number`; blank ones say nothing."""
    lines = text.split(b"\n")
    return [(at, line) for at, line in enumerate(lines, number) if line and not line.isspace()]
