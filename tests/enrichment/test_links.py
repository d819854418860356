"""Who held an address when."""

from __future__ import annotations

import pytest

from wardwatch_enrichment.links import Addresses, coalesce, holders, sighting

IP = "10.0.0.50"
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
DAY = 86_400.0


def lease(mac: str, start: float, end: float | None = None) -> object:
    """Return a sighting by DHCP."""
    return sighting(IP, mac, "dhcp.mac", start, start if end is None else end)


def test_sightings_join_only_while_no_other_mac_comes_between() -> None:
    """Monday A, Tuesday B, Wednesday A, Thursday B are four bindings."""
    days = [(A, 1), (B, 2), (A, 3), (A, 3.5), (B, 4)]
    joined = coalesce([lease(mac, day * DAY) for mac, day in reversed(days)])
    assert [(b.mac, b.start / DAY, b.end / DAY) for b in joined] == [
        (A, 1, 1),
        (B, 2, 2),
        (A, 3, 3.5),
        (B, 4, 4),
    ]


@pytest.mark.parametrize(
    ("day", "mac"), [(0.5, None), (1, A), (1.5, A), (2, B), (3.2, A), (4.5, B), (9, None)]
)
def test_the_holder_is_who_had_it_last(day: float, mac: str | None) -> None:
    """A lease holds for about a day; before the first and long after the last nobody is known."""
    addresses = Addresses(
        [lease(m, d * DAY) for m, d in ((A, 1), (B, 2), (A, 3), (A, 3.5), (B, 4))]
    )
    holder = addresses.holder(IP, day * DAY)
    assert (holder.mac if holder else None) == mac


def test_one_mac_only_ever_holds_its_address() -> None:
    """Where there never was another there is nothing to mistake it for."""
    holder = Addresses([lease(A, 5 * DAY)]).holder(IP, DAY)
    assert holder is not None
    assert holder.mac == A


def test_confidence_falls_with_the_distance() -> None:
    """Who answers for an alert is told how sure it is."""
    held = [("d1", lease(A, DAY, 2 * DAY))]
    sure = [holders(held, at)[0].confidence for at in (1.5 * DAY, 2 * DAY + 60, 2.5 * DAY, 9 * DAY)]
    assert sure == sorted(sure, reverse=True)
    assert len(set(sure)) == 4
    assert sure[0] == 0.95


def test_the_last_one_before_is_likeliest_and_the_other_still_named() -> None:
    """Two devices shared the address on one day."""
    held = [("d1", lease(A, DAY)), ("d2", lease(B, 1.5 * DAY))]
    first, second = holders(held, 1.6 * DAY)
    assert (first.device_id, second.device_id) == ("d2", "d1")
    assert second.confidence <= first.confidence / 2


def test_nobody_is_an_answer() -> None:
    """An address that was never seen has no holder."""
    assert holders([], DAY) == []


def test_a_span_is_taken_apart_by_who_was_seen_inside_it() -> None:
    """Logs may come in any order: what is stored already gives way to what it did not know."""
    together = coalesce([lease(A, DAY), lease(B, 2 * DAY), lease(A, 3 * DAY)])
    first = coalesce([lease(A, DAY), lease(A, 3 * DAY)])
    later = coalesce([*first, lease(B, 2 * DAY)])
    assert later == together
