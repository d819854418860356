"""The part of the database that feeds fill."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from feeds.documents import advisory

from wardwatch.feeds.take import take_files
from wardwatch.sources.feed_files import FeedFile
from wardwatch.store import Store, StoreError
from wardwatch.store.schema import SCHEMA_VERSION

TABLES = ("feed", "feed_tag", "feed_document", "feed_record", "score")


def test_an_older_database_gets_the_tables(store: Store, tmp_path: Path) -> None:
    """By the next command that writes; one that only reads says so."""
    path = tmp_path / "wardwatch.db"
    with store, sqlite3.connect(path) as older:
        for table in TABLES:
            older.execute(f"DROP TABLE {table}")
        older.execute("PRAGMA user_version = 2")
    older.close()
    with pytest.raises(StoreError, match="brings it up to date"):
        Store(path, read_only=True)
    with Store(path) as migrated:
        assert migrated.feeds() == []
        (version,) = migrated._db.execute("PRAGMA user_version").fetchone()
        assert version == SCHEMA_VERSION


def test_documents_are_found_by_publisher_name_and_time(store: Store) -> None:
    """With the words as they were published, so that nothing must be fetched to read them again."""
    for number, name in enumerate(("EX-1", "EX-2", "EX-3")):
        file = FeedFile(place="f", name="f", body=advisory(name), named=True)
        take_files(store, iter([file]), 1000.0 + number)
    assert [document.id for document in store.documents()] == ["EX-1", "EX-2", "EX-3"]
    assert [document.id for document in store.documents(since=1001.0)] == ["EX-2", "EX-3"]
    (found,) = store.documents(publisher="https://psirt.example.com", name="EX-2")
    assert found.body == advisory("EX-2")
    assert list(store.documents(publisher="https://other.example", name="EX-2")) == []


def test_a_reader_sees_the_feeds(store: Store, tmp_path: Path) -> None:
    """`feeds status` opens the database for reading alone."""
    file = FeedFile(place="f", name="f", body=advisory("EX-1"), named=True)
    take_files(store, iter([file]), 1000.0)
    with Store(tmp_path / "wardwatch.db", read_only=True) as reader:
        (feed,) = reader.feeds()
        assert (feed.records, feed.unverified, feed.taken) == (1, 1, 1000.0)
