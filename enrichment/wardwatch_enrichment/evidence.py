"""The claims of a site by who made them and of whom, ready for the decisions about identity.

Nodes are texts: ``mac:`` and ``ip:`` hosts, ``subject:`` described devices. A description that
cannot be one unit's alone is another one for each sender.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from wardwatch_enrichment.content import fields
from wardwatch_enrichment.eras import Eras
from wardwatch_enrichment.links import Addresses, is_link_local
from wardwatch_enrichment.model import Binding, Claim
from wardwatch_enrichment.profiles import is_one_unit, profile_of, unit_serials


class Site:
    """An index of claims. `senders` says from when to when a host described a subject."""

    def __init__(self, claims: Iterable[Claim], addresses: Addresses) -> None:
        self.addresses = addresses
        self.said: defaultdict[str, list[Claim]] = defaultdict(list)
        self.seen_at: defaultdict[str, defaultdict[str, list[Claim]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.described: defaultdict[str, list[Claim]] = defaultdict(list)
        self.senders: defaultdict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        self.forwarders: set[str] = set()
        self._heard: dict[str, tuple[float, float]] = {}
        self._received: defaultdict[str, dict[str, float]] = defaultdict(dict)
        descriptions: defaultdict[str, list[tuple[str, Claim]]] = defaultdict(list)
        every = list(claims)
        eras = self._eras(every)
        for whole in every:
            for node, claim in (era for held in self._nodes(whole) for era in eras.of(*held)):
                self.seen_at[node][claim.first.host].append(claim)
                subject = self._take(node, claim)
                if subject:
                    descriptions[subject].append((node, claim))
        for subject, found in descriptions.items():
            self._describe(subject, found)

    def _eras(self, claims: Iterable[Claim]) -> Eras:
        told: defaultdict[str, defaultdict[str, dict[str, tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        for whole in claims:
            for serial in unit_serials(whole.first) if whole.first.subject is None else ():
                for node, claim in self._nodes(whole):
                    known = told[node][whole.first.field]
                    start, end = known.get(serial, (claim.first_seen, claim.last_seen))
                    known[serial] = min(start, claim.first_seen), max(end, claim.last_seen)
        # One field alone: two can spell one unit's number in two ways, at different times.
        return Eras({
            node: max(by_field.values(), key=lambda spans: (len(spans), sorted(spans.items())))
            for node, by_field in told.items()
        })  # fmt: skip

    def _take(self, node: str, claim: Claim) -> str | None:
        """Sort in what a host said; return the subject if it is of another."""
        said = self.said[node]  # a host that only ever sent descriptions is a host, too
        subject, about = claim.first.subject, fields().get(claim.first.field)
        forwards = about is not None and about.forwarder
        if subject and not forwards:
            return subject
        if forwards and subject:
            times = self._received[node]
            times[subject] = min(claim.first_seen, times.get(subject, claim.first_seen))
        elif forwards:
            self.forwarders.add(node)
        said.append(claim)
        return None

    def _nodes(self, claim: Claim) -> list[tuple[str, Claim]]:
        """Return the hosts that made a claim, each with the part of the time that was its own."""
        first = claim.first
        if first.mac and first.mac not in self.addresses.routers:
            return [(f"mac:{first.mac}", claim)]
        start = self.addresses.holder(first.host, first.ts)
        end = self.addresses.holder(first.host, claim.last_seen)
        if start == end or (start and end and start.mac == end.mac):
            node = _node(claim, start)
            return [(node, claim)] if node else []
        pieces = []
        if before := _node(claim, start):
            until = max(first.ts, start.end) if start else first.ts
            pieces.append((before, replace(claim, last_seen=min(until, claim.last_seen))))
        if after := _node(claim, end):
            since = min(claim.last_seen, end.start) if end else claim.last_seen
            pieces.append((after, replace(claim, since=max(since, first.ts))))
        return pieces

    def _describe(self, subject: str, found: list[tuple[str, Claim]]) -> None:
        one_unit = is_one_unit(subject, profile_of(claim for _, claim in found))
        for sender, claim in found:
            node = f"subject:{subject}" if one_unit else f"subject:{subject}@{sender}"
            self.described[node].append(claim)
            span = (claim.first_seen, claim.last_seen)
            start, end = self.senders[node].get(sender, span)
            self.senders[node][sender] = min(start, span[0]), max(end, span[1])

    def origins(self) -> dict[str, list[str]]:
        """Return, for each description that its sender had taken in before, the same ones of
        senders that had not: where it comes from."""
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for node in self.described:
            alike[_told(node)].append(node)
        return {
            node: [other for other in nodes if not self._passed_on(other)]
            for nodes in alike.values()
            for node in nodes
            if "@" in node and self._passed_on(node)
        }

    def _passed_on(self, node: str) -> bool:
        return all(
            self._received[sender].get(_told(node), start) < start
            for sender, (start, _) in self.senders[node].items()
        )

    def heard(self, host: str) -> tuple[float, float]:
        """Return from when to when a host was heard of at all."""
        if host not in self._heard:
            claims = [claim for seen in self.seen_at[host].values() for claim in seen]
            first = min(claim.first_seen for claim in claims)
            self._heard[host] = first, max(claim.last_seen for claim in claims)
        return self._heard[host]

    def took_in(self, host: str, sent: Iterable[str]) -> bool:
        """Tell whether a host took in any of these."""
        return any(_told(node) in self._received[host] for node in sent)

    def takes_in_others(self, host: str, sent: Iterable[str]) -> bool:
        """Tell whether a host took in what it did not make: other subjects than those that it
        sent, or one of these before it sent it."""
        first_sent = {_told(node): self.senders[node][host][0] for node in sent}
        return any(
            subject not in first_sent or at < first_sent[subject]
            for subject, at in self._received[host].items()
        )


def _node(claim: Claim, held: Binding | None) -> str:
    """Return the host that made a claim, by who held its address; empty where it is nobody's."""
    if held:
        return f"mac:{held.mac}"
    # A link-local address alone is nobody's, but what is described from it must not be lost.
    if is_link_local(claim.first.host) and not claim.first.subject:
        return ""
    return f"ip:{claim.first.host}"


def _told(node: str) -> str:
    """Return the subject that a node stands for, as it was logged."""
    return node.removeprefix("subject:").partition("@")[0]
