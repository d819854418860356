"""What a running connector says of itself: a problem lasts as long as there is one."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wardwatch.cli import main
from wardwatch.config import load
from wardwatch.running import metrics
from wardwatch.running.health import Health, warnings
from wardwatch.running.loop import Running
from wardwatch.running.problems import PASSING, Problems
from wardwatch.store import Store

ROW = '{"ts":1000,"uid":"C1","id.orig_h":"10.0.0.7","id.resp_h":"10.0.0.8","conn_state":"SF"}\n'
DAY = 86_400.0
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command and returns its exit code and all that it says."""

    def one(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    return one


def settings(folder: Path) -> Path:
    """Return the settings of a site whose logs are in a folder of their own."""
    (folder / "logs").mkdir()
    path = folder / "north.toml"
    path.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{folder / "logs"}"]\n')
    return path


def row(at: float, uid: str = "C1") -> str:
    """Return a row of conn.log."""
    return json.dumps({**json.loads(ROW), "ts": at, "uid": uid}) + "\n"


def test_logs_that_come_later_are_missed_only_until_then(tmp_path: Path) -> None:
    """Told once, not in each cycle; and `status` does not warn of it for ever."""
    told: list[str] = []
    with Store(tmp_path / "north.db") as store:
        running = Running(store, load(settings(tmp_path), {}), told.append, {})
        running.cycle()
        running.cycle()
        assert running.health.problems == told
        assert len(told) == 1
        assert "holds no Zeek logs" in told[0]
        (tmp_path / "logs" / "conn.log").write_text(ROW)
        running.cycle()
        assert running.health.rows == 1
        assert not running.health.problems


def test_a_bad_line_is_a_problem_for_an_hour() -> None:
    """It is over as soon as it is told, so that only time can end it."""
    at, told = [0.0], []
    problems = Problems(told.append, lambda: at[0])
    problems.pass_by("conn.log:3: is no JSON; not used")
    problems.last("files", ["gone.log: check its owner"])
    assert problems.now() == ["gone.log: check its owner", "conn.log:3: is no JSON; not used"]
    problems.last("files", ())
    assert problems.now() == ["conn.log:3: is no JSON; not used"]
    at[0] = PASSING
    assert problems.now() == []
    assert len(told) == 2


def test_a_bad_line_is_counted_and_named(tmp_path: Path) -> None:
    """And what is good around it is taken."""
    with Store(tmp_path / "north.db") as store:
        running = Running(store, load(settings(tmp_path), {}), lambda _: None, {})
        (tmp_path / "logs" / "conn.log").write_text(ROW + "{broken\n" + row(1001, "C2"))
        running.cycle()
        assert (running.health.rows, running.health.bad_rows) == (2, 1)
        (problem,) = running.health.problems
        assert "conn.log:2: " in problem


def test_a_database_that_could_not_be_written_is_over_with_the_next_cycle(tmp_path: Path) -> None:
    """What failed is told while it fails."""
    steps, told = {_fail: 0.0}, []
    with Store(tmp_path / "north.db") as store:
        running = Running(store, load(settings(tmp_path), {}), told.append, steps)
        (tmp_path / "logs" / "conn.log").write_text(ROW)
        running.cycle()
        assert running.health.problems == ["no space; it is tried again"]
        steps.clear()
        running.cycle()
        assert not running.health.problems


def _fail(*_: object) -> None:
    raise OSError("no space")


def test_lag_and_rows_by_log(tmp_path: Path) -> None:
    """The newest row counts, not the last one; one from the future is of now."""
    now = time.time()
    with Store(tmp_path / "north.db") as store:
        running = Running(store, load(settings(tmp_path), {}), lambda _: None, {})
        (tmp_path / "logs" / "conn.log").write_text(row(now - 50) + row(now - 90, "C2"))
        (tmp_path / "logs" / "software.log").write_text(
            json.dumps({"ts": now + DAY, "host": "10.0.0.7", "software_type": "SSH::SERVER"}) + "\n"
        )
        running.cycle()
        sources = running.health.sources
    assert sources["conn"] == {"rows": 2, "newest": pytest.approx(now - 50), "behind": 0}
    assert now <= sources["software"]["newest"] <= time.time()


def test_status_as_an_operator_reads_it(tmp_path: Path, run: Run) -> None:
    """From an empty database to a warning; 1 only while there is something to look at."""
    db, config = str(tmp_path / "north.db"), str(settings(tmp_path))
    Store(Path(db)).__exit__()
    code, said = run("status", "--db", db)
    assert code == 1
    assert "nothing was taken in yet: `wardwatch run --config FILE`" in said
    (tmp_path / "logs" / "conn.log").write_text(row(time.time() - 5))
    assert run("run", "--once", "--db", db, "--config", config)[0] == 0
    code, said = run("status", "--db", db)
    assert code == 0, said
    for line in (
        r"north: \d+ devices, database [\d.]+ MB, last cycle ",
        r"  rows: 1 since .*; nothing waits",
        r"    conn: 1 rows, newest \d+ seconds ago",
        r"  sensors: none has told of itself",
        r"  feeds: none was taken",
    ):
        assert re.search(line, said), (line, said)
    with (tmp_path / "logs" / "conn.log").open("a") as log:
        log.write("{broken\n")
    run("run", "--once", "--db", db, "--config", config)
    code, said = run("status", "--json", "--db", db)
    assert code == 1
    known = json.loads(said)
    assert known["bad_rows"] == 1
    assert "conn.log:2" in known["warnings"][0]


def test_what_an_operator_is_warned_of() -> None:
    """Each with what to do; nothing where all is well."""
    now = 1_800_000_000.0
    health = Health(site="north", pid=1, started=now - DAY, at=now, assessed=now)
    assert not list(warnings(health.document(), now))
    health.sensors = {
        "tap1": {"last_seen": now - 2.5 * DAY, "loss": 0.0},
        "tap2": {"last_seen": now, "loss": 0.2},
    }
    health.feeds = {"kev": now - 8 * DAY, "epss": now - 6 * DAY, "eol": None}
    health.sources = {"conn": {"rows": 5, "newest": now - 7200, "behind": 4096}}
    health.publish_error, health.publish_failing, health.waiting = "refused", now - 7200, 12
    health.assessed, health.problems = now - 3 * 3600, ["conn.log:3: is no JSON; not used"]
    told = "\n".join(warnings(health.document(), now))
    for text in (
        "conn: is read 2 hours late, 4096 bytes wait",
        "risks have not been worked out for 3 hours",
        "sensor tap1 has been silent for 2 days",
        "sensor tap2 loses 20.0%",
        "feed kev is of 2027-01-07, 8 days old: `wardwatch feeds update`",
        "feed eol was never taken: `wardwatch feeds update`",
        "Elasticsearch: for 2 hours, 12 wait: refused",
        "conn.log:3: is no JSON",
    ):
        assert text in told, told
    assert "epss" not in told
    (stopped,) = warnings(Health(site="n", pid=1, started=now, at=now - 3600).document(), now)
    assert stopped == "the connector has not been heard of for 60 minutes: start it again"


def test_prometheus_reads_it() -> None:
    """With its own parser: names, units and types as it wants them, and a text on each."""
    now = time.time()
    health = Health(site="north", pid=1, started=now, at=now, rows=7, bad_rows=1, waiting=3)
    health.sources = {"conn": {"rows": 7, "newest": now - 4, "behind": 10}}
    health.sensors = {"tap1": {"last_seen": now, "loss": 0.01}}
    health.feeds = {"kev": now, "epss": None}
    health.live = {"since": now, "heard": now, "rows": 2}
    health.publish_error, health.publish_failing = "refused", now
    stop = metrics.serve(f"127.0.0.1:{(port := _free())}", lambda: health)
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        stop()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert all(name.startswith("wardwatch_") for name in families)
    for name, family in families.items():
        assert family.documentation, name
        assert re.fullmatch(r"[a-z_]+", name)
        assert not re.search(r"_(ms|minutes|hours|days|kb|mb|percent)(_|$)", name)
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["wardwatch_rows_total", "north"] == 7
    assert values["wardwatch_source_lag_seconds", "conn", "north"] == pytest.approx(4, abs=0.1)
    assert values["wardwatch_source_waiting_bytes", "conn", "north"] == 10
    assert values["wardwatch_sensor_loss_ratio", "north", "tap1"] == 0.01
    assert values["wardwatch_feed_as_of_timestamp_seconds", "epss"] == 0
    assert values["wardwatch_output_waiting", "north"] == 3
    assert values["wardwatch_output_failing", "north"] == 1
    assert values["wardwatch_live_connected", "north"] == 1


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("address", ["0.0.0.0:9477", "10.0.0.7:9477", "[::]:9477", "x:9477", "1"])
def test_no_other_address_is_served(address: str) -> None:
    """What is told there is nobody else's business."""
    with pytest.raises(ValueError, match="only loopback is served"):
        metrics.serve(address, lambda: Health(site="n", pid=1, started=0.0))
