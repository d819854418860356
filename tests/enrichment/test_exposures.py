"""Whose exposure evidence is: never that of who held the address before or after."""

from __future__ import annotations

from typing import Any

import pytest

from wardwatch_enrichment.events import ByDevice, exposures_by_device
from wardwatch_enrichment.finding import SENSOR, Exposure
from wardwatch_enrichment.model import Binding

PUMP, DESK = "10.0.0.5", "10.0.0.9"
MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
HOUR = 3_600.0
Held = dict[str, list[tuple[str, Binding]]]


def exposure(
    host: str = PUMP, *, first: float = 1000.0, last: float = 2000.0, **more: Any
) -> Exposure:
    """Return a service of a host, called by the desk."""
    said: dict[str, Any] = {"kind": "service", "proto": "tcp", "port": 23, "state": "accepted"}
    said |= {"peers": (DESK,), "sensor": "s1", "count": 1}
    return Exposure(host=host, first_seen=first, last_seen=last, **(said | more))


def bound(ip: str, start: float, end: float, mac: str | None = None) -> Binding:
    """Return that an address was held."""
    confidence = 0.95 if mac else 0.6
    return Binding(ip=ip, mac=mac, start=start, end=end, source="dhcp", confidence=confidence)


def found(held: Held, *exposures: Exposure) -> ByDevice:
    """Return whose they are."""
    return exposures_by_device(exposures, lambda ip: held.get(ip, []))


SITE: Held = {
    PUMP: [("pump", bound(PUMP, 0, 9000))],
    DESK: [("desk", bound(DESK, 0, 9000))],
}


def test_a_device_has_its_own_and_what_it_calls() -> None:
    """Both in the order in which they come, and the sensor's own are nobody's."""
    telnet, refused = exposure(), exposure(port=21, state="refused")
    coverage = exposure(SENSOR, kind="coverage", peers=())
    own, called = found(SITE, telnet, refused, coverage)
    assert own == {"pump": (telnet, refused)}
    assert called == {"desk": (telnet, refused)}


def test_only_services_are_called() -> None:
    """And only by addresses: a prefix names nobody; nor does a host call itself."""
    rows = exposure(kind="peers", value="to"), exposure(peers=("10.0.0.0/24", PUMP))
    assert found(SITE, *rows).called == {}


def test_services_outside_the_site_are_called_too() -> None:
    """Of whom nothing is known but that they answered."""
    outside = exposure("10.9.9.9")
    assert found(SITE, outside) == ByDevice({}, {"desk": (outside,)})


@pytest.mark.parametrize(
    ("first", "last", "whose"),
    [
        (1000.0, 1500.0, "old"),
        (6000.0, 7000.0, "new"),
        (1000.0, 7000.0, None),  # the address changed hands while that was so
        (9_000_000.0, 9_000_000.0, None),  # long after it was seen last
    ],
)
def test_who_held_the_address_all_the_while(first: float, last: float, whose: str | None) -> None:
    """It is not known of whom rows of both times are."""
    held: Held = {PUMP: [("old", bound(PUMP, 0, 2000)), ("new", bound(PUMP, 5000, 8000))]}
    assert set(found(held, exposure(first=first, last=last)).own) == ({whose} if whose else set())


def test_a_device_in_between_is_noticed() -> None:
    """Where one device held the address before and after another."""
    held: Held = {
        PUMP: [
            ("one", bound(PUMP, 0, 2000)),
            ("other", bound(PUMP, 3000, 4000)),
            ("one", bound(PUMP, 5000, 8000)),
        ]
    }
    assert found(held, exposure(first=1000.0, last=6000.0)).own == {}
    assert set(found(held, exposure(first=100.0, last=1900.0)).own) == {"one"}


def test_a_hardware_address_decides() -> None:
    """The sensor saw whose it was, though both held the address on that day."""
    held: Held = {
        PUMP: [("one", bound(PUMP, 0, 2000, MAC)), ("other", bound(PUMP, 3000, 4000, OTHER_MAC))]
    }
    rows = [exposure(mac=mac, first=500.0, last=3500.0) for mac in (MAC, OTHER_MAC)]
    own = found(held, *rows, exposure(mac="02:00:00:00:00:03")).own
    assert own == {"one": (rows[0],), "other": (rows[1],)}


def test_each_address_is_asked_for_once() -> None:
    """The answers are in a database."""
    asked: list[str] = []

    def held(ip: str) -> list[tuple[str, Binding]]:
        asked.append(ip)
        return SITE[ip]

    exposures_by_device([exposure(), exposure(port=80)], held)
    assert sorted(asked) == [PUMP, DESK]
