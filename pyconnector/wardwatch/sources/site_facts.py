"""Facts of a site from files: address plan, boundaries, equipment register, patches and tests.

A YAML file has a list for each kind (``subnets``, ``boundaries``, ``devices``, ``patches``,
``bench_tests``, ``mds2``); a CSV file is of one kind, which its headings tell. Which columns there
are says `fact_columns.yaml`. Boundaries also come as a firewall prints them: `access_lists` (.txt)
and `nftables` (.json); the lines of those are counted in rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from wardwatch.sources import access_lists, nftables
from wardwatch_enrichment.content import plain
from wardwatch_enrichment.facts import Fact, FactKind, checked, columns

_LISTS: dict[str, FactKind] = {
    "subnets": "subnet",
    "boundaries": "boundary",
    "devices": "device",
    "patches": "patch",
    "bench_tests": "bench",
    "mds2": "mds2",
}
MAX_BYTES = 100 << 20


class FactsError(Exception):
    """A file cannot be taken; the message lists everything that is wrong in it, with its place."""


def read(path: Path, at: float) -> list[Fact]:
    """Return all facts of a file, told at a time (epoch seconds); all of them, or none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FactsError(f"{path}: is over {MAX_BYTES >> 20} MB; no site has so many facts")
        rows = list(_FORMS.get(path.suffix.lower(), _yaml)(path))
    except (OSError, UnicodeDecodeError, csv.Error, yaml.YAMLError) as error:
        raise FactsError(f"{path}: cannot be read as {_what(path)}: {error}") from error
    found, wrong = [], []
    for line, kind, row in rows:
        try:
            values = checked(kind, row)
        except ValueError as error:
            wrong.append(f"{path}:{line}: {error}")
        else:
            found.append(Fact(kind=kind, values=values, source=path.name, line=line, at=at))
    if wrong:
        raise FactsError(
            "\n".join(wrong[:20]) + f"\n{len(wrong)} rows are wrong; nothing was taken"
        )
    return found


def _what(path: Path) -> str:
    return {".json": "JSON", ".txt": "an access list"}.get(path.suffix, "CSV or YAML")


def _access_list(path: Path) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    text = path.read_text(encoding="utf-8-sig")
    if not access_lists.is_access_list(text):
        raise FactsError(f"{path}: is not what a router prints for `show access-list`")
    yield from _boundary(path, access_lists.read(text))


def _json(path: Path) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    text = path.read_text(encoding="utf-8-sig")
    if '"nftables"' in text[:1000]:
        yield from _boundary(path, nftables.read(text))
    else:  # JSON is YAML, too
        yield from _yaml(path)


def _boundary(
    path: Path, rows: Iterator[dict[str, str]]
) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    try:
        for number, row in enumerate(rows, 1):
            yield number, "boundary", row
    except ValueError as error:
        raise FactsError(f"{path}:{error}; nothing was taken") from None


def _csv(path: Path) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        sample = text.read(8192)
        text.seek(0)
        dialect = csv.Sniffer().sniff(sample.partition("\n")[0], ",;\t|")
        reader = csv.reader(text, dialect)
        headings = next(reader)
        kind, names = _kind_of(path, headings)
        for cells in reader:
            row = {n: c for n, c in zip(names, cells, strict=False) if n}
            if any(cell.strip() for cell in cells):
                yield reader.line_num, kind, row


def _kind_of(path: Path, headings: list[str]) -> tuple[FactKind, list[str | None]]:
    """Tell what a table is of: the kind that knows what it needs, and most of the headings."""
    fits = []
    for kind in get_args(FactKind):
        names = [_column(kind, heading) for heading in headings]
        about = columns()[kind]
        needed, any_of = set(about.get("needs", ())), set(about.get("any", ()))
        if needed <= set(names) and (not any_of or any_of & set(names)):
            fits.append((sum(name is not None for name in names), kind, names))
    if not fits:
        known = "; ".join(f"{kind}: {', '.join(columns()[kind]['columns'])}" for kind in columns())
        raise FactsError(f"{path}: its headings tell of nothing known; use those of {known}")
    _, kind, names = max(fits, key=lambda fit: fit[0])
    return kind, names


def _column(kind: FactKind, heading: str) -> str | None:
    for name, spellings in columns()[kind]["columns"].items():
        if plain(heading) in {plain(name), *map(plain, spellings)}:
            return str(name)
    return None


def _yaml(path: Path) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or set(content) - set(_LISTS):
        raise FactsError(f"{path}: must have only the lists {', '.join(_LISTS)}")
    for name, rows in content.items():
        for number, row in enumerate(rows or [], 1):
            yield number, _LISTS[name], _row(path, name, number, row)


def _row(path: Path, name: str, number: int, row: Any) -> dict[str, str]:
    kind = _LISTS[name]
    if not isinstance(row, Mapping):
        raise FactsError(f"{path}: {name}[{number}] must be a mapping of columns to values")
    known = {key: _column(kind, str(key)) for key in row}
    if unknown := [str(key) for key, column in known.items() if column is None]:
        raise FactsError(
            f"{path}: {name}[{number}]: unknown {', '.join(unknown)}; "
            f"known are {', '.join(columns()[kind]['columns'])}"
        )
    return {str(known[key]): _text(value) for key, value in row.items() if value is not None}


_FORMS = {".csv": _csv, ".json": _json, ".txt": _access_list}


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
