"""The risks in the report: each total is that of the findings, and nothing unknown looks safe."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from report_risks import DAY, NOW, accepted, given, hospital, rated, tasks

from wardwatch.outputs.html import write
from wardwatch.outputs.report.entry import STATES, Entry
from wardwatch.outputs.report.overview import overview
from wardwatch.outputs.report.picture import Part, level, stack
from wardwatch.outputs.report.walk import TASKS, walk
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.risk.rating import URGENCY
from wardwatch_enrichment.risk.records import standing
from wardwatch_enrichment.risk.scoring import group


@pytest.fixture
def known(devices: list[Device]) -> list[Entry]:
    told = hospital(devices)
    return [Entry(device=device, given=told) for device in devices]


def test_the_totals_are_those_of_the_findings(known: list[Entry]) -> None:
    """Each finding is counted once, those accepted apart; each device once by its most urgent."""
    told = known[0].given
    assert told is not None
    shown = overview(known, told, NOW)
    every = [one for appraisal in told.appraised.values() for one in appraisal.rated]
    labels = Counter(
        "Accepted" if one.finding.id in told.standings else one.risk.label for one in every
    )
    assert {tile.state: tile.findings for tile in shown.tiles if tile.findings} == labels
    assert set(labels) == {*URGENCY, "Accepted"}
    assert shown.findings == len(every)
    assert sum(tile.devices for tile in shown.tiles) == len(known)
    assert shown.sum == pytest.approx(
        sum(o.risk.score for o in every if o.finding.id not in told.standings)
    )
    for kind in shown.groups:
        assert sum(row.devices for row in kind.rows) == len(known) or kind.more
    for row in (shown.whole, *(row for kind in shown.groups for row in kind.rows)):
        assert sum(count for _, _, count in row.labels) == row.devices


def test_what_cannot_be_told_is_in_each_total(known: list[Entry]) -> None:
    told = known[0].given
    assert told is not None
    shown = overview(known, told, NOW)
    tiles = {tile.state: tile for tile in shown.tiles}
    assert (tiles["Cannot tell"].devices, tiles["Cannot tell"].findings) == (2, 2)
    assert (shown.blind["untold_devices"], shown.blind["untold"]) == (2, 2)
    assert ("Cannot tell", "cannot-tell", 2) in shown.whole.labels
    assert "Cannot tell: 2" in shown.bar
    without = sum(entry.risk is None for entry in known)
    assert [axis.untold for axis in shown.axes] == [without + 2] * 3
    unknown = [entry for entry in known if entry.state == "Not identified"]
    assert len(unknown) == shown.blind["unidentified"] > 0
    assert all(entry.device.model is None for entry in unknown)


def test_the_axes_are_never_merged(known: list[Entry]) -> None:
    told = known[0].given
    assert told is not None
    axes = overview(known, told, NOW).axes
    assert [axis.title for axis in axes] == [
        *("Patient safety", "Clinical effectiveness", "Data and systems")
    ]
    for name, axis in zip(("safety", "effectiveness", "data"), axes, strict=True):
        scores = [getattr(entry.risk, name) for entry in known if entry.risk]
        assert [one.score for one in axis.worst] == sorted(scores, reverse=True)[:5]
        assert sum(count for _, count in axis.bands) == len(scores)


def test_a_group_has_its_score_and_its_share(known: list[Entry]) -> None:
    told = known[0].given
    assert told is not None
    shown = overview(known, told, NOW)
    makers = next(kind for kind in shown.groups if kind.title == "Manufacturer")
    row = next(row for row in makers.rows if row.name == "SIEMENS")
    scores = [e.risk.score if e.risk else 0 for e in known if e.device.manufacturer == "SIEMENS"]
    expected = group(scores)
    assert (row.score, row.devices) == (expected.score, expected.devices)
    assert row.high == sum(score >= 40 for score in scores) == 2
    assert makers.rows[-1].name == ""
    assert {kind.title for kind in shown.groups} == {"Ward or department", "Type", "Manufacturer"}


def test_accepted_findings_are_apart_until_they_return(devices: list[Device]) -> None:
    one = rated(devices[0], "Attend")
    decided = accepted(one)
    states = []
    for now in (NOW, NOW + 31 * DAY):
        told = given({devices[0]: [one]}, standings={one.finding.id: standing([decided], now)})
        entry = Entry(device=devices[0], given=told)
        states.append((entry.state, len(entry.counted), entry.due_days))
    assert states == [("Accepted", 0, None), ("Attend", 1, 14)]


def test_candidates_are_not_counted(devices: list[Device]) -> None:
    """What is alike in name only is listed below, and in no figure."""
    one = rated(devices[0], "Attend")
    alike = replace(one, finding=replace(one.finding, affected="candidate"))
    entry = Entry(device=devices[0], given=given({devices[0]: [alike]}))
    assert (entry.state, entry.risk, len(entry.rated)) == ("No finding", None, 1)


@pytest.mark.parametrize(
    ("weighed", "kept"),
    [
        (Factors(safety=4, effectiveness=4, data=4), False),
        (Factors(safety=8, effectiveness=4, data=4), True),
        (Factors(safety=6, effectiveness=4, data=4, life=True), True),
    ],
)
def test_nobody_isolates_what_patients_depend_on(
    devices: list[Device], tmp_path: Path, weighed: Factors, *, kept: bool
) -> None:
    """Also where nothing is open on it."""
    told = replace(given({}), factors={devices[0].id: weighed})
    path = tmp_path / "report.html"
    write(devices[:1], path, site=None, generated=NOW, given=told)
    assert ("Do not isolate or switch off" in path.read_text(encoding="utf-8")) is kept


def test_the_most_urgent_device_comes_first(report: str) -> None:
    cells = re.findall(r"<td class=l(\d)>([^<]*)", report)
    assert [int(at) for at, _ in cells] == sorted(int(at) for at, _ in cells)
    assert {word.strip() for _, word in cells} == set(STATES)
    assert all(STATES[int(at)] == word.strip() for at, word in cells)


def test_the_card_tells_whom_to_call_and_what_to_do(report: str) -> None:
    """Place, note, axes, the worst findings with their reason, measures and dates."""
    card = " ".join(
        re.sub("<[^>]+>", " ", _section(report, "ct-room1").partition("<table")[0]).split()
    )
    for told in (
        *("Ward ICU 3", "Owner Clinical engineering", "Phone 4711", "Note of the register: Never"),
        *("Act CVE-2020-0001", "Switch Telnet off.", "by 2026-01-09, overdue", "Score 72.1 of 100"),
        "tree(active, controlled, automatable, very high) + F2b: tcp/23 accepted from 10.20.4.7",
        *("Patient safety 72.1", "Clinical effectiveness 40.1", "Data and systems 48.1"),
        "On the network from 06 to 22",
    ):
        assert told in card, told


def test_what_was_not_identified_gets_no_all_clear(report: str) -> None:
    assert "this is no all-clear" in _section(report, "lobby-cam")
    assert "this is no all-clear" not in _section(report, "DX_ORTHO")


def test_the_findings_carry_label_axes_decision_and_date(report: str) -> None:
    table = _section(report, "ct-room1").partition('<table class="claims findings">')[2]
    for heading in ("Label and score", "Vulnerability", "Why, and evidence", "What to do"):
        assert f'<th scope="col">{heading}' in table
    assert "<small>safety 72.0</small>" in table
    assert "due 2026-01-09, overdue" in table
    assert "BOD 26-04: 3 days" in table
    assert "accepted by <bdi>M. Curie</bdi> until 2026-02-10" in _section(report, "ANGIO1")


def test_the_sources_tell_their_age(report: str) -> None:
    text = " ".join(re.sub("<[^>]+>", " ", report).split())
    assert "kev 2025-12-02 40 days ago 2026-01-10 1 day ago" in text
    assert "epss not told never" in text
    assert "Risk model 1, its figures as shipped" in text
    assert "1 of 2 planned subnets never seen: 10.20.6.0/24 wards (a tap is planned)" in text
    assert "1 network seen that is in no plan: 10.20.9.0/24 (1 device)" in text


def test_the_work_list_is_one_part_a_ward(report: str) -> None:
    parts = report.split('<div class="ward">')[1:]
    names = [re.sub("<[^>]+>", "", part.partition("<small>")[0]).split(">")[-1] for part in parts]
    assert [name.strip() for name in names] == ["ICU 3", "Radiology", "Place not known"]
    assert re.findall(r'class="rank"><b>(\d+)', parts[0]) == ["1", "4"]
    for told in (
        "Let only the pump server",
        "Agree it with",
        "carries alarms",
        "Ada, 4711",
        "Not at",
    ):
        assert told in parts[0], told
    assert parts[0].count('class="box"') == 2 + 4  # for each task, and for each of its devices
    assert parts[0].count('class="initials"') == 2
    assert "shows what cannot be told" in parts[2]


def test_the_work_list_is_bounded_and_says_so(devices: list[Device], tmp_path: Path) -> None:
    first = tasks(devices)[0]
    many = [replace(first, rank=at, devices=first.devices * 20) for at in range(1, TASKS + 11)]
    (ward,) = walk(many).wards
    assert (len(ward.tasks), ward.more, ward.devices) == (TASKS, 10, 2)
    path = tmp_path / "report.html"
    told = replace(given({}), tasks=many)
    write(devices, path, site=None, generated=NOW, given=told)
    text = path.read_text(encoding="utf-8")
    assert "10 more in <code>wardwatch worklist</code>" in text
    assert "20 more in <code>wardwatch worklist</code>" in text


def test_pictures_are_labelled_and_need_no_colour(report: str) -> None:
    """Each has its words for those who do not see it; no style of its own, no link."""
    pictures = re.findall(r'<svg class="bar".*?</svg>', report, re.DOTALL)
    assert len(pictures) > 10
    for picture in pictures:
        assert 'role="img"' in picture
        assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", picture)
        assert not re.search(r"<(script|style|defs)|style=|xmlns|<!--|url\(", picture)
    drawn = stack("All", [Part("Act", 1, "act"), Part("Track", 9_999, "track")])
    assert [float(w) > 2 for w in re.findall(r' width="([\d.]+)"', drawn)] == [True, True]
    assert "25.0 of 100" in level("Score", 25.0)


def test_hostile_words_stay_text(hostiles: list[Device], tmp_path: Path) -> None:
    """In names, places, notes, findings, tasks and decisions."""
    nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"
    about = hostiles[0].attributes[0]
    told_of = (replace(about, name=name, value=nasty) for name in ("ward", "owner", "note"))
    device = replace(hostiles[0], attributes=(*hostiles[0].attributes, *told_of))
    one = rated(device, "Attend")
    finding = replace(one.finding, title=nasty, actions=(nasty,), vulnerability=nasty)
    one = replace(one, finding=finding)
    decision = replace(accepted(one, why=nasty), who=nasty, owner=nasty, status=nasty)
    task = tasks([device] * 6)[0]
    worked = replace(task, text=nasty, place=nasty, action=nasty, agree=nasty, watched=nasty)
    told = given(
        {device: [one]},
        standings={finding.id: standing([decision], NOW)},
        tasks=[replace(worked, vulnerabilities=(nasty,), lifted={nasty: (1, 0)})],
        outside={nasty: 1},
    )
    path = tmp_path / "report.html"
    write([device, hostiles[1]], path, site=nasty, generated=NOW, given=told)
    text = path.read_text(encoding="utf-8")
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10


def test_a_device_with_findings_takes_little_room_in_the_index(
    inventory: Callable[[int], list[Device]], tmp_path: Path
) -> None:
    """So that ten thousand stay near four megabytes; each has its evidence on its own page."""
    devices = inventory(1_500)
    found = {device: [rated(device, URGENCY[at % 5])] for at, device in enumerate(devices)}
    path = tmp_path / "report.html"
    pages = write(devices, path, site=None, generated=NOW, given=given(found))
    assert len(pages) == 1 + len(devices)
    empty = tmp_path / "empty.html"
    write(devices[:1], empty, site=None, generated=NOW, given=given({}))
    assert (path.stat().st_size - empty.stat().st_size) / len(devices) < 460


def _section(report: str, name: str) -> str:
    """The section of one device."""
    parts = report.split('<section class="device"')[1:]
    return next(part for part in parts if f"<bdi>{name}</bdi>" in part.partition("</h3>")[0])


@pytest.fixture
def devices(examples: list[Device]) -> list[Device]:
    """Some of them with a place, an owner and a note by the site's register."""
    place = {"ward": "ICU 3", "owner": "Clinical engineering", "phone": "4711"}
    place["note"] = "Never restart it during dialysis."
    return [
        device
        if at % 3
        else replace(device, attributes=(*device.attributes, *_told(device, place)))
        for at, device in enumerate(examples)
    ]


def _told(device: Device, place: dict[str, str]) -> list[Attribute]:
    seen = {"first_seen": device.first_seen, "last_seen": device.last_seen, "evidence": ()}
    return [
        Attribute(name=name, value=value, confidence=1.0, current=True, **seen)  # type: ignore[arg-type]
        for name, value in place.items()
    ]


@pytest.fixture
def report(devices: list[Device], tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    assert write(devices, path, site=None, generated=NOW, given=hospital(devices)) == [path]
    return path.read_text(encoding="utf-8")
