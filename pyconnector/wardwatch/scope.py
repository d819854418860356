"""Which addresses are the site's own."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_network

DEFAULT_NETWORKS = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


class Scope:
    """The networks of a site; raises `ValueError` for one that is none."""

    def __init__(self, networks: Iterable[str] = DEFAULT_NETWORKS) -> None:
        self._networks: dict[int, list[tuple[int, int]]] = {4: [], 16: []}
        for network in map(ip_network, networks):
            size = network.max_prefixlen // 8
            self._networks[size].append((int(network.netmask), int(network.network_address)))

    def covers(self, host: str) -> bool:
        """Tell whether a host of this address can be one of the site's."""
        # Asked of every address on the internet that a site talks to: ipaddress is far slower.
        try:
            packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
        except (OSError, ValueError) as error:
            raise ValueError(f"not an IP address: {host[:60]!r}") from error
        number = int.from_bytes(packed)
        return any(number & mask == network for mask, network in self._networks[len(packed)])
