"""Which host a described device is: the one that can be it, where nothing speaks against that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from wardwatch_enrichment.evidence import Site
from wardwatch_enrichment.profiles import Profile, agree, joint, speaks_for_another

Spans = dict[str, tuple[float, float]]


def hosts_of(
    site: Site, entities: Iterable[list[str]], profiles: Mapping[str, Profile]
) -> Iterator[tuple[str, str]]:
    """Yield pairs of a host and a described device that it is.

    `entities` are the descriptions that are known to be of one device each.
    """
    sent: defaultdict[str, list[str]] = defaultdict(list)
    for subject, senders in site.senders.items():
        for sender in senders:
            sent[sender].append(subject)
    able = {
        host
        for host, subjects in sent.items()
        if _speaks_for_itself(site, host, subjects, profiles)
    }
    harmony = _Harmony(entities, sent, profiles)
    for entity in harmony.entities:
        spans = _candidates(site, entity, able)
        if spans and _can_be_one(spans) and harmony.of(entity, spans):
            yield from ((host, entity[0]) for host in spans)


def _speaks_for_itself(
    site: Site, host: str, subjects: list[str], profiles: Mapping[str, Profile]
) -> bool:
    if host in site.forwarders or site.takes_in_others(host, subjects):
        return False
    if any(speaks_for_another(host, profiles[subject]) for subject in subjects):
        return False
    return agree(profiles[subject] for subject in subjects)


class _Harmony:
    """Whether all that some hosts describe can be one device; worked out once for each of them."""

    def __init__(
        self,
        entities: Iterable[list[str]],
        sent: Mapping[str, list[str]],
        profiles: Mapping[str, Profile],
    ) -> None:
        self.entities = list(entities)
        self._of = {subject: entity for entity in self.entities for subject in entity}
        self._sent, self._profiles = sent, profiles
        self._known: dict[frozenset[str], bool] = {}

    def of(self, entity: list[str], hosts: Collection[str]) -> bool:
        """Tell it for a described device and the hosts that could be it."""
        together = {subject for host in hosts for subject in self._sent[host]}
        asked = frozenset(hosts if together.issuperset(entity) else entity)
        if asked not in self._known:
            # What is one device already is not held against itself.
            every = sorted(together.union(entity))
            found = [self._of.get(subject, [subject]) for subject in every]
            one_each = {id(one): one for one in found}
            self._known[asked] = agree(
                joint(self._profiles[subject] for subject in one) for one in one_each.values()
            )
        return self._known[asked]


def _candidates(site: Site, subjects: list[str], able: set[str]) -> Spans:
    """Return the hosts that described any of the subjects, and from when to when they were heard.

    Who took the data in does not count, as long as there is somebody who did not.
    """
    senders = {host for subject in subjects for host in site.senders[subject].keys() & able}
    makers = {host for host in senders if not site.took_in(host, subjects)}
    return {host: site.heard(host) for host in sorted(makers or senders)}


def _can_be_one(spans: Spans) -> bool:
    """Tell whether one device can have been all of the hosts: it was at one place at a time, and
    does not change its hardware address."""
    macs = [node for node in spans if node.startswith("mac:")]
    ordered = sorted(spans.values())
    return len(macs) <= 1 and all(before[1] < after[0] for before, after in pairwise(ordered))
