"""A finding as programs read it: what it is, how grave, why, on what evidence, until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from wardwatch.documents.device import day_or_null, iso_time, time_or_null
from wardwatch_enrichment.finding import Answer, Ground, Match
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Risk
from wardwatch_enrichment.risk.figures import model
from wardwatch_enrichment.risk.rating import Rated
from wardwatch_enrichment.risk.records import Standing, State


def finding_json(
    device: Device,
    rated: Rated,
    standing: Standing | None = None,
    old: Iterable[Mapping[str, object]] = (),
) -> dict[str, object]:
    """Return all of a finding; unknown is null, a time is ISO 8601 in UTC.

    `old` are the feeds that it rests on and that are a week old.
    """
    finding, clock = rated.finding, rated.clock
    return {
        "id": finding.id,
        "site": device.site,
        "device": {
            "id": device.id,
            "manufacturer": device.manufacturer,
            "model": device.model,
            "type": device.type,
            "serial_number": device.serial_number,
            "software_versions": list(device.software_versions),
            "hostname": device.hostname,
            "ips": list(device.ips),
            "place": place(device),
        },
        "vulnerability": finding.vulnerability,
        "title": finding.title,
        **_urgency(rated),
        "due": day_or_null(clock.due if clock else None),
        "since": day_or_null(clock.since if clock else None),
        "affected": finding.affected,
        "verdict": finding.verdict,
        "wording": finding.wording,
        "access": finding.access,
        "justification": finding.justification,
        "cvss": finding.cvss,
        "reached_from": list(finding.reached_from),
        "expires": time_or_null(finding.expires),
        "assumed": finding.assumed,
        "actions": list(finding.actions),
        "notes": list(finding.notes),
        "matches": [_match(match) for match in finding.matches],
        "predicates": [_answer(answer) for answer in finding.answers],
        "risk": _risk(rated),
        "decided": standing_json(standing or Standing()),
        "old_feeds": list(old),
    }


def standing_json(standing: Standing) -> dict[str, object]:
    """Return what people decided of a finding."""
    given = standing.accepted
    return {
        "owner": standing.owner or None,
        "status": standing.status or None,
        "accepted": None
        if given is None
        else {
            "by": given.who,
            "why": given.why,
            "at": iso_time(given.at),
            "until": time_or_null(given.until),
        },
        "lapsed": standing.lapsed or None,
        "notes": [
            {"by": one.who, "at": iso_time(one.at), "text": one.comment}
            for one in standing.decisions
            if one.kind == "note"
        ],
    }


def _urgency(rated: Rated) -> dict[str, object]:
    """Return how urgent a finding is; without a vector of its own it has no score."""
    risk = rated.risk
    return {
        **scores(risk, scored=bool(rated.case.cvss)),
        "due_days": risk.due_days,
        "task": risk.task,
        "bod_26_04": risk.bod_26_04,
        "reason": rated.reason,
    }


def scores(of: Risk | State, *, scored: bool) -> dict[str, object]:
    """Return a label with its score and axes; what nobody could score has no figures."""
    axes = {"safety": of.safety, "effectiveness": of.effectiveness, "data": of.data}
    return {
        "label": of.label,
        "score": round(of.score, 1) if scored else None,
        "axes": {name: round(value, 1) if scored else None for name, value in axes.items()},
    }


def _risk(rated: Rated) -> dict[str, object]:
    """Return what the figures were worked out from."""
    case, risk = rated.case, rated.risk
    return {
        "model": model()["model"],
        "verdict": risk.verdict,
        "zone": scoring.zone_of(case),
        "zone_reason": rated.reached.reason,
        "covered": case.covered,
        "ease": round(risk.ease, 4),
        "threat": round(risk.threat, 4),
        "likelihood": round(risk.likelihood, 6),
        "path": risk.path,
        "cvss": case.cvss or None,
        "factors": {**asdict(case.factors), "source": rated.weighed_as},
        "threats": asdict(case.threat),
        "rubric": asdict(case.rubric) if case.rubric else None,
    }


def place(device: Device) -> str | None:
    """Return where a device stands, in the words of its site."""
    told = {a.name: a.value for a in device.attributes if a.current}
    found = dict.fromkeys(told[name] for name in ("building", "ward", "location") if name in told)
    return ", ".join(found) or None


def _match(match: Match) -> dict[str, object]:
    return {
        "advisory": match.advisory,
        "publisher": match.publisher,
        "product": match.product,
        "type": match.type,
        "affected": match.affected,
        "searched_by": dict(match.searched_by),
        "found": dict(match.found),
        "reason": match.reason,
    }


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "name": answer.predicate,
        "state": answer.truth,
        "justification": answer.justification,
        "missing": answer.missing or None,
        "evidence": [_ground(ground) for ground in answer.grounds],
    }


def _ground(ground: Ground) -> dict[str, object]:
    return {
        "kind": ground.kind,
        "sentence": ground.sentence,
        "signed_by": ground.signed_by,
        "time": iso_time(ground.time),
        "expires": time_or_null(ground.expires),
        "void": list(ground.void),
        "log": ground.log,
        "line": ground.line,
    }
