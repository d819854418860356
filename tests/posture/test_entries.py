"""Every entry of look.yaml plays its examples: what was seen is a finding, or is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from ipaddress import ip_address
from typing import Any

import pytest
from evidence_words import DAY, NOW, attribute, surroundings

from wardwatch_enrichment import preconditions, predicates
from wardwatch_enrichment.content import data
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device, Event
from wardwatch_enrichment.posture import look
from wardwatch_enrichment.posture.entries import entries, entry
from wardwatch_enrichment.surroundings import Surroundings

ENTRIES = data("posture.yaml")["posture"]
TODAY = date(2026, 11, 22)
# What these three need is not said in words; they have tests of their own.
ELSEWHERE = {"POSTURE-EOL-SYSTEM", "POSTURE-EOL-COMPONENT", "POSTURE-RECALL"}
ZONES = {"10.20": "enterprise", "10.30": "clinical"}


def zone_of(ip: str) -> str:
    """Return the zone by the plan that look.yaml tells of."""
    zone = "internet" if ip_address(ip).is_global else "unknown"
    return ZONES.get(".".join(ip.split(".")[:2]), zone)


def around(example: dict[str, Any]) -> Surroundings:
    """Return the device of an example with its evidence."""
    events = tuple(
        event(**one) if isinstance(one, dict) else event(one) for one in example.get("alarms", ())
    )
    device = Device(
        id="d", site="s", first_seen=0.0, last_seen=NOW, device_class=example.get("class"),
        events=events,
        attributes=tuple(attribute(n, value) for n, value in example.get("attributes", {}).items()),
    )  # fmt: skip
    made = surroundings(device, example["seen"])
    facts = tuple(
        Fact(
            kind="mds2", values={"model": "M", "question": asked, "answer": said},
            source="mds2.csv", line=7, at=NOW,
        )
        for asked, said in example.get("mds2", {}).items()
    )  # fmt: skip
    return replace(made, zone_of=zone_of, handling=(*made.handling, *facts))


def event(sid: int, **unusual: Any) -> Event:
    """Return an alarm of yesterday."""
    usual = {
        "host": "10.30.1.15", "peer": "10.20.4.7", "direction": "inbound",
        "signature": f"rule {sid}", "severity": 1, "category": None, "log": "eve_alert",
        "sensor": "tap1", "first_seen": NOW - DAY, "last_seen": NOW - DAY, "count": 1,
    }  # fmt: skip
    return Event(sid=sid, **{**usual, **unusual})


def found(example: dict[str, Any]) -> list[Finding]:
    """Return what the posture of an example's device comes to."""
    return list(look.findings(around(example), lambda _: (), (), TODAY))


def cases() -> list[Any]:
    """Return all examples, each under its entry's name."""
    return [
        pytest.param(name, example, id=f"{name}-{number}")
        for name, told in ENTRIES.items()
        for number, example in enumerate(told["examples"])
    ]


@pytest.mark.parametrize(("name", "example"), cases())
def test_the_examples_hold(name: str, example: dict[str, Any]) -> None:
    """A finding is one where the example says so, and rests on what was seen."""
    known = [f for f in found(example) if f.vulnerability.startswith(name)]
    known = [f for f in known if ("CLIENT" in f.vulnerability) == ("CLIENT" in name)]
    assert len(known) == example["finding"], [f.vulnerability for f in found(example)]
    for one in known:
        assert one.verdict == "exploitable"
        grounds = [ground for answer in one.answers for ground in answer.grounds]
        assert grounds
        assert all(ground.signed_by and ground.time for ground in grounds)
        assert one.expires
        assert one.actions
        assert one.wording


@pytest.mark.parametrize("name", sorted(ENTRIES.keys() - ELSEWHERE))
def test_each_has_an_example_of_either_kind(name: str) -> None:
    """What confirms it, and what looks alike and is none."""
    assert {example["finding"] for example in ENTRIES[name]["examples"]} == {True, False}


def test_silence_says_nothing() -> None:
    """A device that was watched for a month and showed nothing has no finding."""
    assert found({"seen": ["covered"], "class": "medical"}) == []


def test_old_evidence_says_nothing() -> None:
    """After thirty days what was seen is no longer known to be so."""
    late = replace(
        around({"seen": ["shows smb_1 on tcp/445 smb", "calls 1.1.1.1"], "class": "medical"}),
        now=NOW + 31 * DAY,
        answered={},
    )
    assert list(look.findings(late, lambda _: (), (), TODAY)) == []


def test_the_worst_zone_is_named() -> None:
    """Medical data that crosses: from where, and with whom."""
    (one,) = found({"seen": ["accepts tcp/104 dicom from 10.20.4.7"]})
    assert one.reached_from == ("enterprise",)
    assert "10.20.4.7" in one.answers[0].grounds[0].sentence


def test_a_contradiction_quotes_both_sides() -> None:
    """The answer with its place in the site's file, and the line that was seen."""
    (one,) = found({"seen": ["accepts tcp/2575 hl7 from 10.30.1.9"], "mds2": {"TXCF-2": "yes"}})
    assert one.vulnerability == "POSTURE-MDS2-TXCF-2"
    assert "mds2.csv:7" in one.notes[0]
    assert one.answers[0].grounds[0].line


def test_dicom_over_tls_is_not_readable() -> None:
    """That its sessions are encrypted is told by a field of DICOM, too."""
    need = preconditions.need({"clear": {"names": ["dicom"]}})
    for field, truth in (("dicom.tls", "unknown"), ("dicom.ae_title", "true")):
        told = attribute("type", "x", field)
        device = Device(id="d", site="s", first_seen=0.0, last_seen=NOW, attributes=(told,))
        assert predicates.answer(need, surroundings(device, [])).truth == truth


def test_the_ids_differ_by_device_and_entry() -> None:
    """And stay the same from run to run."""
    seen = ["shows smb_1 on tcp/445 smb", "shows rdp_tls on tcp/3389 rdp"]
    first, again = found({"seen": seen}), found({"seen": seen})
    assert len({one.id for one in first}) == 2
    assert [one.id for one in first] == [one.id for one in again]


@pytest.mark.parametrize(
    "told",
    [
        {"title": "x", "actions": [], "source": "x"},
        {"title": "x", "actions": [], "source": "x", "check": "guess"},
        {"title": "x", "actions": [], "source": "x", "needs": [{"guess": {}}]},
        {"title": "x", "actions": [], "source": "x", "check": "recall", "colour": "red"},
    ],
)
def test_a_wrong_entry_is_refused(told: dict[str, Any]) -> None:
    """With what is wrong about it."""
    with pytest.raises(ValueError, match=r"X:|guess"):
        entry("X", told)


def test_all_entries_can_be_read() -> None:
    """Each names who says so and what can be done."""
    assert [one.id for one in entries()] == list(ENTRIES)
    assert all(one.source and one.actions for one in entries())
