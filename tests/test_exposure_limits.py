"""How much of how hosts are exposed is kept, for how long, and how it is asked for."""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path

import pytest

from wardwatch import config
from wardwatch.store import Store, exposure
from wardwatch.store.exposure import DAY, PEERS, PREFIXES, About, Gathered, bounded
from wardwatch_enrichment.finding import Exposure

PUMP = "10.0.0.5"


def seen(store: Store) -> list[Exposure]:
    """Return all that is known of the hosts."""
    return store.exposures("here")


def put(store: Store, *found: About, sensor: str = "s1") -> None:
    """Add rows that were so once, at noon of their day."""
    with store.transaction():
        gathered = {a: Gathered(times=[[(a.day + 0.5) * DAY]], line="x") for a in found}
        store.add_exposures("here", sensor, "iomt_exposure", gathered)


def test_peers_do_not_depend_on_the_order() -> None:
    """Up to so many addresses, then prefixes, then all."""
    rng = random.Random(3)  # noqa: S311  repeatable, not secret
    peers = [f"10.{n}.{n % 7}.{n % 200}" for n in range(160)] + [f"fd00:{n}::1" for n in range(20)]
    whole = bounded(peers)
    for _ in range(20):
        rng.shuffle(peers)
        known: list[str] = []
        for at in range(0, len(peers), 17):
            known = bounded([*known, *peers[at : at + 17]])
        assert known == whole
    assert sum("/" not in peer for peer in whole) == PEERS
    assert len(whole) == PEERS + PREFIXES + 2
    assert whole[-2:] == ["0.0.0.0/0", "::/0"]
    assert bounded(peers[:PEERS]) == sorted(peers[:PEERS])


def test_a_host_cannot_fill_the_disk(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over becomes one row, and what a host refuses takes no room from what it accepts."""
    monkeypatch.setattr(exposure, "ROWS", 5)
    put(store, *(About(9, PUMP, "service", "tcp", n, "refused") for n in range(20)))
    assert store.dropped == 15
    put(store, About(9, PUMP, "service", "tcp", 80, "accepted"))
    ports = [(one.state, one.port, one.value) for one in seen(store)]
    assert ("accepted", 80, None) in ports
    assert ("refused", None, "other") in ports
    assert len(ports) == 7


def test_the_oldest_day_makes_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer evidence is worth more than older one; what there is no room for is counted."""
    monkeypatch.setattr(exposure, "EXPOSURES", 4)
    put(store, *(About(8, f"10.0.0.{n}", "coverage") for n in range(3)))
    put(store, *(About(9, f"10.0.0.{n}", "coverage") for n in range(6)))
    assert {int(one.last_seen // DAY) for one in seen(store)} == {9}
    assert (len(seen(store)), store.dropped) == (4, 3 + 2)


def test_evidence_is_kept_for_a_while(store: Store) -> None:
    """As long as is asked for, back from the newest row; a clock ahead deletes nothing."""
    store.days_kept = 10
    put(store, *(About(day, PUMP, "coverage") for day in (85, 95, 100)))
    assert [int(one.last_seen // DAY) for one in seen(store)] == [95, 100]
    assert store.dropped == 1
    put(store, About(106, PUMP, "coverage"))
    assert [int(one.last_seen // DAY) for one in seen(store)] == [100, 106]
    assert store.dropped == 1
    with Store(store.path.with_name("now.db")) as other:
        today = int(time.time() // DAY)
        put(other, About(today, PUMP, "coverage"), About(today + 5_000, PUMP, "coverage"))
        assert len(seen(other)) == 2


def test_what_is_asked_for(store: Store) -> None:
    """Some hosts, or what was still so at a time; each sensor and address apart, in order."""
    put(store, *(About(day, host, "coverage") for day in (9, 8) for host in (PUMP, "10.0.0.4")))
    put(store, About(9, PUMP, "coverage"), sensor="s2")
    assert [(one.host, int(one.last_seen // DAY), one.sensor) for one in seen(store)] == [
        ("10.0.0.4", 8, "s1"),
        ("10.0.0.4", 9, "s1"),
        (PUMP, 8, "s1"),
        (PUMP, 9, "s1"),
        (PUMP, 9, "s2"),
    ]
    assert len(store.exposures("here", [PUMP])) == 3
    assert len(store.exposures("here", [PUMP], since=9.0 * DAY)) == 2
    assert store.exposures("elsewhere") == store.exposures("here", []) == []
    with Store(store.path, read_only=True) as reader:
        assert len(reader.exposures("here", ["10.0.0.4"])) == 2


def test_a_database_of_before_gets_the_table(store: Store) -> None:
    """It is filled from then on."""
    store._db.close()
    with sqlite3.connect(store.path) as older:
        older.execute("DROP TABLE exposure")
        older.execute("PRAGMA user_version = 4")
    older.close()
    with Store(store.path) as migrated:
        put(migrated, About(9, PUMP, "coverage"))
        assert len(seen(migrated)) == 1


def test_how_long_is_a_setting(tmp_path: Path) -> None:
    """In the file or in the environment; shown as it is written; at least what is judged by."""
    path = tmp_path / "wardwatch.toml"
    path.write_text("[store]\nexposure_days = 40\n")
    assert config.load(path, {}).store.exposure_days == 40
    told = config.load(path, {"WARDWATCH_STORE_EXPOSURE_DAYS": "70"})
    assert "exposure_days = 70\n" in config.show(told)
    for wrong in ("0", "-1", "long", "true", "31"):
        with pytest.raises(config.ConfigError, match=r"store\.exposure_days"):
            config.load(path, {"WARDWATCH_STORE_EXPOSURE_DAYS": wrong})
