"""Whom a device talks to, as its document says it."""

from __future__ import annotations

from wardwatch.documents.bounds import known
from wardwatch_enrichment.surroundings import Surroundings

PEERS = 64  # in each direction; sensors already fold many addresses into prefixes


def peer_fields(around: Surroundings) -> dict[str, object]:
    """Return who called it, whom it called, and in which zones those are."""
    rows = tuple(around.of("peers"))
    callers = sorted({peer for row in rows if row.value == "from" for peer in row.peers})
    called = sorted({peer for row in rows if row.value == "to" for peer in row.peers})
    zones = sorted(around.zones(rows))
    return known({"callers": callers[:PEERS], "called": called[:PEERS], "zones": zones})
