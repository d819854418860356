"""The register of a year, from a store that was filled day by day, and what enters itself."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from deciding_ward import DAY, TELNET, day, findings, running, telnet, ward

from wardwatch.cli import main
from wardwatch.decisions import auditing
from wardwatch.outputs.audit import Audit, entries, page
from wardwatch.outputs.terminal import console
from wardwatch.risk import recording
from wardwatch.store import Store, schema
from wardwatch.store.decisions import Entered
from wardwatch_enrichment.risk.policy import Policy, policy
from wardwatch_enrichment.risk.records import Decision, State

Run = Callable[..., str]
SITE = "default"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says."""
    monkeypatch.chdir(tmp_path)
    return running(capsys)


def shown(audit: Audit) -> str:
    """Return the page as printed."""
    paper = console()
    with paper.capture() as printed:
        for part in page(audit):
            paper.print(part)
    return printed.get()


def accepted(state: State, at: float, days: float, **told: str) -> Decision:
    """Return an acceptance of a finding, as it was then."""
    about = {"finding": state.finding, "device_id": state.device_id, "who": "Dr. Weber"}
    about |= {"vulnerability": state.vulnerability, "why": "segment", "label": state.label}
    until = at + days * DAY
    return Decision(**{**about, **told}, site=SITE, kind="accept", at=at, until=until)  # type: ignore[arg-type]


def test_a_year(run: Run) -> None:
    """Each fifth day is recorded; what people did on them stands in the register."""
    ward(run, pumps=4, rows=[telnet(0, "accepted", time.time() - 7200)])
    begin = time.time() + 60
    own = policy({"weights": {"data": 0.9}, "due_days": {"Attend": 7}})
    with Store(Path("wardwatch.db")) as store:
        for days in range(0, 365, 5):
            decided = own if days >= 100 else Policy()
            recording.record(store, SITE, begin + days * DAY, decided)
            if days == 10:
                known = [s for s in store.last_states(SITE) if s.vulnerability == TELNET]
                one, other, third, fourth = sorted(known, key=lambda s: s.device_id)
                at = begin + 10 * DAY
                withdrawn = accepted(third, at + 2, 0, why="moved", who="B. Lang")
                with store.transaction():
                    store.decide([
                        accepted(one, at, 360), accepted(other, at, 30), accepted(third, at, 90),
                        withdrawn, accepted(fourth, at, 360, label="Track"),
                        accepted(one, begin - 700 * DAY, 30),
                        Decision(site=SITE, finding=one.finding, device_id=one.device_id,
                                 vulnerability=TELNET, kind="assign", who="W", at=at,
                                 owner="=Biomed"),
                    ])  # fmt: skip
                    for days_on in (10, 20, 800):
                        told = {"site": "", "who": "root", "kind": "report", "told": "4 devices"}
                        store.enter(Entered(at=begin + days_on * DAY, **told))  # type: ignore[arg-type]
        audit = auditing.audit(store, [SITE], begin, begin + 364 * DAY)
    states = {one.decision.finding: one.state for one in audit.accepted}
    assert states.pop(fourth.finding).startswith(
        "void: acceptance by Dr. Weber no longer holds: Track then, "
    )
    assert states == {
        one.finding: "running",
        other.finding: "run out",
        third.finding: "withdrawn: by B. Lang, moved",
    }
    assert [one.decision.owner for one in audit.others if one.decision.owner] == ["=Biomed"]
    changed = {(one.name, one.before, one.after) for one in audit.altered}
    assert changed == {
        ("weights.data", "0.8 (as shipped)", "0.9"), ("due_days.Attend", "14 (as shipped)", "7"),
    }  # fmt: skip
    assert {round((one.at - begin) / DAY) for one in audit.altered} == {100}
    assert len(audit.given_out) == 2
    (seen,) = audit.seen
    assert (seen.days, seen.all_days, seen.devices) == (73, 365, 4)
    text = shown(audit)
    for words in (
        "1 run out, 1 running, 1 void, 1 withdrawn", "weights.data", "73 of 365 days", "report",
        "withdrawn: moved", "csaf",
    ):  # fmt: skip
        assert words in text
    # of the acceptance and of what ended it; who only takes care of a finding withdraws nothing
    assert text.count("withdrawn: ") == 2
    kinds = [entry["kind"] for entry in entries(audit)]
    assert kinds.count("accept") == 5
    assert {"change", "report", "coverage", "feed", "assign"} <= set(kinds)


def test_how_many_devices_a_sensor_covered(run: Run) -> None:
    """The share falls from when the sensor is not heard any more; the worst day is named."""
    begin = time.time() + 60
    ward(run, pumps=2, rows=[telnet(0, "accepted", begin - 7200)])
    with Store(Path("wardwatch.db")) as store:
        for days in (0, 1, 60):
            recording.record(store, SITE, begin + days * DAY, Policy())
        (seen,) = auditing.audit(store, [SITE], begin - 1, begin + 61 * DAY).seen
        uncovered = {round((r.at - begin) / DAY): r.uncovered for r in store.runs(SITE)}
    assert seen.worst == 1 - max(uncovered.values()) / 2
    assert len(set(uncovered.values())) > 1
    assert uncovered[round((seen.day - begin) / DAY)] == max(uncovered.values())
    assert seen.days == 3


def test_what_is_given_out_enters_itself(run: Run) -> None:
    """By whom and what; a register of nothing is a page, too."""
    ward(run)
    assert "Acceptances: none" in run("audit")
    (found,) = findings(run)
    run("accept", found["id"], "--until", day(9), "--who", "=W", "--why", "a;=b")
    run("report", "-o", "r.html")
    run("decisions", "export", "-o", "d.csv")
    vex = ("--author", "H", "--namespace", "https://hospital.example")
    run("vex", "export", "-o", "vex.json", *vex)
    run("devices", "--csv")
    told = [json.loads(line) for line in run("audit", "--json").splitlines()]
    kinds = [entry["kind"] for entry in told]
    for kind in ("accept", "report", "decisions export", "vex export", "devices"):
        assert kinds.count(kind) == 1, kind
    assert next(e["who"] for e in told if e["kind"] == "report")
    table = list(csv.DictReader(io.StringIO(run("audit", "--csv"))))
    (row,) = [row for row in table if row["kind"] == "accept"]
    assert (row["who"], row["what"], row["state"]) == ("'=W", "a;'=b", "running")
    assert len(table) == len(told)
    assert "must be before" in run("audit", "--since", day(3), code=2)
    assert "is no date" in run("audit", "--since", "once", code=2)
    for far in ("9999-12-31", "0001-01-01T00:00:00+14:00"):
        assert "is no date" in run("audit", "--since", far, code=2)
    old = [json.loads(line) for line in run("audit", "--json", "--until", day(-1)).splitlines()]
    assert {entry["kind"] for entry in old} == {"feed"}


def test_a_database_that_cannot_be_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is written all the same; that it is not in the register is said."""
    ward(run)
    monkeypatch.setattr(schema, "WAIT", 0.1)
    other = sqlite3.connect("wardwatch.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert main(["report", "-o", "r.html"]) == 0
    assert "not entered into the register: " in capsys.readouterr().err
    assert Path("r.html").exists()
    assert "database is locked" in run("note", findings(run)[0]["id"], "x", code=1)
    other.execute("ROLLBACK")
    other.close()
    kinds = [json.loads(line)["kind"] for line in run("audit", "--json").splitlines()]
    assert not {"report", "note"} & set(kinds)
