"""Suricata ``ssh`` records: the software that both sides announce.

https://docs.suricata.io/en/suricata-7.0.10/output/eve/eve-json-format.html#event-type-ssh
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import msgspec

from wardwatch.eve import Record
from wardwatch.parsers import Part, Statement, View, address

LOG = "eve_ssh"
SCOPED = True


class Side(msgspec.Struct, gc=False, omit_defaults=True):
    """What one side announces."""

    proto_version: str | None = None
    software_version: str | None = None

    @property
    def banner(self) -> str | None:
        """The line as it was sent, without a comment."""
        if not self.proto_version or not self.software_version:
            return None
        return f"SSH-{self.proto_version}-{self.software_version}"


class Ssh(msgspec.Struct, gc=False, omit_defaults=True):
    """Both sides."""

    client: Side | None = None
    server: Side | None = None


class Row(Record, gc=False, tag="ssh"):
    """The columns used here. The source is the client."""

    ssh: Ssh = msgspec.field(default_factory=Ssh)


def _clients(rows: list[Row]) -> dict[Part, Row]:
    return {(row.src_ip, row.ssh.client.banner): row for row in rows if row.ssh.client}


def _servers(rows: list[Row]) -> dict[Part, Row]:
    return {(row.dest_ip, row.ssh.server.banner): row for row in rows if row.ssh.server}


def _client(part: Part) -> Iterator[Statement]:
    host, banner = part
    if banner:
        yield Statement(address(host), "ssh.client_banner", banner)


def _server(part: Part) -> Iterator[Statement]:
    host, banner = part
    if banner:
        yield Statement(address(host), "ssh.server_banner", banner)


VIEWS = (
    View(parts=_clients, host=attrgetter("src_ip"), states=_client),
    View(parts=_servers, host=attrgetter("dest_ip"), states=_server),
)
