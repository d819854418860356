"""Which id a device has: assigned once, kept through merges, never used twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

from wardwatch_enrichment.identity import Group, rank


def assign(
    site: str, groups: list[Group], owners: Mapping[str, str], created: Mapping[str, int]
) -> list[tuple[Group, str, tuple[str, ...]]]:
    """Give each group its id, and the former ids that it takes over.

    `owners` maps a key to the id that had it; `created` orders ids by age. An id goes to the group
    that has the strongest of its keys; a group with several keeps the oldest. No id is used twice.
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
    taken = set(created)
    result = []
    for number, found in enumerate(groups):
        ids = sorted(awarded[number], key=lambda owner: created.get(owner, 0))
        if not ids:
            ids = [_new_id(site, found.keys[0], taken)]
            taken.add(ids[0])
        result.append((found, ids[0], tuple(ids[1:])))
    return result


def _new_id(site: str, key: str, taken: set[str]) -> str:
    for attempt in range(len(taken) + 1):
        name = hashlib.sha256(f"{site}\n{key}\n{attempt}".encode()).hexdigest()[:16]
        if name not in taken:
            return name
    raise AssertionError("more ids than attempts cannot be taken")
