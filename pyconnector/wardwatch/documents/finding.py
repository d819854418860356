"""An open finding as an Elasticsearch document, and what findings add to a device's.

`iomt.risk` has the same names in both indices. A document is bounded as a device's is: see
`bounds.py`. What ECS calls a vulnerability is https://www.elastic.co/docs/reference/ecs/ecs-vulnerability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wardwatch.documents import ecs
from wardwatch.documents.bounds import Cut, known
from wardwatch.documents.device import (
    EVIDENCE,
    content_hash,
    day_or_null,
    iso_time,
    place_fields,
    time_or_null,
)
from wardwatch.documents.finding_json import finding_json
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.rating import URGENCY, DeviceRisk, Rated
from wardwatch_enrichment.risk.records import Standing

SCHEMA = 2
"""The document's form. Raise it with every change; the next publish then rewrites what is open."""

PREDICATES = 32
MEASURES = 16

Document = dict[str, Any]
_LABELS: Mapping[Label, str] = {
    "Act": "act",
    "Attend": "attend",
    "Cannot tell": "cannot_tell",
    "Track*": "track_star",
    "Track": "track",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What its publisher says of a vulnerability, beside what a finding keeps of it."""

    base: float | None = None
    severity: str | None = None
    reference: str | None = None
    weaknesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An open finding with all that is shown of it.

    `standing` is what people decided, `measures` what helps, `versions` are those of the data that
    it was worked out from, `old` the feeds among those that are old, with their days.
    """

    device: Device
    rated: Rated
    told: Told = field(default_factory=Told)
    standing: Standing = field(default_factory=Standing)
    measures: tuple[Mitigation, ...] = ()
    versions: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    figures: Figures = field(default_factory=model)


def device_risk(whole: DeviceRisk, due: float | None = None) -> dict[str, object]:
    """Return what the open findings of a device come to; nothing where it has none.

    `due` is until when the first of them must have something in place.
    """
    if not whole.labels:
        return {}
    axes = {name: round(getattr(whole, name), 1) for name in ("safety", "effectiveness", "data")}
    return {
        "score": round(whole.score, 1),
        "axes": axes,
        "band": whole.band,
        "label": whole.label,
        "urgency": _urgency(whole.label),
        "labels": {name: whole.labels.get(label, 0) for label, name in _LABELS.items()},
        "findings": sum(whole.labels.values()),
        "due": day_or_null(due),
        "due_days": whole.due_days,
    }


def finding_document(one: Listed) -> Document:
    """Return the document of an open finding; `iomt.content_hash` tells whether it changed.

    Since when, and with which data, is no change by itself: data are new every day.
    """
    cut = Cut()
    told: dict[str, Any] = finding_json(one.device, one.rated)
    risk = known(cut.all(_risk(one, told)))
    document: Document = known({
        "event": {**EVENT, "risk_score": risk.get("score")},
        "vulnerability": cut.all(_vulnerability(one, told)),
        **ecs.of_device(one.device, cut),
    })  # fmt: skip
    iomt = known({
        **device_fields(one.device, cut),
        "finding": {"id": told["id"], "state": "open", **_finding(one, told, cut)},
        "risk": risk,
        "decision": cut.all(_decision(one.standing)),
    })  # fmt: skip
    iomt["truncated"] = cut.happened
    iomt["content_hash"] = content_hash({**document, "iomt": iomt})
    iomt["data_versions"] = cut.texts(one.versions)
    clock = one.rated.clock
    since = iso_time(clock.since if clock else one.device.last_seen)
    return {"@timestamp": since, **document, "iomt": iomt}


EVENT = {
    "kind": "state",
    "category": ["vulnerability"],
    "type": ["info"],
    "module": "iomt",
    "dataset": "iomt.findings",
}


def _urgency(label: Label) -> int:
    """Return the place of a label in the order of work, 1 for what is to be done at once."""
    return URGENCY.index(label) + 1


def labelled(label: Label, score: float | None) -> Document:
    """Return a label with its place in the order of work, and the score."""
    return {
        "label": label,
        "urgency": _urgency(label),
        "score": None if score is None else round(score, 1),
    }


def named(number: str, title: str) -> Document:
    """Return how a vulnerability is called."""
    cve = "CVE" if number.startswith("CVE-") else None
    return {"id": number, "description": title or None, "enumeration": cve}


def _vulnerability(one: Listed, shown: Document) -> Document:
    """Return what ECS has a name for: the publisher's own score, never ours."""
    cvss = None if one.rated.finding.is_posture else shown["cvss"]  # that vector is ours
    version = cvss.partition("/")[0].removeprefix("CVSS:") if cvss else None
    return {
        **named(shown["vulnerability"], shown["title"]),
        "classification": "CVSS" if cvss else None,
        "reference": one.told.reference,
        "severity": one.told.severity,
        "score": {
            "base": one.told.base,
            "version": version if version and "." in version else None,
        },
    }


def device_fields(device: Device, cut: Cut) -> Document:
    """Return what ECS has no name for, of the device that a finding is on."""
    return {
        "schema": SCHEMA,
        "site": cut.text(device.site),
        "class": device.device_class,
        "type": cut.text(device.type),
        "software_versions": cut.texts(device.software_versions),
        "former_ids": cut.texts(device.former_ids),
        "place": place_fields(device, cut),
    }


def _risk(one: Listed, shown: Document) -> Document:
    """Return label and score, and what they were worked out from."""
    rated, figured = one.rated, shown["risk"]
    score, factors, threats = rated.risk.score, figured["factors"], figured["threats"]
    return {
        **labelled(shown["label"], shown["score"]),
        "axes": shown["axes"],
        "band": None if shown["score"] is None else scoring.band(score, one.figures),
        "due": shown["due"],
        "rules": rated.risk.path.split("+")[1:],
        **{name: shown[name] for name in ("due_days", "task", "bod_26_04")},
        **{name: figured[name] for name in _WORKED_OUT},
        "weighed": factors["source"],
        "old_feeds": list(one.old),
        "factors": {name: value for name, value in factors.items() if name != "source"},
        "threats": {**threats, "epss": round(threats["epss"], 3)},
    }


_WORKED_OUT = (
    "model", "path", "cvss", "zone", "zone_reason", "covered", "ease", "threat", "likelihood",
    "rubric",
)  # fmt: skip
_SAID = ("affected", "verdict", "wording", "access", "justification", "assumed", "expires",
    "since", "reason", "reached_from", "notes", "actions")  # fmt: skip


def _finding(one: Listed, shown: Document, cut: Cut) -> Document:
    """Return what is known of a finding: words that are searched, and what proves them."""
    finding = one.rated.finding
    asked = cut.items(shown["predicates"], PREDICATES)
    evidence = [{**answer, "evidence": cut.items(answer["evidence"], EVIDENCE)} for answer in asked]
    return cut.all({  # type: ignore[no-any-return]
        **{name: shown[name] for name in _SAID},
        "ports": list(finding.ports),
        "advisories": list(dict.fromkeys(match.advisory for match in finding.matches)),
        "weaknesses": list(one.told.weaknesses),
        "missing": list(dict.fromkeys(a.missing for a in finding.answers if a.missing)),
        "ways": list(dict.fromkeys(measure.way for measure in one.measures)),
        "measures": [_measure(m) for m in cut.items(one.measures, MEASURES)],
        "matches": cut.items(shown["matches"], PREDICATES),
        "evidence": [known(answer) for answer in evidence],
    })  # fmt: skip


def _measure(measure: Mitigation) -> Document:
    shown = {name: getattr(measure, name) for name in ("rank", "way", "text", "kind", "effort")}
    return known({
        **shown,
        "blocks": list(measure.blocks),
        "cuts": len(measure.cut),
        "agree": measure.agree,
        "source": measure.source or None,
    })  # fmt: skip


def _decision(standing: Standing) -> Document:
    """Return who owns it, and whether its risk is accepted now."""
    given = standing.accepted
    return {
        "owner": standing.owner or None,
        "status": standing.status or None,
        "accepted": (given is not None) if standing.decisions else None,
        "accepted_by": given.who if given else None,
        "accepted_until": time_or_null(given.until) if given else None,
        "accepted_why": given.why if given else None,
        "lapsed": standing.lapsed or None,
        "notes": [f"{one.who}: {one.comment}" for one in standing.decisions if one.comment],
    }
