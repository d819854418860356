"""Facts of a site from files: address plan, boundaries, equipment register, patches and tests.

A YAML file has a list for each kind (``subnets``, ``boundaries``, ``devices``, ``patches``,
``bench_tests``, ``mds2``, ``criticality``); a CSV file is of one kind, which its headings tell.
Which columns there are says `fact_columns.yaml`. Boundaries also come as a firewall prints them:
`access_lists` (.txt) and `nftables` (.json); the lines of those are counted in rows.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import yaml

from wardwatch.sources import access_lists, nftables
from wardwatch_enrichment.content import identifies, plain, says_something
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.fact_checks import FactKind, checked, columns
from wardwatch_enrichment.facts import KEYS, Fact

_LISTS: dict[str, FactKind] = {
    "subnets": "subnet",
    "boundaries": "boundary",
    "devices": "device",
    "patches": "patch",
    "bench_tests": "bench",
    "mds2": "mds2",
    "criticality": "criticality",
}
MAX_BYTES = 100 << 20
_DESCRIBING = ("manufacturer", "model", "type", "software_versions", "asset_tag")
_NO_ADDRESS = ("dhcp", "dynamic", "static", "auto")
_ABOUT = "vulnerability"
_NAMED = 10  # lines or values that a note names


class FactsError(Exception):
    """A file cannot be taken; the message lists everything that is wrong in it, with its place."""


def read(path: Path, at: float, note: Callable[[str], None] = lambda _: None) -> list[Fact]:
    """Return all facts of a file, told at a time (epoch seconds); all of them, or none.

    `note` is told what a person should know of a file that is taken: what was not used of it.
    """
    found, wrong, nameless = [], [], []
    for line, kind, row in _rows(path, note):
        if kind == "device" and not row.keys() & set(KEYS):
            nameless.append(line)
            continue
        try:
            values = checked(kind, row)
            _not_in_the_future(values, at)
        except ValueError as error:
            wrong.append(f"{path}:{line}: {error}")
        else:
            found.append(Fact(kind=kind, values=values, source=path.name, line=line, at=at))
    if wrong:
        raise FactsError(
            "\n".join(wrong[:20]) + f"\n{len(wrong)} rows are wrong; nothing was taken"
        )
    if nameless and not found:
        raise FactsError(f"{path}: no row names a unit by one of {', '.join(KEYS)}")
    _note_left_out(path, nameless, found, note)
    return found


def _not_in_the_future(values: Mapping[str, str], at: float) -> None:
    """Refuse what is said to have been done on a day that nobody on earth has yet."""
    latest = datetime.fromtimestamp(at + 86_400, UTC).date().isoformat()
    if values.get("date", "") > latest:
        raise ValueError(f"date: {values['date']} is still to come")


def _note_left_out(
    path: Path, nameless: list[int], found: list[Fact], note: Callable[[str], None]
) -> None:
    if nameless:
        where = ", ".join(map(str, nameless[:_NAMED])) + ", …" * (len(nameless) > _NAMED)
        note(f"{path}: left out {len(nameless)} rows without {' or '.join(KEYS)}: {where}")
    types = Counter(
        kind
        for fact in found
        if fact.kind == "device"
        and (kind := fact.values.get("type"))
        and kind not in device_types()
    )
    if types:
        named = ", ".join(f"{kind} ({count})" for kind, count in types.most_common(_NAMED))
        note(f"{path}: {len(types)} types are not known, and kept as they are: {named}")


def _rows(path: Path, note: Callable[[str], None]) -> list[tuple[int, FactKind, dict[str, str]]]:
    form = path.suffix.lower()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FactsError(f"{path}: is over {MAX_BYTES >> 20} MB; no site has so many facts")
        return list(_csv(path, note) if form == ".csv" else _FORMS.get(form, _yaml)(path))
    except (OSError, UnicodeDecodeError, csv.Error, yaml.YAMLError) as error:
        raise FactsError(f"{path}: cannot be read as {_what(path)}: {error}") from error


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


def _csv(path: Path, note: Callable[[str], None]) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        delimiter = _delimiter(text.readline())
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter)
        headings = next(reader, [])
        if not any(heading.strip() for heading in headings):
            raise FactsError(f"{path}: cannot be read as CSV: its first line has no headings")
        kind, names = _kind_of(path, headings)
        if unused := [h for h, name in zip(headings, names, strict=True) if h.strip() and not name]:
            note(f"{path}: columns that are not known, and not used: {', '.join(unused)}")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                place = f"{path}:{reader.line_num}"
                yield reader.line_num, kind, _joined(place, zip(headings, names, cells))  # noqa: B905  rows may be short


def _delimiter(line: str) -> str:
    try:
        return csv.Sniffer().sniff(line, ",;\t|").delimiter
    except csv.Error:  # a single column
        return ","


def _joined(place: str, cells: Iterable[tuple[str, str | None, str]]) -> dict[str, str]:
    """Return what says something in a row, from its headings, their columns and its cells."""
    row: dict[str, str] = {}
    told_by: dict[str, str] = {}
    for heading, name, cell in cells:
        text = cell.strip()
        if not name or not _tells(name, text):
            continue
        if row.get(name, text) != text:
            raise FactsError(
                f"{place}: {told_by[name]} and {heading} are both the {name}, but differ: "
                f"{row[name]!r} and {text!r}; leave one of them out"
            )
        row[name] = text
        told_by[name] = heading
    return row


def _tells(name: str, text: str) -> bool:
    """Tell whether a cell says something: exports write N/A and DHCP where they know nothing."""
    if name in KEYS:
        return identifies(text) and text.casefold() not in _NO_ADDRESS
    return says_something(text) if name in _DESCRIBING else bool(text)


def _kind_of(path: Path, headings: list[str]) -> tuple[FactKind, list[str | None]]:
    """Tell what a table is of: the kind that knows what it needs, and most of the headings."""
    fits = []
    for kind in get_args(FactKind):
        names = [_column(kind, heading) for heading in headings]
        about = columns()[kind]
        one_of = [set(about[key]) for key in ("any", "tells") if key in about]
        if set(about.get("needs", ())) <= set(names) and all(some & set(names) for some in one_of):
            fits.append((sum(name is not None for name in names), kind, names))
    if not fits:
        known = "; ".join(f"{kind}: {', '.join(columns()[kind]['columns'])}" for kind in columns())
        raise FactsError(f"{path}: its headings tell of nothing known; use those of {known}")
    _, kind, names = max(fits, key=lambda fit: fit[0])
    left = [h for h, name in zip(headings, names, strict=True) if h.strip() and not name]
    if kind == "device" and (odd := [h for h in left if _column("patch", h) == _ABOUT]):
        raise FactsError(
            f"{path}: is about vulnerabilities ({odd[0]}), but lacks columns: a patch needs "
            f"{', '.join(columns()['patch']['needs'])}; a bench test "
            f"{', '.join(columns()['bench']['needs'])}"
        )
    return kind, names


def _column(kind: FactKind, heading: str) -> str | None:
    for name, spellings in columns()[kind]["columns"].items():
        if plain(heading) in {plain(name), *map(plain, spellings)}:
            return str(name)
    return None


def _yaml(path: Path) -> Iterator[tuple[int, FactKind, dict[str, str]]]:
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
    if not isinstance(content, dict) or set(content) - set(_LISTS):
        raise FactsError(f"{path}: must have only the lists {', '.join(_LISTS)}")
    for name, rows in content.items():
        if not isinstance(rows, list | None):
            raise FactsError(f"{path}: {name} must be a list")
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
    if nested := [key for key, value in row.items() if not isinstance(value, str | None)]:
        raise FactsError(f"{path}: {name}[{number}]: {', '.join(nested)} must be a single value")
    cells = ((str(key), known[key], value or "") for key, value in row.items())
    return _joined(f"{path}: {name}[{number}]", cells)


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """A loader that takes every scalar but null as text: 0012345 is a serial number, on a word."""


_NULL = "tag:yaml.org,2002:null"
_Loader.yaml_implicit_resolvers = {
    first: [found for found in resolvers if found[0] == _NULL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_FORMS = {".json": _json, ".txt": _access_list}
