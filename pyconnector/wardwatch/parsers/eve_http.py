"""Suricata ``http`` records: what clients and servers call themselves, without URLs.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-http
The server's own headers are there where ``custom`` names Server and WWW-Authenticate, the status
where the records are ``extended``. A request without Authorization cannot be told from one of which
it was not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Exposed, Part, Shown, Statement, View, address

LOG = "eve_http"
SCOPED = True

_URL = re.compile(r"[ ;]*\(?\+?[A-Za-z0-9]+://[^ ;,)\"]*\)?")
_REALM = re.compile(r'realm="([^"]*)"', re.IGNORECASE)
_BASIC = re.compile(r"\s*basic\s", re.IGNORECASE)
IN_CLEAR = "credentials_in_clear"
UNAUTHORIZED = 401
_PROXIED = {"via", "x-forwarded-for", "forwarded"}
_WANTED = {"server", "www-authenticate"} | _PROXIED


class Header(msgspec.Struct, gc=False):
    """One header; HTTP/2 has entries that are none."""

    name: str = ""
    value: str = ""


class Http(msgspec.Struct, gc=False, omit_defaults=True):
    """One exchange. Headers that are not wanted may be credentials, and are let go at once."""

    http_user_agent: str | None = None
    url: str | None = None
    request_headers: list[Header] = []
    response_headers: list[Header] = []
    status: int | None = None
    is_basic: bool = False

    def __post_init__(self) -> None:
        # Of an authorization only that it is there, and readable.
        self.is_basic = any(
            header.name.lower() == "authorization" and _BASIC.match(header.value)
            for header in self.request_headers
        )
        # Of a URL only whether it is whole is of interest: then a proxy was asked for it.
        self.url = "://" if self.url and re.match(r"[A-Za-z]+://", self.url) else None
        for headers in (self.request_headers, self.response_headers):
            headers[:] = [header for header in headers if header.name.lower() in _WANTED]
        self.http_user_agent = _without_urls(self.http_user_agent or "") or None

    @property
    def proxied(self) -> bool:
        """Whether a proxy passed it on, which says what others call themselves."""
        return any(header.name.lower() in _PROXIED for header in self.request_headers)

    def said(self, name: str) -> str | None:
        """What a server said of itself, unless a proxy was asked."""
        if self.url:
            return None
        return next((h.value for h in self.response_headers if h.name.lower() == name), None)


class Row(Record, gc=False, tag="http"):
    """The columns used here. The source is the client."""

    http: Http = msgspec.field(default_factory=Http)
    dest_port: int | None = None


def _clients(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.src_ip, row.http.http_user_agent): row
        for row in rows
        if row.http.http_user_agent and not row.http.proxied
    }


def _client(part: Part) -> Iterator[Statement]:
    host, user_agent = part
    yield Statement(address(host), "http.user_agent", user_agent)


def _servers(rows: list[Row]) -> dict[Part, Row]:
    return {
        (row.dest_ip, row.http.said("server"), row.http.said("www-authenticate")): row
        for row in rows
        if row.http.response_headers and not row.http.proxied
    }


def _server(part: Part) -> Iterator[Statement]:
    host, server, challenge = part
    if server and (name := _without_urls(server)):
        yield Statement(address(host), "http.server", name)
    if challenge and (realm := _REALM.search(challenge[:512])) and realm[1]:
        yield Statement(address(host), "http.realm", realm[1])


def _without_urls(value: str) -> str:
    return _URL.sub("", value[:512]).strip()


VIEWS = (
    View(parts=_clients, host=attrgetter("src_ip"), states=_client),
    View(parts=_servers, host=attrgetter("dest_ip"), states=_server),
)


def exposed(rows: list[Row]) -> Iterator[Exposed]:
    """Yield what servers demand, and passwords in clear; a proxy's answers are others'."""
    for row in rows:
        if row.http.status == UNAUTHORIZED and not row.http.url:
            yield (row.dest_ip, row.dest_port, "demanded"), row.src_ip, row
        if row.http.is_basic:
            yield (row.dest_ip, row.dest_port, IN_CLEAR), row.src_ip, row
            yield (row.src_ip, None, IN_CLEAR), row.dest_ip, row


def exposures(part: Part) -> Iterator[Shown]:
    """Yield how one logs in at a server, or that a client sends a password in clear."""
    host, port, value = part
    proto = None if port is None else "tcp"
    yield Shown(address(host), "auth", proto, port, value=value, services=("http",))
