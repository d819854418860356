"""Decisions from CSV, as `wardwatch decisions export` writes them or a spreadsheet saves them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from wardwatch.spreadsheet import unguarded

MAX_BYTES = 100 << 20
_NEEDED = ("finding", "kind")
_SEPARATORS = (",", ";", "\t")


class DecisionFileError(Exception):
    """A file of decisions cannot be taken; the message lists all that is wrong, with its place."""


class Row(NamedTuple):
    """One row: where it stands, and its cells by their headings."""

    place: str
    cells: Mapping[str, str]


def read(path: Path) -> list[Row]:
    """Return the rows of a file; raises `DecisionFileError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DecisionFileError(f"{path}: is over {MAX_BYTES >> 20} MB; split it")
        return list(_rows(path))
    except OSError as error:
        raise DecisionFileError(f"{path}: {error.strerror}; check the name") from None
    except UnicodeDecodeError:
        raise DecisionFileError(f"{path}: is not in UTF-8; save it as `CSV UTF-8`") from None
    except csv.Error as error:
        raise DecisionFileError(f"{path}: is no CSV: {error}") from None


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        first = text.readline()
        text.seek(0)
        reader = csv.reader(text, delimiter=max(_SEPARATORS, key=first.count))
        headings = [heading.strip().casefold() for heading in next(reader, [])]
        if lacking := [name for name in _NEEDED if name not in headings]:
            raise DecisionFileError(
                f"{path}:1: has no column {' and '.join(lacking)}; "
                "`wardwatch decisions export --open` writes a file to fill in"
            )
        if twice := {name for name in headings if name and headings.count(name) > 1}:
            raise DecisionFileError(f"{path}:1: two columns are called {', '.join(sorted(twice))}")
        before = reader.line_num
        for row in reader:
            place, before = f"{path}:{before + 1}", reader.line_num
            if any(cell.strip() for cell in row):
                cells = (unguarded(cell).strip() for cell in row)
                yield Row(place, dict(zip(headings, cells, strict=False)))
