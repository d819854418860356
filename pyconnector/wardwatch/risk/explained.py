"""One finding with all that it rests on: the steps of its figures, its proof, the versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import NamedTuple

from wardwatch.decisions import deciding
from wardwatch.documents.device import iso_time, time_or_null
from wardwatch.documents.finding_json import finding_json
from wardwatch.risk import findings, risks
from wardwatch.risk.ages import Aged, Ages
from wardwatch.risk.site import Judged, Site
from wardwatch.store import Store
from wardwatch.store.feeds import Document, Feed
from wardwatch_enrichment import knowledge
from wardwatch_enrichment.finding import Exposure, Finding
from wardwatch_enrichment.model import Device, Evidence
from wardwatch_enrichment.risk import derivation
from wardwatch_enrichment.risk.derivation import Step
from wardwatch_enrichment.risk.figures import model
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import Standing
from wardwatch_enrichment.risk.zones import Reached
from wardwatch_enrichment.surroundings import Surroundings

FULL = 16  # characters of an id
_SHOWN = 3  # pieces of proof of one attribute
_NAMED = re.compile(r"\(([0-9a-f.:/]+)\)$")  # an address or network
_ATTRIBUTES = {
    "product": ("manufacturer", "model", "software_versions"),
    "component": ("component",),
    "platform": ("os",),
}


class Explained(NamedTuple):
    """A finding on a device; `proof` is what tells that the device is what was searched for.

    `callers` are the rows of who is named where its zone is told, `old` the feeds that it rests on
    and that are old.
    """

    device: Device
    rated: Rated
    steps: tuple[Step, ...]
    proof: tuple[Evidence, ...]
    documents: tuple[Document, ...]
    feeds: tuple[Feed, ...]
    standing: Standing
    callers: tuple[Exposure, ...]
    old: tuple[Aged, ...]


def explained(
    store: Store, begins: str, sites: Iterable[str], now: float, decided: Policy
) -> Iterator[Explained]:
    """Yield the findings whose id begins so."""
    feeds, ages = tuple(store.feeds()), Ages(store, now)
    for site in sites:
        place, said = Site(store, site, now), deciding.by_finding(store, site)
        rating = risks.rater(place, decided)
        for around, found in _judged(place, begins):
            wanted = [one for one in found if one.id.startswith(begins)]
            for rated in rating.rate(around, wanted):
                told = derivation.explain(rated.case, rated.risk, rated.evidence, decided.figures)
                about = rated.finding
                proof = tuple(dict.fromkeys(_proof(about, around.device)))
                documents = tuple(_documents(about, store))
                held = deciding.standing_of(rated, said, now)
                rows = tuple(_callers(rated.reached, around))
                old = ages.of(about)
                yield Explained(
                    around.device, rated, told.steps, proof, documents, feeds, held, rows, old
                )
                if len(begins) == FULL:
                    return


def _judged(place: Site, begins: str) -> Iterator[Judged]:
    """Yield the devices that may have the finding: where it was seen last, else all."""
    where = place.store.open_findings(place.name).get(begins)
    if where:
        yield from findings.judged(place, [where])
    yield from findings.judged(place)


def _proof(finding: Finding, device: Device) -> Iterator[Evidence]:
    """Yield what tells that a device is what its advisories were searched by."""
    kinds = {match.type for match in finding.matches}
    names = [name for kind, names in _ATTRIBUTES.items() if kind in kinds for name in names]
    searched = {text for match in finding.matches for text in match.searched_by.values()}
    for attribute in device.attributes:
        if attribute.name not in names or not attribute.current:
            continue
        if attribute.name == "component" and not _is_meant(attribute.value, searched):
            continue
        yield from attribute.evidence[:_SHOWN]


def _is_meant(component: str, searched: Iterable[str]) -> bool:
    """Tell whether a component, with its version behind it, is one that was searched for."""
    return any(component.casefold().startswith(one.casefold()) for one in searched if one)


def _callers(reached: Reached, around: Surroundings) -> Iterator[Exposure]:
    """Yield the latest row of the one who is named where the zone is told."""
    named = _NAMED.search(reached.reason)
    kinds = ("peers", "service")
    rows = [r for r in around.rows if r.kind in kinds and named and named[1] in r.peers]
    yield from sorted(rows, key=lambda row: row.last_seen)[-1:]


def _documents(finding: Finding, store: Store) -> Iterator[Document]:
    for name in dict.fromkeys(match.advisory for match in finding.matches):
        yield from store.documents(name=name)


def would_change(finding: Finding) -> tuple[str, ...]:
    """Return what would make the answers others than they are."""
    told: dict[str, None] = {}
    for answer in finding.answers:
        if answer.missing:
            told[f"{answer.predicate}: {answer.missing}"] = None
        for ground in answer.grounds:
            told |= {f"{answer.predicate}: {one}": None for one in ground.void}
    if finding.assumed:
        told["somebody looks up what the vulnerability needs; until then it is assumed"] = None
    return tuple(told)


def explained_json(one: Explained) -> dict[str, object]:
    """Return a finding as `findings --json` has it, and all that it was worked out from."""
    return {
        **finding_json(one.device, one.rated, one.standing, [old.json for old in one.old]),
        "steps": [step._asdict() for step in one.steps],
        "identity": [_evidence(evidence) for evidence in one.proof],
        "callers": [_row(row) for row in one.callers],
        "advisories": [_document(document) for document in one.documents],
        "would_change": list(would_change(one.rated.finding)),
        "data_versions": {
            "model": str(model()["model"]),
            "knowledge": knowledge.digest(),
            "feeds": [_feed(feed) for feed in one.feeds],
        },
    }


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {**asdict(evidence), "time": iso_time(evidence.time)}


def _row(row: Exposure) -> dict[str, object]:
    time = iso_time(row.last_seen)
    return {"log": row.log, "sensor": row.sensor, "time": time, "line": row.line}


def _document(document: Document) -> dict[str, object]:
    return {
        "publisher": document.publisher,
        "id": document.id,
        "version": document.version,
        "released": iso_time(document.released),
        "sha256": document.sha256,
        "url": document.url,
        "verified": document.verified,
    }


def _feed(feed: Feed) -> dict[str, object]:
    return {
        "name": feed.name,
        "version": feed.version,
        "newest": time_or_null(feed.newest),
        "taken": time_or_null(feed.taken),
        "records": feed.records,
    }
