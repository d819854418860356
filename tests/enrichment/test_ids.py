"""An id is given once, survives merges and splits, and is never used twice."""

from __future__ import annotations

from collections.abc import Callable

from wardwatch_enrichment import identity, ids
from wardwatch_enrichment.links import Addresses
from wardwatch_enrichment.model import Claim

Claiming = Callable[..., Claim]
Dataset = Callable[..., list[Claim]]

CT, MR, PACS = "10.0.0.1", "10.0.0.2", "10.0.0.9"


def groups(claims: list[Claim]) -> list[identity.Group]:
    """Sort claims that prove no links."""
    return identity.group(claims, Addresses([]))


def owners(assigned: list[tuple[identity.Group, str, tuple[str, ...]]]) -> dict[str, str]:
    """Return what a store remembers of an assignment."""
    return {key: device_id for group, device_id, _ in assigned for key in group.keys}


def test_an_id_is_assigned_once(dataset: Dataset, claim: Claiming) -> None:
    """A host that is known by its address keeps its id when its serial number is heard."""
    before = ids.assign("here", groups([claim(CT, "conn.active", "yes")]), {}, {})
    after = ids.assign(
        "here",
        groups([claim(CT, "conn.active", "yes"), *dataset(CT, None, "GE", "L", "SN4477")]),
        owners(before),
        {before[0][1]: 1},
    )
    assert [(i, former) for _, i, former in after] == [(before[0][1], ())]


def test_a_merge_keeps_the_older_id_and_the_former_one(dataset: Dataset) -> None:
    """Two entries that turn out to be one device."""
    one = dataset(CT, None, "GE", "L", "SN4477")
    other = dataset(MR, None, None, None, None, station="X", ts=99_000.0)
    first = ids.assign("here", groups(one + other), {}, {})
    assert len(first) == 2
    ages = {device_id: number for number, (_, device_id, _) in enumerate(first)}
    moved = one + other + dataset(MR, None, "GE", "L", "SN4477", ts=99_000.0)
    ((_, kept, former),) = ids.assign("here", groups(moved), owners(first), ages)
    assert (kept, former) == (first[0][1], (first[1][1],))


def test_a_split_never_gives_one_id_twice(dataset: Dataset) -> None:
    """The described device has the stronger key and keeps the id; the archive gets a new one."""
    one = dataset(PACS, None, "GE", "L", "SN4477")
    before = ids.assign("here", groups(one), {}, {})
    after = ids.assign(
        "here",
        groups(one + dataset(PACS, None, "GE", "L", "SN4478")),
        owners(before),
        {before[0][1]: 1},
    )
    given = [device_id for _, device_id, _ in after]
    assert len(given) == len(set(given)) == 3
    kept = next(group for group, device_id, _ in after if device_id == before[0][1])
    assert "serial:ge|sn4477" in kept.keys


def test_sites_do_not_share_ids(claim: Claiming) -> None:
    """The same private address at two sites is two devices."""
    found = groups([claim(CT, "conn.active", "yes")])
    given = {ids.assign(site, found, {}, {})[0][1] for site in ("north", "south")}
    assert len(given) == 2
