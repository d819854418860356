"""Zeek's tab-separated log format: header lines name the columns, their types and the escapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

import msgspec

from wardwatch.sources.blocks import Block, numbered

_HEADER_BYTES = 1 << 16
_ESCAPE = re.compile(rb"\\(?:\\|x([0-9a-fA-F]{2}))")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # what is no number has no order, and no place in a database
        raise ValueError(f"is no number: {text}")
    return number


_NUMBERS: dict[str, Callable[[str], Any]] = {
    "time": _finite,
    "interval": _finite,
    "double": _finite,
    "count": int,
    "int": int,
    "port": int,
    "bool": "T".__eq__,
}


class TsvReader:
    """Rows of one file; the header may change between them, as after a sensor's restart."""

    def __init__(self, row_type: type[msgspec.Struct]) -> None:
        self._row_type = row_type
        self._wanted = {field.encode_name for field in msgspec.structs.fields(row_type)}
        self._head = {"separator": "\t", "set_separator": ",", "empty_field": "(empty)"}
        self._head |= {"unset_field": "-", "fields": "", "types": ""}
        self._columns: list[tuple[str, int, Callable[[str], Any]]] = []
        self._width = 0
        self._lines = b""

    def read(self, text: bytes, number: int) -> Block:
        """Return the rows of whole lines; raises `ValueError` for a useless header."""
        rows, kept, bad = [], [], []
        for at, line in numbered(text, number):
            if line.startswith(b"#"):
                self._header(line.decode(errors="replace"))
                self._keep(line)
                continue
            try:
                rows.append(self._row(line.decode(errors="backslashreplace")))
                kept.append((at, line))
            except (ValueError, msgspec.ValidationError) as error:
                bad.append((at, str(error)))
        return Block(rows=rows, lines=lambda: kept, bad=bad, header=self._lines)

    def _keep(self, line: bytes) -> None:
        """Keep the header in force, for whoever reads on behind it."""
        first = line.startswith(b"#separator")
        self._lines = (b"" if first else self._lines)[:_HEADER_BYTES] + line + b"\n"

    def _header(self, line: str) -> None:
        line = line.rstrip("\r")
        first = line.startswith("#separator")
        name, _, rest = line[1:].partition(" " if first else self._head["separator"])
        if name not in self._head:
            return
        self._head[name] = _unescape(rest) if name == "separator" else rest
        if name == "types":
            self._choose_columns()

    def _choose_columns(self) -> None:
        names = self._head["fields"].split(self._head["separator"])
        types = self._head["types"].split(self._head["separator"])
        required = {
            field.encode_name for field in msgspec.structs.fields(self._row_type) if field.required
        }
        if missing := sorted(required - set(names)):
            raise ValueError(f"has no column {', '.join(missing)}; it is not the log it is named")
        self._width = len(names)
        self._columns = [
            (name, at, self._converter(kind))
            for at, (name, kind) in enumerate(zip(names, types, strict=False))
            if name in self._wanted
        ]

    def _converter(self, kind: str) -> Callable[[str], Any]:
        if kind.startswith(("set[", "vector[")):
            return self._list
        return _NUMBERS.get(kind, _unescape)

    def _list(self, text: str) -> list[str]:
        if text == self._head["empty_field"]:
            return []
        return [_unescape(part) for part in text.split(self._head["set_separator"])]

    def _row(self, line: str) -> Any:
        cells = line.rstrip("\r").split(self._head["separator"])
        if not self._columns:
            raise ValueError("no #fields line stands before it")
        if len(cells) != self._width:
            raise ValueError(f"has {len(cells)} columns, the header names {self._width}")
        unset = self._head["unset_field"]
        named = {
            name: convert(cells[at]) for name, at, convert in self._columns if cells[at] != unset
        }
        return msgspec.convert(named, self._row_type)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(
        lambda match: bytes([int(match[1], 16)]) if match[1] else b"\\",
        text.encode(errors="surrogateescape"),
    )
    return plain.decode(errors="backslashreplace")
