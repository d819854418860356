"""`trend` and `findings --as-of` as a user types them, on a record of several days."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hospital_days import OWN, PUMP, START, TELNET, Hospital, exposure, service

from wardwatch.cli import main
from wardwatch.store import Store

DAY = 86_400.0
Told = Callable[..., str]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Told:
    """Return a function that runs a command on a pump's record of a week, and what it says."""
    monkeypatch.chdir(tmp_path)
    with Store(tmp_path / "wardwatch.db") as store:
        here = Hospital(store)
        here.hear(0, exposure(0, "coverage", value="flows", count=9))
        here.register(0, "4.1")
        here.feed(0, OWN.read_bytes())
        here.record(0)
        here.hear(2, service(2, "accepted", "10.20.4.7"))
        here.record(2)
        here.hear(6)
        here.register(6, "5.1")
        here.record(6)

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + said.err

    return running


def rows(said: str) -> list[dict[str, Any]]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in said.splitlines()]


def day(number: float) -> str:
    """Return a day of the record as a person types it."""
    return datetime.fromtimestamp(START + number * DAY, UTC).date().isoformat()


def test_a_day_of_the_past(told: Told) -> None:
    """What was found until its end, with the proof that was kept; closed ones are asked for."""
    (telnet,) = [r for r in rows(told("findings", "--as-of", day(3), "--json"))
                 if r["vulnerability"] == TELNET]  # fmt: skip
    assert (telnet["verdict"], telnet["label"]) == ("exploitable", "Attend")
    assert (telnet["since"], telnet["due"]) == (day(2), day(16))
    assert any(PUMP in proof["line"] for proof in telnet["proof"])
    before = rows(told("findings", "--as-of", day(1), "--json"))
    assert {row["verdict"] for row in before if row["vulnerability"] == TELNET} == {"potential"}
    assert rows(told("findings", "--as-of", day(7), "--json")) == []
    closed = rows(told("findings", "--as-of", day(7), "--json", "--all"))
    assert len(closed) == 5
    assert all("5.1" in row["closed"] for row in closed)


def test_a_day_of_the_past_for_a_person(told: Told) -> None:
    """It says which record it is from; of one device, all the proof is shown."""
    said = told("findings", "--as-of", day(3))
    assert "Attend" in said
    assert day(16) in said
    assert "as recorded until" in said
    device = rows(told("findings", "--as-of", day(3), "--json"))[0]["device"]["id"]
    said = told("findings", "--as-of", day(3), "--device", device[:6])
    assert "accepted" in said
    assert f"due on {day(16)}" in said


def test_days_that_cannot_be_shown(told: Told) -> None:
    """Each with what is there instead."""
    assert f"first record, which is of {day(0)}" in told("findings", "--as-of", day(-1), code=1)
    assert "write it as 2026-11-22" in told("findings", "--as-of", "yesterday", code=2)
    assert "is yet to come" in told("findings", "--as-of", "2199-01-01", code=2)
    assert "no finding of a device" in told(
        "findings", "--as-of", day(3), "--device", "zzz", code=1
    )
    assert "wardwatch audit" in told("findings", "--as-of", day(3), "--accepted", code=2)
    Store(Path("empty.db")).__exit__()
    assert "no record yet" in told("trend", "--db", "empty.db", code=1)


def test_trend(told: Told) -> None:
    """By day: score, labels, what moved them; and how long it took."""
    found = rows(told("trend", "--json"))
    scores = [row for row in found if row["kind"] == "score"]
    assert [row["at"][:10] for row in scores] == [day(0), day(2), day(6)]
    first, worse, last = scores
    assert first["score"] < worse["score"]
    assert last["score"] == 0
    assert sum(last["closed"].values()) == 5
    assert any(one["why"].startswith("new evidence: ") for one in worse["moved"])
    times = {row["label"]: row for row in found if row["kind"] == "time to mitigate"}
    assert times["Attend"]["n"] > 0
    assert times["Attend"]["mean_days"] == 4
    assert times["Act"] | {"kind": ""} == {
        "kind": "", "label": "Act", "n": 0, "mean_days": None, "median_days": None, "open": 0,
        "ended_otherwise": 0,
    }  # fmt: skip


def test_trend_of_groups_and_devices(told: Told) -> None:
    """By what the device is today; only since a day, where that is asked for."""
    said = told("trend", "--by", "manufacturer")
    assert "manufacturer Hospira" in said
    assert "4.0 days on average" in said
    assert "(n = " in said
    late = rows(told("trend", "--by", "model", "--since", day(5), "--json"))
    assert [row["at"][:10] for row in late if row["kind"] == "score"] == [day(6)]
    device = rows(told("findings", "--as-of", day(3), "--json"))[0]["device"]["id"]
    one = rows(told("trend", "--device", device[:6], "--json"))
    assert {row["device"] for row in one if row["kind"] == "score"} == {device}


def test_commands_keep_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is taken in is recorded at once; what is listed has its date from there."""
    monkeypatch.chdir(tmp_path)
    now = time.time()
    conn = {"uid": "C1", "id.orig_h": PUMP, "id.resp_h": "224.0.0.251", "ts": now - 60}
    Path("conn.log").write_text(json.dumps(conn | {"orig_l2_addr": "02:20:00:00:08:40"}) + "\n")
    Path("register.csv").write_text(
        f"ip,manufacturer,model,software version\n{PUMP},Hospira,LifeCare PCA Infusion System,4.1\n"
    )
    assert main(["ingest", "conn.log"]) == 0
    assert "Site default: 0 findings; 0 new" in capsys.readouterr().out
    assert main(["feeds", "import", str(OWN)]) == 0
    assert "Site default: 0 findings; 0 new" in capsys.readouterr().out
    assert main(["facts", "import", "register.csv"]) == 0
    assert "Site default: 5 findings, 5 Cannot tell; 5 new, 0 moved" in capsys.readouterr().out
    assert main(["findings", "--json"]) == 0
    found = rows(capsys.readouterr().out)
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    assert {(row["since"], row["due"]) for row in found} == {(today, None)}
    Path("wardwatch.db").chmod(0o444)
    before = Path("wardwatch.db").read_bytes()
    assert main(["findings", "--as-of", today]) == 0
    assert main(["trend"]) == 0
    assert Path("wardwatch.db").read_bytes() == before
