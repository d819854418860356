"""Suricata ``ftp`` records: what a server greets with, and whether it demands a password.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-ftp
What follows a command is not kept: it names users.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_ftp"
SCOPED = True

GREETING = "220"  # RFC 959, 4.2
LOG_IN = ("USER", "PASS")
IN_CLEAR = "credentials_in_clear"
NEEDS_PASSWORD, LOGGED_IN = "331", "230"
GUESTS = ("anonymous", "ftp", "ftpuser", "guest")  # as Zeek has them
LONGEST_LINE = 128  # beyond it a greeting is no more one of a device
_NO_GREETING = re.compile(r"[^ -~]|login:|user ?(name)?:|password", re.IGNORECASE)


class Ftp(msgspec.Struct, gc=False, omit_defaults=True):
    """One reply; to a command it may repeat what a user sent, and is let go at once."""

    command: str | None = None
    command_data: str | None = None
    completion_code: list[str] = []
    reply: list[str] = []

    def __post_init__(self) -> None:
        # Of a user only whether it is one of those that are nobody.
        is_guest = (self.command_data or "").strip().lower() in GUESTS
        self.command_data = "guest" if self.command == "USER" and is_guest else None
        if self.command in LOG_IN:
            self.reply = []
        elif self.command or self.completion_code[:1] != [GREETING]:
            self.command, self.completion_code, self.reply = None, [], []


class Row(Record, gc=False, tag="ftp"):
    """The columns used here. The source is the client."""

    ftp: Ftp = msgspec.field(default_factory=Ftp)
    dest_port: int | None = None


def _greetings(rows: list[Row]) -> dict[Part, Row]:
    return {(row.dest_ip, row.ftp.reply[0]): row for row in rows if row.ftp.reply}


def _greeting(part: Part) -> Iterator[Statement]:
    host, text = part
    text = text.strip()
    if text and len(text) <= LONGEST_LINE and not _NO_GREETING.search(text):
        yield Statement(address(host), "ftp.banner", text)


VIEWS = (View(parts=_greetings, host=attrgetter("dest_ip"), states=_greeting),)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield how clients logged in, where it was seen as whom: a guest's password is none."""
    is_guest: dict[int | None, bool] = {}
    for row in rows:
        if row.ftp.command not in LOG_IN:
            continue
        if row.ftp.command == "USER":
            is_guest[row.flow_id] = row.ftp.command_data is not None
        if row.flow_id in is_guest:
            for value in _values(row.ftp, is_guest=is_guest[row.flow_id]):
                yield (row.dest_ip, row.dest_port, value), row.src_ip, row
                if value == IN_CLEAR:
                    yield (row.src_ip, None, value), row.dest_ip, row


def _values(ftp: Ftp, *, is_guest: bool) -> Iterator[str]:
    if ftp.command == "PASS" and not is_guest:
        yield IN_CLEAR
    if NEEDS_PASSWORD in ftp.completion_code and not is_guest:
        yield "demanded"
    if LOGGED_IN in ftp.completion_code:
        yield "not_demanded" if is_guest else "passed"


def exposures(part: Part) -> Iterator[Shown]:
    """Yield how one logs in at a server, or that a client sends a password in clear."""
    host, port, value = part
    proto = None if port is None else "tcp"
    yield Shown(address(host), "auth", proto, port, value=value, services=("ftp",))
