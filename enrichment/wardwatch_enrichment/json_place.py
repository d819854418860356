"""Checked reading of a JSON document: whatever is not as it must be is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wardwatch_enrichment.feed_form import FeedError, decode

AdvisoryError = FeedError  # what is refused, in the one form that all feeds have
_LARGEST = 64 << 20  # bytes; the largest advisories in use have some ten millions


@dataclass(frozen=True, slots=True)
class Place:
    """A value of the document and the way to it."""

    value: Any
    at: str = "$"

    def refuse(self, why: str) -> FeedError:
        """Return the error to raise about this place."""
        return FeedError(f"{self.at}: {why}")

    def object(self, key: str) -> Place:
        """Return the object under a key; an empty one where it is left out."""
        return self._checked(key, dict, {})

    def each(self, key: str) -> Iterator[Place]:
        """Yield the objects of the list under a key, none where it is left out."""
        listed = self._checked(key, list, [])
        for number, value in enumerate(listed.value):
            item = Place(value, f"{listed.at}[{number}]")
            if not isinstance(value, dict):
                raise item.refuse("must be an object")
            yield item

    def strings(self, key: str) -> tuple[str, ...]:
        """Return the strings of the list under a key."""
        listed = self._checked(key, list, [])
        for number, value in enumerate(listed.value):
            if not isinstance(value, str):
                raise Place(value, f"{listed.at}[{number}]").refuse("must be a string")
        return tuple(value.strip() for value in listed.value)

    def text(self, key: str) -> str:
        """Return the string under a key, which must be there and say something."""
        found = self.maybe(key)
        if not found:
            raise FeedError(f"{self.at}.{key}: is missing or empty")
        return found

    def maybe(self, key: str) -> str | None:
        """Return the string under a key without blanks around it; None where it is left out."""
        found: str = self._checked(key, str, "").value
        return repaired(found.strip()) or None

    def number(self, key: str) -> float | None:
        """Return the number under a key, or None."""
        found = self._has().get(key)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
            raise FeedError(f"{self.at}.{key}: must be a number")
        return None if found is None else float(found)

    def time(self, key: str) -> float | None:
        """Return the time under a key as seconds since the epoch; without a zone it is UTC."""
        if not (text := self.maybe(key)):
            return None
        try:
            when = datetime.fromisoformat(text)
            seconds = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise FeedError(f"{self.at}.{key}: not a date and time: {text[:40]!r}") from None
        return seconds

    def _checked(self, key: str, kind: type, without: Any) -> Place:
        value = self._has().get(key)
        place = Place(without if value is None else value, f"{self.at}.{key}")
        if not isinstance(place.value, kind):
            raise place.refuse(f"must be {_CALLED[kind]}")
        return place

    def _has(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.refuse("must be an object")
        return self.value


_CALLED: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}


def load(content: bytes | str) -> Place:
    """Return a JSON document, or say why it is none."""
    if len(content) > _LARGEST:
        raise FeedError(f"$: {len(content)} bytes are more than the {_LARGEST} that are read")
    marked: bytes | str = "\ufeff" if isinstance(content, str) else b"\xef\xbb\xbf"
    document: dict[str, Any] = decode(content.removeprefix(marked), dict[str, Any])  # type: ignore[arg-type]
    return Place(document)


def repaired(text: str) -> str:
    """Return a text whose UTF-8 was once read as Windows-1252, as it was meant; others as is."""
    if not any(mark in text for mark in ("Ã", "Â", "â€")):
        return text
    for wrongly in ("cp1252", "latin-1"):
        try:
            return text.encode(wrongly).decode("utf-8")
        except UnicodeError:
            continue
    return text
