"""What a row of each log says. One module per log; a new log is a new module and nothing else.

A module names its ``LOG``, the columns it needs (``Row``, a msgspec struct with a ``ts``), and its
``VIEWS``: a view cuts out of a row the part that it judges, and says what that part states. Equal
parts state the same, so a sensor's million rows cost little more than its distinct parts.
The kinds of records in Suricata's eve.json are logs, too: ``eve_flow`` and so on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec


class Statement(NamedTuple):
    """What one row states about `host`; the columns of an `Observation` apart from its origin."""

    host: str
    field: str
    value: str
    mac: str | None = None
    vlan: int | None = None
    subject: str | None = None


class Interval(NamedTuple):
    """What a row sums up from `first` to `last`: how many times, clients, bytes not captured."""

    first: float | str
    last: float | str
    times: int
    clients: int = 0
    missed_bytes: int = 0


class Shown(NamedTuple):
    """What rows show of how `host` is exposed; the columns of an `Exposure` apart from its origin.

    Without an `interval` each row that shows it is one time that it was so, and who is at the other
    end is one of the `peers`, but for coverage.
    """

    host: str
    kind: str
    proto: str | None = None
    port: int | None = None
    state: str | None = None
    by: str | None = None
    value: str | None = None
    mac: str | None = None
    services: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    interval: Interval | None = None


Part = tuple[Any, ...]
Exposed = tuple[Part, str | None, Any]  # a part of a row, who is at the other end, and the row
Vlan = Annotated[int, msgspec.Meta(ge=0, le=4095)]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one part of the rows states.

    `parts` maps each part (hashable) to the last of the rows that have it. `host` is whose a row's
    part is. `states` says what a part states, and raises `ValueError` where it is not what it
    should be.
    """

    parts: Callable[[list[Any]], dict[Part, Any]]
    host: Callable[[Any], str]
    states: Callable[[Part], Iterator[Statement]]


class Parser(Protocol):
    """The shape of a module in this package.

    One of a log of threats also has a function ``alarms``, that yields what a row says of its
    hosts, and raises `ValueError` where it is not what it should be. One whose rows show how hosts
    are exposed has two: ``exposed`` yields the parts of rows that show it, each beginning with the
    host, and the address at the other end (None where there is none); ``exposures`` yields what a
    part shows of that host, and raises `ValueError` where it is not what it should be.
    """

    LOG: str
    Row: type[msgspec.Struct]
    VIEWS: tuple[View, ...]
    SCOPED: bool  # whether the site's networks decide which of its hosts are ours


def load() -> dict[str, Parser]:
    """Return every parser of this package by the name of its log."""
    found: dict[str, Parser] = {}
    for module in pkgutil.iter_modules(__path__):
        parser: Any = importlib.import_module(f"{__name__}.{module.name}")
        found[parser.LOG] = parser
    return found


@lru_cache(maxsize=1 << 16)
def address(value: str) -> str:
    """Return an IP address in its canonical form; raises `ValueError` with the value in it."""
    return str(ip_address(value.partition("%")[0]))


@lru_cache(maxsize=1 << 16)
def network(value: str) -> str:
    """Return a prefix in its canonical form; raises `ValueError` with the value in it."""
    return str(ip_network(value))


@lru_cache(maxsize=1 << 16)
def hardware_address(value: str | None) -> str | None:
    """Return a unicast MAC in lower case with colons, None for none, zero, and group addresses."""
    if not value:
        return None
    digits = value.lower().replace("-", "").replace(":", "")
    if len(digits) != 12 or any(digit not in "0123456789abcdef" for digit in digits):
        raise ValueError(f"not a MAC address: {value[:40]!r}")
    if digits == "0" * 12 or int(digits[1], 16) & 1:
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
