"""A hospital's statements as an OpenVEX document, version 0.2.0 (https://github.com/openvex/spec).

A field that the specification ties to another status is left out: go-vex refuses it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from wardwatch_enrichment.feed_form import FeedError, decode
from wardwatch_enrichment.vex import words
from wardwatch_enrichment.vex.positions import (
    TOOL,
    Edition,
    Position,
    Positions,
    Revision,
    serial_of,
    unit_urn,
)

CONTEXT = "https://openvex.dev/ns/v0.2.0"
_LISTED = 20  # serial numbers in one text


class _Earlier(msgspec.Struct, rename={"id": "@id"}):
    id: str
    version: int
    timestamp: datetime
    tooling: str = ""


def document(edition: Edition, said: Positions) -> dict[str, Any]:
    """Return the document; all in it was known to be true when its version was issued."""
    return {
        "@context": CONTEXT,
        "@id": name(edition),
        "author": edition.publisher.name,
        "role": "hospital that runs the devices",
        "timestamp": words.moment(edition.latest.time),
        "version": edition.latest.number,
        "tooling": f"{TOOL} {edition.tool}".strip(),
        "statements": [_statement(one) for one in said.stated],
    }


def name(edition: Edition) -> str:
    """Return by what the document is named: an address."""
    return f"{edition.publisher.namespace.rstrip('/')}/vex/{edition.id}"


def earlier(text: bytes | str) -> tuple[str, tuple[Revision, ...]]:
    """Return the id of an earlier document of ours, and its version.

    Raises `FeedError` where it is none.
    """
    found = decode(text, _Earlier)
    if not found.tooling.startswith(TOOL):
        raise FeedError(f"$.tooling: {found.tooling[:60]!r} is not {TOOL}")
    revision = Revision(number=found.version, time=found.timestamp.timestamp(), summary="")
    return found.id, (revision,)


def _statement(said: Position) -> dict[str, Any]:
    found: dict[str, Any] = {
        "vulnerability": {"name": said.vulnerability},
        "products": [{"@id": unit_urn(unit)} for unit in said.units],
        "status": said.status,
    }
    if said.title:
        found["vulnerability"]["description"] = said.title
    if maker := said.units[0].manufacturer:
        found["supplier"] = words.shown(maker, words.NAME)
    notes = [_units(said)]
    if said.status == "not_affected":
        if said.justification:
            found["justification"] = said.justification
        found["impact_statement"] = said.impact
    else:
        notes.append(said.impact)
    if said.status == "affected":
        found["action_statement"] = said.action
    else:
        notes.append(said.action)
    found["status_notes"] = words.joined(notes)
    return found


def _units(said: Position) -> str:
    """Return by what a person knows the units: the identifiers are those of our inventory."""
    first = said.units[0]
    known = " ".join(name for name in (first.manufacturer, first.model) if name)
    serials = [serial for unit in said.units if (serial := serial_of(unit))]
    shown = ", ".join(words.shown(serial, words.NAME) for serial in serials[:_LISTED])
    more = f" and {len(serials) - _LISTED} more" if len(serials) > _LISTED else ""
    what = words.shown(known, words.NAME) or "A device of unknown make"
    if len(said.units) > 1:
        what = f"{len(said.units)} units of {what}"
    return f"{what}, serial number {shown}{more}" if shown else what
