"""The database: nothing twice, nothing half, nothing without bounds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch.pipeline import refresh
from wardwatch.store import Store, StoreError, limits, schema
from wardwatch_enrichment.model import Claim

Claiming = Callable[..., Claim]
HOST = "10.0.0.1"


def add(store: Store, *claims: Claim) -> None:
    """Put claims in as an ingest does."""
    with store.transaction():
        store.add(claims)
    refresh(store, "here")


def test_the_same_claim_is_kept_once_with_its_first_line(store: Store, claim: Claiming) -> None:
    """In whatever order the logs come."""
    for ts in (2000.0, 1000.0, 3000.0):
        add(store, claim(HOST, "dicom.ae_title", "CT1", ts=ts, uid=f"C{ts:.0f}"))
    (kept,) = store.claims("here")
    assert (kept.first.ts, kept.first.uid, kept.last_seen) == (1000.0, "C1000", 3000.0)


def test_the_inventory_survives_closing(tmp_path: Path, claim: Claiming) -> None:
    """What was committed is there for the next process."""
    path = tmp_path / "w.db"
    with Store(path) as store:
        add(store, claim(HOST, "dicom.ae_title", "CT1"))
        before = store.devices()
    with Store(path) as store:
        assert store.devices() == before
        assert store.device(before[0].id) == before[0]


def test_a_journal_that_was_large_once_is_small_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep its room on the disk for ever."""
    monkeypatch.setattr(schema, "JOURNAL", 1 << 20)
    with Store(tmp_path / "w.db") as store:
        for size in (5_000_000, 5, 5):
            with store.transaction():
                store.put_health("here", {"x": "x" * size})
            store._db.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
        assert (tmp_path / "w.db-wal").stat().st_size <= 1 << 20


def test_a_transaction_is_all_or_nothing(store: Store, claim: Claiming) -> None:
    """A failure in the middle of a batch leaves no trace of it."""

    def failing() -> None:
        with store.transaction():
            store.add([claim(HOST, "dicom.ae_title", "CT1")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert list(store.claims("here")) == []


def test_devices_come_in_any_order(store: Store, claim: Claiming) -> None:
    """New ones with stronger keys go before those that are there; ages stay what they were."""
    add(store, *(claim(f"10.0.0.{n}", "dicom.ae_title", "A") for n in range(1, 6)))
    before = {device.id: store.age(device.id) for device in store.devices()}
    add(store, claim("10.0.0.99", "dhcp.mac", "02:00:00:00:00:01"))
    assert {device_id: store.age(device_id) for device_id in before} == before
    assert len(store.devices()) == 6


def test_a_former_id_leads_to_the_device(store: Store, claim: Claiming) -> None:
    """Links in tickets keep working after a merge."""
    add(store, claim("10.0.0.1", "dicom.ae_title", "A"), claim("fd00::1", "dicom.ae_title", "A"))
    one, other = store.devices("here")
    mac, later = "02:00:00:00:00:01", 9_000.0
    add(store, claim("10.0.0.1", "arp.mac", mac), claim("fd00::1", "conn.mac", mac, ts=later))
    (merged,) = store.devices("here")
    assert {merged.id, *merged.former_ids} == {one.id, other.id}
    assert store.device(merged.former_ids[0]) == merged


def test_what_was_an_address_for_a_moment_is_no_former_id(store: Store, claim: Claiming) -> None:
    """Whether the parts came in one batch or in two, the device is the same."""
    add(store, claim("10.0.0.1", "dicom.ae_title", "A"), claim("fd00::1", "dicom.ae_title", "A"))
    mac = "02:00:00:00:00:01"
    add(store, claim("10.0.0.1", "arp.mac", mac), claim("fd00::1", "conn.mac", mac))
    (merged,) = store.devices("here")
    assert merged.former_ids == ()
    assert store.identity_events(merged.id) == []


def test_a_former_id_is_never_given_again(store: Store, claim: Claiming) -> None:
    """Also not to a device that would have been named so."""
    add(store, claim("10.0.0.1", "dicom.ae_title", "A"), claim("fd00::1", "dicom.ae_title", "A"))
    mac, later = "02:00:00:00:00:01", 9_000.0
    add(store, claim("10.0.0.1", "arp.mac", mac), claim("fd00::1", "conn.mac", mac, ts=later))
    (merged,) = store.devices("here")
    add(store, claim("fd00::1", "dhcp.mac", "02:00:00:00:00:02", ts=9_000_000.0))
    assert merged.former_ids[0] not in {device.id for device in store.devices("here")}


def test_a_host_cannot_fill_the_disk(
    store: Store, claim: Claiming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of a field, claims of a host, and hosts are bounded, what is over is counted."""
    monkeypatch.setattr(limits, "VALUES_PER_FIELD", 5)
    add(store, *(claim(HOST, "dhcp.host_name", f"name{n}") for n in range(9)))
    assert (len(list(store.claims("here"))), store.dropped) == (5, 4)
    add(store, claim(HOST, "dhcp.host_name", "name1", ts=5000.0))
    assert store.dropped == 4
    assert max(c.last_seen for c in store.claims("here")) == 5000.0


def test_a_spoofer_cannot_fill_the_inventory(
    store: Store, claim: Claiming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of hosts is bounded, too."""
    monkeypatch.setattr(limits, "HOSTS", 10)
    add(store, *(claim(f"10.1.{n}.1", "conn.active", "yes") for n in range(30)))
    assert len(store.devices()) == 10
    assert store.dropped == 20


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """It is named, and so is the way out."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreError, match=r"other\.db: is a database of another program"):
        Store(path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """Such as a log named by mistake."""
    path = tmp_path / "conn.log"
    path.write_text("#separator \\x09\n" * 100)
    with pytest.raises(StoreError, match=r"conn\.log: file is not a database; .*choose another"):
        Store(path)


def test_a_newer_database_asks_for_an_upgrade(tmp_path: Path) -> None:
    """A downgrade must not misread it."""
    path = tmp_path / "w.db"
    Store(path)
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreError, match=r"schema version 99.*upgrade wardwatch"):
        Store(path)


def test_a_change_of_the_tables_is_a_new_version() -> None:
    """Else a database that was made before it would lack what the code asks for."""
    tables = " ".join(schema.SCHEMA.split())
    known = {7: "c9111e831f796794"}
    assert hashlib.sha256(tables.encode()).hexdigest()[:16] == known[schema.SCHEMA_VERSION], (
        "raise SCHEMA_VERSION with each change of SCHEMA, and write its digest here"
    )
