"""Which flows a measure lets through and ends; no alarm or therapy flow is ever cut."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from evidence_words import OFFICE, row, surroundings
from mitigation_cases import DEVICE, TELNET, around, entry, found, zone_of

from wardwatch_enrichment import preconditions
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.finding import Exposure
from wardwatch_enrichment.mitigation import weaknesses, words
from wardwatch_enrichment.mitigation.flows import Flow, flows, kept, never
from wardwatch_enrichment.mitigation.measures import Mitigation, mitigations
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.posture import entries
from wardwatch_enrichment.posture.entries import Posture
from wardwatch_enrichment.preconditions import Need, Precondition
from wardwatch_enrichment.surroundings import Surroundings

CONTENT = weaknesses.content()
CLOSING = {name for name, way in CONTENT["ways"].items() if way.get("closes")}


def test_flows_to_allow_are_those_seen() -> None:
    """A segment lets all through but the vulnerable service, whose callers are told."""
    seen = ["accepts tcp/23 telnet", "accepts tcp/104 dicom from 10.30.7.7", "calls 10.30.9.9",
            "calls 10.30.9.8 tcp/3613"]  # fmt: skip
    made = mitigations(found(), around(seen), entry(**TELNET), cwes=["CWE-259"])
    segment = next(one for one in made if one.way == "segment")
    assert {(f.direction, f.peer, f.port) for f in segment.allow} == {
        ("in", "10.30.7.7", "tcp/104"), ("out", "10.30.9.9", "any port"),
        ("out", "10.30.9.8", "tcp/3613"),
    }  # fmt: skip
    assert [(f.peer, f.port) for f in segment.cut] == [(OFFICE[0], "tcp/23")]
    assert segment.changes == {"zone": "isolated"}
    assert "to 10.30.9.8 tcp/3613" in segment.text
    block = next(one for one in made if one.way == "block")
    assert block.blocks == ("tcp/23",)
    assert block.cut == segment.cut
    assert "Never cut: to 10.30.9.8 tcp/3613" in block.text
    assert block.changes["truth"] == "strong_false"


def test_a_rule_at_the_border_does_not_stop_neighbours() -> None:
    """Who calls from the device's own network is told apart, where it is a border that closes."""
    near = "10.30.1.99"
    seen = ["accepts tcp/23 telnet", f"accepts tcp/23 telnet from {near}"]
    made = mitigations(found(), around(seen), entry(**TELNET), cwes=["CWE-259"])
    block = next(one for one in made if one.way == "block")
    assert f"It does not stop those in its own network: from {near} tcp/23" in block.text
    others = [one.text for one in made if one.way != "block"]
    assert not any("does not stop" in text for text in others)


def test_a_service_is_found_where_it_was_seen() -> None:
    """On any port, by what the sensor recognised there; old rows say nothing."""
    what = entry(needs=[{"service": {"names": ["telnet"]}}])
    made = mitigations(found(), around(["accepts tcp/2323 telnet"]), what)
    assert next(one for one in made if one.way == "block").blocks == ("tcp/2323",)
    old = [f"{words} 40 days ago" for words in (
        "accepts tcp/2323 telnet", "calls 1.1.1.1", "calls 1.1.1.2 tcp/443")]  # fmt: skip
    assert flows(around(old)) == ()
    none = mitigations(found(), around(()), what)
    assert "block" not in {one.way for one in none}
    assert all(not one.blocks for one in none)


def test_nothing_seen_is_not_called_safe() -> None:
    """It says how long was watched, or that nobody has."""
    for seen, text in (((), "no sensor has watched it long"), (["covered"], "in 30 days and 200")):
        made = mitigations(found(), around(seen), entry(**TELNET))
        assert text in next(one for one in made if one.way == "block").text


def test_calls_to_the_internet_end_at_its_edge() -> None:
    """But not where a central station of one's own may have the address."""
    seen = ["calls 1.1.1.1 tcp/443 ssl", "calls 202.114.4.120 tcp/515", "calls 10.30.9.9 tcp/104"]
    edge = mitigations(found("POSTURE-INTERNET"), around(seen))[0]
    assert (edge.way, edge.changes) == ("edge", {"zone": "clinical_shared"})
    assert [f.peer for f in edge.cut] == ["1.1.1.1"]


@pytest.mark.parametrize("given", CONTENT["never"], ids=lambda given: given["name"])
def test_each_alarm_flow_is_known(given: dict[str, Any]) -> None:
    """Each entry has an example that is seen as such, and a source."""
    device = replace(DEVICE, type=given.get("types", ["patient monitor"])[0])
    assert given["source"]
    assert [f.never for f in flows(around([given["example"]], device))].count(given["name"]) >= 1


KINDS = sorted(device_types())


def evidence(chance: random.Random, device: Device) -> Surroundings:
    """Return a device with random peers, some of them by an alarm or therapy flow."""
    lines: list[Exposure] = []
    calls: list[Exposure] = []
    ports = ["tcp/21", "tcp/23", "tcp/80", "tcp/443", "tcp/445", "tcp/5900", "udp/161", "tcp/104",
             *(port for one in never() for port in one.ports)]  # fmt: skip
    names = ["telnet", "http", "ssl", "smb", "rdp", "snmp", "dicom",
             *(name for one in never() for name in one.names)]  # fmt: skip
    for _ in range(chance.randint(0, 12)):
        proto, _, number = chance.choice(ports).partition("/")
        port = chance.choice((int(number), chance.randint(1, 65535)))
        peer = chance.choice((
            f"10.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}",
            f"10.20.{chance.randint(0, 255)}.0/24", "202.114.4.120", "1.1.1.1", "fd00::7",
        ))  # fmt: skip
        services = tuple(chance.sample(names, chance.randint(0, 2)))
        told = {"proto": proto, "port": port, "services": services, "state": "accepted"}
        if chance.random() < 0.6 or "/" in peer:
            lines.append(row("service", peers=(peer,), **told))
        else:
            calls.append(row("service", host=peer, peers=("10.30.1.15",), **told))
            lines.append(row("peers", value="to", peers=(peer,)))
    made = surroundings(device, ())
    return replace(made, rows=tuple(lines), calls=tuple(calls), zone_of=zone_of)


def asked(chance: random.Random) -> list[Need]:
    """Return random needs: of services that may and that must not be closed, and of none."""
    told = chance.choice((
        [], [{"service": {"ports": ["tcp/*"]}}], [{"access": "physical"}], [{"access": "local"}],
        [{"condition": "somebody stands between"}], [{"clear": {"names": ["hl7", "http"]}}],
        [{"service": {"ports": [port]}} for port in chance.sample(
            ["tcp/23", "tcp/445", "tcp/2575", "udp/24105", "tcp/3613", "tcp/104", "tcp/80"], 2)],
        [{"service": {"names": [chance.choice(["hl7", "sdc", "telnet", "http", "poct1a"])]}}],
    ))  # fmt: skip
    return [preconditions.need(one) for one in told]


def stays(flow: Flow, measures: Iterable[Mitigation], type_: str | None) -> None:
    """Assert that a flow is cut by nothing."""
    for one in measures:
        assert flow not in one.cut, one
        if one.way == "segment":
            assert flow in one.allow, one
        if flow.direction == "in":
            assert flow.port not in one.blocks, one
        for port in one.blocks:
            assert kept(port, frozenset(), None, type_) is None, one


def test_no_alarm_or_therapy_flow_is_ever_cut() -> None:
    """Whatever the weakness, its needs, the device and its peers are."""
    chance = random.Random(8)  # noqa: S311  cases, no secrets
    numbers = sorted(
        {c for one in CONTENT["classes"] for fit in one["fits"] for c in fit.get("cwes", ())}
    )
    known = list(preconditions.preconditions().values())
    postures = entries.entries()
    flows_kept = handed = 0
    for _ in range(6_000):
        device = replace(DEVICE, type=chance.choice((*KINDS, None)))
        place = evidence(chance, device)
        what: Precondition | Posture = chance.choice(known)
        finding = found(what.vulnerability, title="a thing")
        if chance.random() < 0.2:
            what = chance.choice(postures)
            finding = found(what.id)
        elif chance.random() < 0.5:
            what = replace(what, needs=tuple(asked(chance)))
        cwes = chance.sample(numbers, chance.randint(0, 2))
        measures = mitigations(finding, place, what, cwes=cwes)
        assert measures
        for flow in flows(place):
            if flow.never:
                flows_kept += 1
                stays(flow, measures, device.type)
        for one in measures:
            handed += "Do not close anything yet" in one.text
            assert one.text.isprintable()
            assert len(one.text) <= words.LONGEST
            assert not set(one.cut) & set(one.allow)
            assert 1 <= one.effort <= 5
            assert (one.kind == "administrative") <= (one.way == "handle")
    assert flows_kept > 5_000
    assert handed > 500


def test_nothing_closes_a_vulnerable_alarm_flow() -> None:
    """HL7 itself is weak: its callers are listed first, and no measure claims to close it."""
    what = entry(needs=[{"service": {"ports": ["tcp/2575"], "names": ["hl7"]}}])
    made = mitigations(found(), around(["accepts tcp/6661 hl7"]), what, cwes=["CWE-306"])
    assert not {one.way for one in made} & CLOSING
    assert "tcp/6661" in made[0].text
    assert "Only then" in made[0].text
    assert next(one for one in made if one.way == "segment").changes == {"zone": "allowlisted"}
    mixed = entry(needs=[{"service": {"ports": ["tcp/2575", "tcp/23"]}}])
    both = mitigations(found(), around(["accepts tcp/23", "accepts tcp/2575"]), mixed)
    for one in both:
        assert one.way not in CLOSING or one.blocks in ((), ("tcp/23",))
