"""The open findings of a site as they are published: with what people decided and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from elasticsearch import Elasticsearch

from wardwatch import pipeline
from wardwatch.decisions import deciding
from wardwatch.documents.device import iso_time
from wardwatch.documents.finding import (
    Document,
    Listed,
    Told,
    device_risk,
    finding_document,
)
from wardwatch.outputs import elasticsearch
from wardwatch.outputs.elasticsearch_bulk import PublishResult
from wardwatch.outputs.elasticsearch_findings import Findings, publish_findings
from wardwatch.risk import findings, recording, risks
from wardwatch.risk.risks import Appraised
from wardwatch.store import Store
from wardwatch_enrichment import knowledge
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.finding import SETTLED, Finding
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import Standing, State, standing

_ADVISORIES = 4096  # that are in memory


class Publishing:
    """One site at one time. `risks` fills with what findings come to, while they are worked out."""

    def __init__(self, store: Store, site: str, now: float, decided: Policy) -> None:
        self.store, self.site, self.now = store, site, now
        self._decided = decided
        self._decisions = deciding.by_finding(store, site)
        self._versions = tuple(
            f"{feed.name} {feed.version or iso_time(feed.newest or feed.taken)[:10]}"
            for feed in store.feeds()
            if feed.taken is not None
        )
        self.risks: dict[str, Mapping[str, object]] = {}

        @lru_cache(_ADVISORIES)
        def advisory(publisher: str, name: str) -> Advisory | None:
            called = store.advisories_called(name, knowledge.digest())
            return next((one for one in called if one.publisher == publisher), None)

        self._advisory = advisory

    def documents(self) -> Iterator[Document]:
        """Yield the document of each open finding."""
        for one in risks.of_site(self.store, self.site, self.now, self._decided):
            listed = self._listed(one)
            clocks = [o.rated.clock for o in listed if not o.standing.accepted]
            waiting = [clock.due for clock in clocks if clock and clock.due is not None]
            self.risks[one.device.id] = device_risk(one.whole, min(waiting, default=None))
            yield from map(finding_document, listed)

    def closed(self) -> Iterator[State]:
        """Yield the last states of the findings that are recorded as closed."""
        return self.store.closed_states(self.site)

    def _listed(self, one: Appraised) -> list[Listed]:
        """Return the open findings of a device with all that is shown of them."""
        open_ = tuple(r for r in one.rated if r.finding.affected not in SETTLED)
        measures = findings.measures(self.store, one.around, open_)
        ((_, dated),) = recording.dated(self.store, [(one.device, open_)], self.now, self._decided)
        return [
            Listed(
                device=one.device,
                rated=rated,
                told=self._told(rated.finding),
                standing=self._standing(rated),
                measures=measures[rated.finding.id],
                versions=self._versions,
                figures=self._decided.figures,
            )
            for rated in dated
        ]

    def _standing(self, rated: Rated) -> Standing:
        known = self._decisions.get(rated.finding.id, ())
        return standing(known, self.now, deciding.grade(rated))

    def _told(self, finding: Finding) -> Told:
        """Return what the advisory of a finding says beside what the finding keeps."""
        for match in finding.matches[:1]:
            advisory = self._advisory(match.publisher, match.advisory)
            if advisory:
                return _said(advisory, finding)
        return Told()


def _said(advisory: Advisory, finding: Finding) -> Told:
    links = [r.url for r in advisory.references if r.category == "self"]
    links = [url for url in links if url.startswith("https://")]
    pages = (url for url in links if not url.endswith(".json"))  # before the file for programs
    reference = next(pages, next(iter(links), None))
    for about in advisory.vulnerabilities:
        if advisory.number_of(about) == finding.vulnerability:
            score = next((s for s in about.scores if s.vector == finding.cvss), None)
            return Told(
                base=score.base if score else None,
                severity=score.severity if score else None,
                reference=reference,
                weaknesses=about.cwes,
            )
    return Told(reference=reference)


def published(
    client: Elasticsearch, work: Publishing, index: str
) -> Iterator[tuple[str, PublishResult]]:
    """Write what changed of a site, and yield each index with what was done there."""
    devices = pipeline.inventory(work.store, work.site)
    known = Findings(
        site=work.site,
        now=work.now,
        found=work.documents(),
        closed=work.closed(),
        devices=devices,
    )
    beside = elasticsearch.findings_index(index)
    elasticsearch.check(client, index)  # before what takes long
    yield beside, publish_findings(client, known, beside)
    yield index, elasticsearch.publish(client, work.site, devices, index, work.risks)
