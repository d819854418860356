"""What the sensor is told to watch: the services through which what is open can be used."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

from wardwatch.risk.site import Site
from wardwatch.store import Store
from wardwatch_enrichment import attempts, watch
from wardwatch_enrichment.attempts import Target

MOST = 50_000


def targets(store: Store, site: str, now: float) -> list[Target]:
    """Return it by the findings as they were last recorded; the same that `rules build` takes."""
    cves: defaultdict[str, set[str]] = defaultdict(set)
    for state in store.last_states(site, every=False):
        if watch.is_watched(state.vulnerability, state.verdict):
            cves[state.device_id].add(state.vulnerability)
    found = (
        target
        for around in Site(store, site, now).arounds(cves)
        for target in attempts.targets(around, cves[around.device.id])
    )
    return list(islice(found, MOST))
