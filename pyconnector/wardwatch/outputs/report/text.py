"""How the report writes text from the wire, times and confidence."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

# Letters and marks without a shape of their own, which Unicode nevertheless calls printable.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def visible(text: str) -> str:
    """Make every character of a text show: controls, bidi marks, blanks and piled accents."""
    if text.isascii() and text.isprintable():
        return text
    shown, piled = [], 0
    for char in text:
        piled = piled + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        plain = char.isprintable() and piled <= 3 and not _BLANK.match(char)
        shown.append(char if plain else char.encode("unicode_escape").decode())
    return "".join(shown)


def clip(text: str, length: int) -> str:
    """Bound a text and say how much was left out."""
    text = visible(text)
    if len(text) <= length:
        return text
    left_out = f"{len(text) - length:,} more characters"
    return f"{text[:length]}\N{HORIZONTAL ELLIPSIS} ({left_out})"


def moment(time: float, form: str = "%Y-%m-%d %H:%M") -> str:
    """A time in UTC; one that no calendar has is unknown."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return "unknown"


def confidence_word(confidence: float) -> str:
    """Say a confidence of 0 to 1 in a word."""
    return "high" if confidence >= 0.85 else "medium" if confidence >= 0.6 else "low"


def age(time: float, now: float) -> str:
    """Say how long ago a time is in days."""
    days = int(max(now - time, 0.0) // 86_400)
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days:,} days ago"
