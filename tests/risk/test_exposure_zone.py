"""From where a device is reached: each zone with what shows it, and what does not prove one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from evidence_words import ADDRESS, DAY, NOW, SENSOR, THE_SENSOR, row

from wardwatch_enrichment.boundaries import Boundaries
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk import scoring, zones
from wardwatch_enrichment.risk.case import Case, Factors, Threat
from wardwatch_enrichment.risk.zones import Reached
from wardwatch_enrichment.surroundings import Surroundings

PLAN = {
    "10.20.": "enterprise", "10.30.": "clinical", "10.31.": "isolated", "10.40.": "guest",
    "203.0.113.": "internet", "224.": "internet",
}  # fmt: skip
CENTRAL, OFFICE, OFFICE2 = "10.30.9.4", "10.20.4.7", "10.20.4.8"
GUEST, PUBLIC, NEIGHBOUR, STRANGER = "10.40.1.9", "203.0.113.9", "10.30.1.99", "172.20.1.1"
ISOLATED, SISTER = "10.31.1.15", "10.31.1.16"


def zone_of(ip: str) -> str:
    """Return the zone by the plan, else the subnet."""
    return next((zone for start, zone in PLAN.items() if ip.startswith(start)), f"net {ip}")


def called(*peers: str, port: int = 23, **values: Any) -> Exposure:
    """Return a service that accepted somebody yesterday."""
    given = {"state": "accepted", "proto": "tcp", "port": port, "clients": len(peers), **values}
    return row("service", peers=peers, **given)


def refused(*peers: str, by: str = "network", count: int = 3, port: int = 23) -> Exposure:
    """Return refusals of yesterday."""
    return called(*peers, state="refused", by=by, count=count, port=port)


def calls(*peers: str) -> Exposure:
    """Return whom the device called yesterday."""
    return row("peers", value="to", peers=peers)


def beats(days: int = 20) -> tuple[Exposure, ...]:
    """Return what a sensor says of itself, without a gap."""
    return tuple(
        row(
            "coverage", host=THE_SENSOR, value="sensor",
            first_seen=NOW - (day + 1) * DAY, last_seen=NOW - day * DAY,
        )
        for day in range(days)
    )  # fmt: skip


def shut(*admitted: str, of: str = "10.30.1.0/24", age: float = 5 * DAY, **deny: str) -> list[Fact]:
    """Return the rules of a firewall that lets in some and ends with all kept out."""
    permits = [{"from": one, "to": of, "action": "permit"} for one in admitted]
    rows = [*permits, {"from": "any", "to": of, "action": "deny", **deny}]
    return [
        Fact(kind="boundary", values={**values, "enforced_by": "fw1"}, source="fw.csv", line=line,
             at=NOW - age)
        for line, values in enumerate(rows, 1)
    ]  # fmt: skip


def around(
    *rows: Exposure, facts: Iterable[Fact] = (), watched: bool = True, ip: str = ADDRESS
) -> Surroundings:
    """Return a device in the clinical network, or at another address."""
    up = row("coverage", value="flows", count=200, first_seen=NOW - 20 * DAY, last_seen=NOW - 60)
    return Surroundings(
        device=Device(id="d", site="s", first_seen=0.0, last_seen=NOW, ips=(ip,)),
        now=NOW,
        rows=(*rows, up),
        sensors={SENSOR: beats()} if watched else {},
        boundaries=Boundaries(facts),
        zone_of=zone_of,
    )


def found(*rows: Exposure, **values: Any) -> Reached:
    """Return the zone of a device with this evidence."""
    return zones.zone(around(*rows, **values))


@pytest.mark.parametrize(
    ("rows", "wanted", "words"),
    [
        ((called(PUBLIC), called(GUEST)), "internet_in", "203.0.113.9"),
        ((called(GUEST), called(OFFICE), calls(PUBLIC)), "guest", "10.40.1.9"),
        ((calls(PUBLIC), called(OFFICE)), "internet_out", "nobody sanctioned (203.0.113.9)"),
        ((row("peers", value="with", peers=(PUBLIC,)),), "internet_out", "203.0.113.9"),
        ((called(CENTRAL), called(OFFICE)), "enterprise", "10.20.4.7"),
        ((row("peers", value="from", peers=(OFFICE,)),), "enterprise", "10.20.4.7"),
        ((refused(OFFICE, by="device"),), "enterprise", "10.20.4.7"),
        ((called("10.20.4.0/24"),), "enterprise", "10.20.4.0/24"),
        ((called(STRANGER), called(CENTRAL)), "unknown", "172.20.1.1"),
        ((called("0.0.0.0/0"),), "unknown", "0.0.0.0/0"),
        ((called(CENTRAL), called(NEIGHBOUR)), "clinical_shared", "only clinical callers"),
        ((), "clinical_shared", "proves no boundary"),
        ((calls("224.0.0.251", CENTRAL),), "clinical_shared", "proves no boundary"),
    ],
)
def test_the_worst_that_is_proven(rows: tuple[Exposure, ...], wanted: str, words: str) -> None:
    """What was seen, with whom; nothing of it proves a boundary."""
    got = found(*rows)
    assert (got.zone, got.boundary_proven) == (wanted, False)
    assert words in got.reason


@pytest.mark.parametrize(
    ("ip", "wanted"),
    [("10.20.4.77", "enterprise"), ("10.40.1.1", "guest"), ("203.0.113.4", "enterprise"),
     ("172.16.1.1", "unknown"), (ISOLATED, "clinical_shared"), (ADDRESS, "clinical_shared")],
)  # fmt: skip
def test_its_own_place_in_the_plan(ip: str, wanted: str) -> None:
    """Who is in the office is reached from there; the plan's word alone isolates nothing."""
    assert found(ip=ip).zone == wanted


def test_what_a_public_caller_must_have_reached() -> None:
    """The service itself; the web page next to it is something less. A neighbour is no stranger."""
    page = around(called(PUBLIC, port=443), called(OFFICE))
    assert zones.zone(page, {"enterprise"}).zone == "internet_out"
    assert zones.zone(page, set()).zone == "internet_out"
    assert zones.zone(page, {"internet", "enterprise"}).zone == "internet_in"
    assert zones.zone(page).zone == "internet_in"
    assert found(refused(PUBLIC, by="device")).zone == "internet_out"
    assert found(called("203.0.113.5"), ip="203.0.113.4").zone == "enterprise"


def test_public_hosts_that_are_sanctioned() -> None:
    """The maker's cloud that the site allowed, and no other."""
    place = around(calls(PUBLIC), called(CENTRAL))
    assert zones.zone(place, sanctioned=["203.0.113.0/28"]).zone == "clinical_shared"
    assert zones.zone(place, sanctioned=["203.0.113.0/29"]).zone == "internet_out"


def test_an_imported_boundary() -> None:
    """Listed peers only; isolated where the plan says so, too, and nobody comes from outside."""
    assert found(called(CENTRAL), facts=shut(CENTRAL)) == Reached(
        "allowlisted", True, "only listed peers reach it; fw1 shuts out all others (fw.csv:2)"
    )
    assert found(facts=shut(CENTRAL)).zone == "allowlisted"
    alone = {"facts": shut(of="10.31.1.0/24"), "ip": ISOLATED}
    assert found(**alone)[:2] == ("isolated", True)
    assert found(called(SISTER), **alone)[:2] == ("isolated", True)
    assert found(**alone, watched=False)[:2] == ("isolated", True)
    listed = {"facts": shut(CENTRAL, of="10.31.1.0/24"), "ip": ISOLATED}
    assert found(called(CENTRAL), **listed)[:2] == ("allowlisted", True)


@pytest.mark.parametrize(
    "facts",
    [
        [],
        shut(CENTRAL)[:1],  # lets in one, shuts out nobody
        shut(CENTRAL, "any"),
        shut(CENTRAL, "0.0.0.0/0"),
        shut(CENTRAL, of="10.30.2.0/24"),  # of another network
        shut(CENTRAL, age=31 * DAY),  # too old
        shut(CENTRAL, condition="established"),
        shut(CENTRAL, protocol="tcp"),
        shut(CENTRAL, protocol="tcp", port="23"),
        [*shut(CENTRAL), *(Fact(kind="boundary", values={"from": "any", "to": "10.30.1.0/24",
          "action": "permit", "enforced_by": "fw2"}, source="fw2.csv", line=1, at=NOW),)],
    ],
)  # fmt: skip
def test_rules_that_prove_no_boundary(facts: list[Fact]) -> None:
    """Of others, too old, with a condition, for a part only, or with another way in."""
    assert found(called(CENTRAL), facts=facts)[:2] == ("clinical_shared", False)


def test_a_boundary_at_the_port_of_the_service() -> None:
    """What is shut there only says nothing of other ports."""
    place = around(called(CENTRAL), facts=shut(CENTRAL, protocol="tcp", port="23"))
    assert zones.zone(place, ports=("tcp/23",))[:2] == ("allowlisted", True)
    assert zones.zone(place, ports=("tcp/23", "tcp/21"))[:2] == ("clinical_shared", False)
    assert zones.zone(place, ports=("udp/23",)).zone == "clinical_shared"


def test_who_comes_in_against_the_rules() -> None:
    """Who was there before them is kept out now; who came since shows that they do not hold."""
    before = called(OFFICE, first_seen=NOW - 9 * DAY, last_seen=NOW - 8 * DAY)
    assert found(before, facts=shut(CENTRAL)).zone == "allowlisted"
    assert found(before).zone == "enterprise"
    since = called(OFFICE)
    assert found(since, facts=shut(CENTRAL))[:2] == ("enterprise", False)
    other = called("10.30.8.8")
    assert found(other, facts=shut(CENTRAL))[:2] == ("clinical_shared", False)


def test_whom_the_rules_let_in() -> None:
    """A whole network is no list of peers, even where nobody of it was seen."""
    assert found(facts=shut("10.20.0.0/16")).zone == "enterprise"
    assert found(facts=shut("10.40.1.0/24")).zone == "guest"
    assert found(facts=shut("203.0.113.0/24")).zone == "internet_in"
    assert found(facts=shut("172.20.0.0/16")).zone == "unknown"
    assert found(facts=shut("10.20.4.0/28")).zone == "allowlisted"
    assert found(called(OFFICE), facts=shut(OFFICE)).zone == "enterprise"


def test_a_shared_network_behind_a_boundary() -> None:
    """Its neighbours pass no boundary; without a sensor nobody knows of them."""
    got = found(called(NEIGHBOUR), facts=shut(CENTRAL))
    assert got[:2] == ("clinical_shared", True)
    assert found(facts=shut(CENTRAL), watched=False)[:2] == ("clinical_shared", True)


def test_refusals_of_the_network() -> None:
    """Often enough, of several, and from near: a guest's say nothing of the office."""
    assert found(refused(OFFICE, OFFICE2))[:2] == ("allowlisted", True)
    assert "refused 3 connections from enterprise" in found(refused(OFFICE, OFFICE2)).reason
    assert found(refused(OFFICE, OFFICE2), ip=ISOLATED)[:2] == ("isolated", True)
    for weak in (
        refused(OFFICE, OFFICE2, count=2),
        refused(OFFICE, count=9),
        refused(GUEST, "10.40.1.10", count=9),
        refused(PUBLIC, "203.0.113.10", count=9),
        refused(NEIGHBOUR, "10.30.1.98", count=9),
        replace(refused(OFFICE, OFFICE2, count=9), last_seen=NOW - 31 * DAY),
        refused(CENTRAL, "10.30.9.5", by="device", count=9),
        called(OFFICE, OFFICE2, state="unanswered", count=9),
    ):
        assert found(weak)[:2] == ("clinical_shared", False), weak
    place = around(refused(OFFICE, OFFICE2, port=445))
    assert zones.zone(place, ports=("tcp/23",))[:2] == ("clinical_shared", False)
    assert zones.zone(place, ports=("tcp/445",))[:2] == ("allowlisted", True)
    assert found(refused(OFFICE, OFFICE2), called(OFFICE, port=80)).zone == "enterprise"


def test_without_coverage() -> None:
    """Unknown: few callers seen by nobody are no few callers. Who was seen still counts."""
    assert found(watched=False)[:2] == ("unknown", False)
    assert found(called(CENTRAL), watched=False).zone == "unknown"
    assert found(called(OFFICE), watched=False).zone == "enterprise"
    assert not around(watched=False).is_covered
    assert around().is_covered


def test_a_sensor_of_yesterday_knows_little() -> None:
    """Silence needs two weeks, of the peers as of a service."""
    young = Surroundings(
        device=around().device, now=NOW, rows=around(called(CENTRAL)).rows,
        sensors={SENSOR: beats(3)}, zone_of=zone_of,
    )  # fmt: skip
    assert zones.zone(young).zone == "unknown"
    assert young.is_covered


def test_silence_is_not_counted_twice() -> None:
    """Never accepted, and few peers: the one lowers, the other does not without a boundary."""
    few = called(SISTER, port=2575)
    scores = []
    for facts in ([], shut(CENTRAL, of="10.31.1.0/24")):
        got = found(few, facts=facts, ip=ISOLATED)
        scores.append(
            scoring.assess(
                Case(
                    factors=Factors(safety=8, effectiveness=8, data=6, life=True, fleet=6),
                    cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
                    affected="confirmed",
                    verdict="unlikely",
                    zone=got.zone,
                    boundary_proven=got.boundary_proven,
                    threat=Threat(codeless=True),
                )
            )
        )
    assert [round(one.score, 1) for one in scores] == [4.8, 0.7]  # T01c and T01b
