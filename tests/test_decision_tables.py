"""Decisions as tables: filled in by people, saved by spreadsheets, taken all or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from deciding_ward import day, findings, running, table, ward

from wardwatch.spreadsheet import guarded, unguarded

Run = Callable[..., str]
HOSTILE = (
    '=HYPERLINK("http://x")', "'=1", "a;=b;'@c", '-1, "x"', "+49 30 1; @x",
    "\u202eevil\x1b[2J", "ß — 漢",
)  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns what it says."""
    monkeypatch.chdir(tmp_path)
    return running(capsys)


def rows(run: Run) -> list[dict[str, str]]:
    """Return all decisions as exported."""
    return list(csv.DictReader(io.StringIO(run("decisions", "export"))))


@pytest.mark.parametrize("text", ["=1+1", "'=1", " -x", "a;=b;'@c; +d", "'", "x", "''-", "＝1", ""])  # noqa: RUF001
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    """And is no formula in between."""
    for part in guarded(text).split(";"):
        assert not part.lstrip(" ").startswith(("=", "-", "+", "@", "＝"))  # noqa: RUF001
    assert unguarded(guarded(text)) == text


def test_three_hundred_pumps_in_one_table(run: Run) -> None:
    """What is open is written as rows to fill in; what nobody filled in decides nothing."""
    ward(run, pumps=300)
    run("decisions", "export", "--open", "--vulnerability", "cve-2015-3459", "-o", "todo.csv")
    with Path("todo.csv").open(encoding="utf-8-sig", newline="") as file:
        given = list(csv.DictReader(file))
    assert len(given) == 300
    assert "took 0 decisions" in run("decisions", "import", "todo.csv")
    for row in given[:-1]:
        row |= {"kind": "accept", "who": "Dr. Weber", "why": "segment", "until": day(90)}
    table("todo.csv", *given)
    said = run("decisions", "import", "todo.csv")
    assert "took 299 decisions; 0 were there already, 1 rows decide nothing" in said
    assert len(findings(run, "--accepted")) == 299
    assert "took 0 decisions; 299 were there already" in run("decisions", "import", "todo.csv")
    left = list(csv.DictReader(io.StringIO(run("decisions", "export", "--open"))))
    assert {row["finding"] for row in left} >= {given[-1]["finding"]}
    assert not {row["finding"] for row in left} & {row["finding"] for row in given[:-1]}


@pytest.mark.parametrize("text", HOSTILE)
def test_an_export_is_taken_back_exactly(text: str, run: Run) -> None:
    """Also into another database; no cell of it is a formula or acts on a terminal."""
    ward(run)
    (found,) = findings(run)
    run("assign", found["id"], "--owner", text, "--status", text, "--who", text)
    run("note", found["id"], "--who", "W", "--", text)
    run("accept", found["id"], "--until", day(9), f"--why={text}", f"--who={text}")
    run("decisions", "export", "-o", "d.csv")
    written = Path("d.csv").read_text(encoding="utf-8-sig")
    assert not any(c in written for c in "\x1b\u202e")
    for row in csv.reader(io.StringIO(written)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
    assert "took 0 decisions; 3 were there already" in run("decisions", "import", "d.csv")
    told = findings(run)[0]["decided"]
    ward(lambda *typed: run(*typed, "--db", "other.db"))
    assert "took 3 decisions" in run("decisions", "import", "d.csv", "--db", "other.db")
    assert findings(run, "--db", "other.db")[0]["decided"] == told
    run("decisions", "export", "-o", "again.csv", "--db", "other.db")
    assert Path("again.csv").read_text(encoding="utf-8-sig") == written


def test_every_mistake_is_named_and_nothing_is_taken(run: Run) -> None:
    """With file, line and column; a good row among them is not taken either."""
    ward(run)
    (found,) = findings(run)
    good = {"finding": found["id"], "kind": "note", "comment": "two\nlines"}
    accept = {"finding": found["id"], "kind": "accept", "who": "W", "why": "w"}
    table(
        "d.csv",
        {**dict.fromkeys(("who", "why", "until", "at", "device", "vulnerability"), ""), **good},
        {**accept, "until": "31.03.2027"},
        {**accept, "until": day(-2), "why": ""},
        {**accept, "who": ""},
        {**good, "kind": "akzept"},
        {**good, "kind": ""},
        {**good, "finding": "1.23E+15"},
        {**good, "comment": "x", "device": "another", "vulnerability": "CVE-1"},
        {**good, "at": f"{day(3)}T00:00:00Z"},
        {"finding": found["id"], "kind": "assign"},
    )
    said = run("decisions", "import", "d.csv", code=1)
    for place in (
        "d.csv:4: until: '31.03.2027' is no date; write it as 2027-03-31",
        "d.csv:5: why: is empty", "d.csv:5: until: lies in the past", "d.csv:6: who: names nobody",
        "d.csv:6: until: is empty", "d.csv:7: kind: 'akzept' is none of accept, assign, note",
        "d.csv:9: kind: '' is none of", "d.csv:11: finding: 1.23E+15: no finding has this id",
        "d.csv:13: device: the finding is of", "d.csv:13: vulnerability: the finding is of",
        "d.csv:14: at: is still to come", "d.csv:16: owner: is empty",
        "12 mistakes; nothing was taken",
    ):  # fmt: skip
        assert place in said
    assert rows(run) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "has no column finding and kind"), (b"finding;kind;kind\n", "two columns are called"),
     ("finding,kind,comment\nx,note,ä\n".encode("latin-1"), "save it as `CSV UTF-8`"),
     (b"finding,kind\n\x00,note\n", "d.csv")],
)  # fmt: skip
def test_a_file_that_is_no_table_of_decisions(content: bytes, message: str, run: Run) -> None:
    """It is said what it is, and what to do."""
    ward(run)
    Path("d.csv").write_bytes(content)
    assert message in run("decisions", "import", "d.csv", code=1)
    assert "no.csv: No such file" in run("decisions", "import", "no.csv", code=1)


def test_the_same_row_again_does_not_undo_what_came_later(run: Run) -> None:
    """What was said last of a kind counts: an owner who gets it back is a new decision."""
    ward(run)
    (found,) = findings(run)
    table("a.csv", {"finding": found["id"], "kind": "assign", "owner": "A"})
    table("b.csv", {"finding": found["id"], "kind": "assign", "owner": "B"})
    for name in ("a.csv", "a.csv", "b.csv", "a.csv"):
        run("decisions", "import", name)
    assert [row["owner"] for row in rows(run)] == ["A", "B", "A"]
    assert findings(run)[0]["decided"]["owner"] == "A"
