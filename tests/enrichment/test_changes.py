"""What changed on a device, and how well it is known."""

from __future__ import annotations

from collections.abc import Callable

from inventory import build

from wardwatch_enrichment.changes import STALE, changes
from wardwatch_enrichment.model import Claim, Device
from wardwatch_enrichment.visibility import exchanges, visibility

Claiming = Callable[..., Claim]
HOST = "10.0.0.1"


def happened(device: Device, latest: float = 0.0) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what changed, from what, to what, without the times."""
    return [(c.attribute, " ".join(c.before), c.after) for c in changes(device, latest)]


def test_a_new_device_and_its_update(claim: Claiming) -> None:
    """Software that replaced another is one change, with the line that says so."""
    (device,) = build([
        claim(HOST, "upnp.serial_number", "SN44771", ts=100.0, last=900.0),
        claim(HOST, "mdns.firmware", "1.0", ts=100.0, last=400.0),
        claim(HOST, "mdns.firmware", "1.1", ts=500.0, last=900.0),
    ])  # fmt: skip
    assert happened(device) == [("device", "", ()), ("software_versions", "1.0", ("1.1",))]
    assert changes(device, 0.0)[1].evidence[0].value == "1.1"


def test_an_address_that_came_in_addition_replaces_none(claim: Claiming) -> None:
    """A dual-homed device has both; one that moved has left the first."""
    mac = "00:09:fb:00:00:01"
    (device,) = build([
        claim(HOST, "dhcp.mac", mac, ts=100.0, last=5000.0),
        claim("10.0.1.1", "dhcp.mac", mac, ts=200.0, last=5000.0),
    ])  # fmt: skip
    assert ("ips", "", ("10.0.1.1",)) in happened(device)
    (device,) = build([
        claim(HOST, "dhcp.mac", mac, ts=100.0, last=150.0),
        claim("10.0.1.1", "dhcp.mac", mac, ts=200.0, last=5000.0),
    ])  # fmt: skip
    assert ("ips", HOST, ("10.0.1.1",)) in happened(device)


def test_a_service_that_was_not_there_before(claim: Claiming) -> None:
    """A new listener voids what was known of a device's exposure."""
    (device,) = build([
        claim(HOST, "exposure.service", "tcp/104 dicom", ts=100.0, last=900.0),
        claim(HOST, "exposure.service", "tcp/23 telnet", ts=500.0, last=900.0),
    ])  # fmt: skip
    assert happened(device)[1:] == [("services", "", ("tcp/23 telnet",))]


def test_a_device_that_is_gone(claim: Claiming) -> None:
    """Measured by when its site was last heard of, not by a clock."""
    (device,) = build([claim(HOST, "conn.active", "yes", ts=100.0)])
    assert len(changes(device, 100.0 + STALE)) == 1
    assert changes(device, 101.0 + STALE)[-1].kind in ("gone", "new device")
    assert {c.kind for c in changes(device, 101.0 + STALE)} == {"new device", "gone"}


def test_what_is_missing_and_what_would_reveal_it(claim: Claiming) -> None:
    """A host that is known by DHCP alone."""
    (device,) = build([
        claim(HOST, "dhcp.mac", "02:00:00:00:00:01"), claim(HOST, "dhcp.host_name", "ct1")
    ])  # fmt: skip
    known = visibility(device)
    assert (known.level, known.heard) == ("seen", ("DHCP",))
    assert {"manufacturer", "model", "serial_number"} <= set(known.missing)
    assert known.reveal
    assert 0.0 < known.score < 0.3


def test_what_would_reveal_depends_on_the_kind(dataset: Callable[..., list[Claim]]) -> None:
    """Of a CT scanner without a serial number a DICOM image could tell it, no IntelliVue."""
    (device,) = build(dataset(HOST, None, "SIEMENS", "Avanto", None))
    known = visibility(device)
    assert known.level == "identified"
    assert "serial_number" in known.missing
    assert any("DICOM" in words for words in known.reveal)
    assert not any("IntelliVue" in words for words in known.reveal)


def test_every_exchange_gives_something() -> None:
    """An exchange without a field that states an attribute would never help."""
    assert all(exchange.gives for exchange in exchanges().values())
