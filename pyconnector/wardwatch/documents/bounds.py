"""How large a document may become: what devices and feeds say is cut to what an index takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

TEXT_LENGTH = 512  # twice that in UTF-16 is what `ignore_above` still indexes
LINE_LENGTH = 4096
LIST_LENGTH = 256

_HOLDERS = (dict, list)
_T = TypeVar("_T")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LONG = ("line", "text")  # a log line, to be found again, and a measure with all its warnings


class Cut:
    """Shortens to the limits above, and remembers whether it ever had to."""

    def __init__(self) -> None:
        self.happened = False

    def text(self, value: str | None, length: int = TEXT_LENGTH) -> str | None:
        """Return a text that Elasticsearch can store: valid Unicode, not over `length`."""
        if value is None:
            return None
        if len(value) > length:
            self.happened = True
            value = value[: length - 1] + "…"
        return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)

    def texts(self, values: Iterable[str]) -> list[str | None]:
        """Return the texts of a list that is not over its own limit."""
        return [self.text(value) for value in self.items(values)]

    def items(self, values: Iterable[_T], limit: int = LIST_LENGTH) -> list[_T]:
        """Return the first of the values."""
        found = list(values)
        if len(found) > limit:
            self.happened = True
            del found[limit:]
        return found

    def all(self, value: Any, length: int = TEXT_LENGTH) -> Any:
        """Return a value with all texts and lists in it cut, in every depth."""
        if isinstance(value, str):
            return self.text(value, length)
        if isinstance(value, dict):
            return {
                key: self.all(one, LINE_LENGTH if key in _LONG else TEXT_LENGTH)
                for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.all(one) for one in self.items(value)]
        return value


def known(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that have a value, in every depth of objects."""
    found = {}
    for name, value in fields.items():
        kept = known(value) if isinstance(value, dict) else value
        if kept or (kept is not None and not isinstance(kept, _HOLDERS)):
            found[name] = kept
    return found
