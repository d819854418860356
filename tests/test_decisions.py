"""What people decide of findings, as they type it and as tables: kept, and held to."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import deciding_ward
import pytest
from deciding_ward import DAY, TELNET, day, findings, running, table, telnet, ward

from wardwatch.cli import main
from wardwatch.decisions import deciding
from wardwatch.risk import risks
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.records import Decision, Grade, standing

Run = Callable[..., str]
WHY = ("--why", "own segment", "--who", "Dr. Weber")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says."""
    monkeypatch.chdir(tmp_path)
    return running(capsys)


def as_recorded(run: Run) -> list[dict[str, Any]]:
    """Return the findings of today from the record."""
    return [json.loads(line) for line in run("findings", "--as-of", day(0), "--json").splitlines()]


def test_an_accepted_finding_is_listed_and_counted_apart(run: Run) -> None:
    """With who, why and until when; the rest of what was decided stands beside it."""
    ward(run)
    (found,) = findings(run)
    assert found["decided"]["accepted"] is None
    before = run("findings")
    assert "accepted" not in before
    said = run("accept", found["id"][:8], "--until", day(30), *WHY)
    assert f"accepted until {day(30)}, by Dr. Weber" in said
    (then,) = (f for f in as_recorded(run) if f["id"] == found["id"])
    assert then["decided"]["accepted"]["by"] == "Dr. Weber"
    run("assign", found["id"], "--owner", "clinical engineering", "--status", "patch ordered")
    run("note", found["id"], "maker asked", "--who", "B. Lang")
    (after,) = findings(run)
    told = after["decided"]
    assert (told["accepted"]["by"], told["accepted"]["why"]) == ("Dr. Weber", "own segment")
    assert told["accepted"]["until"].startswith(f"{day(30)}T23:59:59")
    assert (told["owner"], told["status"]) == ("clinical engineering", "patch ordered")
    assert [note["text"] for note in told["notes"]] == ["maker asked"]
    listed = run("findings")
    assert f"accepted until {day(30)} by Dr. Weber; owner clinical engineering" in listed
    assert "; 1 accepted" in listed
    count = re.search(r"^(\d+) findings on", before, re.MULTILINE)
    assert count
    assert f"\n{int(count[1]) - 1} findings on" in listed
    assert {**after, "decided": None} == {**found, "decided": None}
    detail = run("device", after["device"]["id"])
    assert "accepted because: own segment" in detail
    assert "B. Lang: maker asked" in detail


def test_the_lists_of_an_owner_and_of_what_is_accepted(run: Run) -> None:
    """Each finding is in one of them only."""
    ward(run, pumps=2)
    one, other = findings(run)
    run("accept", one["id"], "--until", day(30), *WHY)
    run("assign", other["id"], "--owner", "Biomed")
    assert [f["id"] for f in findings(run, "--accepted")] == [one["id"]]
    assert [f["id"] for f in findings(run, "--owner", "biomed")] == [other["id"]]


@pytest.mark.parametrize(
    ("until", "why", "message"),
    [(-1, "x", "until lies in the past"), (400, "x", "until is more than 365 days on"),
     (30, " \t", "why is empty"), (30, "x" * 2000, "is over 1000 characters")],
)  # fmt: skip
def test_an_acceptance_has_a_reason_and_an_end(
    until: int, why: str, message: str, run: Run
) -> None:
    """Else nothing is kept, of none of the findings that were named."""
    ward(run, pumps=2)
    ids = [found["id"] for found in findings(run)]
    said = run("accept", *ids, "--until", day(until), "--why", why, "--who", "W", code=1)
    assert said.count(message) == 2
    assert "nothing was decided" in said
    assert all(found["decided"]["accepted"] is None for found in findings(run))


def test_the_site_says_for_how_long(run: Run) -> None:
    """In its policy, as with all figures."""
    ward(run)
    Path("policy.yaml").write_text("acceptance_days: 30\n")
    Path("wardwatch.toml").write_text('[risk]\npolicy = "policy.yaml"\n')
    (found,) = findings(run)
    assert "more than 30 days" in run("accept", found["id"], "--until", day(60), *WHY, code=1)
    run("accept", found["id"], "--until", day(30), *WHY)


def test_which_finding_is_meant(run: Run) -> None:
    """An id that is none, or the beginning of several, is named; nothing is decided."""
    ward(run, pumps=40)
    ids = [found["id"] for found in findings(run)]
    shared = next(i[0] for i in ids if sum(other.startswith(i[0]) for other in ids) > 1)
    said = run("accept", ids[0], shared, "zz", "--until", day(30), *WHY, code=1)
    assert f"{shared}: several ids begin so" in said
    assert "zz: no finding has this id" in said
    with Store(Path("wardwatch.db")) as store:
        assert store.decisions() == []


def test_a_closed_finding(run: Run) -> None:
    """There is nothing to decide of it, and it is said why."""
    ward(run)
    (found,) = findings(run)
    Path("patches.csv").write_text(
        "ip,vulnerability,status,date,by\n"
        f"{deciding_ward.host(0)},{TELNET},applied,{day(-1)},B. Lang\n"
    )
    run("facts", "import", "patches.csv")
    (closed,) = findings(run, "--all")
    assert closed["affected"] == "fixed"
    assert "is closed (fixed" in run("note", found["id"], "x", code=1)
    table("d.csv", {"finding": found["id"], "kind": "note", "comment": "x"})
    assert "d.csv:2: finding: is closed" in run("decisions", "import", "d.csv", code=1)


def test_harm_cannot_be_accepted(run: Run) -> None:
    """What was accepted before is void from then on, whatever its label was."""
    ward(run)
    with Store(Path("wardwatch.db")) as store:
        known = deciding.targets(risks.of_site(store, "default", time.time(), Policy()))
    (about,) = (one for one in known.values() if one.rated.finding.vulnerability == TELNET)
    told = {"who": "W", "at": 1.0, "why": "x", "until": DAY}
    given = deciding.decision(about, "accept", **told)
    assert list(deciding.objections(given, about, 2.0, 365)) == []
    case = replace(about.rated.case, threat=replace(about.rated.case.threat, harm=True))
    harmed = about._replace(rated=replace(about.rated, case=case))
    ((column, why),) = deciding.objections(given, harmed, 2.0, 365)
    assert (column, "nobody can accept" in why) == ("finding", True)
    assert deciding.standing_of(harmed.rated, {given.finding: [given]}, 2.0).accepted is None
    given = Decision(site="s", finding="f", kind="accept", who="W", at=0, until=DAY, label="Act")
    assert standing([given], 1.0, Grade("Act")).accepted == given
    assert "harm was seen" in standing([given], 1.0, Grade("Act", harm=True)).lapsed


def test_an_acceptance_that_ran_out_returns(run: Run) -> None:
    """The finding is in every list again by itself, and it is said that there was one."""
    ward(run)
    (found,) = findings(run)
    row = {"finding": found["id"], "kind": "accept", "who": "W", "why": "holidays"}
    table("d.csv", {**row, "until": day(-1), "at": f"{day(-9)}T08:00:00Z"})
    run("decisions", "import", "d.csv")
    (after,) = findings(run)
    assert after["decided"]["accepted"] is None
    assert after["decided"]["lapsed"] == f"acceptance by W ran out on {day(-1)}"
    assert f"acceptance by W ran out on {day(-1)}" in run("findings")
    assert findings(run, "--accepted") == []


def test_what_became_worse_is_accepted_no_longer(run: Run) -> None:
    """The acceptance was given for what it was then: telnet that nobody had seen to answer."""
    ward(run)
    (found,) = findings(run)
    assert found["verdict"] != "exploitable"
    run("accept", found["id"], "--until", day(30), *WHY)
    deciding_ward.seen(run, telnet(0, "accepted", time.time() - 3600))
    (after,) = findings(run)
    assert after["verdict"] == "exploitable"
    assert after["decided"]["accepted"] is None
    assert "acceptance by Dr. Weber no longer holds" in after["decided"]["lapsed"]
    assert "exploitable now" in after["decided"]["lapsed"]
    run("accept", found["id"], "--until", day(30), *WHY)
    (again,) = findings(run, "--accepted")
    assert again["decided"]["lapsed"] is None


def test_a_much_higher_score_is_accepted_no_longer() -> None:
    """As when it is attacked since: its label may be as urgent as before."""
    given = Decision(site="s", finding="f", kind="accept", who="W", at=0, until=DAY,
                     label="Attend", verdict="exploitable", score=38.4)  # fmt: skip
    assert standing([given], 1.0, Grade("Attend", "exploitable", score=39.9)).accepted == given
    assert standing([given], 1.0, Grade("Attend", "exploitable", score=12.0)).accepted == given
    now = standing([given], 1.0, Grade("Attend", "exploitable", score=64.0))
    assert now.accepted is None
    assert now.lapsed.endswith("holds: a score of medium then, a score of critical now")
    bare = replace(given, score=None)  # of what nobody published a vector
    assert standing([bare], 1.0, Grade("Attend", "exploitable", score=64.0)).accepted == bare


def test_an_acceptance_is_taken_back(run: Run) -> None:
    """As a record of its own; what there is none of cannot be."""
    ward(run)
    (found,) = findings(run)
    assert "is not accepted" in run("accept", found["id"], "--withdraw", *WHY, code=1)
    run("accept", found["id"], "--until", day(30), *WHY)
    run("accept", found["id"], "--withdraw", "--why", "moved", "--who", "B. Lang")
    (after,) = findings(run)
    assert "withdrawn by B. Lang" in after["decided"]["lapsed"]
    with Store(Path("wardwatch.db")) as store:
        assert [one.why for one in store.decisions()] == ["own segment", "moved"]


@pytest.mark.parametrize("table", ["decision", "register"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET who = 'x'", "DELETE FROM {}",
                                  "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"])  # fmt: skip
def test_nothing_is_changed_afterwards(table: str, verb: str, run: Run) -> None:
    """Not by us, and not by anybody who opens the file with another program."""
    ward(run)
    run("note", findings(run)[0]["id"], "x")
    run("decisions", "export", "-o", "d.csv")
    with sqlite3.connect("wardwatch.db") as db:
        rows = f"SELECT * FROM {table}"  # noqa: S608  constant
        before = db.execute(rows).fetchall()
        assert before
        with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
            db.execute(verb.format(table))
        assert db.execute(rows).fetchall() == before


def test_what_devices_that_became_one_had_decided(store: Store) -> None:
    """Is found at the device that took them in."""
    said = Decision(
        site="s", finding="old", device_id="b", vulnerability=TELNET, kind="note", who="W", at=1,
        comment="x",
    )  # fmt: skip
    with store.transaction():
        store.decide([said])
        store._db.execute("INSERT INTO former_id VALUES ('b', 'a')")
    (key,) = deciding.standings(store, "s", 2.0)
    assert key == deciding.identifier("a", TELNET)


def test_two_who_decide_at_once(run: Run) -> None:
    """Both are kept; the same table is taken once."""
    ward(run)
    (found,) = findings(run)
    row = {"finding": found["id"], "kind": "note", "who": "W"}
    table("same.csv", *({**row, "comment": f"n{number}"} for number in range(50)))
    codes: list[int] = []
    names = [("decisions", "import", "same.csv")] * 4
    names += [("note", found["id"], f"by {number}") for number in range(4)]
    each = [
        threading.Thread(target=lambda typed=typed: codes.append(main(typed))) for typed in names
    ]
    for one in each:
        one.start()
    for one in each:
        one.join()
    assert codes == [0] * 8
    with Store(Path("wardwatch.db")) as store:
        comments = [one.comment for one in store.decisions()]
    assert sorted(comments) == sorted(
        [f"n{number}" for number in range(50)] + [f"by {number}" for number in range(4)]
    )
