"""Which hosts are the site's own."""

from __future__ import annotations

import pytest

from wardwatch.scope import Scope


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("10.255.0.1", True),
        ("11.0.0.1", False),
        ("172.31.255.255", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("8.8.8.8", False),
        ("224.0.0.251", False),
        ("fd12::1", True),
        ("fe80::1", True),
        ("2001:db8::1", False),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104  an address in a log
    ],
)
def test_private_networks_are_ours_by_default(host: str, ours: bool) -> None:
    """The internet, groups and no address at all are not."""
    assert Scope().covers(host) is ours


def test_a_site_names_its_own() -> None:
    """Such as a university's public addresses, and then those alone."""
    scope = Scope(["192.0.2.0/24", "2001:db8::/32"])
    assert scope.covers("192.0.2.7")
    assert scope.covers("2001:db8::7")
    assert not scope.covers("10.0.0.1")


@pytest.mark.parametrize("host", ["ten", "", "10.0.0", "10.0.0.1\x00", "é", "1" * 300])
def test_what_is_no_address_is_said(host: str) -> None:
    """It never counts as one of ours or theirs."""
    with pytest.raises(ValueError, match="not an IP address"):
        Scope().covers(host)


def test_a_network_that_is_none_is_named() -> None:
    """With its text, for the message about the settings."""
    with pytest.raises(ValueError, match="'ten'"):
        Scope(["ten"])
