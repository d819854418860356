"""Zeek ``notice.log``: what Zeek's scripts saw at a host. Never its texts, which may quote traffic.

But for the numbers of the weaknesses that the notice of our own script is about.

https://docs.zeek.org/en/lts/scripts/base/frameworks/notice/main.zeek.html
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from wardwatch.parsers import View, address
from wardwatch_enrichment import attempts
from wardwatch_enrichment.model import Alarm

LOG = "notice"
SCOPED = True
VIEWS: tuple[View, ...] = ()

# What Zeek says of itself, or of the hosts that there are.
ABOUT_THE_SENSOR = ("CaptureLoss::", "PacketFilter::", "Weird::", "Notice::Tally")


class Row(msgspec.Struct, gc=False):
    """The columns used here."""

    ts: float | str
    note: str
    src: str | None = None
    dst: str | None = None
    orig_h: str | None = msgspec.field(name="id.orig_h", default=None)
    resp_h: str | None = msgspec.field(name="id.resp_h", default=None)
    uid: str | None = None
    sub: str | None = None


def alarms(row: Row) -> Iterator[Alarm]:
    """Yield the alarm at both of its ends, as far as they are named."""
    if row.note.startswith(ABOUT_THE_SENSOR):
        return
    source, target = row.src or row.orig_h, row.dst or row.resp_h
    source = address(source) if source else None
    target = address(target) if target else None
    if source:
        yield Alarm(source, target, "outbound", row.note)
    if target and row.note == attempts.NOTE:
        for signature in attempts.signatures(row.sub or ""):
            yield Alarm(target, source, "inbound", signature)
    elif target:
        yield Alarm(target, source, "inbound", row.note)
