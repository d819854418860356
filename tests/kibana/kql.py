"""Kibana's query language, as far as the saved objects use it, translated as Kibana does.

https://www.elastic.co/docs/explore-analyze/query-filter/languages/kql: a text in quotes is a
phrase, `*` alone asks whether a field is there, `*` within a word is a wildcard, braces are nested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Query = dict[str, Any]
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[(){}]|<=|>=|[:<>]|[^\s(){}:<>"]+)')
_RANGES = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class KqlError(ValueError):
    """A query that Kibana would not read."""


def tokens(text: str) -> Iterator[str]:
    """Yield the words of a query."""
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found:
            raise KqlError(f"cannot be read from here: {text[at:]!r}")
        yield found[1]
        at = found.end()


def query(text: str) -> Query:
    """Return what Elasticsearch is asked; everything for an empty text."""
    words = list(tokens(text))
    if not words:
        return {"match_all": {}}
    reading = _Reading(words)
    made = reading.either()
    if reading.left:
        raise KqlError(f"what does {reading.left[0]!r} do in {text!r}?")
    return made


def fields(text: str) -> set[str]:
    """Return the fields that a query asks for."""
    return set(_fields(query(text)))


def _fields(asked: Any) -> Iterator[str]:
    if isinstance(asked, list):
        for one in asked:
            yield from _fields(one)
    elif isinstance(asked, dict):
        for key, inner in asked.items():
            yield from _NAMED[key](inner) if key in _NAMED else _fields(inner)


# What asks for fields, and how it names them.
_NAMED: dict[str, Callable[[Any], Iterable[str]]] = {
    **dict.fromkeys(("match", "match_phrase", "range"), iter),
    "exists": lambda inner: [inner["field"]],
    "query_string": lambda inner: inner["fields"],
    "match_all": lambda _: [],
}


class _Reading:
    """What is left of a query. `nested` is the field whose inner fields are asked for."""

    def __init__(self, words: list[str], nested: str = "") -> None:
        self.left = words
        self._nested = nested

    def either(self) -> Query:
        found = [self._all()]
        while self._takes("or"):
            found.append(self._all())
        return found[0] if len(found) == 1 else _any(found)

    def _all(self) -> Query:
        found = [self._not()]
        while self._takes("and"):
            found.append(self._not())
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _not(self) -> Query:
        if self._takes("not"):
            return {"bool": {"must_not": [self._not()]}}
        if self._takes("("):
            made = self.either()
            self._demand(")")
            return made
        return self._field()

    def _field(self) -> Query:
        name, sign = self._next(), self._next()
        path = f"{self._nested}.{name}" if self._nested else name
        if sign in _RANGES:
            return {"range": {path: {_RANGES[sign]: _bare(self._next())}}}
        if sign != ":":
            raise KqlError(f"a field without what it is to be: {name!r}")
        if self._takes("{"):
            inner = _Reading(self.left, path)
            made = inner.either()
            inner._demand("}")
            return {"nested": {"path": path, "query": made, "score_mode": "none"}}
        return self._value(path)

    def _value(self, path: str) -> Query:
        if self._takes("("):
            found = [self._value(path)]
            while self._takes("or"):
                found.append(self._value(path))
            self._demand(")")
            return _any(found)
        word = self._next()
        if word == "*":
            return {"exists": {"field": path}}
        if word.startswith('"'):
            return {"match_phrase": {path: _bare(word)}}
        if "*" in word:
            return {"query_string": {"fields": [path], "query": word.replace("-", "\\-")}}
        return {"match": {path: {"true": True, "false": False}.get(word, word)}}

    def _next(self) -> str:
        if not self.left:
            raise KqlError("ends in the middle")
        return self.left.pop(0)

    def _takes(self, word: str) -> bool:
        taken = bool(self.left) and self.left[0].lower() == word
        if taken:
            self.left.pop(0)
        return taken

    def _demand(self, word: str) -> None:
        if not self._takes(word):
            raise KqlError(f"no {word!r} at its place")


def _any(found: list[Query]) -> Query:
    return {"bool": {"should": found, "minimum_should_match": 1}}


def _bare(word: str) -> str:
    return word[1:-1].replace('\\"', '"') if word.startswith('"') else word
