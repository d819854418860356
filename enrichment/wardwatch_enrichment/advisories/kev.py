"""CISA's catalogue of known exploited vulnerabilities, as JSON.

https://www.cisa.gov/known-exploited-vulnerabilities-catalog
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import msgspec

from wardwatch_enrichment.feed_form import CVE, FeedError, decode
from wardwatch_enrichment.model import Exploited


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A release of the catalogue."""

    version: str
    released: datetime
    entries: tuple[Exploited, ...]


class _Entry(msgspec.Struct, rename="camel"):
    cve: Annotated[str, msgspec.Meta(pattern=CVE)] = msgspec.field(name="cveID")
    date_added: date
    due_date: date | None = None
    known_ransomware_campaign_use: str = ""
    vulnerability_name: str = ""
    required_action: str = ""


class _Catalogue(msgspec.Struct, rename="camel"):
    catalog_version: str
    date_released: datetime
    count: int
    vulnerabilities: list[_Entry]


def parse(text: bytes | str) -> Catalogue:
    """Return what a release of the catalogue lists."""
    found = decode(text, _Catalogue)
    if found.date_released.tzinfo is None:
        raise FeedError("$.dateReleased: has no time zone")
    if found.count != len(found.vulnerabilities):
        raise FeedError(
            f"$.count: says {found.count}, but there are {len(found.vulnerabilities)} entries"
        )
    return Catalogue(
        version=found.catalog_version,
        released=found.date_released,
        entries=tuple(map(_entry, found.vulnerabilities)),
    )


def _entry(entry: _Entry) -> Exploited:
    return Exploited(
        cve=entry.cve,
        added=entry.date_added,
        due=entry.due_date,
        ransomware=True if entry.known_ransomware_campaign_use.casefold() == "known" else None,
        name=entry.vulnerability_name,
        action=entry.required_action,
    )
