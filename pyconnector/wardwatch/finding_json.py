"""A finding as programs read it: what it is, why, on what evidence, until when."""

from __future__ import annotations

from wardwatch.documents import iso_time, time_or_null
from wardwatch_enrichment.finding import Answer, Finding, Ground, Match
from wardwatch_enrichment.model import Device


def finding_json(device: Device, finding: Finding) -> dict[str, object]:
    """Return all of a finding; unknown is null, a time is ISO 8601 in UTC."""
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
