"""Which addresses are the site's own."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(text) for text in networks]

    def covers(self, host: str) -> bool:
        """Tell whether a host of this address can be one of the site's."""
        address = ip_address(host)
        return any(address in network for network in self._networks)
