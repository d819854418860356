"""Suricata ``ftp`` records: what a server greets with. Commands, which hold users, are not read.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-ftp
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Part, Statement, View, address

LOG = "eve_ftp"
SCOPED = True

GREETING = "220"  # RFC 959, 4.2
LONGEST_LINE = 128  # beyond it a greeting is no more one of a device
_NO_GREETING = re.compile(r"[^ -~]|login:|user ?(name)?:|password", re.IGNORECASE)


class Ftp(msgspec.Struct, gc=False, omit_defaults=True):
    """One reply; to a command it may repeat what a user sent, and is let go at once."""

    command: str | None = None
    completion_code: list[str] = []
    reply: list[str] = []

    def __post_init__(self) -> None:
        if self.command or self.completion_code[:1] != [GREETING]:
            self.command, self.completion_code, self.reply = None, [], []


class Row(Record, gc=False, tag="ftp"):
    """The columns used here. The source is the client."""

    ftp: Ftp = msgspec.field(default_factory=Ftp)


def _greetings(rows: list[Row]) -> dict[Part, Row]:
    return {(row.dest_ip, row.ftp.reply[0]): row for row in rows if row.ftp.reply}


def _greeting(part: Part) -> Iterator[Statement]:
    host, text = part
    text = text.strip()
    if text and len(text) <= LONGEST_LINE and not _NO_GREETING.search(text):
        yield Statement(address(host), "ftp.banner", text)


VIEWS = (View(parts=_greetings, host=attrgetter("dest_ip"), states=_greeting),)
