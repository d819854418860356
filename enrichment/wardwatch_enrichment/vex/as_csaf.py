"""A hospital's statements as a CSAF 2.0 document of the profile VEX.

https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html, section 4.5. Each unit is a product of
its own; the tree has no branches, because none of them is what its maker calls a product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.vex import words
from wardwatch_enrichment.vex.positions import (
    CVE,
    TOOL,
    Edition,
    Position,
    Positions,
    Revision,
    Status,
    serial_of,
    unit_urn,
)

_Key = TypeVar("_Key", str, tuple[str, str])
_STATUS: dict[Status, str] = {
    "affected": "known_affected",
    "not_affected": "known_not_affected",
    "fixed": "fixed",
    "under_investigation": "under_investigation",
}
_SCOPE = (
    "This document speaks for the devices that the publisher runs itself, one unit at a time. It "
    "says nothing of other units of these products, and is no statement of their makers. Where a "
    "boundary, a refusal or a configuration keeps a weakness from being used, the unit is listed "
    "as affected, with what keeps it so and until when that is proven."
)
_PASSED_ON = "It names weaknesses of devices in use: pass it on only as its label allows."


class _Engine(msgspec.Struct):
    name: str


class _Generator(msgspec.Struct):
    engine: _Engine


class _Item(msgspec.Struct):
    date: datetime
    number: str
    summary: str


class _Tracking(msgspec.Struct):
    id: str
    revision_history: list[_Item]
    generator: _Generator | None = None


class _Document(msgspec.Struct):
    tracking: _Tracking


class _Earlier(msgspec.Struct):
    document: _Document


def document(edition: Edition, said: Positions) -> dict[str, Any]:
    """Return the document."""
    return {
        "document": _about(edition, said.left_out),
        "product_tree": {"full_product_names": [_product(edition, u) for u in _units(said)]},
        "vulnerabilities": _vulnerabilities(said.stated),
    }


def name(edition: Edition) -> str:
    """Return by what the document is named: its id, which its publisher gives only once."""
    return edition.id


def earlier(text: bytes | str) -> tuple[str, tuple[Revision, ...]]:
    """Return the id of an earlier document of ours, and all its versions.

    Raises `FeedError` where it is none.
    """
    tracking = decode(text, _Earlier).document.tracking
    made_by = tracking.generator.engine.name if tracking.generator else ""
    if made_by != TOOL:
        raise FeedError(f"$.document.tracking.generator: {made_by[:60]!r} is not {TOOL}")
    try:
        found = [
            Revision(number=int(one.number), time=one.date.timestamp(), summary=one.summary)
            for one in tracking.revision_history
        ]
    except ValueError as error:
        raise FeedError(f"$.document.tracking.revision_history: {error}") from None
    if not found:
        raise FeedError("$.document.tracking.revision_history: is empty")
    return tracking.id, tuple(found)


def _about(edition: Edition, left_out: Mapping[str, int]) -> dict[str, Any]:
    publisher = edition.publisher
    named = {"category": "user", "name": publisher.name, "namespace": publisher.namespace}
    if publisher.contact:
        named["contact_details"] = publisher.contact
    notes = [{"category": "general", "title": "Scope", "text": _SCOPE}]
    if left_out:
        text = "; ".join(f"{what}: {number}" for what, number in left_out.items())
        notes.append({"category": "other", "title": "Findings left out", "text": text})
    return {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "distribution": {"text": _PASSED_ON, "tlp": {"label": publisher.tlp}},
        "lang": "en",
        "notes": notes,
        "publisher": named,
        "title": f"Vulnerabilities in devices of {publisher.name}, {edition.site}",
        "tracking": _tracking(edition),
    }


def _tracking(edition: Edition) -> dict[str, Any]:
    latest = words.moment(edition.latest.time)
    engine = {"name": TOOL, **({"version": edition.tool} if edition.tool else {})}
    return {
        "current_release_date": latest,
        "generator": {"date": latest, "engine": engine},
        "id": name(edition),
        "initial_release_date": words.moment(edition.revisions[0].time),
        "revision_history": [
            {"date": words.moment(r.time), "number": str(r.number), "summary": r.summary}
            for r in edition.revisions
        ],
        "status": "interim",  # what it rests on expires within weeks
        "version": str(edition.latest.number),
    }


def _units(said: Positions) -> list[Device]:
    known = {unit.id: unit for one in said.stated for unit in one.units}
    return [known[name] for name in sorted(known)]


def _product(edition: Edition, unit: Device) -> dict[str, Any]:
    helper: dict[str, Any] = {
        "x_generic_uris": [{"namespace": edition.publisher.namespace, "uri": unit_urn(unit)}]
    }
    names = [words.shown(n, words.NAME) for n in (unit.manufacturer, unit.model) if n]
    name = " ".join(names) or "Device of unknown make"
    if unit.model:
        helper["model_numbers"] = [words.shown(unit.model, words.NAME)]
    if stated := serial_of(unit):
        serial = words.shown(stated, words.NAME)
        helper["serial_numbers"] = [serial]
        name = f"{name}, serial number {serial}"
    return {
        "name": f"{name}, unit {unit.id}",
        "product_id": _product_id(unit),
        "product_identification_helper": helper,
    }


def _product_id(unit: Device) -> str:
    return f"unit-{unit.id}"


def _vulnerabilities(stated: Iterable[Position]) -> list[dict[str, Any]]:
    by_number: defaultdict[str, list[Position]] = defaultdict(list)
    for one in stated:
        by_number[one.vulnerability].append(one)
    return [_vulnerability(number, by_number[number]) for number in sorted(by_number)]


def _vulnerability(number: str, said: list[Position]) -> dict[str, Any]:
    advisories = sorted({advisory for one in said for advisory in one.advisories})
    title = min((one.title for one in said if one.title), default="")
    published = ", ".join(f"{name} ({publisher})" for name, publisher in advisories)
    text = words.joined([title or number, f"Published in {published}" if published else ""])
    found: dict[str, Any] = {
        "notes": [{"category": "summary", "text": text}],
        "product_status": _lists((_STATUS[one.status], one) for one in said),
    }
    if CVE.fullmatch(number):
        found["cve"] = number
    else:
        system = advisories[0][1] if advisories else "advisory"
        found["ids"] = [{"system_name": system, "text": number}]
    if title:
        found["title"] = title
    return found | {name: remarks for name, remarks in _remarks(said).items() if remarks}


def _remarks(said: list[Position]) -> dict[str, list[dict[str, Any]]]:
    """Return what stands beside the statuses; the same of several units is said once."""
    flags = _lists((one.justification, one) for one in said if one.justification)
    impacts = _lists((one.impact, one) for one in said if one.impact)
    actions = _lists(((one.remedy, one.action), one) for one in said if one.action)
    return {
        "flags": [{"label": why, "product_ids": ids} for why, ids in flags.items()],
        "threats": [
            {"category": "impact", "details": text, "product_ids": ids}
            for text, ids in impacts.items()
        ],
        "remediations": [
            {"category": remedy, "details": text, "product_ids": ids}
            for (remedy, text), ids in actions.items()
        ],
    }


def _lists(said: Iterable[tuple[_Key, Position]]) -> dict[_Key, list[str]]:
    """Return the products of which each thing is said, in a stable order."""
    found: defaultdict[_Key, set[str]] = defaultdict(set)
    for key, one in said:
        found[key].update(map(_product_id, one.units))
    return {key: sorted(found[key]) for key in sorted(found)}
