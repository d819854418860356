"""A table where the window is too narrow for its columns: what one row says, below another."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

_WORD = 20  # a longer word may be broken, before a whole table is
_GAP = 3  # what stands between two columns


def fits(table: Table, width: int) -> bool:
    """Return whether a table can be shown without breaking words that are not long."""
    return sum(_longest(table, at) + _GAP for at in range(len(table.columns))) <= width


def listed(table: Table) -> Iterator[Text]:
    """Yield the rows of a table, each as its first cell and the others with their headings."""
    headings = [str(column.header) for column in table.columns]
    for row in zip(*(column.cells for column in table.columns), strict=True):
        first, *rest = (cell if isinstance(cell, Text) else Text(str(cell)) for cell in row)
        line = Text.assemble(first)
        for heading, cell in zip(headings[1:], rest, strict=True):
            if cell.plain.strip():
                value = Text(", ").join(cell.split("\n")) if "\n" in cell.plain else cell
                line.append(f"; {heading} ", "dim").append_text(value)
        yield line
        yield Text("")


def _longest(table: Table, at: int) -> int:
    column = table.columns[at]
    cells = [str(column.header), *(getattr(cell, "plain", str(cell)) for cell in column.cells)]
    if column.no_wrap:
        return max(map(len, cells))
    return min(max(len(word) for cell in cells for word in ["", *cell.split()]), _WORD)
