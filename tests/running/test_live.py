"""The live feed: what it brings comes once, and at once; a peer that misbehaves costs nothing."""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from running.connector import compared, state, until
from running.live_peer import Sensor, Speaking, event, row
from websockets.sync.server import ServerConnection

from wardwatch.config import load
from wardwatch.running import live
from wardwatch.running.loop import Running
from wardwatch.store import Store

SETTINGS = '[site]\nname = "north"\n[run]\n'
CLAIM = {"ts": 1.7e9, "uid": "C1", "host": "10.0.0.7", "field": "conn.active", "value": "yes"}


@pytest.fixture
def sensor() -> Iterator[Sensor]:
    """Return what speaks as Zeek does, until the test is over."""
    made = Sensor()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less."""
    monkeypatch.setattr(live, "SETTLE", 2.5)
    monkeypatch.setattr("wardwatch.running.loop.QUIET", 0.01)
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"wardwatch.sources.zeek_websocket.{name}", 0.05)


@contextmanager
def running(
    folder: Path, name: str, *, logs: Path | None = None, url: str = ""
) -> Iterator[Running]:
    """Follow what is named until the test is over."""
    settings = folder / f"{name}.toml"
    text = f'logs = ["{logs}"]\n' if logs else ""
    settings.write_text(SETTINGS + text + (f'live = "{url}"\n' if url else ""))
    with Store(folder / f"{name}.db") as store:
        made = Running(store, load(settings, {}), lambda _: None, {})
        try:
            yield made
        finally:
            made.close()


def catch_up(made: Running, sensor: Sensor) -> None:
    """Go on until all that was sent is taken."""

    def is_done() -> bool:
        sensor.beat()
        made.cycle()
        told, known = made.health.live, made._live
        assert told and known
        return not told["waits"] and (known._run, known._number) == (sensor.run, sensor.number)

    until(is_done, 20)


def hour(number: int) -> dict[str, list[str]]:
    """Return what a sensor writes in an hour of a few hosts, by log."""
    at, told = 1.7e9 + 3600 * number, {"iomt_asset": [], "iomt_exposure": [], "notice": []}
    for host in range(4):
        own = {"ts": at + host, "host": f"10.0.0.{host}", "mac": f"02:00:00:00:00:0{host}"}
        told["iomt_asset"].append(own | {"field": "conn.active", "value": f"{number % 3}"})
        seen = {"first": at - 3000 + host, "last": at - host, "count": number + 1, "port": 104}
        seen |= {"kind": "service", "state": "accepted", "proto": "tcp", "peers": ["10.0.0.9"]}
        told["iomt_exposure"].append(own | seen)
        sent = {"ts": at + host, "note": "Scan::Port", "src": "10.0.0.9", "dst": own["host"]}
        told["notice"].append(sent)
    return {log: [json.dumps(row) for row in rows] for log, rows in told.items()}


def test_logs_and_a_feed_with_gaps_come_to_what_logs_alone_do(
    tmp_path: Path, sensor: Sensor
) -> None:
    """Nothing is lost or counts twice: rows are lost, connections cut, Zeek and we restarted."""
    logs = tmp_path / "logs"
    logs.mkdir()
    chance, rows = random.Random(9), 0  # noqa: S311  no secret
    for part in (range(8), range(8, 16), range(16, 24)):  # each after a restart of the connector
        with running(tmp_path, "both", logs=logs, url=sensor.url) as made:
            for number in part:
                until(lambda: sensor.is_heard, 5)
                mishap = chance.choice(("none", "none", "none", "lose", "cut", "restart"))
                _write(hour(number), logs, sensor, made, mishap)
            _write({log: [] for log in hour(0)}, logs, sensor, made, "none")
            catch_up(made, sensor)
            told = made.health.live
            assert told is not None
            rows += told["rows"]
            assert told["gaps"]
            assert all(gap["filled"] for gap in told["gaps"])
    with running(tmp_path, "logs", logs=logs) as alone:
        alone.cycle()
    assert rows > 60  # did come live
    expected = state(tmp_path / "logs.db")
    assert [len(expected[kind]) for kind in ("devices", "claims", "exposures")] == [4, 16, 8]
    assert compared(state(tmp_path / "both.db"), expected) == (0, 0)


def _write(
    told: dict[str, list[str]], logs: Path, sensor: Sensor, made: Running, mishap: str
) -> None:
    """Let a sensor write an hour, live and a little later into its logs."""
    if mishap == "restart":
        sensor.restart()
    for log, lines in told.items():
        if mishap == "cut" and log == "iomt_exposure":
            sensor.hang_up()
        for line in lines:
            if mishap == "lose":
                sensor.lose()
            else:
                sensor.tell(log, line)
    made.cycle()
    for log, lines in told.items():
        aside = logs.with_name(f"{log}.aside")
        with (logs / f"{log}.log").open("a") as file:  # what was told an hour ago
            file.write(aside.read_text() if aside.exists() else "")
        aside.write_text("".join(f"{line}\n" for line in lines))
    made.cycle()


def test_without_logs_a_row_is_taken_within_a_second_and_a_gap_is_told(
    tmp_path: Path, sensor: Sensor
) -> None:
    """What nobody can bring any more is said for a day, with how much it was."""
    with running(tmp_path, "live", url=sensor.url) as made:
        catch_up(made, sensor)
        began = time.monotonic()
        sensor.tell("iomt_asset", json.dumps(CLAIM))
        until(lambda: made.has_news, 1)
        made.cycle()
        assert made.health.rows == 1
        assert time.monotonic() - began < 1
        assert made.health.devices == 1
        assert made.health.problems == []
        sensor.lose(3)
        sensor.tell("iomt_asset", json.dumps(CLAIM | {"host": "10.0.0.8"}))
        until(lambda: made.has_news, 1)
        made.cycle()
        (problem,) = made.health.problems
        assert "3 rows are missing from 20" in problem
        assert made.health.devices == 2
    with running(tmp_path, "live", url=sensor.url) as again:  # nothing was said meanwhile
        catch_up(again, sensor)
        assert again.health.problems == [problem]
        sensor.hang_up()
        sensor.tell("iomt_asset", json.dumps(CLAIM))
        until(lambda: not sensor.is_heard, 5)
        until(lambda: again.cycle() or len(again.health.problems) == 2, 5)


def test_bad_rows_cost_themselves(tmp_path: Path, sensor: Sensor) -> None:
    """Those of logs that nobody reads, too, cost nothing."""
    with running(tmp_path, "live", url=sensor.url) as made:
        catch_up(made, sensor)
        for line in ("", "no JSON", "{}\n{}", "#separator \\x09", "[" * 50_000, '{"ts":"x"}'):
            sensor.tell("iomt_asset", line)
        for host in ("not an address", "10.0.0.7"):
            sensor.tell("iomt_asset", json.dumps(CLAIM | {"host": host}))
        sensor.tell("../../etc", json.dumps(CLAIM))
        catch_up(made, sensor)
        assert made.health.devices == 1
        told = made.health.live
        assert told is not None
        assert told["bad_rows"] == 7
        assert all("not an address" not in problem for problem in made.health.problems)


def endless(client: ServerConnection) -> None:
    """Send one message that does not end."""
    client.send(["x" * 1000] * 100_000)


def many(client: ServerConnection) -> None:
    """Send rows faster than anybody takes them."""
    client.send('{"type":"ack"}')
    for number in range(6_000):
        client.send(row("many", number + 1, "iomt_asset", "x" * 2000))


def saying(*messages: str | bytes) -> Speaking:
    """Return a peer that says just that."""

    def say(client: ServerConnection) -> None:
        for message in messages:
            client.send(message)

    return say


ACK = '{"type":"ack","endpoint":"x","version":"8"}'
DEEP = "[" * 500_000
TEXT = {"@data-type": "string", "data": "x"}
GARBAGE = {
    "binary": saying(ACK, b"\x00\xff" * 100),
    "huge": saying(ACK, "x" * (2 << 20)),
    "endless": endless,
    "deep": saying(ACK, '{"type":"data-message","topic":"t","data":' + DEEP),
    "deep row": saying(ACK, row("r", 1)[:-2].replace('"data": [', '"data": ' + DEEP, 1)),
    "types": saying(ACK, event("Live::row", [TEXT, TEXT, TEXT, TEXT])),
    "few": saying(ACK, event("Live::row", [TEXT])),
    "number": saying(ACK, row("r", 1 << 70, "iomt_asset", json.dumps(CLAIM))),
    "negative": saying(ACK, row("r", -1, "iomt_asset", json.dumps(CLAIM))),
    "long name": saying(ACK, row("r" * 10_000, 1, "iomt_asset", json.dumps(CLAIM))),
    "no ack": saying(row("r", 1, "iomt_asset", json.dumps(CLAIM))),
    "no object": saying(ACK, "[1]"),
    "error": saying('{"type":"error","code":"x","context":"\x1b[2J"}'),
    "surrogates": saying(ACK, '{"type":"\\ud800"}'),
    "none": saying(),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_peer_that_speaks_garbage_costs_a_reconnect(
    tmp_path: Path, sensor: Sensor, name: str
) -> None:
    """No row, no crash, no memory; and rows as soon as it speaks as it should."""
    sensor.badly = GARBAGE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with running(tmp_path, "live", url=sensor.url) as made:
        until(lambda: made.cycle() or made.health.problems, 10)
        assert "live feed ws://127.0.0.1" in made.health.problems[0]
        sensor.badly = None
        until(lambda: sensor.is_heard, 10)
        sensor.tell("iomt_asset", json.dumps(CLAIM))
        catch_up(made, sensor)
        assert (made.health.rows, made.health.bad_rows) == (1, 0)
        assert made.health.problems == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_what_nobody_takes_is_bounded(
    tmp_path: Path, sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that is faster than the store loses rows."""
    monkeypatch.setattr("wardwatch.sources.zeek_websocket.WAITING_BYTES", 4 << 20)
    sensor.badly = many
    with running(tmp_path, "live", url=sensor.url) as made:
        assert made._live is not None
        feed = made._live.feed
        until(lambda: feed.trouble, 20)
        assert 3 << 20 < feed._bytes <= 4 << 20
        made.cycle()
        assert 1_000 < made.health.bad_rows < 2_000
