"""Suricata ``smb`` records: names and operating systems in SMB and in its NTLM. Never users.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-smb
The server's side of NTLM is not in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_smb"
SCOPED = True

HOST_SERVICES = ("cifs", "host")
NEGOTIATE = ("SMB1_COMMAND_NEGOTIATE_PROTOCOL", "SMB2_COMMAND_NEGOTIATE_PROTOCOL")
# As Zeek's side names the dialects of MS-SMB2 2.2.4. The wildcard 2.?? is negotiated again.
DIALECTS = {
    "NT LM 0.12": "smb_1",
    "NT LANMAN 1.0": "smb_1",
    "2.02": "smb_2.0.2",
    "2.10": "smb_2.1",
    "3.00": "smb_3.0",
    "3.02": "smb_3.0.2",
    "3.11": "smb_3.1.1",
}
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_BUILD = re.compile(r"(\d+)\.(\d+) build (\d+)")


class Native(msgspec.Struct, gc=False, omit_defaults=True):
    """What one side says in SMB 1."""

    native_os: str | None = None
    native_lm: str | None = None


class Ntlm(msgspec.Struct, gc=False, omit_defaults=True):
    """What the client says in NTLM."""

    host: str | None = None
    version: str | None = None


class Kerberos(msgspec.Struct, gc=False, omit_defaults=True):
    """Whose ticket the client shows: service and host."""

    snames: list[str] = []


class Smb(msgspec.Struct, gc=False, omit_defaults=True):
    """One exchange."""

    status: str | None = None
    command: str | None = None
    dialect: str | None = None
    request: Native | None = None
    response: Native | None = None
    ntlmssp: Ntlm | None = None
    kerberos: Kerberos | None = None


class Row(Record, gc=False, tag="smb"):
    """The columns used here. The source is the client."""

    smb: Smb = msgspec.field(default_factory=Smb)
    dest_port: int | None = None

    @property
    def spoken(self) -> str | None:
        """The dialect that the server has agreed to, where it does so."""
        if self.smb.command not in NEGOTIATE or self.smb.status != "STATUS_SUCCESS":
            return None
        return DIALECTS.get(self.smb.dialect or "")


def _natives(end: str, side: str, rows: list[Row]) -> dict[Part, Row]:
    return {
        (getattr(row, end), said.native_os, said.native_lm): row
        for row in rows
        if (said := getattr(row.smb, side))
    }


def _requests(rows: list[Row]) -> dict[Part, Row]:
    return _natives("src_ip", "request", rows)


def _responses(rows: list[Row]) -> dict[Part, Row]:
    return _natives("dest_ip", "response", rows)


def _native(part: Part) -> Iterator[Statement]:
    host, system, lanman = part
    for field, value in (("smb.native_os", system), ("smb.native_lanman", lanman)):
        if value:
            yield Statement(address(host), field, value)


def _computers(rows: list[Row]) -> dict[Part, Row]:
    return {(row.src_ip, said.host, said.version): row for row in rows if (said := row.smb.ntlmssp)}


def _computer(part: Part) -> Iterator[Statement]:
    host, name, version = part
    if name:
        yield Statement(address(host), "ntlm.computer_name", name)
    build = _BUILD.match(version or "")
    if build and build[1] != "0":
        yield Statement(address(host), "ntlm.os_build", ".".join(build.groups()))


def _tickets(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.dest_ip, *row.smb.kerberos.snames): row
        for row in rows
        if row.smb.kerberos and row.smb.status == "STATUS_SUCCESS"
    }


def _ticket(part: Part) -> Iterator[Statement]:
    host, *names = part
    # Who accepts it has that service's key.
    if len(names) == 2 and names[0].lower() in HOST_SERVICES and _HOST.fullmatch(names[1]):
        yield Statement(address(host), "kerberos.service_host", names[1])


VIEWS = (
    View(parts=_requests, host=attrgetter("src_ip"), states=_native),
    View(parts=_responses, host=attrgetter("dest_ip"), states=_native),
    View(parts=_computers, host=attrgetter("src_ip"), states=_computer),
    View(parts=_tickets, host=attrgetter("dest_ip"), states=_ticket),
)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield which dialects servers speak."""
    for row in rows:
        if spoken := row.spoken:
            yield (row.dest_ip, row.dest_port, spoken), row.src_ip, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield the dialect."""
    server, port, dialect = part
    yield Shown(address(server), "auth", "tcp", port, value=dialect, services=("smb",))
