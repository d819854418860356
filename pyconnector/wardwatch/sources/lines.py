"""Lines that lie in no file, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from wardwatch.sources import eve_files, zeek_files
from wardwatch.sources.blocks import Block
from wardwatch.sources.files import EVE, Piece, Place

NOWHERE = Path("-")


class Reads(Protocol):
    """What a parser says of the rows that it reads."""

    @property
    def Row(self) -> type[msgspec.Struct]: ...  # noqa: N802  a parser's


def blocks(lines: list[bytes], log: str, known: Mapping[str, Reads]) -> Iterator[tuple[str, Block]]:
    """Yield log and rows of JSON lines of one log; the first line has the number 1."""
    text = b"".join(line + b"\n" for line in lines)
    pieces = [Piece(text, 1, Place(len(text), len(lines) + 1))]
    if log == EVE:
        rows = {name: known[name].Row for name in known if name.startswith(f"{EVE}_")}
        yield from eve_files.blocks(pieces, rows)
    elif log in known:
        for block in zeek_files.blocks(pieces, known[log].Row, NOWHERE):
            yield log, block
