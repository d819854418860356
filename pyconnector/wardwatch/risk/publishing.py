"""What is published of a site: devices and findings, what people decided, and what helps."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import NamedTuple

from wardwatch.decisions import deciding
from wardwatch.documents import device as assets
from wardwatch.documents import finding as findings_
from wardwatch.documents.device import iso_time
from wardwatch.documents.finding import (
    Document,
    Listed,
    Told,
    device_risk,
    finding_document,
)
from wardwatch.documents.peers import peer_fields
from wardwatch.outputs.elasticsearch import Inventory
from wardwatch.outputs.elasticsearch_findings import Findings
from wardwatch.risk import findings, provenance, recording, risks
from wardwatch.risk.ages import Aged, Ages
from wardwatch.risk.risks import Appraised
from wardwatch.risk.site import Site
from wardwatch.store import Store
from wardwatch_enrichment import knowledge
from wardwatch_enrichment.advisory import Advisory
from wardwatch_enrichment.finding import SETTLED, Finding
from wardwatch_enrichment.matching import Index
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import Standing, State, standing
from wardwatch_enrichment.surroundings import DAY, Surroundings

AT_ONCE = 500  # devices whose documents are in memory
_ADVISORIES = 4096  # that are in memory


class Part(NamedTuple):
    """Some devices of a site with all that is published of them.

    `ids` are those that were asked for; of one that is no more there are neither device nor found.
    """

    ids: Collection[str]
    devices: list[Device]
    found: list[Document]
    closed: list[State]
    risks: Mapping[str, Mapping[str, object]]
    peers: Mapping[str, Mapping[str, object]]

    def inventory(self, site: str) -> Inventory:
        """Return it as the index of devices takes it."""
        about = (self.risks, self.peers, self.ids)
        return Inventory(site, self.devices, *about)

    def devices_of(self, documents: Collection[str]) -> set[str]:
        """Return the devices that some documents are of, by the documents' ids."""
        by = {one["iomt"]["finding"]["id"]: one["device"]["id"] for one in self.found}
        by |= {state.finding: state.device_id for state in self.closed}
        return {by.get(name, name) for name in documents}

    def findings(self, store: Store, site: str, now: float) -> Findings:
        """Return it as the index of findings takes it."""
        present = {device.id for device in self.devices}
        renamed = (store.device(one) for one in self.ids if one not in present)
        known = [*self.devices, *(one for one in renamed if one)]
        return Findings(
            site=site, now=now, found=self.found, closed=self.closed, devices=known, only=self.ids
        )


class Looked(Site):
    """A site that keeps the devices that were looked at, also those that nothing is found on."""

    def __init__(self, store: Store, site: str, now: float) -> None:
        super().__init__(store, site, now)
        self.seen: list[Surroundings] = []

    def arounds(self, ids: Iterable[str]) -> Iterator[Surroundings]:
        """Yield devices with their evidence, and keep them."""
        for around in super().arounds(ids):
            self.seen.append(around)
            yield around


class Publishing:
    """What is published of one site at one time."""

    def __init__(self, store: Store, site: str, now: float, decided: Policy) -> None:
        self.store, self.site, self.now = store, site, now
        self._decided = decided
        self._decisions = deciding.by_finding(store, site)
        self._ages = Ages(store, now)
        self._versions = tuple(
            f"{feed.name} {feed.version or iso_time(feed.newest or feed.taken)[:10]}"
            for feed in store.feeds()
            if feed.taken is not None
        )

        @lru_cache(_ADVISORIES)
        def advisory(publisher: str, name: str) -> Advisory | None:
            called = store.advisories_called(name, knowledge.digest())
            return next((one for one in called if one.publisher == publisher), None)

        self._advisory = advisory

    @cached_property
    def place(self) -> Looked:
        """The site with its devices, at that time."""
        return Looked(self.store, self.site, self.now)

    def inputs(self) -> str:
        """Return a digest of all that any document of the site rests on, but no device's own.

        The day is in it, as proofs age.
        """
        told = [(fact.kind, fact.source, dict(fact.values)) for fact in self.store.facts(self.site)]
        known = (
            assets.SCHEMA, findings_.SCHEMA, int(self.now // DAY), self._decided.digest(),
            provenance.versions(self.store), told,
        )  # fmt: skip
        return sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def parts(self, ids: Iterable[str]) -> Iterator[Part]:
        """Yield devices of the site, and those of the ids that are no more, in parts by their ids.

        The next part is worked out when it is asked for.
        """
        place, ordered = self.place, sorted(ids)
        here = {device.id for device in place.slight}
        wanted = here.intersection(ordered)
        index = Index(findings.advisories(self.store, place.tokens(wanted)), place.fleet)
        rating = risks.rater(place, self._decided)
        for at in range(0, len(ordered), AT_ONCE):
            some = ordered[at : at + AT_ONCE]
            place.seen.clear()
            appraised = []
            for around, found in place.judge(here.intersection(some), index, with_posture=True):
                rated = rating.rate(around, found)
                appraised.append(Appraised(around, rated, rating.whole(rated)))
            yield self._part(some, list(place.seen), appraised)

    def _part(
        self, ids: Collection[str], arounds: list[Surroundings], appraised: list[Appraised]
    ) -> Part:
        documents: list[Document] = []
        known_risks = {}
        for one in appraised:
            listed = self._listed(one)
            clocks = [o.rated.clock for o in listed if not o.standing.accepted]
            waiting = [clock.due for clock in clocks if clock and clock.due is not None]
            old = self._ages.of(*(o.rated.finding for o in listed))
            whole = device_risk(one.whole, min(waiting, default=None))
            known_risks[one.device.id] = whole | _aged(whole, old)
            documents += map(finding_document, listed)
        states = self.store.last_states(self.site, ids)
        return Part(
            ids=ids,
            devices=[around.device for around in arounds],
            found=documents,
            closed=[state for state in states if state.closed is not None],
            risks=known_risks,
            peers={around.device.id: peer_fields(around) for around in arounds},
        )

    def _listed(self, one: Appraised) -> list[Listed]:
        """Return the open findings of a device with all that is shown of them."""
        open_ = tuple(r for r in one.rated if r.finding.affected not in SETTLED)
        told = {rated.finding.id: self._told(rated.finding) for rated in open_}
        measures = findings.measures(
            self.store, one.around, open_, lambda found: told[found.id].weaknesses
        )
        ((_, dated),) = recording.dated(self.store, [(one.device, open_)], self.now, self._decided)
        return [
            Listed(
                device=one.device,
                rated=rated,
                told=told[rated.finding.id],
                standing=self._standing(rated),
                measures=measures[rated.finding.id],
                versions=self._versions,
                old=tuple(one.dated for one in self._ages.of(rated.finding)),
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


def _aged(risk: Mapping[str, object], old: Iterable[Aged]) -> dict[str, object]:
    """Return which feeds a device's risk rests on that are old; nothing where there is no risk."""
    return {"old_feeds": [one.dated for one in old]} if risk else {}


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
