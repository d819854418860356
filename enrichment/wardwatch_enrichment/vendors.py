"""Manufacturers under the one name that this project writes: ``vendors.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from wardwatch_enrichment.content import data, plain

Makes = Literal["medical", "it", "iot", "building", "mixed"]
# What a company is besides its name; left out where two spellings are compared.
_FORM = re.compile(
    r"(?:[,.\s]+|\b)(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|lp|plc|gmbh|mbh"
    r"|a/s|b\.v|k\.k|n\.v|s\.p\.a|s\.r\.l|ag|kg|kgaa|se|sa|sas|srl|spa|bv|nv|ab|as|oy|aps|pty|pte|kk|sdn"
    r"|bhd|& co|and co)\b\.?",
    re.IGNORECASE,
)
# A run of separators as one, because the pattern above tries each rest of a run.
_RUN = re.compile(r"[,.\s]{2,}")
_LONGEST = 256  # characters that a name is told by


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A manufacturer. `makes` is what its network devices are; `successor` who took it over.

    `module`: others build in what it makes, so that its hardware addresses tell nothing.
    """

    name: str
    makes: Makes
    aliases: tuple[str, ...] = ()
    successor: str | None = None
    module: bool = False


@cache
def vendors() -> dict[str, Vendor]:
    """Return every manufacturer by its canonical name."""
    return {
        name: Vendor(
            name=name,
            makes=entry["makes"],
            aliases=tuple(entry.get("aliases", ())),
            successor=entry.get("successor"),
            module=entry.get("module", False),
        )
        for name, entry in data("vendors.yaml")["vendors"].items()
    }


@lru_cache(maxsize=1 << 14)
def canonical(name: str) -> str | None:
    """Return the canonical name of a manufacturer as somebody spells it; None for an unknown."""
    known = _spellings()
    return known.get(plain(name)) or known.get(bare(name))


def lineage(name: str) -> tuple[str, ...]:
    """Return a manufacturer's canonical name and those of its successors, nearest first."""
    found: list[str] = []
    at = canonical(name)
    while at and at not in found:
        found.append(at)
        at = vendors()[at].successor
    return tuple(found)


def bare(name: str) -> str:
    """Return a company's name without its legal form, as letters and digits only."""
    return plain(_FORM.sub(" ", _RUN.sub(" ", name[:_LONGEST])))


@cache
def _spellings() -> dict[str, str]:
    found: dict[str, str] = {}
    for vendor in vendors().values():
        for spelling in (vendor.name, *vendor.aliases):
            found.setdefault(plain(spelling), vendor.name)
            found.setdefault(bare(spelling), vendor.name)
    found.pop("", None)
    return found
