"""What is carried in with bad intent: bombs, links, damage, and more than there is room for."""

from __future__ import annotations

import gzip
import os
import random
import zipfile
from pathlib import Path

import pytest
from feeds.documents import DOCUMENTS, Taking, advisory, catalogue
from feeds.provider import CSAF

from wardwatch.feeds import kinds
from wardwatch.feeds.take import take_files
from wardwatch.sources import feed_files
from wardwatch.store import Store
from wardwatch.store import feeds as kept


def test_bombs_are_not_unpacked(
    take: Taking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more is read than a feed can have."""
    monkeypatch.setattr(feed_files, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", bytes(20 << 20))
        archive.writestr("b.json", advisory("EX-1"))
    report = take(tmp_path / "bomb.zip")
    assert (report.taken, report.refused) == ({CSAF: 1}, 1)
    (tmp_path / "bomb.json.gz").write_bytes(gzip.compress(bytes(20 << 20)))
    assert "is over 1 MB" in take(tmp_path / "bomb.json.gz").problems[0]
    monkeypatch.setattr(feed_files, "MAX_UNPACKED", 10 << 20)
    assert "unpacks to over" in take(tmp_path / "bomb.zip").problems[0]
    monkeypatch.setattr(feed_files, "MAX_MEMBERS", 1)
    assert "has over 1 files" in take(tmp_path / "bomb.zip").problems[0]
    monkeypatch.setitem(kinds.LIMITS, "csaf", 100)
    assert "no such file is so large" in take(a__json=advisory("EX-2")).problems[0]


def test_links_lead_out_of_no_folder(take: Taking, tmp_path: Path) -> None:
    """A carried folder does not decide which of our files are read."""
    (tmp_path / "private.json").write_bytes(advisory("EX-1"))
    folder = tmp_path / "carried"
    folder.mkdir()
    (folder / "here.json").write_bytes(advisory("EX-2"))
    (folder / "out.json").symlink_to(tmp_path / "private.json")
    (folder / "in.json").symlink_to(folder / "here.json")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.json")
    report = take()
    assert (report.taken, report.unchanged) == ({CSAF: 1}, 1)
    assert "out.json: is a link that leads out" in report.problems[0]


def test_there_is_an_end_to_what_is_kept(
    take: Taking, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents, records and scores; what is there can still be renewed."""
    monkeypatch.setattr(kept, "MAX_DOCUMENTS", 2)
    monkeypatch.setattr(kept, "MAX_RECORDS", 3)
    report = take(**{f"a{number}__json": advisory(f"EX-{number}") for number in range(4)})
    assert (report.taken, report.refused) == ({CSAF: 2}, 2)
    cves = [f"CVE-2099-{number}" for number in range(10_000, 10_004)]
    assert "no more are taken" in take(b__json=catalogue("2026-11-01", *cves)).problems[0]
    assert take(b__json=catalogue("2026-11-01", *cves[:3])).taken["kev"] == 1
    assert store.exploited(cves[2]) is not None


def test_damaged_documents_are_refused_and_nothing_else_happens(store: Store) -> None:
    """Whatever byte is wrong in them."""
    chance = random.Random(7)  # noqa: S311  the same damage each time
    whole = [path.read_bytes() for path in DOCUMENTS]
    whole += [advisory("EX-1"), catalogue("2026-11-01", "CVE-2099-10001")]
    for number in range(600):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] = chance.choice(b'"{}[]:,0a\\\xff\x00-')
        if chance.random() < 0.3:
            del body[chance.randrange(len(body)) :]
        file = feed_files.FeedFile(place=f"f{number}", name="f", body=bytes(body), named=True)
        take_files(store, iter([file]), 1000.0 + number, force=True)
