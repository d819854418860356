"""In which hours a device is seen on the network, from log lines on, and what silence says."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from evidence_words import surroundings

from wardwatch.cli import main
from wardwatch.pipeline import Ingest
from wardwatch.scope import Scope
from wardwatch.store import Store, schema
from wardwatch_enrichment import hours
from wardwatch_enrichment.finding import SENSOR, Exposure
from wardwatch_enrichment.hours import Hours, Span
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.surroundings import Surroundings

PUMP = "10.30.1.15"
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
NOW = MONDAY + timedelta(days=14)
WORK = range(7, 19)
Slots = Iterable[tuple[int, int]]  # day from Monday on, hour


def row(host: str, value: str, at: datetime, minutes: int = 59, **more: object) -> str:
    """Return a row of iomt_exposure.log, of an interval of one hour."""
    first, last = at.timestamp(), (at + timedelta(minutes=minutes)).timestamp()
    said = {"ts": last, "first": first, "last": last, "host": host, "kind": "coverage"}
    return json.dumps(said | {"value": value, "count": 3} | more) + "\n"


def log(seen: Slots, watched: Slots) -> str:
    """Return the rows of a pump and of the sensor in some hours."""
    rows = [row(PUMP, "flows", MONDAY + timedelta(days=d, hours=h)) for d, h in seen]
    return "".join(
        rows + [row(SENSOR, "sensor", MONDAY + timedelta(days=d, hours=h)) for d, h in watched]
    )


def always(days: int = 14) -> list[tuple[int, int]]:
    """Return every hour of some days."""
    return [(day, hour) for day in range(days) for hour in range(24)]


def working(days: int = 14) -> list[tuple[int, int]]:
    """Return the working hours of some days."""
    return [(day, hour) for day in range(days) if day % 7 < 5 for hour in WORK]


def take(store: Store, text: str, log_name: str = "iomt_exposure.log") -> None:
    """Ingest a log."""
    path = store.path.with_name(log_name)
    path.write_text(text)
    run = Ingest(store, site="here", sensor="s1", scope=Scope())
    assert run.run(run.find([path])).bad_rows == 0


def around(store: Store) -> Surroundings:
    """Return the pump in its surroundings, as the store has them."""
    device = Device(id="a", site="here", ips=(PUMP,), first_seen=0, last_seen=0)
    rows = tuple(store.exposures("here", [PUMP]))
    sensors = {"s1": tuple(store.coverage("here"))}
    return Surroundings(device=device, now=NOW.timestamp(), rows=rows, sensors=sensors)


def found(store: Store, zone: str | None = None) -> Hours:
    """Return the hours of the pump."""
    known = hours.hours(around(store), ZoneInfo(zone) if zone else UTC)
    assert known
    return known


def test_a_pump_of_the_day_shift(store: Store) -> None:
    """Its hours and days, and the quiet ones, on so many days that a sensor was there."""
    take(store, log(working(), always()))
    known = found(store)
    assert hours.active(known) == (Span(7, 19, 14),)
    assert hours.quiet(known) == (Span(19, 7, 13),)  # none before the hour it was first seen in
    assert (known.days, known.of, known.weekdays) == (10, 14, (0, 1, 2, 3, 4))
    assert hours.quiet_weekdays(known) == (5, 6)
    assert hours.unknown(known) == ()
    assert hours.sentence(known) == (
        "seen on the network Mon-Fri 07-19, on 10 of 14 days (UTC); quiet 19-07 on at least 13 "
        "days with a sensor there; never seen on Sat-Sun, watched 2 times. A hint for planning "
        "maintenance: it does not tell of use."
    )


def test_silence_without_a_sensor_says_nothing(store: Store) -> None:
    """A sensor that is there by day alone does not know of the night."""
    take(store, log(working(), [(d, h) for d, h in always() if 6 <= h < 20]))
    known = found(store)
    assert hours.quiet(known) == (Span(6, 7, 13), Span(19, 20, 14))
    assert hours.unknown(known) == (Span(20, 6, 0),)
    assert hours.quiet_weekdays(known) == ()
    assert "not known of 20-06: too few days with a sensor there" in hours.sentence(known)


def test_a_few_days_say_nothing_of_silence(store: Store) -> None:
    """Six nights are not enough, the seventh is."""
    take(store, log(working(), always(6)))
    assert hours.quiet(found(store)) == ()
    take(store, log([], always(9)))
    assert [(s.start, s.end) for s in hours.quiet(found(store))] == [(19, 7)]


def test_no_sensor_tells_of_itself(store: Store) -> None:
    """Then only the hours in which it was seen are known."""
    take(store, log(working(), []))
    known = found(store)
    assert (hours.quiet(known), hours.quiet_weekdays(known)) == ((), ())
    assert [(s.start, s.end) for s in hours.unknown(known)] == [(19, 7)]
    assert (known.days, known.of) == (10, 10)


def test_all_sensors_that_see_it_must_be_there(store: Store) -> None:
    """Each may see what the others do not."""
    take(store, log(working(), always()))
    known = around(store)
    second = tuple(
        Exposure(
            host=PUMP, sensor="s2", kind="coverage", value="flows", count=1,
            first_seen=MONDAY.timestamp(), last_seen=MONDAY.timestamp(), hours=1,
        ) for _ in range(1)
    )  # fmt: skip
    other = Surroundings(
        device=known.device, now=known.now, rows=known.rows + second, sensors=known.sensors
    )
    made = hours.hours(other)
    assert made
    assert hours.quiet(made) == ()


def test_by_the_clock_of_the_site(store: Store) -> None:
    """An hour later in winter by the clock of Vienna; a weekday is that of the clock, too."""
    take(store, log([(0, 23)], always()))
    known = found(store, "Europe/Vienna")
    assert hours.active(known)[0][:2] == (0, 1)
    assert known.weekdays == (1,)
    assert "(Europe/Vienna)" in hours.sentence(known)


def test_what_runs_day_and_night(store: Store) -> None:
    """It has no quiet hour."""
    take(store, log(always(), always()))
    known = found(store)
    assert hours.sentence(known).startswith("seen on the network Mon-Sun 00-24, on 14 of 14 days")
    assert hours.quiet(known) == ()
    assert hours.unknown(known) == ()


def test_never_seen() -> None:
    """Nothing is said."""
    device = Device(id="a", site="here", first_seen=0, last_seen=0)
    assert hours.hours(surroundings(device, [])) is None


def test_in_whatever_order_logs_come_and_however_often(store: Store, tmp_path: Path) -> None:
    """The same hours, read whole, in parts or twice."""
    lines = log(working(), always()).splitlines(keepends=True)
    take(store, "".join(lines))
    whole = found(store)
    other = Store(tmp_path / "other.db")
    random.Random(4).shuffle(lines)  # noqa: S311  repeatable, not secret
    for at in range(0, len(lines), 97):
        take(other, "".join(lines[at : at + 97]), "iomt_exposure.01.log")
    assert found(other) == whole
    take(other, "".join(lines))
    assert found(other) == whole


def test_flows_of_suricata(store: Store) -> None:
    """Of each flow the hour in which it began, of both ends and of the sensor."""
    lines = []
    for day, hour in [(0, 7), (0, 7), (1, 9), (1, 23)]:
        at = (MONDAY + timedelta(days=day, hours=hour, minutes=30)).isoformat()
        tcp = {"tcp_flags_ts": "1b", "tcp_flags_tc": "1b"}
        lines.append(
            json.dumps(
                {
                    "timestamp": at,
                    "event_type": "flow",
                    "src_ip": "10.30.1.9",
                    "src_port": 40000,
                    "dest_ip": PUMP,
                    "dest_port": 80,
                    "proto": "TCP",
                    "tcp": tcp,
                    "flow": {"start": at, "pkts_toclient": 1},
                }
            )
        )
    take(store, "\n".join(lines) + "\n", "eve.json")
    seen = [r.hours for r in store.exposures("here", [PUMP]) if r.value == "flows"]
    assert seen == [1 << 7, 1 << 9 | 1 << 23]
    assert [r.hours for r in store.coverage("here")] == seen


def test_only_coverage_notes_hours(store: Store) -> None:
    """An interval by its ends, and what of it is on another day is that day's."""
    late = MONDAY + timedelta(hours=23, minutes=30)
    take(
        store,
        row(PUMP, "flows", late, 40)
        + row(PUMP, "boot", MONDAY + timedelta(hours=2), 150)
        + row(PUMP, "to", late, kind="peers", peers=["10.30.1.9"]),
    )
    noted = {(r.kind, r.value): r.hours for r in store.exposures("here")}
    assert noted == {
        ("coverage", "flows"): 1 << 23,
        ("coverage", "boot"): 1 << 2 | 1 << 4,
        ("peers", "to"): 0,
    }


def test_a_database_of_before(tmp_path: Path) -> None:
    """It gets the column, and rows without hours are known by their ends."""
    path = tmp_path / "w.db"
    with Store(path) as made:
        take(made, log(working(), always()))
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE exposure DROP COLUMN hours")
    db.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION - 1}")
    db.commit()
    db.close()
    with Store(path) as again:
        assert {r.hours for r in again.exposures("here")} == {0}
        known = found(again)
        assert [(s.start, s.end) for s in hours.active(known)] == [(7, 8), (18, 19)]
        take(again, log([(0, 12)], []))
        assert 1 << 12 in {r.hours for r in again.exposures("here")}


def test_device_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a line and as JSON, by the clock in the settings."""
    monkeypatch.chdir(tmp_path)
    now = datetime.now(UTC).replace(hour=12, minute=0)
    rows = [row(PUMP, "flows", now - timedelta(days=day), 10) for day in range(1, 9)]
    beats = [row(SENSOR, "sensor", now - timedelta(days=d, hours=h)) for d in range(1, 10)
             for h in range(24)]  # fmt: skip
    (tmp_path / "iomt_exposure.log").write_text("".join(rows + beats))
    said = {"host": PUMP, "field": "dhcp.host_name", "value": "pump7", "source": "dhcp"}
    times = [(now - timedelta(days=day)).timestamp() for day in range(10, -1, -1)]
    (tmp_path / "iomt_asset.log").write_text(
        "".join(json.dumps({"ts": at} | said) + "\n" for at in times)
    )
    assert main(["ingest", "iomt_exposure.log", "iomt_asset.log"]) == 0
    capsys.readouterr()
    assert main(["devices", "--json"]) == 0
    name = json.loads(capsys.readouterr().out)["id"]
    assert main(["device", name]) == 0
    assert "seen on the network Mon-Sun 12-13, on 8 of " in capsys.readouterr().out
    monkeypatch.setenv("WARDWATCH_SITE_TIMEZONE", "Asia/Kolkata")
    assert main(["device", name, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["hours"]
    assert (shown["timezone"], shown["seen"]) == ("Asia/Kolkata", ["17-18"])
    assert shown["quiet"] == ["18-17"]
    monkeypatch.setenv("WARDWATCH_SITE_TIMEZONE", "Vienna")
    assert main(["device", name]) != 0
    assert "site.timezone: 'Vienna' is no time zone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("days", "words"),
    [((0,), "Mon"), ((0, 1), "Mon-Tue"), ((0, 2, 3, 6), "Mon, Wed-Thu, Sun")],
)
def test_days_in_words(store: Store, days: tuple[int, ...], words: str) -> None:
    """Those that follow each other as one span."""
    take(store, log([(day, 9) for day in days], []))
    assert f"seen on the network {words} 09-10" in hours.sentence(found(store))
