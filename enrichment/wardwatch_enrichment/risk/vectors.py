"""CVSS vectors of any version as the base metrics of version 3 that the model is made of.

Version 2 has no scope and other words for losses; version 4 tells a vulnerable system apart from
those behind it. What is made of them is coarser, and its origin is printed with it.
https://www.first.org/cvss/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_LOSS = {"N": "N", "P": "L", "C": "H"}
_AUTHENTICATION = {"N": "N", "S": "L", "M": "H"}


class Vector(NamedTuple):
    """A vector of CVSS 3, and what it was made of where that was another version."""

    text: str
    made_of: str | None = None


@lru_cache(maxsize=1 << 14)
def as_version_3(text: str) -> Vector | None:
    """Return a vector of version 3 for one of any version; None where it is none."""
    told = dict(re.findall(r"(?:^|[/(])([A-Za-z]{1,3}):([A-Z])(?=[/)]|$)", text.strip()))
    if text.startswith("CVSS:3"):
        return Vector(text)
    made = _of_4(told) if text.startswith("CVSS:4") else _of_2(told) if "Au" in told else None
    if made is None:
        return None
    metrics = "/".join(f"{name}:{level}" for name, level in made.items())
    return Vector(f"CVSS:3.1/{metrics}", text)


def _of_2(told: Mapping[str, str]) -> dict[str, str] | None:
    """Return version 2: only its low complexity is version 3's, and nobody's help is asked for."""
    if not {"AV", "AC", "Au", "C", "I", "A"} <= told.keys():
        return None
    try:
        losses = {name: _LOSS[told[name]] for name in "CIA"}
        privileges = _AUTHENTICATION[told["Au"]]
    except KeyError:
        return None
    hard = "L" if told["AC"] == "L" else "H"
    return {"AV": told["AV"], "AC": hard, "PR": privileges, "UI": "N", "S": "U", **losses}


def _of_4(told: Mapping[str, str]) -> dict[str, str] | None:
    """Return version 4: what must be met beforehand makes it hard, any help counts as asked for."""
    if not {"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA"} <= told.keys():
        return None
    hard = "H" if "H" in told["AC"] or told["AT"] == "P" else "L"
    beyond = any(told.get(name, "N") != "N" for name in ("SC", "SI", "SA"))
    return {
        "AV": told["AV"],
        "AC": hard,
        "PR": told["PR"],
        "UI": "N" if told["UI"] == "N" else "R",
        "S": "C" if beyond else "U",
        "C": told["VC"],
        "I": told["VI"],
        "A": told["VA"],
    }
