"""Which claims belong to one device.

Strongest key first: manufacturer and serial (or UDI), then MAC, then the address at its time. A
described subject is its sender only where nothing speaks against it; else it is a device of its
own, seen via the sender.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from wardwatch_enrichment import attribution
from wardwatch_enrichment.evidence import Site
from wardwatch_enrichment.links import Addresses, is_link_local
from wardwatch_enrichment.model import Claim
from wardwatch_enrichment.profiles import (
    Profile,
    identity_keys,
    profile_of,
)

_RANKS = ("serial", "udi", "mac", "subject", "ip")
Corrected = tuple[str, str, bool]  # two identity keys, and whether they are of one device


@dataclass(slots=True)
class Group:
    """The claims of one device: what its own addresses said, and what was described of it."""

    keys: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    said: list[Claim] = field(default_factory=list)
    described: list[Claim] = field(default_factory=list)
    seen_at: dict[str, list[Claim]] = field(default_factory=dict)


class _Union:
    """Disjoint sets of node names; those that a person told apart never come into one."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._apart: defaultdict[str, set[str]] = defaultdict(set)

    def root(self, node: str) -> str:
        parent = self._parent.setdefault(node, node)
        while parent != node:
            self._parent[node] = self._parent.setdefault(parent, parent)
            node, parent = parent, self._parent[parent]
        return node

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        if low == high or high in {self.root(node) for node in self._apart[low]}:
            return
        self._parent[high] = low
        self._apart[low] |= self._apart[high]

    def part(self, one: str, other: str) -> None:
        self._apart[self.root(one)].add(other)
        self._apart[self.root(other)].add(one)


def group(
    claims: Iterable[Claim], addresses: Addresses, corrections: Iterable[Corrected] = ()
) -> list[Group]:
    """Sort the claims of one site into devices; what a person corrected comes before all."""
    site = Site(claims, addresses)
    profiles = {node: profile_of(found, node) for node, found in site.described.items()}
    profiles |= {node: profile_of(found) for node, found in site.said.items()}
    keys = identity_keys(profiles)
    union = _Union()
    _correct(union, _nodes(keys, addresses), corrections)
    _join_by_key(union, keys, site.described)
    for subject in site.described:
        for key in keys[subject]:
            if key in site.said:  # the MAC of a host that is seen itself
                union.join(subject, key)
    _join_passed_on(union, site)
    entities: defaultdict[str, list[str]] = defaultdict(list)
    for subject in site.described:
        entities[union.root(subject)].append(subject)
    for host, subject in attribution.hosts_of(site, entities.values(), profiles):
        union.join(host, subject)
    _join_by_key(union, keys, [*site.described, *site.said])
    return _collect(site, union, keys, profiles)


def _nodes(keys: Mapping[str, list[str]], addresses: Addresses) -> Mapping[str, list[str]]:
    """Return which nodes a person can have meant by a key, also by one that has changed since."""
    nodes: defaultdict[str, list[str]] = defaultdict(list)
    for node in sorted(keys):
        for key in sorted({node, *map(without_model, keys[node])}):
            nodes[key].append(node)
        kind, _, mac = node.partition(":")
        for ip in addresses.only_of(mac) if kind == "mac" else ():
            nodes[f"ip:{ip}"].append(node)
    return nodes


def without_model(key: str) -> str:
    """Return a serial key as it is where no other model has the number; other keys as they are."""
    return "|".join(key.split("|")[:2]) if key.startswith("serial:") else key


def _correct(
    union: _Union, nodes: Mapping[str, list[str]], corrections: Iterable[Corrected]
) -> None:
    said = list(corrections)
    for one, other, _ in (told for told in said if not told[2]):
        for node, apart in product(nodes.get(one, ()), nodes.get(other, ())):
            union.part(node, apart)
    for one, other, _ in (told for told in said if told[2]):
        for node, same in product(nodes.get(one, ()), nodes.get(other, ())):
            union.join(node, same)


def _join_by_key(union: _Union, keys: Mapping[str, list[str]], nodes: Iterable[str]) -> None:
    sharing: dict[str, str] = {}
    for node in nodes:
        for key in keys[node]:
            union.join(sharing.setdefault(key, node), node)


def _join_passed_on(union: _Union, site: Site) -> None:
    """Let what was passed on be of the device that it came from."""
    for passed_on, origins in site.origins().items():
        if len(origins) == 1:
            union.join(passed_on, origins[0])
        elif origins:  # of twins: which one is meant cannot be told, and both are known
            del site.described[passed_on]


def _collect(
    site: Site, union: _Union, keys: Mapping[str, list[str]], profiles: Mapping[str, Profile]
) -> list[Group]:
    groups: defaultdict[str, Group] = defaultdict(Group)
    for node, claims in site.said.items():
        found = groups[union.root(node)]
        found.said += claims
        found.hosts.add(node)
        for ip, seen in site.seen_at[node].items():
            found.seen_at.setdefault(ip, []).extend(seen)
        found.keys += [node, *keys[node]]
    for node, claims in site.described.items():
        root = union.root(node)
        if root in groups or _is_a_device(profiles[node]):
            groups[root].described += claims
            groups[root].keys += [node, *keys[node]]
    having = Counter(key for found in groups.values() for key in set(found.keys))
    for found in groups.values():
        found.keys = [key for key in found.keys if having[key] == 1]
        found.keys += _addresses_of_its_own(found, site)
        found.keys = sorted(set(found.keys), key=lambda key: (rank(key), key))
    return sorted(groups.values(), key=lambda found: (rank(found.keys[0]), found.keys))


def _is_a_device(profile: Profile) -> bool:
    """Tell whether a description that no host answers to says enough to stand for a device."""
    return any(profile.get(name) for name in ("model", "serial_number", "udi", "names"))


def _addresses_of_its_own(found: Group, site: Site) -> list[str]:
    """Return keys for addresses that only ever were this group's, so that an entry that began as
    an address alone stays the same once its MAC is known."""
    return [
        f"ip:{ip}"
        for ip in found.seen_at
        if not is_link_local(ip)
        and {f"mac:{mac}" for mac in site.addresses.macs_of(ip)} <= found.hosts
        and (f"ip:{ip}" in found.hosts or f"ip:{ip}" not in site.said)
    ]


def rank(key: str) -> int:
    """Return how strong an identity key is; 0 is the strongest."""
    return _RANKS.index(key.partition(":")[0])


def parts(keys: Iterable[str]) -> list[str]:
    """Return the keys at which a device can be split: hosts and descriptions themselves, and not
    what several can have in common; an address only where it is no other name of a MAC."""
    nodes = [key for key in keys if key.startswith(("mac:", "ip:", "subject:"))]
    if any(key.startswith("mac:") for key in nodes):
        return [key for key in nodes if not key.startswith("ip:")]
    return nodes
