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


def assign(
    found: list[identity.Group], before: list[ids.Assigned] | None = None, site: str = "here"
) -> list[ids.Assigned]:
    """Assign ids, with the memory that a store has of what was assigned before."""
    owners = {key: given.id for given in before or [] for key in given.group.keys}
    ages = {given.id: number for number, given in enumerate(before or [], 1)}
    return ids.assign(site, found, owners, {}, ages.get)


def test_an_id_is_assigned_once(dataset: Dataset, claim: Claiming) -> None:
    """A host that is known by its address keeps its id when its serial number is heard."""
    before = assign(groups([claim(CT, "conn.active", "yes")]))
    after = assign(
        groups([claim(CT, "conn.active", "yes"), *dataset(CT, None, "GE", "L", "SN4477")]), before
    )
    assert [(given.id, given.merged) for given in after] == [(before[0].id, ())]


def test_a_merge_keeps_the_older_id_and_the_former_one(dataset: Dataset) -> None:
    """Two entries that turn out to be one device."""
    one = dataset(CT, None, "GE", "L", "SN4477")
    other = dataset(MR, None, None, None, None, station="X", ts=99_000.0)
    first = assign(groups(one + other))
    assert len(first) == 2
    moved = one + other + dataset(MR, None, "GE", "L", "SN4477", ts=99_000.0)
    (kept,) = assign(groups(moved), first)
    assert (kept.id, kept.merged) == (first[0].id, (first[1].id,))


def test_a_split_never_gives_one_id_twice(dataset: Dataset) -> None:
    """The described device has the stronger key and keeps the id; the archive gets a new one."""
    one = dataset(PACS, None, "GE", "L", "SN4477")
    before = assign(groups(one))
    after = assign(groups(one + dataset(PACS, None, "GE", "L", "SN4478")), before)
    assert len({given.id for given in after}) == len(after) == 3
    kept = next(given for given in after if given.id == before[0].id)
    assert "serial:gehealthcare|sn4477" in kept.group.keys
    assert {given.split_from for given in after} == {(), (before[0].id,)}


def test_sites_do_not_share_ids(claim: Claiming) -> None:
    """The same private address at two sites is two devices."""
    found = groups([claim(CT, "conn.active", "yes")])
    given = {assign(found, site=site)[0].id for site in ("north", "south")}
    assert len(given) == 2
