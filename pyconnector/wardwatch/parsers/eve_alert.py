"""Suricata ``alert`` records: the threats that rules saw at a host. Never payload.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-alert
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import View, address
from wardwatch_enrichment.model import BLOCKED, Alarm

LOG = "eve_alert"
SCOPED = True
VIEWS: tuple[View, ...] = ()

# What Suricata's own decoders and streams find odd, by https://sidallocation.org
ENGINE_SIDS = range(2_200_000, 2_300_000)


Number = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]


class Alert(msgspec.Struct, gc=False, omit_defaults=True):
    """What the rule says."""

    signature_id: Number = 0
    signature: str = ""
    category: str | None = None
    severity: Number | None = None
    action: str | None = None


class Row(Record, gc=False, tag="alert"):
    """The columns used here. The source is who sent the packet that the rule matched."""

    alert: Alert = msgspec.field(default_factory=Alert)


def alarms(row: Row) -> Iterator[Alarm]:
    """Yield the alarm at both of its ends."""
    said = row.alert
    if not said.signature_id or said.signature_id in ENGINE_SIDS:
        return
    text = said.signature + (BLOCKED if said.action == "blocked" else "")
    about = (text, said.signature_id, said.severity, said.category or None)
    source, target = address(row.src_ip), address(row.dest_ip)
    yield Alarm(source, target, "outbound", *about)
    yield Alarm(target, source, "inbound", *about)
