"""Actions as people type them: `block tcp/23,tcp/21 move isolated patch 9.5 replace`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from wardwatch_enrichment import versions
from wardwatch_enrichment.supposed import Supposed

_TAKES = {
    "block": "ports like tcp/23,udp/161, or internet",
    "allow": "ports like tcp/104,tcp/11112",
    "move": "isolated, allowlisted, clinical, enterprise or guest",
    "patch": "a version like 9.5, or vulnerabilities like CVE-2020-12045",
    "watch": "ports like tcp/23",
    "replace": "",
}
_ZONES = {
    "isolated": "isolated",
    "allowlisted": "allowlisted",
    "allow-listed": "allowlisted",
    "clinical": "clinical_shared",
    "clinical_shared": "clinical_shared",
    "enterprise": "enterprise",
    "guest": "guest",
}
_PORT = re.compile(r"(tcp|udp)/(\d{1,5})")
_NUMBER = re.compile(r"(?:CVE-\d{4}-\d{4,7}|ICSM?A-\d\d-\d{3}-\d\d[A-Z]?)", re.IGNORECASE)
_LONGEST = 80


class ActionError(ValueError):
    """An action is none; the message says what is one."""


def parsed(words: Iterable[str]) -> Supposed:
    """Return what is supposed to be done, all together; raises `ActionError`."""
    found = [_action(verb, about) for verb, about in _pairs(words)]
    if not found:
        raise ActionError("no action; " + usage())
    for name in ("zone", "version"):
        if len({getattr(one, name) for one in found} - {None}) > 1:
            raise ActionError(f"a device has one {name}; name one action that sets it")
    return reduce(or_, found)


def usage() -> str:
    """Return what actions there are."""
    told = [f"{verb} {about}".strip() for verb, about in _TAKES.items()]
    return "actions are: " + "; ".join(told)


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each action with what it is about; `block:tcp/23` and `block=tcp/23` do as well."""
    rest = [part for word in words for part in _parts(word)]
    while rest:
        verb = rest.pop(0).casefold()
        if verb not in _TAKES:
            raise ActionError(f"{verb[:_LONGEST]!r} is no action; {usage()}")
        if not _TAKES[verb]:
            yield verb, ""
        elif not rest or rest[0].casefold() in _TAKES:
            raise ActionError(f"{verb} needs {_TAKES[verb]}")
        else:
            yield verb, rest.pop(0)


def _parts(word: str) -> list[str]:
    verb, sign, about = re.match(r"\s*([A-Za-z]*)([:=\s]*)(.*)", word, re.S).groups()  # type: ignore[union-attr]
    if verb.casefold() in _TAKES and sign and about:
        return [verb, about.strip()]
    return [word.strip()]


def _action(verb: str, about: str) -> Supposed:
    if verb == "block" and about.casefold() == "internet":
        return Supposed(sealed=True)
    if verb == "block":
        return Supposed(blocked=_ports(about))
    if verb == "allow":
        return Supposed(allowed=_ports(about))
    if verb == "watch":
        return Supposed(watched=_ports(about))
    if verb == "move":
        if (zone := _ZONES.get(about.casefold())) is None:
            raise ActionError(f"{about[:_LONGEST]!r} is no place to move to; it is {_TAKES[verb]}")
        return Supposed(zone=zone)
    return _patch(about) if verb == "patch" else Supposed(replaced=True)


def _ports(about: str) -> frozenset[str]:
    found = [part.strip().casefold() for part in about.split(",")]
    for port in found:
        fits = _PORT.fullmatch(port)
        if not fits or not 0 < int(fits[2]) < 65_536:
            raise ActionError(f"{port[:_LONGEST]!r} is no port; write tcp/23 or tcp/23,udp/161")
    return frozenset(f"{port[:4]}{int(port[4:])}" for port in found)


def _patch(about: str) -> Supposed:
    numbers = [part.strip() for part in about.split(",")]
    if all(_NUMBER.fullmatch(number) for number in numbers):
        return Supposed(fixed=frozenset(number.upper() for number in numbers))
    if len(about) > _LONGEST or versions.parse(about) is None:
        raise ActionError(f"{about[:_LONGEST]!r} is no version; write {_TAKES['patch']}")
    return Supposed(version=about)


def words(what: Supposed) -> str:
    """Return what is supposed in the words that people type."""
    found = []
    if what.blocked:
        found.append(f"block {','.join(sorted(what.blocked))}")
    if what.sealed:
        found.append("block internet")
    if what.allowed:
        found.append(f"allow {','.join(sorted(what.allowed))}")
    if what.zone:
        found.append(f"move {what.zone.removesuffix('_shared')}")
    if what.version:
        found.append(f"patch {what.version!r}" if " " in what.version else f"patch {what.version}")
    if what.fixed:
        found.append(f"patch {','.join(sorted(what.fixed))}")
    if what.watched:
        found.append(f"watch {','.join(sorted(what.watched))}")
    return " ".join([*found, *(["replace"] if what.replaced else [])])
