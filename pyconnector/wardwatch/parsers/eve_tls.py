"""Suricata ``tls`` records: what certificates say of the hosts that present them.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-tls
A client's may be a person's: of its names only those count that are host names. Suricata 7.0 writes
no alternative names; 8.0 does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_tls"
SCOPED = True

MAX_NAMES = 16
# As Zeek calls the version that the server chose.
VERSIONS = {
    "SSLv2": "SSLv2",
    "SSLv3": "SSLv3",
    "TLSv1": "TLSv10",
    "TLS 1.1": "TLSv11",
    "TLS 1.2": "TLSv12",
    "TLS 1.3": "TLSv13",
}
# Mail addresses, given names and user identifiers are persons'.
_SUBJECT = ("C", "DC", "L", "O", "OU", "ST", "serialNumber")
_DAY = len("2036-11-19")  # of a time, which is in UTC
_NEXT = re.compile(r", (?=[A-Za-z0-9.]+=)")


class Certificate(msgspec.Struct, gc=False, omit_defaults=True):
    """What is read of one; the rest of its names may be persons', and is let go at once."""

    subject: str | None = None
    issuerdn: str | None = None
    subjectaltname: list[str] = []

    def __post_init__(self) -> None:
        self.subject = _allowed(self.subject, (*_SUBJECT, "CN"))
        self.issuerdn = _allowed(self.issuerdn, ("O",))
        self.subjectaltname = [n for n in self.subjectaltname if "@" not in n][:MAX_NAMES]

    @property
    def names(self) -> Part:
        """All that it says, hashable."""
        return self.subject, self.issuerdn, tuple(self.subjectaltname)


class Client(Certificate, gc=False):
    """A client's, whose common name counts where it is one of its host names."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if _attribute(self.subject, "CN") not in self.subjectaltname:
            self.subject = _allowed(self.subject, _SUBJECT)


class Hash(msgspec.Struct, gc=False, omit_defaults=True):
    """The digest of a hello."""

    hash: str | None = None


class Tls(Certificate, gc=False):
    """The server's certificate, the client's, and digests of the client's hello."""

    client: Client | None = None
    ja3: Hash | None = None
    ja4: str | None = None
    version: str | None = None
    notafter: str | None = None


class Row(Record, gc=False, tag="tls"):
    """The columns used here. The source is the client."""

    tls: Tls = msgspec.field(default_factory=Tls)
    dest_port: int | None = None


def _parts(name: str | None) -> list[str]:
    return _NEXT.split(name) if name else []


def _allowed(name: str | None, attributes: tuple[str, ...]) -> str | None:
    kept = [part for part in _parts(name) if part.partition("=")[0] in attributes]
    return ", ".join(kept) or None


def _attribute(name: str | None, key: str) -> str:
    return next((p[len(key) + 1 :] for p in _parts(name) if p.startswith(f"{key}=")), "")


def _servers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.dest_ip, (row.tls.notafter or "")[:_DAY], *row.tls.names): row
        for row in rows
        if row.tls.subject
    }


def _certificate(side: str, part: Part) -> Iterator[Statement]:
    host, subject, issuer, names = part
    # Zeek writes the most special first.
    organisation = ",".join(p for p in _parts(subject)[::-1] if not p.startswith("CN="))
    common_name = _attribute(subject, "CN")
    told = [
        (f"tls.{side}subject", organisation),
        (f"tls.{side}common_name", "" if "@" in common_name else common_name),
        (f"tls.{side}issuer_organization", _attribute(issuer, "O")),
        *((f"tls.{side}name", name) for name in names),
    ]
    for field, value in told:
        if value:
            yield Statement(address(host), field, value)


def _server(part: Part) -> Iterator[Statement]:
    host, last_day, *rest = part
    if last_day:
        yield Statement(address(host), "tls.not_after", last_day)
    yield from _certificate("", (host, *rest))


def _clients(rows: list[Row]) -> dict[Part, Row]:
    return {(row.src_ip, *row.tls.client.names): row for row in rows if row.tls.client}


def _client(part: Part) -> Iterator[Statement]:
    yield from _certificate("client_", part)


def _hellos(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.src_ip, row.tls.ja3.hash if row.tls.ja3 else None, row.tls.ja4): row
        for row in rows
        if row.tls.ja3 or row.tls.ja4
    }


def _hello(part: Part) -> Iterator[Statement]:
    host, ja3, ja4 = part
    for field, value in (("ja3.client_hello", ja3), ("ja4.client_hello", ja4)):
        if value:
            yield Statement(address(host), field, value)


VIEWS = (
    View(parts=_servers, host=attrgetter("dest_ip"), states=_server),
    View(parts=_clients, host=attrgetter("src_ip"), states=_client),
    View(parts=_hellos, host=attrgetter("src_ip"), states=_hello),
)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield which versions are spoken."""
    for row in rows:
        if version := VERSIONS.get(row.tls.version or ""):
            yield (row.dest_ip, row.dest_port, version), row.src_ip, row
            yield (row.src_ip, None, version), row.dest_ip, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield the version; a server's part has a port."""
    host, port, version = part
    is_server = port is not None
    proto, services = ("tcp", ("ssl",)) if is_server else (None, ())
    yield Shown(address(host), "uses", proto, port, value=version, services=services)
