"""What a site tells of itself, row by row, in a canonical form: `fact_columns.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from wardwatch_enrichment import vendors
from wardwatch_enrichment.content import data, plain
from wardwatch_enrichment.device_types import device_types

FactKind = Literal["subnet", "boundary", "device", "patch", "bench", "mds2", "criticality"]
ZONES = ("internet", "guest", "enterprise", "clinical", "isolated")
ACTIONS = ("permit", "deny")
PATCHED = ("applied", "approved", "refused")
TESTED = ("exploitable", "not exploitable")
# What a failure does to a patient, in words of equipment management, and how much that is here.
HARMS = {"life threatening": 9.0, "injury": 6.0}
PHI = {"none": 1.0, "single": 4.0, "clear": 7.0, "archive": 10.0}  # which data of patients it has
_YES, _NO = ("yes", "y", "true", "on", "1", "x"), ("no", "n", "false", "off", "0")
_ANSWERS = {
    **dict.fromkeys(("yes", "y", "true"), "yes"),
    **dict.fromkeys(("no", "n", "false"), "no"),
    **dict.fromkeys(("n/a", "na", "not applicable"), "n/a"),
    **dict.fromkeys(("see note", "see notes"), "see note"),
}
_VULNERABILITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{3,80}")


@cache
def columns() -> dict[str, dict[str, Any]]:
    """Return, for each kind of fact, its columns and their spellings."""
    found: dict[str, dict[str, Any]] = data("fact_columns.yaml")
    return found


def checked(kind: FactKind, row: Mapping[str, str]) -> dict[str, str]:
    """Return a row in its canonical form; raise ValueError with what is wrong in it."""
    values = {name: text.strip() for name, text in row.items() if text.strip()}
    about = columns()[kind]
    if missing := [name for name in about.get("needs", ()) if name not in values]:
        raise ValueError(f"no {' and no '.join(missing)}")
    if "any" in about and not values.keys() & set(about["any"]):
        raise ValueError(f"needs one of {', '.join(about['any'])}")
    if "tells" in about and not values.keys() & set(about["tells"]):
        raise ValueError(f"says nothing: needs one of {', '.join(about['tells'])}")
    found = {name: _checked(name, text) for name, text in values.items()}
    if kind == "criticality" and "type" in found and found["type"] not in device_types():
        raise ValueError(f"type: {found['type']!r} is no known kind of device, and would fit none")
    return found


def _network(text: str) -> str:
    return "any" if text.lower() in ("any", "*") else str(ip_network(text))


def _mac(text: str) -> str:
    digits = plain(text)
    if len(digits) != 12 or set(digits) - set("0123456789abcdef"):
        raise ValueError(f"{text!r} is no hardware address")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _yes_or_no(text: str) -> str:
    return "yes" if _one_of(*_YES, *_NO)(text) in _YES else "no"


def _one_of(*known: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"{text!r} is none of {', '.join(known)}")
        return text.lower()

    return check


@cache
def _types() -> dict[str, str]:
    kinds = device_types().values()
    also = {plain(spelling): kind.name for kind in kinds for spelling in kind.also}
    return also | {plain(kind.name): kind.name for kind in kinds}


def _factor(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no number from 0 to 10") from None
    if not 0 <= value <= 10:
        raise ValueError(f"{text[:60]} is not from 0 to 10")
    return f"{value:g}"


def _harm(text: str) -> str:
    word = " ".join(text.casefold().replace("-", " ").split())
    if word in HARMS:
        return word
    try:
        return _factor(text)
    except ValueError as error:
        raise ValueError(f"{error}, and none of {', '.join(HARMS)}") from None


def _count(text: str) -> str:
    if not text.isdecimal() or len(text) > 6:
        raise ValueError(f"{text[:60]!r} is no number of units")
    return str(int(text))


def _vulnerability(text: str) -> str:
    if not _VULNERABILITY.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no number of a vulnerability or an advisory")
    return text.upper()


_CHECKS: dict[str, Callable[[str], str]] = {
    "cidr": lambda text: str(ip_network(text)),
    "from": _network,
    "to": _network,
    "ip": lambda text: str(ip_address(text)),
    "mac": _mac,
    "zone": _one_of(*ZONES),
    "action": _one_of(*ACTIONS),
    "status": _one_of(*PATCHED),
    "result": _one_of(*TESTED),
    "vulnerability": _vulnerability,
    "question": lambda text: text.upper(),
    "answer": lambda text: _ANSWERS.get(text.casefold(), text),
    "date": lambda text: date.fromisoformat(text).isoformat(),
    "expires": lambda text: date.fromisoformat(text).isoformat(),
    "tapped": _yes_or_no,
    "safety": _harm,
    "effectiveness": _factor,
    "data": _factor,
    "life_sustaining": _yes_or_no,
    "high_risk": _yes_or_no,
    "spares": _count,
    "phi": _one_of(*PHI),
    "manufacturer": lambda text: vendors.canonical(text) or text,
    "type": lambda text: _types().get(plain(text), text),
}


def _checked(name: str, text: str) -> str:
    try:
        return _CHECKS.get(name, str)(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
