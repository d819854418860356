"""Advisories and evidence brought together: what is open on which device, and what proves it.

Only the advisories that share a token with a device are read for it, and only the devices that
share one with an advisory; what was not read under this knowledge is read then and there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from wardwatch.risk.site import Judged, Site
from wardwatch.store import Store
from wardwatch_enrichment import curation, knowledge, preconditions
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.matching import Index
from wardwatch_enrichment.mitigation.measures import Mitigation, mitigations
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.posture import entries
from wardwatch_enrichment.posture.entries import Posture
from wardwatch_enrichment.preconditions import Precondition
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.subjects import subjects, tokens_of
from wardwatch_enrichment.surroundings import Surroundings

Found = tuple[Device, tuple[Finding, ...]]
_AT_ONCE = 500  # advisories of one transaction
_TOLD = 5  # of those that cannot be read
# What reading a document raises that a former release took.
_ODD = (ArithmeticError, LookupError, TypeError, ValueError)


def read(store: Store) -> dict[str, int]:
    """Read the advisories that are new, or were read with other knowledge.

    Returns, by the ids of those that may be about some, of how many devices each can be. One that
    cannot be read is left out and noted, so that it does not take all the others with it.
    """
    now, hit, odd = knowledge.digest(), {}, []
    unread = store.unread_advisories(now)
    for at in range(0, len(unread), _AT_ONCE):
        with store.transaction():
            for publisher, name in unread[at : at + _AT_ONCE]:
                try:
                    tokens = _read(store, publisher, name, now)
                except _ODD:
                    odd.append((publisher, name))
                    continue
                if count := store.count_subjects(tokens):
                    hit[name] = count
    if odd != store.unreadable():
        with store.transaction():
            store.note_unreadable(odd)
    return hit


def left_out(store: Store) -> list[str]:
    """Return a sentence on each advisory that could not be read, for a person."""
    return [
        f"advisory {name} of {publisher} cannot be read by this release: findings go by what one "
        "before it read, if that did; `wardwatch feeds update` may bring a later one; report this"
        for publisher, name in store.unreadable()[:_TOLD]
    ]


def _read(store: Store, publisher: str, name: str, now: str) -> set[str]:
    """Keep an advisory as it is read, and return by which tokens it is found."""
    found: set[str] = set()
    for document in store.documents(publisher=publisher, name=name):
        advisory = _advisory(document.body)
        tokens = {token for product in advisory.products for token in tokens_of(product)}
        tokens |= {f"cve:{v.cve}" for v in advisory.vulnerabilities if v.cve}
        store.put_advisory(document, advisory, tokens, now)
        found |= tokens
    return found


def advisories(store: Store, tokens: Iterable[str]) -> list[Advisory]:
    """Return the advisories that may be about something with one of the tokens."""
    now = knowledge.digest()
    unread, odd = store.unread_advisories(now), store.unreadable()  # read of a former revision
    about = store.advisories_with(tokens)
    found = [known for name in sorted(about - set(unread)) if (known := store.advisory(*name, now))]
    found += [
        known for name in sorted(about & {*odd} & {*unread}) if (known := _former(store, *name))
    ]
    found += [
        _advisory(document.body)
        for publisher, name in sorted({*unread} - {*odd})
        for document in store.documents(publisher=publisher, name=name)
    ]
    return found


def _former(store: Store, publisher: str, name: str) -> Advisory | None:
    """Return what a former release read, rather than to close what rests on it."""
    try:
        return store.advisory(publisher, name, None)
    except _ODD:
        return None


def _advisory(body: bytes) -> Advisory:
    return curation.decided(csaf.parse(body))


def findings(store: Store, site: str, now: float) -> Iterator[Found]:
    """Yield the devices of a site that have something open or settled, with that."""
    return ((one.around.device, one.findings) for one in judged(Site(store, site, now)))


def judged(site: Site, ids: Iterable[str] | None = None) -> Iterator[Judged]:
    """Yield the devices of a site that have something open or settled, or some of them."""
    wanted = {device.id for device in site.slight} if ids is None else set(ids)
    index = Index(advisories(site.store, site.tokens(wanted)), site.fleet)
    yield from site.judge(wanted, index, with_posture=True)


def site_of(store: Store, device: Device, now: float) -> Site:
    """Return the site of a device, as far as it is needed to judge that."""
    return Site(store, device.site, now, {t for one in subjects(device) for t in one.tokens})


def of_device(store: Store, device: Device, now: float) -> tuple[Finding, ...]:
    """Return what is open or settled on one device of the inventory."""
    known = next(judged(site_of(store, device, now), [device.id]), None)
    return known.findings if known else ()


def of_advisories(site: Site, known: Iterable[Advisory]) -> Iterator[Judged]:
    """Yield the devices of a site that some advisories are about, with what they come to there."""
    index = Index(known, site.fleet)
    yield from site.judge({device.id for device in site.slight if index.matches(device)}, index)


def tokens(known: Iterable[Advisory]) -> set[str]:
    """Return the tokens of what advisories are about."""
    products = (product for advisory in known for product in advisory.products)
    return {token for product in products for token in tokens_of(product)}


def measures(
    store: Store,
    around: Surroundings,
    rated: Iterable[Rated],
    weak: Callable[[Finding], tuple[str, ...]] | None = None,
) -> dict[str, tuple[Mitigation, ...]]:
    """Return what can be done about findings of a device, by their ids, the first choice first.

    `weak` tells the weakness classes of a finding where that is known already.
    """
    made: dict[str, tuple[Mitigation, ...]] = {}
    for one in rated:
        found, entry = one.finding, entry_of(one.finding)
        cwes = weak(found) if weak else _cwes(store, found)
        known = mitigations(found, around, entry, cwes=cwes, factors=one.case.factors)
        made[found.id] = known
    return made


def entry_of(finding: Finding) -> Precondition | Posture | None:
    """Return what a finding was judged by."""
    known = preconditions.preconditions().get(finding.vulnerability)
    return known or next(
        (one for one in entries.entries() if finding.vulnerability.startswith(one.id)), None
    )


def _cwes(store: Store, finding: Finding) -> tuple[str, ...]:
    """Return the weakness classes that its advisory names."""
    now = knowledge.digest()
    for match in finding.matches[:1]:
        for known in store.advisories_called(match.advisory, now):
            for about in known.vulnerabilities if known.publisher == match.publisher else ():
                if about.cve == finding.vulnerability:
                    return about.cwes
    return ()
