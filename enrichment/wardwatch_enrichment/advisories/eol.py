"""endoflife.date: how long the releases of a product are supported.

Its three forms are read: the JSON of the first API (a list of cycles), that of API v1, and the
front matter of the page that a product has in the project's repository.
https://endoflife.date/docs/api/v1/
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import yaml

from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.model import Lifecycle

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_When = date | bool | None


class _Cycle(msgspec.Struct, rename="camel"):
    cycle: str | int | float
    release_label: str = ""
    release_date: date | None = None
    support: _When = None
    eol: _When = None
    extended_support: _When = None
    latest: str | None = None


class _Latest(msgspec.Struct):
    name: str | None = None


class _Release(msgspec.Struct, rename="camel"):
    name: str
    label: str = ""
    release_date: date | None = None
    is_eol: bool | None = None
    eoas_from: date | None = None
    eol_from: date | None = None
    eoes_from: date | None = None
    latest: _Latest | None = None


class _Result(msgspec.Struct):
    name: str
    releases: list[_Release]


class _Product(msgspec.Struct):
    result: _Result


class _Entry(msgspec.Struct, rename="camel"):
    release_cycle: str | int | float
    release_label: str = ""
    release_date: date | None = None
    eoas: _When = None
    eol: _When = None
    eoes: _When = None
    latest: str | int | float | None = None


class _Page(msgspec.Struct):
    permalink: str
    releases: list[_Entry]


def parse(text: bytes | str, product: str) -> tuple[Lifecycle, ...]:
    """Return the life cycles in a document; `product` names it where the document does not."""
    head = text[:4].decode(errors="replace") if isinstance(text, bytes) else text[:4]
    if head.startswith("---"):
        return _from_page(text)
    if head.lstrip().startswith("["):
        return tuple(_from_cycle(product, cycle) for cycle in decode(text, list[_Cycle]))
    result = decode(text, _Product).result
    return tuple(_from_release(result.name, release) for release in result.releases)


def _day(said: _When) -> date | None:
    return said if isinstance(said, date) else None


def _flag(said: _When) -> bool | None:
    return said if isinstance(said, bool) else None


def _from_cycle(product: str, said: _Cycle) -> Lifecycle:
    return Lifecycle(
        product=product,
        cycle=str(said.cycle),
        label=said.release_label,
        release=said.release_date,
        active=_day(said.support),
        eol=_day(said.eol),
        extended=_day(said.extended_support),
        ended=_flag(said.eol),
        latest=said.latest or None,
    )


def _from_release(product: str, said: _Release) -> Lifecycle:
    return Lifecycle(
        product=product,
        cycle=said.name,
        label=said.label,
        release=said.release_date,
        active=said.eoas_from,
        eol=said.eol_from,
        extended=said.eoes_from,
        ended=said.is_eol if said.eol_from is None else None,
        latest=said.latest.name if said.latest else None,
    )


def _from_page(text: bytes | str) -> tuple[Lifecycle, ...]:
    page = text.decode(errors="replace") if isinstance(text, bytes) else text
    _, _, rest = page.partition("---")
    matter, end, _ = rest.partition("\n---")
    if not end:
        raise FeedError("the front matter has no end (---)")
    try:
        content: Any = yaml.load(_without_aliases(matter), _LOADER)  # noqa: S506  a SafeLoader
        found = msgspec.convert(content, _Page, strict=True)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        raise FeedError(f"the front matter is none of a product's page: {error}") from None
    product = found.permalink.strip("/")
    return tuple(_from_entry(product, entry) for entry in found.releases)


def _without_aliases(matter: str) -> str:
    """Refuse YAML's aliases, by which a few lines can stand for gigabytes."""
    try:
        for token in yaml.scan(matter, _LOADER):
            if isinstance(token, yaml.AliasToken):
                raise FeedError(f"line {token.start_mark.line + 1}: YAML aliases are not taken")
    except yaml.YAMLError as error:
        raise FeedError(f"the front matter is no YAML: {error}") from None
    return matter


def _from_entry(product: str, said: _Entry) -> Lifecycle:
    return Lifecycle(
        product=product,
        cycle=str(said.release_cycle),
        label=said.release_label,
        release=said.release_date,
        active=_day(said.eoas),
        eol=_day(said.eol),
        extended=_day(said.eoes),
        ended=_flag(said.eol),
        latest=str(said.latest) if said.latest else None,
    )
