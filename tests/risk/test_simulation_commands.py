"""`simulate` and `worklist` as a user types them, on logs as sensors write them."""

from __future__ import annotations

import csv
import json
import shlex
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulation_cases import TELNET, document

from wardwatch.cli import main

NOW = time.time()
DAY = 86_400.0
PUMPS = {f"10.30.1.{at}": f"02:20:00:00:08:{at:02x}" for at in (11, 12, 13)}
Run = Callable[..., str]


def exposure(day: float, kind: str, host: str, **values: Any) -> str:
    """Return a row of iomt_exposure.log of one hour, so many days ago."""
    at = NOW - day * DAY
    mac = {"mac": PUMPS[host]} if host in PUMPS else {}
    known = {"ts": at, "first": at - 3600, "last": at, "host": host, "kind": kind, "count": 1}
    return json.dumps({**known, **mac, **values})


def service(host: str, port: int, peer: str = "10.20.4.7", **values: Any) -> str:
    """Return that a service answered somebody of the office yesterday."""
    told = {"proto": "tcp", "port": port, "state": "accepted", "peers": [peer], "clients": 1}
    return exposure(1, "service", host, **{**told, "count": 3, **values})


def _sensor() -> list[str]:
    counts = {"sensor": 40, "packets": 9_000, "dropped": 0, "gaps": 0, "acks": 9_000}
    return [
        exposure(half / 2, "coverage", "0.0.0.0", value=value, count=count)  # noqa: S104
        for half in range(58, -1, -1)
        for value, count in counts.items()
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command on a site with three pumps and returns what it says."""
    monkeypatch.chdir(tmp_path)
    conn = [
        {"uid": "C1", "id.orig_h": ip, "id.resp_h": "224.0.0.251", "orig_l2_addr": mac,
         "ts": NOW - half * DAY / 2 - 60}
        for ip, mac in PUMPS.items()
        for half in range(60)
    ]  # fmt: skip
    Path("conn.log").write_text("\n".join(map(json.dumps, conn)) + "\n")
    rows = [service(ip, 23, service="telnet") for ip in PUMPS]
    rows.append(service("10.30.1.13", 2575, service="hl7"))
    Path("iomt_exposure.log").write_text("\n".join([*rows, *_sensor()]) + "\n")
    Path("register.csv").write_text(
        "ip,manufacturer,model,type,software version,ward,phone\n"
        + "".join(
            f"{ip},Baxter,Model 7,infusion pump,9.3,ICU {ip[-1]},4{ip[-2:]}\n" for ip in PUMPS
        )
    )
    Path("plan.csv").write_text(
        "subnet,name,zone,vlan\n10.20.0.0/16,office,enterprise,20\n10.30.0.0/16,pumps,clinical,30\n"
    )
    Path("advisory.json").write_bytes(document(TELNET))

    def running(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        said = capsys.readouterr()
        return said.out + said.err

    running("ingest", "conn.log", "iomt_exposure.log", "--sensor", "tap1")
    for name in ("register.csv", "plan.csv"):
        running("facts", "import", name)
    running("feeds", "import", "advisory.json")
    return running


def lines(text: str) -> list[dict[str, Any]]:
    """Return what a command printed as JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("typed", "score", "label"),
    [(["block", "tcp/21,tcp/23"], 0.9, "Track"), (["move", "allowlisted"], 4.9, "Track*"),
     (["patch", "9.5"], 0, "Track"), (["patch", TELNET], 0, "Track")],
)  # fmt: skip
def test_the_figures_of_the_model(run: Run, typed: list[str], score: float, label: str) -> None:
    """T04a, 43.2 and Attend, from log lines."""
    *found, summary = lines(run("simulate", *typed, "--ward", "icu 1", "--json"))
    (one,) = [each for each in found if each["vulnerability"] == TELNET]
    assert (one["before"]["score"], one["before"]["label"]) == (43.2, "Attend")
    assert (one["after"]["score"], one["after"]["label"]) == (score, label)
    assert summary["kind"] == "summary"
    assert summary["devices"] == 1
    assert summary["score"]["before"] >= 43.2


def test_nothing_is_written(run: Run, tmp_path: Path) -> None:
    """Neither command changes the database, as it is dumped."""

    def dump() -> str:
        with sqlite3.connect(f"file:{tmp_path / 'wardwatch.db'}?mode=ro", uri=True) as known:
            return "\n".join(known.iterdump())

    before = dump()
    run("simulate", "block", "tcp/23", "move", "isolated", "--vlan", "30")
    run("worklist", "--json")
    assert dump() == before


def test_groups(run: Run) -> None:
    """By each fact; what nobody has is told with what is near it."""
    for group, count in (
        (["--vlan", "30"], 3), (["--subnet", "10.30.1.0/24"], 3), (["--subnet", "PUMPS"], 3),
        (["--model", "model 7"], 3), (["--model", "baxter m"], 3), (["--manufacturer", "bax"], 3),
        (["--type", "infusion pump"], 3), (["--ward", "ICU 1", "--ward", "ICU 2"], 2),
        (["--device", "10.30.1.12"], 1), (["--ward", "ICU", "--device", "10.30.1.13"], 1),
        (["--site", "default"], 3),
    ):  # fmt: skip
        summary = lines(run("simulate", "block", "tcp/23", *group, "--json"))[-1]
        assert summary["devices"] >= count, group
        if group[0] != "--site":
            assert summary["devices"] == count, group
    said = run("simulate", "replace", "--ward", "ICUU 1", code=1)
    assert "no device has the ward 'ICUU 1'; near it: ICU 1" in said
    said = run("simulate", "replace", "--model", "Model 7", "--ward", "OR", code=1)
    assert "--model Model 7" in said
    assert "for which devices? Name a group: --site, --ward" in run("simulate", "replace", code=2)
    assert "'burn' is no action" in run("simulate", "burn", "--ward", "ICU 1", code=2)
    said = run("simulate", "watch", "tcp/23", "--ward", "ICU 1")
    assert "it is noticed, not prevented" in said
    assert "It closes no port and moves nothing.\n" in said
    assert "a device may be out of use" in run("simulate", "patch", "99", "--ward", "ICU 1")
    said = run("simulate", "patch", "CVE-1999-0001", "--ward", "ICU 1")
    assert "CVE-1999-0001: none of these devices has a finding of it" in said


def test_alarms_are_named_loudly(run: Run) -> None:
    """To cut HL7 is told not to be done; to cut nothing is told with how far that is known."""
    said = run("simulate", "block", "tcp/2575,tcp/23", "--ward", "ICU 3")
    assert "DO NOT DO THIS: it closes what carries alarms or therapy at 1 device: HL7" in said
    assert "It would cut 2 flows of the last 30 days" in said
    assert "CARRIES ALARMS OR THERAPY" in said
    assert "agree with clinical engineering and the manufacturer first" in said
    summary = lines(run("simulate", "block", "tcp/2575", "--ward", "ICU 3", "--json"))[-1]
    assert summary["recommended"] is False
    assert summary["flows_cut"][0]["line"]
    other = run("simulate", "block", "tcp/80", "--ward", "ICU 1")
    assert "DO NOT" not in other
    assert "safe" not in other


def test_people_agree_also_where_nothing_is_open(run: Run) -> None:
    """A pump that is moved may be cut off whether or not something is known of it."""
    Path("patches.csv").write_text(
        f"ip,vulnerability,status,date,by\n10.30.1.11,{TELNET},applied,2026-01-02,B. Lang\n"
    )
    run("facts", "import", "patches.csv")
    said = run("simulate", "move", "isolated", "--ward", "ICU 1")
    assert "0 of 0 open findings" in said
    assert "Before any of it: agree with clinical engineering" in said
    office = run("simulate", "move", "isolated", "--ward", "ICU 1", "--json")
    assert lines(office)[-1]["agree"].startswith("agree with")


def test_several_actions_and_a_replacement(run: Run) -> None:
    """All together; and nothing is known of what comes after a device."""
    *found, summary = lines(
        run(
            "simulate", "block:tcp/23", "patch", "9.4", "move", "isolated", "--vlan", "30", "--json"
        )
    )
    assert summary["actions"] == "block tcp/23 move isolated patch 9.4"
    assert all(one["after"]["score"] < 1 for one in found if one["vulnerability"] == TELNET)
    said = run("simulate", "replace", "--vlan", "30")
    assert "nothing is known of what comes in its place" in said
    assert "Attend 3 -> 0" in said


def test_the_work_list(run: Run, tmp_path: Path) -> None:
    """Text, JSON and CSV say the same; a file is written where it is asked for."""
    *made, summary = lines(run("worklist", "--json"))
    first = made[0]
    assert first["way"] == "block"
    assert first["labels"]["Attend"] == {"before": 1, "after": 0}
    assert summary["labels"]["before"]["Attend"] == 3
    assert not [f for task in made for f in task["flows_cut"] if f["never"]]
    assert first["devices"][0]["phone"].startswith("41")
    run("worklist", "--csv", "--limit", "2", "-o", "week.csv")
    with (tmp_path / "week.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows if row["kind"] == "mitigate"] == [
        one["text"] for one in made[:2]
    ]
    said = run("worklist", "--limit", "1")
    assert f"  1. {first['text']}" in said
    assert "1 task removes" in said
    tried = run("simulate", *shlex.split(first["simulate"]), "--json")
    assert lines(tried)[-1]["score"]["removed"] == first["removed"]


def test_the_sums_of_the_work_list_are_of_all(run: Run) -> None:
    """Of what nothing is to be done about, too; what is accepted is counted apart."""
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW - DAY))
    Path("bench.yaml").write_text(
        f"bench_tests:\n  - {{vulnerability: {TELNET}, ip: 10.30.1.11, result: not exploitable,"
        f" date: {day}, by: B. Lang}}\n"
    )
    run("facts", "import", "bench.yaml")
    known = lines(run("findings", "--json"))
    small = next(one for one in known if one["device"]["ips"] == ["10.30.1.11"])
    assert (small["label"], small["score"] < 5) == ("Track", True)
    other = next(one for one in known if one["device"]["ips"] == ["10.30.1.12"])
    until = time.strftime("%Y-%m-%d", time.gmtime(NOW + 30 * DAY))
    run("accept", other["id"], "--until", until, "--who", "W", "--why", "x")
    summary = lines(run("worklist", "--json"))[-1]
    assert summary["accepted"] == 1
    counted = [one for one in known if one != other]
    expected = Counter(one["label"] for one in counted)
    assert {name: n for name, n in summary["labels"]["before"].items() if n} == expected
    assert expected["Track"]
    assert abs(summary["score"]["before"] - sum(one["score"] for one in counted)) < 0.2
    assert "Not counted: 1 finding of accepted risk" in run("worklist")


def test_a_limit_is_a_number(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is wrong usage."""
    for wrong in ("0", "x", "-1", "100000"):
        with pytest.raises(SystemExit) as stopped:
            run("worklist", "--limit", wrong)
        assert stopped.value.code == 2
        assert "is no number from 1 to" in capsys.readouterr().err or wrong == "-1"
