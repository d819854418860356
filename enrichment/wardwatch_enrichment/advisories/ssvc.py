"""Vulnrichment: CISA's SSVC decision points inside CVE records (format 5).

https://github.com/cisagov/vulnrichment
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from wardwatch_enrichment.feed_form import CVE, FeedError, decode
from wardwatch_enrichment.model import SsvcDecision

_EXPLOITATION: dict[str, Literal["none", "poc", "active"]] = {
    "none": "none",
    "poc": "poc",
    "active": "active",
}
_AUTOMATABLE = {"yes": True, "no": False}
_IMPACT: dict[str, Literal["partial", "total"]] = {"partial": "partial", "total": "total"}


class _Content(msgspec.Struct):
    timestamp: datetime | None = None
    version: str | None = None
    options: list[dict[str, str]] = []


class _Other(msgspec.Struct):
    type: str
    content: msgspec.Raw


class _Metric(msgspec.Struct):
    other: _Other | None = None


class _Container(msgspec.Struct):
    metrics: list[_Metric] = []


class _Containers(msgspec.Struct):
    adp: list[_Container] = []


class _Metadata(msgspec.Struct, rename="camel"):
    cve_id: Annotated[str, msgspec.Meta(pattern=CVE)]


class _Record(msgspec.Struct):
    meta: _Metadata = msgspec.field(name="cveMetadata")
    containers: _Containers


def parse(text: bytes | str) -> SsvcDecision | None:
    """Return what was decided of one CVE, None where nothing was; the newest decision counts."""
    record = decode(text, _Record)
    contents = [
        decode(metric.other.content, _Content)
        for container in record.containers.adp
        for metric in container.metrics
        if metric.other and metric.other.type == "ssvc"
    ]
    found = [_decision(record.meta.cve_id, content) for content in contents]
    return max(found, key=lambda decision: decision.time or 0.0, default=None)


def _decision(cve: str, content: _Content) -> SsvcDecision:
    said = {
        name.casefold(): value.casefold()
        for option in content.options
        for name, value in option.items()
    }
    time = content.timestamp
    if time and time.tzinfo is None:
        raise FeedError("$.containers.adp: an SSVC decision's timestamp has no time zone")
    return SsvcDecision(
        cve=cve,
        exploitation=_EXPLOITATION.get(said.get("exploitation", "")),
        automatable=_AUTOMATABLE.get(said.get("automatable", "")),
        technical_impact=_IMPACT.get(said.get("technical impact", "")),
        version=content.version,
        time=time.timestamp() if time else None,
    )
