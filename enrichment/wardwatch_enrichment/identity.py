"""Which claims belong to one device.

Strongest key first: manufacturer and serial (or UDI), then MAC, then the address at its time. A
described subject is its sender only where nothing speaks against it; else it is a device of its
own, seen via the sender.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from wardwatch_enrichment.content import fields, identifies
from wardwatch_enrichment.links import Addresses, is_link_local
from wardwatch_enrichment.model import Claim

_TELLS_APART = ("manufacturer", "model", "serial_number", "names")
_PROFILE = (*_TELLS_APART, "udi")
_RANKS = ("serial", "udi", "mac", "subject", "ip")


@dataclass(slots=True)
class Group:
    """The claims of one device: what its own addresses said, and what was described of it."""

    keys: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    said: list[Claim] = field(default_factory=list)
    described: list[Claim] = field(default_factory=list)
    seen_at: dict[str, list[Claim]] = field(default_factory=dict)


Profile = dict[str, set[str]]


class _Union:
    """Disjoint sets of node names."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, node: str) -> str:
        parent = self._parent.setdefault(node, node)
        while parent != node:
            self._parent[node] = self._parent.setdefault(parent, parent)
            node, parent = parent, self._parent[parent]
        return node

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low


class _Site:
    """The claims of a site, indexed for the decisions below."""

    def __init__(self, claims: Iterable[Claim], addresses: Addresses) -> None:
        self.addresses = addresses
        self.union = _Union()
        self.said: defaultdict[str, list[Claim]] = defaultdict(list)
        self.described: defaultdict[str, list[Claim]] = defaultdict(list)
        self.senders: defaultdict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        self.forwarders: set[str] = set()
        self.seen_at: defaultdict[str, defaultdict[str, list[Claim]]] = defaultdict(
            lambda: defaultdict(list)
        )
        known = fields()
        for claim in claims:
            for node in self._nodes(claim):
                self.said[node]  # a host that only ever sent descriptions is a host, too
                self.seen_at[node][claim.first.host].append(claim)
                if claim.first.field in known and known[claim.first.field].forwarder:
                    self.forwarders.add(node)
                    self.said[node].append(claim)
                elif claim.first.subject is None:
                    self.said[node].append(claim)
                else:
                    self._describe(f"subject:{claim.first.subject}", node, claim)

    def _nodes(self, claim: Claim) -> set[str]:
        first = claim.first
        if first.mac and first.mac not in self.addresses.routers:
            return {f"mac:{first.mac}"}
        return {self._node(first.host, at) for at in (first.ts, claim.last_seen)} - {""}

    def _node(self, ip: str, at: float) -> str:
        if held := self.addresses.holder(ip, at):
            return f"mac:{held.mac}"
        return "" if is_link_local(ip) else f"ip:{ip}"

    def _describe(self, subject: str, sender: str, claim: Claim) -> None:
        if claim not in self.described[subject][-1:]:
            self.described[subject].append(claim)
        start, end = self.senders[subject].get(sender, (claim.first.ts, claim.last_seen))
        self.senders[subject][sender] = min(start, claim.first.ts), max(end, claim.last_seen)


def group(claims: Iterable[Claim], addresses: Addresses) -> list[Group]:
    """Sort the claims of one site into devices."""
    site = _Site(claims, addresses)
    profiles = {node: _profile(claims) for node, claims in site.described.items()}
    profiles |= {node: _profile(claims) for node, claims in site.said.items()}
    keys = _identity_keys(profiles)
    for nodes in _by_key(keys, site.described).values():
        for other in nodes[1:]:
            site.union.join(nodes[0], other)
    for subject in site.described:
        for key in keys[subject]:
            if key in site.said:  # the MAC of a host that is seen itself
                site.union.join(subject, key)
    _attribute_subjects(site, profiles)
    for nodes in _by_key(keys, site.said).values():
        for other in nodes[1:]:
            site.union.join(nodes[0], other)
    return _collect(site, keys, profiles)


def _profile(claims: Iterable[Claim]) -> Profile:
    known = fields()
    profile: Profile = defaultdict(set)
    for claim in claims:
        about = known.get(claim.first.field)
        if about and about.attribute == "macs":
            profile["macs"].add(claim.first.value.lower())
        elif about and about.attribute in _PROFILE and identifies(claim.first.value):
            profile[about.attribute].add(_plain(claim.first.value))
    return profile


@lru_cache(maxsize=1 << 16)
def _plain(value: str) -> str:
    return "".join(character for character in value.casefold() if character.isalnum())


def _identity_keys(profiles: Mapping[str, Profile]) -> dict[str, list[str]]:
    """Return the serial, UDI and MAC keys of each node.

    One serial under two models of a manufacturer is two devices: the model joins the key.
    """
    models: defaultdict[str, set[str]] = defaultdict(set)
    serials: dict[str, list[str]] = {}
    for node, profile in profiles.items():
        serials[node] = [
            f"serial:{maker}|{serial}"
            for maker in sorted(profile.get("manufacturer", ()))
            for serial in sorted(profile.get("serial_number", ()))
        ]
        for key in serials[node]:
            models[key] |= profile.get("model", set())
    keys = {}
    for node, profile in profiles.items():
        named = "|".join(sorted(profile.get("model", ())))
        keys[node] = [f"udi:{udi}" for udi in sorted(profile.get("udi", ()))]
        if node.startswith("subject:"):  # a host's own are its node
            keys[node] += [f"mac:{mac}" for mac in sorted(profile.get("macs", ()))]
        keys[node] += [f"{key}|{named}" if len(models[key]) > 1 else key for key in serials[node]]
    return keys


def _by_key(keys: Mapping[str, list[str]], nodes: Iterable[str]) -> dict[str, list[str]]:
    sharing: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        for key in keys[node]:
            sharing[key].append(node)
    return sharing


def _attribute_subjects(site: _Site, profiles: Mapping[str, Profile]) -> None:
    """Join each described device with the one host that can be it, where there is just one."""
    described: defaultdict[str, list[str]] = defaultdict(list)
    for subject in site.described:
        described[site.union.root(subject)].append(subject)
    single = _single_minded(site, profiles)
    for subjects in described.values():
        spans = _when_sent(site, subjects, single)
        if _one_after_the_other(spans.values()):
            for sender in spans:
                site.union.join(sender, subjects[0])


def _single_minded(site: _Site, profiles: Mapping[str, Profile]) -> set[str]:
    """Return the hosts that only ever described one device, and took in nobody else's data."""
    sent: defaultdict[str, list[str]] = defaultdict(list)
    for subject, senders in site.senders.items():
        for sender in senders:
            sent[sender].append(subject)
    return {
        sender
        for sender, subjects in sent.items()
        if sender not in site.forwarders and _agree(profiles[subject] for subject in subjects)
    }


def _when_sent(
    site: _Site, subjects: Iterable[str], by: set[str]
) -> dict[str, tuple[float, float]]:
    """Return from when to when each of the hosts described any of the subjects."""
    spans: dict[str, tuple[float, float]] = {}
    for subject in subjects:
        for sender in site.senders[subject].keys() & by:
            start, end = site.senders[subject][sender]
            low, high = spans.get(sender, (start, end))
            spans[sender] = min(low, start), max(high, end)
    return spans


def _agree(profiles: Iterable[Profile]) -> bool:
    """Tell whether descriptions can be of one device: no two of them contradict each other."""
    joint: Profile = {}
    for profile in profiles:
        for name in _TELLS_APART:
            values = profile.get(name, set())
            if values and joint.get(name) and not values & joint[name]:
                return False
            joint[name] = joint.get(name, set()) | values
    return True


def _one_after_the_other(spans: Iterable[tuple[float, float]]) -> bool:
    """Tell whether a device can have been at all places: it cannot be at two at a time."""
    return all(before[1] < after[0] for before, after in pairwise(sorted(spans)))


def _collect(
    site: _Site, keys: Mapping[str, list[str]], profiles: Mapping[str, Profile]
) -> list[Group]:
    groups: defaultdict[str, Group] = defaultdict(Group)
    for node, claims in site.said.items():
        found = groups[site.union.root(node)]
        found.said += claims
        found.hosts.add(node)
        for ip, seen in site.seen_at[node].items():
            found.seen_at.setdefault(ip, []).extend(seen)
        found.keys += [node, *keys[node]]
    for node, claims in site.described.items():
        root = site.union.root(node)
        if root in groups or _is_a_device(profiles[node]):
            groups[root].described += claims
            groups[root].keys += [node, *keys[node]]
    for found in groups.values():
        found.keys += _addresses_of_its_own(found, site.addresses)
        found.keys = sorted(set(found.keys), key=lambda key: (rank(key), key))
    return sorted(groups.values(), key=lambda found: (rank(found.keys[0]), found.keys))


def _is_a_device(profile: Profile) -> bool:
    """Tell whether a description that no host answers to says enough to stand for a device."""
    return any(profile.get(name) for name in ("model", "serial_number", "udi", "names"))


def _addresses_of_its_own(found: Group, addresses: Addresses) -> list[str]:
    """Return keys for addresses that only ever were this group's, so that an entry that began as
    an address alone stays the same once its MAC is known."""
    return [
        f"ip:{ip}"
        for ip in found.seen_at
        if not is_link_local(ip) and {f"mac:{mac}" for mac in addresses.macs_of(ip)} <= found.hosts
    ]


def rank(key: str) -> int:
    """Return how strong an identity key is; 0 is the strongest."""
    return _RANKS.index(key.partition(":")[0])
