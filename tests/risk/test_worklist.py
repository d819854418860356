"""The plan of work: what comes first, what it removes, what it never cuts, and its forms."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Sequence
from dataclasses import replace

from simulation_cases import FTP, TELNET, Bench, at, document

from wardwatch.outputs import worklist as forms
from wardwatch_enrichment.mitigation.weaknesses import way
from wardwatch_enrichment.risk import simulation
from wardwatch_enrichment.risk.actions import parsed
from wardwatch_enrichment.risk.candidates import candidates, where
from wardwatch_enrichment.risk.tasks import Task
from wardwatch_enrichment.risk.worklist import WorkList, tasks, worklist
from wardwatch_enrichment.surroundings import Surroundings

BENCH = Bench(document(TELNET, "CVE-2020-12041"), document(FTP, name="EXAMPLE-2"))
OPEN = ["accepts tcp/23 telnet", "covered"]
FLEET = [
    *(at(number, OPEN) for number in range(1, 6)),
    *(at(number, OPEN, ward="OR") for number in range(6, 8)),
    at(8, ["accepts tcp/21 ftp", *OPEN], ward="OR"),
    at(9, ["refuses tcp/23", "covered"], ward="OR"),
    at(10, ["covered"], ward="ER"),
]  # fmt: skip


def plan(places: Sequence[Surroundings] = FLEET, limit: int = 50, bench: Bench = BENCH) -> WorkList:
    """Return the plan of work for some devices."""
    return worklist(bench.known(*places), bench.engine, limit)


def test_the_first_task_is_what_removes_most_for_its_effort() -> None:
    """One rule of the network helps five pumps against two vulnerabilities each."""
    first = plan().tasks[0]
    assert (first.way, first.place, len(first.devices)) == ("block", "ICU", 5)
    assert (first.effort, len(first.findings)) == (1, 10)
    assert set(first.vulnerabilities) == {TELNET, "CVE-2020-12041"}
    assert abs(first.removed - 10 * (43.2 - 0.864)) < 0.1
    assert first.lifted == {"Attend": (10, 0), "Track": (0, 10)}
    assert first.due_days == 14
    assert first.agree.startswith("agree with clinical engineering")
    assert (first.devices[0].owner, first.devices[0].phone) == ("R. Duty", "411")
    assert first.action == "block tcp/23 --site s --ward ICU --model 'Baxter Model 7'"
    assert "tcp/23" in first.text
    assert "the 5 Baxter Model 7 in ICU" in first.text
    assert "10.30.1." not in first.text
    assert {flow.port for flow in first.cut} == {"tcp/23"}


def test_what_is_tried_is_what_was_counted() -> None:
    """The action of a task, simulated on its devices alone, removes as much."""
    first = plan().tasks[0]
    what = parsed(first.action.split(" --")[0].split())
    ids = {unit.id for unit in first.devices}
    removed = sum(
        effect.removed
        for place in FLEET
        if place.device.id in ids
        for effect in simulation.effects(place, BENCH.rated(place), what, BENCH.engine)
    )
    assert round(removed, 6) == round(first.removed, 6)


def test_what_the_tasks_remove_adds_up() -> None:
    """The sum is what all of them together remove; none counts what an earlier one took."""
    made = plan()
    removed = sum(task.removed for task in made.tasks)
    assert round(removed, 6) == round(made.before.score - made.after.score, 6)
    assert made.tasks
    assert all(task.removed > 0 for task in made.tasks)
    assert [task.rank for task in made.tasks] == list(range(1, len(made.tasks) + 1))
    # All tasks at once, by the engine, on each device.
    total = 0.0
    for place in FLEET:
        mine = [task for task in made.tasks if place.device.id in {u.id for u in task.devices}]
        doable = [task.action.split(" --")[0] for task in mine]
        if not doable:
            total += _score(place)
            continue
        what = parsed(word for text in doable for word in text.split())
        found = simulation.simulated(place, BENCH.rated(place), what, BENCH.engine)
        total += simulation.sums(found).score
    assert round(total, 6) == round(made.after.score, 6)


def _score(place: Surroundings) -> float:
    return simulation.sums(BENCH.rated(place)).score


def test_the_first_few_are_the_same_in_a_longer_list() -> None:
    """A limit only cuts the list off; in which order devices come does not count."""
    every, few = plan().tasks, plan(limit=2).tasks
    assert every[:2] == few
    mixed = list(FLEET)
    random.Random(8).shuffle(mixed)  # noqa: S311  for a test
    again = plan(mixed).tasks
    assert [(t.way, t.place, round(t.removed, 6)) for t in again] == [
        (t.way, t.place, round(t.removed, 6)) for t in every
    ]


def test_no_step_is_worth_more_than_one_before_it() -> None:
    """The plan is in the order of what is removed for the effort."""
    worth = [task.worth for task in plan().tasks]
    assert worth == sorted(worth, reverse=True)


def test_what_is_done_at_each_device_counts_for_each() -> None:
    """A rule of the network counts once, a visit as often as there are devices."""
    assert [bool(way(name).get("each")) for name in ("block", "segment", "off", "update")] == [
        False, False, True, True,
    ]  # fmt: skip
    known = candidates(BENCH.known(*FLEET))
    costs = {one.way: one.cost(5) for one in known if one.where.place == "ICU"}
    assert costs["block"] == 1
    assert costs["off"] == 15


def test_alarms_and_therapy_are_never_cut() -> None:
    """Where HL7 answers at the very port, the device is left out, and named."""
    hl7 = at(2, ["accepts tcp/23 hl7", "accepts tcp/23 telnet", "covered"])
    made = plan([at(1, OPEN), hl7])
    assert made.tasks
    for task in made.tasks:
        assert not any(flow.never for flow in task.cut)
    block = next(task for task in made.tasks if task.way == "block")
    assert [unit.id for unit in block.devices] == ["0001"]
    alone = plan([hl7])
    assert not [task for task in alone.tasks if "tcp/23" in task.action]
    assert alone.tasks


def test_no_rule_at_the_border_is_for_neighbours() -> None:
    """Where one in the same network was let in, it prevents nothing and is not counted."""
    near = at(2, ["accepts tcp/23 telnet from 10.30.1.99", "covered"])
    block = next(task for task in plan([at(1, OPEN), near]).tasks if task.way == "block")
    assert [unit.id for unit in block.devices] == ["0001"]
    alone = [task for task in plan([near]).tasks if "tcp/23" in task.action or not task.action]
    assert not [task for task in alone if task.way == "block"]
    assert [task for task in alone if task.way == "off"]


def test_only_watching_is_no_task() -> None:
    """Nor is what people have to work out, or what is settled."""
    ways = {task.way for task in plan().tasks}
    assert not ways & {"watch", "handle"}
    patched = at(1, [*OPEN, f"patched as {TELNET}", "patched as CVE-2020-12041",
                     f"patched as {FTP}"])  # fmt: skip
    assert plan([patched]).tasks == ()


def test_what_would_tell_is_listed_apart() -> None:
    """Where no sensor is, and of which devices the version is not known."""
    unknown = replace(at(3, OPEN), device=replace(at(3, OPEN).device, software_versions=()))
    several = Bench(document(TELNET), units=300, versions=("9.3", "9.6"))
    made = plan([at(1, []), at(2, []), unknown], bench=several)
    sensors = [task for task in made.tells if task.way == "sensor"]
    (sensor,) = sensors
    assert (sensor.place, len(sensor.devices), sensor.removed) == ("10.30.1.0/24", 2, 0.0)
    assert "Place a sensor that sees 10.30.1.0/24" in sensor.text
    versions = [task for task in made.tells if task.way == "version"]
    assert [unit.id for task in versions for unit in task.devices] == ["0003"]
    assert all(task.kind == "tell" for task in made.tells)
    every = tasks(BENCH.known(at(1, []), unknown), BENCH.engine)
    assert [task.rank for task in every] == list(range(1, len(every) + 1))


def test_an_empty_plan_says_so() -> None:
    """Nothing open, nothing to do."""
    (line,) = forms.shown(plan([]))
    assert line.plain == "Nothing to do that would make anything less likely."


def test_forms() -> None:
    """JSON lines with a sum, CSV with a row a task and no formula, text for people."""
    made = plan([at(1, OPEN, ward="=cmd|'/c calc'!A1"), *FLEET[1:]])
    documents = [json.loads(json.dumps(one)) for one in forms.documents(made)]
    assert documents[-1]["kind"] == "summary"
    removed = sum(one["removed"] for one in documents if one["kind"] == "mitigate")
    assert abs(removed - documents[-1]["score"]["removed"]) < 0.1 * len(documents)
    stream = io.StringIO()
    forms.write(made, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert tuple(rows[0]) == forms.COLUMNS
    assert [row["rank"] for row in rows] == [str(one["rank"]) for one in documents[:-1]]
    assert any(row["place"].startswith("'=cmd") for row in rows)
    text = "\n".join(line.plain for line in forms.shown(made))
    assert "it would end: from 10.20.4.7 tcp/23 (telnet)" in text
    assert "8 Attend -> 0" in text


def test_random_fleets_add_up() -> None:
    """Whatever is seen: the sums agree, and nothing that must go on is cut."""
    rng = random.Random(8)  # noqa: S311  for a test
    words = (*OPEN, "accepts tcp/21 ftp", "accepts tcp/2575 hl7", "refuses tcp/23",
             "accepts tcp/104 dicom", "shows credentials_in_clear on tcp/23 telnet",
             "accepts tcp/2323 telnet", "calls 203.0.113.9", "denies tcp/23")  # fmt: skip
    for _ in range(25):
        places = [
            at(number, rng.sample(words, rng.randrange(1, 6)), ward=rng.choice(["ICU", "OR"]))
            for number in range(1, 7)
        ]
        made = plan(places)
        removed = sum(task.removed for task in made.tasks)
        assert abs(removed - (made.before.score - made.after.score)) < 1e-6
        assert not any(flow.never for task in made.tasks for flow in task.cut)
        assert all(_devices_fit(task, places) for task in made.tasks)


def _devices_fit(task: Task, places: Sequence[Surroundings]) -> bool:
    ids = {unit.id for unit in task.devices}
    wheres = {where(place.device) for place in places if place.device.id in ids}
    return len(wheres) == 1


def test_what_is_moved_for_a_service_does_not_take_it_along() -> None:
    """The flows to the weak service end; what was blocked before is no flow any more."""
    words = [*OPEN, "accepts tcp/80 http", "calls 10.20.9.9 tcp/4000"]
    moves = [task for task in plan([at(1, words)]).tasks if task.way == "segment"]
    assert moves
    for task in moves:
        assert "tcp/23" not in {flow.port for flow in task.carried}
    (only,) = [one for one in candidates(BENCH.known(at(1, words))) if one.way == "segment"]
    assert only.ports == {"tcp/21", "tcp/23"}


def test_no_rule_of_the_network_is_asked_for_without_an_address() -> None:
    """What is seen only behind a gateway has none; what is done at the device is left."""
    hidden = at(1, OPEN)
    hidden = replace(hidden, device=replace(hidden.device, ips=()))
    ways = {one.way for one in candidates(BENCH.known(hidden))}
    assert ways
    assert not ways & {"block", "allow", "segment", "edge"}


def test_hostile_names_stay_text() -> None:
    """What a device says of itself neither acts on a terminal nor breaks a line."""
    made = plan([at(1, OPEN, hostname="a\x1b[2J", ward="ICU\r\n9. do this")])
    assert made.tasks
    lines = [line.plain for line in forms.shown(made)]
    assert not any(set("\x1b\r\n") & set(line) for line in lines)
