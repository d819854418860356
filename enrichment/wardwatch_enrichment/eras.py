"""One unit after another at the same address: two serial numbers are two devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from math import inf

from wardwatch_enrichment.model import Claim

Spans = Mapping[str, Mapping[str, tuple[float, float]]]


class Eras:
    """From when to when a host was which unit.

    `spans` say from when to when each host called itself by which serial number. Where one number
    follows another, each is a unit's era, and the last keeps the host's own name. Where numbers
    alternate nothing is split: that is a host with several, or one that speaks for others.
    """

    def __init__(self, spans: Spans) -> None:
        self._eras: dict[str, list[tuple[float, float, str]]] = {}
        for host, found in spans.items():
            ordered = sorted((start, end, serial) for serial, (start, end) in found.items())
            if len(ordered) < 2 or any(b[1] >= a[0] for b, a in pairwise(ordered)):
                continue
            starts = [-inf, *(start for start, _, _ in ordered[1:]), inf]
            names = [*(f"{host}@{serial}" for _, _, serial in ordered[:-1]), host]
            self._eras[host] = list(zip(starts[:-1], starts[1:], names, strict=True))

    def of(self, host: str, claim: Claim) -> Iterator[tuple[str, Claim]]:
        """Yield the units that made a host's claim, each with the part of the time that was its."""
        if host not in self._eras:
            yield host, claim
            return
        for start, end, name in self._eras[host]:
            if claim.first_seen < end and claim.last_seen >= start:
                since = max(claim.first_seen, start)
                until = min(claim.last_seen, end)
                yield name, replace(claim, since=since, last_seen=max(since, until))
