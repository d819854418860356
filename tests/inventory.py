"""Devices straight from claims, without a store."""

from __future__ import annotations

from collections.abc import Iterable

from wardwatch_enrichment import attributes, identity, ids
from wardwatch_enrichment.links import Addresses, proves_link, sighting
from wardwatch_enrichment.model import Claim, Device


def build(claims: Iterable[Claim]) -> list[Device]:
    """Work out the devices of some claims, without a store."""
    claims = list(claims)
    addresses = Addresses(
        sighting(c.first.host, c.first.value, c.first.field, c.first.ts, c.last_seen)
        for c in claims
        if proves_link(c.first)
    )
    assigned = ids.assign("here", identity.group(claims, addresses), {}, {}, lambda _: None)
    return [attributes.device("here", a.group, a.id, a.merged, addresses) for a in assigned]
