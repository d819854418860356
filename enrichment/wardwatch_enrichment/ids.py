"""Which id a device has: assigned once, kept through merges, never used twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wardwatch_enrichment.identity import Group, rank

_ADDRESS = rank("ip:")


@dataclass(frozen=True, slots=True)
class Assigned:
    """A group with its id, the ids that it takes over, and those that it was a part of."""

    group: Group
    id: str
    merged: tuple[str, ...]
    split_from: tuple[str, ...]


def assign(
    site: str,
    groups: list[Group],
    owners: Mapping[str, str],
    former: Mapping[str, str],
    age: Callable[[str], int | None],
) -> list[Assigned]:
    """Give each group its id.

    `owners` maps a key to the id that has it, `former` to the id that had it before a merge; `age`
    orders ids, and is None for one that was never given. An id goes to the group that has the
    strongest of its keys; a group with several keeps the one that it would be given now, else the
    oldest. What comes out of a merge gets the id back that its keys had, but for mere addresses.
    Else no id is used twice.
    """
    claims_on: dict[str, tuple[int, int]] = {}
    for number, found in enumerate(groups):
        for key in found.keys:
            if owner := owners.get(key):
                bid = (rank(key), number)
                claims_on[owner] = min(claims_on.get(owner, bid), bid)
    awarded: defaultdict[int, list[str]] = defaultdict(list)
    for owner, (_, number) in claims_on.items():
        awarded[number].append(owner)
    given: set[str] = set()
    result = []
    for number, found in enumerate(groups):
        own = _name(site, _first_key(found))
        ids = sorted(awarded[number], key=lambda i: (i != own, age(i) or 0, i))
        split_from: set[str] = set()
        if not ids:
            split_from = {owners[key] for key in found.keys if key in owners}
            had = (former[key] for key in found.keys if key in former and rank(key) < _ADDRESS)
            back = next((name for name in had if name not in given), None)
            ids = [back or _new_id(site, _first_key(found), given, age)]
            given.add(ids[0])
        result.append(Assigned(found, ids[0], tuple(ids[1:]), tuple(sorted(split_from))))
    return result


def _first_key(group: Group) -> str:
    """Return the key under which a device was seen first.

    It is the same whether its claims came in one batch or in many, which stronger keys are not.
    """
    own = [(ip, f"ip:{ip}") for ip in group.seen_at if f"ip:{ip}" in group.keys]
    seen = [(claim.first_seen, key) for ip, key in own for claim in group.seen_at[ip]]
    if seen:
        return min(seen)[1]
    told = ((claim.first_seen, claim.first.subject or "") for claim in group.described)
    first = min(told, default=None)
    return f"subject:{first[1]}" if first else group.keys[0]


def _new_id(site: str, key: str, given: set[str], age: Callable[[str], int | None]) -> str:
    attempt = 0
    while True:
        name = _name(site, key, attempt)
        if name not in given and age(name) is None:
            return name
        attempt += 1


def _name(site: str, key: str, attempt: int = 0) -> str:
    return hashlib.sha256(f"{site}\n{key}\n{attempt}".encode()).hexdigest()[:16]
