"""Logs that grow, are renamed, packed, cut and written anew while they are followed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from wardwatch.parsers import conn
from wardwatch.sources.files import EVE
from wardwatch.sources.growing import Growing, Mark

NOW = 1_800_000_000.0
ROWS = {"conn": conn.Row}
TICKS = count()  # no two writes are at the same nanosecond


class Reader:
    """Follows a directory, and remembers the uids of the rows and the marks."""

    def __init__(self, path: Path) -> None:
        self.growing = Growing([path])
        self.marks: dict[str, Mark] = {}
        self.uids: list[str] = []
        self.bad: list[str] = []
        self.problems: list[str] = []

    def look(self, now: float = NOW) -> list[str]:
        """Read all that is new and return its uids."""
        before = len(self.uids)
        for grown in self.growing.look(self.marks, now, self.problems):
            mark = grown.mark
            for _, block in grown.read(ROWS):
                self.uids += [row.uid for row in block.rows]
                self.bad += [reason for _, reason in block.bad]
                if block.end.offset:
                    mark = grown.after(block)
            self.marks[mark.identity] = self.growing.done(grown, mark)
        return self.uids[before:]


def row(number: int) -> str:
    """Return a row of conn.log."""
    fields = {"ts": NOW + number, "uid": f"C{number}", "id.orig_h": "10.0.0.1", "id.orig_p": 5}
    fields |= {"id.resp_h": "10.0.0.2", "id.resp_p": 104, "proto": "tcp", "conn_state": "SF"}
    return json.dumps(fields) + "\n"


def put(path: Path, text: str) -> Path:
    """Append to a file, and set when it changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
    changed = int(NOW * 1e9) + next(TICKS)
    os.utime(path, ns=(changed, changed))
    return path


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A directory that is there, with something else in it."""
    (tmp_path / "stats.log").write_text("")
    return Reader(tmp_path)


def test_only_what_is_new_is_read(reader: Reader, tmp_path: Path) -> None:
    log = put(tmp_path / "conn.log", row(1) + row(2))
    assert reader.look() == ["C1", "C2"]
    assert reader.look() == []
    put(log, row(3))
    assert reader.look() == ["C3"]


def test_half_a_line_waits_for_its_end(reader: Reader, tmp_path: Path) -> None:
    text = row(2)
    log = put(tmp_path / "conn.log", row(1) + text[:40])
    assert reader.look() == ["C1"]
    assert reader.look() == []
    put(log, text[40:])
    assert reader.look() == ["C2"]
    assert reader.bad == []


def test_a_last_line_without_an_end_is_read_once_the_file_has_long_been_quiet(
    reader: Reader, tmp_path: Path
) -> None:
    put(tmp_path / "conn.log", row(1) + row(2).strip())
    assert reader.look() == ["C1"]
    assert reader.look(NOW + 3601) == ["C2"]
    assert reader.look(NOW + 3700) == []


def test_a_renamed_file_is_the_same_and_its_successor_another(
    reader: Reader, tmp_path: Path
) -> None:
    log = put(tmp_path / "conn.log", row(1))
    reader.look()
    put(log, row(2))
    log.rename(tmp_path / "conn.00:00:00-01:00:00.log")
    put(tmp_path / "conn.log", row(3))
    assert sorted(reader.look()) == ["C2", "C3"]
    assert reader.look() == []


def test_a_packed_file_gives_only_what_was_written_last(reader: Reader, tmp_path: Path) -> None:
    log = put(tmp_path / "current" / "conn.log", row(1) + row(2))
    reader.look()
    put(log, row(3))
    packed = tmp_path / "2026-11-22" / "conn.00:00:00-01:00:00.log.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(log.read_bytes()))
    os.utime(packed, (NOW, NOW))
    log.unlink()
    assert reader.look() == []  # it may still be being packed
    assert reader.look(NOW + 11) == ["C3"]
    assert reader.look(NOW + 12) == []


def test_a_file_that_is_there_twice_is_read_once(reader: Reader, tmp_path: Path) -> None:
    log = put(tmp_path / "conn.log", row(1) + row(2))
    shutil.copy2(log, tmp_path / "conn.log.1")
    assert reader.look() == ["C1", "C2"]
    assert reader.look() == []


def test_a_copied_and_cut_file_loses_nothing(reader: Reader, tmp_path: Path) -> None:
    log = put(tmp_path / "conn.log", row(1))
    reader.look()
    put(log, row(2))
    shutil.copy2(log, tmp_path / "conn.log.1")
    os.truncate(log, 0)
    put(log, row(3))
    assert sorted(reader.look()) == ["C2", "C3"]
    assert reader.look() == []


def test_a_cut_file_with_the_same_rows_is_read_again(reader: Reader, tmp_path: Path) -> None:
    log = put(tmp_path / "conn.log", row(1) + row(2))
    reader.look()
    os.truncate(log, 0)
    put(log, row(1))
    assert reader.look() == ["C1"]


def test_a_directory_may_come_later(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "logs")
    assert reader.look() == []
    assert "does not exist" in reader.problems[0]
    put(tmp_path / "logs" / "conn.log", row(1))
    assert reader.look() == ["C1"]


def test_a_tsv_file_is_read_on_with_its_header(reader: Reader, tmp_path: Path) -> None:
    head = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n"
    head += "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"
    line = "{}.0\tC{}\t10.0.0.1\t5\t10.0.0.2\t104\ttcp\n"
    log = put(tmp_path / "conn.log", head)
    assert reader.look() == []
    put(log, line.format(int(NOW), 1))
    assert reader.look() == ["C1"]
    put(log, line.format(int(NOW), 2))
    reader.growing = Growing([tmp_path])  # as after a restart
    assert reader.look() == ["C2"]
    other = head.replace("ts\tuid", "uid\tts").replace("time\tstring", "string\ttime")
    put(log, other + "C3\t" + line.format(int(NOW), 3).replace("C3\t", ""))
    assert reader.look() == ["C3"]
    put(log, "C4\t" + line.format(int(NOW), 4).replace("C4\t", ""))
    reader.growing = Growing([tmp_path])
    assert reader.look() == ["C4"]
    assert reader.bad == []


def test_a_line_without_end_costs_no_memory_and_is_told_once(
    reader: Reader, tmp_path: Path
) -> None:
    log = put(tmp_path / "conn.log", row(1) + "x" * 3_000_000)
    assert reader.look() == ["C1"]
    for _ in range(3):
        put(log, "x" * 2_000_000)
        assert reader.look() == []
    assert len(reader.bad) == 1
    (mark,) = reader.marks.values()
    assert mark.place.offset == log.stat().st_size
    put(log, "\n" + row(2))
    assert reader.look() == ["C2"]
    assert len(reader.bad) == 1


def test_a_damaged_gzip_is_named_once(reader: Reader, tmp_path: Path) -> None:
    packed = tmp_path / "conn.log.gz"
    packed.write_bytes(gzip.compress("".join(map(row, range(5000))).encode())[:-2000])
    os.utime(packed, (NOW - 60, NOW - 60))
    grown = reader.growing.look({}, NOW)
    with pytest.raises(Exception, match="ends early"):
        list(grown[0].read(ROWS))


def test_eve_is_followed_as_well(tmp_path: Path) -> None:
    log = put(tmp_path / "eve.json", '{"timestamp":"2026","event_type":"stats"}\n')
    growing = Growing([tmp_path])
    (grown,) = growing.look({}, NOW)
    assert grown.file.log == EVE
    blocks = [block for _, block in grown.read({})]
    assert blocks[-1].end.offset == log.stat().st_size
