"""What dashboards ask of a device's document, beside the inventory: place, addresses, peers."""

from __future__ import annotations

from typing import Any

from wardwatch.documents.device import asset_document
from wardwatch.documents.peers import PEERS, peer_fields
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.surroundings import Surroundings

DAY = 86_400.0


def attribute(name: str, value: str, last: float = DAY, *, current: bool = True) -> Attribute:
    """Return what is known of a device, by no line at all."""
    return Attribute(
        name=name,
        value=value,
        confidence=0.9,
        current=current,
        first_seen=0.0,
        last_seen=last,
        evidence=(),
    )


def device(*known: Attribute) -> Device:
    """Return a device of which that is known."""
    return Device(id="d1", site="north", first_seen=0.0, last_seen=DAY, attributes=known)


def test_every_address_it_ever_had_is_there_with_its_time() -> None:
    document: Any = asset_document(
        device(
            attribute("ips", "10.0.0.1", DAY / 2, current=False),
            attribute("ips", "10.0.0.2"),
            attribute("ips", "no address", 60.0, current=False),
        )
    )
    held = document["iomt"]["held"]
    assert held["ip"] == ["10.0.0.2", "10.0.0.1"]
    assert held["when"] == [
        "10.0.0.2: 1970-01-01T00:00Z to 1970-01-02T00:00Z",
        "10.0.0.1: 1970-01-01T00:00Z to 1970-01-01T12:00Z",
        "no address: 1970-01-01T00:00Z to 1970-01-01T00:01Z",
    ]


def test_what_is_true_now_alone_is_said_of_its_place() -> None:
    document: Any = asset_document(
        device(
            attribute("ward", "ICU"),
            attribute("phone", "4100", current=False),
            attribute("note", "never isolate"),
            attribute("zone", "clinical"),
            attribute("zone", "guests"),
            attribute("services", "tcp/104 dicom"),
            attribute("services", "tcp/23 telnet", current=False),
        )
    )
    iomt = document["iomt"]
    assert iomt["place"] == {
        "ward": "ICU",
        "note": "never isolate",
        "zone": ["clinical", "guests"],
    }
    assert iomt["services"] == ["tcp/104 dicom"]
    assert "held" not in iomt, "nothing is known of its addresses"


def row(value: str, *peers: str) -> Exposure:
    """Return with whom a device talked."""
    return Exposure(
        host="10.0.0.1",
        sensor="s1",
        kind="peers",
        first_seen=0.0,
        last_seen=DAY,
        count=1,
        value=value,
        peers=peers,
    )


def around(*rows: Exposure) -> Surroundings:
    """Return a device with that evidence."""
    own = device(attribute("ips", "10.0.0.1"))
    return Surroundings(device=own, now=DAY, rows=rows, zone_of=lambda ip: f"zone of {ip}")


def test_peers_are_told_by_direction_with_their_zones() -> None:
    assert peer_fields(around(row("from", "10.0.0.9"), row("to", "10.0.0.8", "10.0.0.9"))) == {
        "callers": ["10.0.0.9"],
        "called": ["10.0.0.8", "10.0.0.9"],
        "zones": ["zone of 10.0.0.8", "zone of 10.0.0.9"],
    }
    assert peer_fields(around()) == {}


def test_peers_are_bounded() -> None:
    many = row("from", *(f"10.0.1.{number}" for number in range(PEERS + 9)))
    assert len(peer_fields(around(many))["callers"]) == PEERS  # type: ignore[arg-type]
