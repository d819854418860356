"""Which of the values that were stated of an attribute holds, and how sure that is.

What several protocols say independently is surer than what one says; what one field said before it
said something else no longer counts; what contradicts lowers the confidence, and is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from wardwatch_enrichment import device_types
from wardwatch_enrichment.statements import Statement

SINGLE = ("manufacturer", "model", "type", "class", "serial_number", "udi", "os", "hostname")
_LISTS = ("software_versions",)  # the latest that a field says holds in full
_FRESH = 30 * 86_400.0  # seconds by which one field's latest may be older than another's
_CEILING = 0.99  # nothing that was only overheard is certain
_STATED = 0.5  # what is more likely wrong than right is a hint, and not stated
_SPECIFIC = 0.5  # a particular kind needs as much support of its own to stand for the general one


@dataclass(frozen=True, slots=True)
class Decided:
    """One value of an attribute, with the statements it rests on."""

    name: str
    value: str
    confidence: float
    current: bool
    stated: tuple[Statement, ...]


def decide(stated: Iterable[Statement]) -> Iterator[Decided]:
    """Decide every attribute that the statements are about, in the order of the names.

    Statements come with the latest first; equally good values keep that order.
    """
    by_name: defaultdict[str, dict[str, list[Statement]]] = defaultdict(lambda: defaultdict(list))
    for statement in stated:
        by_name[statement.name][statement.value].append(statement)
    for name in sorted(by_name):
        values = by_name[name]
        yield from _single(name, values) if name in SINGLE else _several(name, values)


def _several(name: str, values: dict[str, list[Statement]]) -> Iterator[Decided]:
    lists = _last_lists(values) if name in _LISTS else None
    for value in _ordered(values):
        found = values[value]
        sure = _support(found)
        current = lists is None or (value in lists and sure >= _STATED)
        yield Decided(name, value, sure, current, tuple(found))


def _last_lists(values: dict[str, list[Statement]]) -> set[str]:
    """Return the values of each field's latest list, as far as it was said not long before the
    others: what another protocol said last year of the software is no longer known to hold."""
    last: defaultdict[str, float] = defaultdict(float)
    for statement in (s for found in values.values() for s in found):
        field = statement.claim.first.field
        last[field] = max(last[field], statement.claim.last_seen)
    fresh = {field for field, at in last.items() if at >= max(last.values()) - _FRESH}
    return {
        value
        for value, found in values.items()
        for s in found
        if (field := s.claim.first.field) in fresh and s.claim.last_seen == last[field]
    }


def _single(name: str, values: dict[str, list[Statement]]) -> Iterator[Decided]:
    ended = _ended(values)
    live = {value: [s for s in found if s not in ended] for value, found in values.items()}
    support = {
        value: _support(
            s for other, found in live.items() if _says(name, other, value) for s in found
        )
        for value in values
    }
    order = {value: at for at, value in enumerate(_ordered(values))}
    ranked = sorted(values, key=lambda v: (-support[v], -_last(values[v]), order[v]))
    best = _most_particular(name, ranked, support)
    against = max((support[v] for v in values if not _agree(name, v, best)), default=0.0)
    for value in [best, *(v for v in ranked if v != best)]:
        chosen = value == best or (name == "hostname" and _agree(name, value, best))
        sure = _contradicted(support[value], against) if chosen else support[value]
        # A value that has ended is as sure as it was.
        confidence = sure or _support(values[value])
        current = chosen and confidence >= _STATED
        yield Decided(name, value, round(confidence, 3), current, tuple(values[value]))


def _ended(values: dict[str, list[Statement]]) -> set[Statement]:
    """Return the statements of which the same field later said something else."""
    began: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for value, found in values.items():
        for statement in found:
            field, at = statement.claim.first.field, statement.claim.first_seen
            began[field][value] = max(at, began[field].get(value, at))
    newest = {
        field: sorted(((at, value) for value, at in starts.items()), reverse=True)[:2]
        for field, starts in began.items()
    }
    return {
        statement
        for value, found in values.items()
        for statement in found
        if any(
            at > statement.claim.last_seen and other != value
            for at, other in newest[statement.claim.first.field]
        )
    }


def _support(statements: Iterable[Statement]) -> float:
    """Return how sure independent statements make a value: each origin counts once."""
    best: defaultdict[str, float] = defaultdict(float)
    for statement in statements:
        best[statement.origin] = max(best[statement.origin], statement.confidence)
    return round(min(1 - prod(1 - confidence for confidence in best.values()), _CEILING), 3)


def _contradicted(sure: float, against: float) -> float:
    """Return how sure a value is beside one that cannot be true with it, by Bayes' rule."""
    right, wrong = sure * (1 - against), (1 - sure) * against
    return min(sure, right / (right + wrong))


def _ordered(values: dict[str, list[Statement]]) -> list[str]:
    return sorted(values, key=lambda v: (-max(s.confidence for s in values[v]), -_last(values[v])))


def _last(statements: Iterable[Statement]) -> float:
    return max(statement.claim.last_seen for statement in statements)


def _says(name: str, one: str, other: str) -> bool:
    """Tell whether who states one value states the other with it."""
    if one == other:
        return True
    if name == "type":
        return other in device_types.lineage(one)
    if name == "os":  # of several that it can be; or a family's name without the version
        return set(one.split(" or ")) <= set(other.split(" or ")) or one.startswith(f"{other} ")
    return name == "hostname" and one.casefold().startswith(f"{other.casefold()}.")


def _agree(name: str, one: str, other: str) -> bool:
    return _says(name, one, other) or _says(name, other, one)


def _most_particular(name: str, ranked: list[str], support: dict[str, float]) -> str:
    """Return the best value; of kinds and systems the most particular that is supported."""
    best = ranked[0]
    for value in ranked[1:]:
        if name in ("type", "os") and support[value] >= _SPECIFIC and _says(name, value, best):
            best = value
    return best
