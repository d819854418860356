"""A closed finding as an Elasticsearch document: what was last known of it, and what closed it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass

from wardwatch.documents import ecs
from wardwatch.documents.bounds import Cut, known
from wardwatch.documents.device import EVIDENCE, content_hash, iso_time
from wardwatch.documents.finding import (
    EVENT,
    SCHEMA,
    Document,
    device_fields,
    labelled,
    named,
)
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.records import Quoted, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Why a finding is no longer open, since when, and what that rests on."""

    finding: str
    at: float
    why: str
    evidence: tuple[Quoted, ...] = ()

    @classmethod
    def of(cls, state: State) -> Closing:
        """Return what a closed state says."""
        why = state.closed or ""
        return cls(finding=state.finding, at=state.at, why=why, evidence=state.evidence)

    @property
    def fields(self) -> Document:
        """What its document says of it."""
        cut = Cut()
        quoted = cut.items(self.evidence, EVIDENCE)
        return {
            "state": "closed",
            "closed": iso_time(self.at),
            "closed_reason": cut.text(self.why),
            "closing_evidence": [known(cut.all(asdict(one))) for one in quoted],
        }

    @property
    def hash(self) -> str:
        """The content hash of a closed document: nothing else changes in it any more."""
        return content_hash({"finding": self.finding, **self.fields})


def closed_document(said: Closing, stored: Document) -> Document:
    """Return a document as it was, closed: what was last known of the finding stays."""
    document = deepcopy(stored)
    document["@timestamp"] = iso_time(said.at)
    iomt = document["iomt"]
    iomt["finding"] |= said.fields
    iomt["content_hash"] = said.hash
    return document


def recorded_document(state: State, device: Device | None = None) -> Document:
    """Return what is recorded of a finding that was never published while it was open."""
    cut = Cut()
    scored = {name: getattr(state, name) for name in ("safety", "effectiveness", "data")}
    risk = {
        **labelled(state.label, state.score),
        "axes": {name: round(value, 1) for name, value in scored.items()},
        "zone": state.zone,
    }
    finding = {
        "id": state.finding,
        "affected": state.affected,
        "verdict": state.verdict,
        "device": state.called,
        "reason": state.reason,
        "advisories": list(state.advisories),
    }
    place = {"device": {"id": state.device_id}} if device is None else ecs.of_device(device, cut)
    own = {} if device is None else device_fields(device, cut)
    return known({
        "event": {**EVENT, "risk_score": risk["score"]},
        "vulnerability": cut.all(named(state.vulnerability, state.title)),
        **place,
        "iomt": {
            **own,
            "site": cut.text(state.site),
            "schema": SCHEMA,
            "finding": cut.all(finding),
            "risk": cut.all(risk),
        },
    })  # fmt: skip
