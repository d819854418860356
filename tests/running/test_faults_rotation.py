"""Rotation that goes wrong at any point: no row is lost by it, and none counts twice."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import pytest

from wardwatch.parsers import Part, dhcp
from wardwatch.running.following import Following, Taken
from wardwatch.scope import Scope
from wardwatch.sources.files import opened
from wardwatch.store import Store

NOW = time.time()
NOBODY = 65_534


class Site:
    """A directory of logs, and a connector that follows it by hand."""

    def __init__(self, folder: Path) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir()
        (self.logs / "stats.log").write_text("")
        self.store = Store(folder / "north.db")
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is kept."""
        self._following = Following(
            self.store, site="north", sensor="s", scope=Scope(), paths=[self.logs]
        )

    def look(self, now: float | None = None) -> Taken:
        """Take in what there is."""
        return self._following.take(time.time() if now is None else now)

    def forget(self) -> None:
        """Forget the files that are gone."""
        self._following.forget()

    def hosts(self) -> list[int]:
        """Return the hosts of which rows were taken, by number."""
        claims = self.store.claims("north")
        return sorted({int(claim.first.host.rpartition(".")[2]) for claim in claims})

    def put(self, name: str, *numbers: int, end: str = "\n") -> Path:
        """Append rows to a log, of hosts by number."""
        path = self.logs / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(map(row, numbers)) + end)
        return path


def row(number: int) -> str:
    """Return a row of conn.log, of a host."""
    fields = {"ts": NOW + number, "uid": f"C{number}", "id.orig_h": f"10.0.0.{number}"}
    return json.dumps({**fields, "id.resp_h": "8.8.8.8", "conn_state": "SF"})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty one."""
    made = Site(tmp_path)
    with made.store:
        yield made


def test_rotated_twice_between_two_looks(site: Site) -> None:
    log = site.put("conn.log", 1)
    site.look()
    site.put("conn.log", 2)
    log.rename(site.logs / "conn.1.log")
    site.put("conn.log", 3).rename(site.logs / "conn.2.log")
    site.put("conn.log", 4)
    site.look()
    assert site.hosts() == [1, 2, 3, 4]


def test_renamed_and_removed_while_it_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the moment at which that happens: between being found, opened, and read."""
    for moment in range(1, 5):
        first = moment * 10
        log = site.put("conn.log", first)
        site.look()
        site.put("conn.log", first + 1)
        torn = _torn(log, moment, site.logs / f"conn.{moment}.log")
        monkeypatch.setattr("wardwatch.sources.growing.opened", torn)
        site.look()
        monkeypatch.undo()
        site.look()
        assert site.hosts()[-2:] == [first, first + 1], moment


def _torn(log: Path, moment: int, target: Path) -> Callable[[Path], BinaryIO]:
    """Return what opens files, and rotates the log before it is opened for the so manieth time."""
    left = moment

    def torn(path: Path) -> BinaryIO:
        nonlocal left
        left -= path == log
        if left == 0 and path == log:
            log.rename(target)
            log.write_text(row(moment) + "\n")
        return opened(path)

    return torn


def test_a_file_that_vanishes_while_it_is_read_is_gone_without_an_error(site: Site) -> None:
    log = site.put("conn.log", 1)
    site.put("dhcp.log", 1)
    log.unlink()
    assert site.look().unread == []


def test_packed_by_halves(site: Site) -> None:
    """What is whole is taken, the rest once it is there."""
    text = "".join(row(number % 200) + "\n" for number in range(1, 5000)).encode()
    packed = site.logs / "conn.1.log.gz"
    data = gzip.compress(text)
    packed.write_bytes(data[: len(data) // 2])
    os.utime(packed, (NOW - 60, NOW - 60))
    assert "ends early" in site.look().problems[0]
    packed.write_bytes(data)
    os.utime(packed, (NOW - 30, NOW - 30))
    taken = site.look()
    assert not taken.problems
    assert not taken.bad_rows
    assert site.hosts() == list(range(200))


def test_copied_and_cut_in_the_middle_of_a_line(site: Site) -> None:
    """Of that line both halves are told as bad; what stands before and behind it is taken."""
    log = site.put("conn.log", 1)
    site.look()
    half = row(3)
    with log.open("a") as file:
        file.write(row(2) + "\n" + half[:40])
    shutil.copy(log, site.logs / "conn.1.log")
    os.truncate(log, 0)
    with log.open("a") as file:
        file.write(half[40:] + "\n" + row(4) + "\n")
    bad = site.look().bad_rows
    bad += site.look(time.time() + 4000).bad_rows
    assert site.hosts() == [1, 2, 4]
    assert bad == 2


def test_two_files_that_begin_alike_are_two(site: Site) -> None:
    """As when two sensors hear the same, or a log is written anew."""
    site.put("a/conn.log", 1, 2)
    site.put("b/conn.log", 1, 3)
    site.look()
    assert site.hosts() == [1, 2, 3]
    site.put("a/conn.log", 4)
    site.put("b/conn.log", 5)
    site.restart()
    taken = site.look()
    assert site.hosts() == [1, 2, 3, 4, 5]
    assert taken.rows == 2
    (site.logs / "a" / "conn.log").unlink()
    site.put("b/conn.log", 6)
    site.look()
    assert site.hosts()[-1] == 6


def test_written_anew_with_the_same_first_row_and_more_than_before(site: Site) -> None:
    log = site.put("conn.log", 1, 2)
    site.look()
    log.unlink()
    site.put("conn.log", 1, 33, 4, 5)
    site.look()
    assert site.hosts() == [1, 2, 4, 5, 33]


def test_in_the_place_of_a_log_stands_something_else(site: Site) -> None:
    """A directory, a pipe, a link to itself: passed over, and the log is read when it is back."""
    log = site.put("conn.log", 1)
    site.look()
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)):
        log.rename(site.logs / "kept")
        make(log)
        assert site.look().rows == 0
        log.rmdir() if log.is_dir() else log.unlink()
        (site.logs / "kept").rename(log)
    site.put("conn.log", 2)
    site.look()
    assert site.hosts() == [1, 2]


def test_a_pipe_does_not_hold_the_connector_up(site: Site) -> None:
    """Even where it took the log's place after that was found."""
    log = site.logs / "conn.log"
    os.mkfifo(log)
    with pytest.raises(OSError, match="is no regular file any more"):
        opened(log)


@contextmanager
def as_nobody() -> Iterator[Path]:
    """Have a directory as a user whom file modes bind."""
    user = os.geteuid()
    with TemporaryDirectory() as folder:
        if user == 0:
            os.chown(folder, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)


def test_what_may_not_be_read_waits_until_it_may() -> None:
    """And does not keep the rest of the directory from being read."""
    with as_nobody() as folder, (site := Site(folder)).store:
        site.put("closed/conn.log", 1)
        site.put("conn.log", 2)
        (site.logs / "closed").chmod(0)
        taken = site.look()
        assert "Permission denied" in taken.unread[0]
        assert site.hosts() == [2]
        (site.logs / "closed").chmod(0o700)
        (site.logs / "closed" / "conn.log").chmod(0)
        assert "Permission denied" in site.look().unread[0]
        (site.logs / "closed" / "conn.log").chmod(0o600)
        assert site.look().unread == []
        assert site.hosts() == [1, 2]


def test_marks_outlast_a_directory_that_is_away(site: Site) -> None:
    """As where it is mounted from elsewhere: what was taken is not read again."""
    site.put("conn.log", 1)
    site.look()
    site.logs.rename(site.logs.with_name("away"))
    assert "does not exist" in site.look().unread[0]
    site.forget()
    site.logs.with_name("away").rename(site.logs)
    assert site.look().rows == 0
    site.forget()
    assert len(site.store.marks("north", "s")) == 1


def test_a_directory_whose_name_is_no_text(site: Site) -> None:
    folder = os.fsencode(site.logs) + b"/\xff\xfe"
    os.mkdir(folder)  # noqa: PTH102
    Path(os.fsdecode(folder), "conn.log").write_text(row(1) + "\n")
    assert site.look().unread == []
    assert site.hosts() == [1]
    assert site.look().rows == 0


def test_what_nobody_foresaw_in_one_file_leaves_the_others_be(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told; nothing of the file is marked as taken."""

    def fail(_: list[object]) -> dict[Part, object]:
        raise ZeroDivisionError

    site.put("dhcp.log", 1)
    site.put("conn.log", 2)
    os.utime(site.logs / "dhcp.log", (NOW - 60, NOW - 60))  # it is the first that is read
    monkeypatch.setattr(dhcp, "VIEWS", (replace(dhcp.VIEWS[0], parts=fail),))
    taken = site.look()
    assert "report this as a bug" in taken.unread[0]
    assert site.hosts() == [2]
