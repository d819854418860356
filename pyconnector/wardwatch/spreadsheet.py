"""Cells of a table that no spreadsheet takes for a formula, and back again."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  full-width ones work, too


def guarded(text: str) -> str:
    """Return a cell of one line in which nothing is a formula."""
    text = "".join(c if c.isprintable() else " " for c in text)
    # Where the semicolon is the separator, what follows one is a cell of its own.
    return ";".join(f"'{part}" if _is_formula(part) else part for part in text.split(";"))


def unguarded(cell: str) -> str:
    """Return what a cell was before it was guarded; what never was stays as it is."""
    return ";".join(
        part[1:] if part.startswith("'") and _is_formula(part) else part for part in cell.split(";")
    )


def _is_formula(part: str) -> bool:
    return part.lstrip(" \"'").startswith(_FORMULA)
