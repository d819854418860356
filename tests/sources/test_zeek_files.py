"""Zeek's files as they are found on disk: names, forms, damage."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch.parsers import conn
from wardwatch.sources import zeek_files
from wardwatch.sources.files import BLOCK_BYTES, LONGEST_LINE, LogFile, SourceError, find

GOOD = '{"ts":1000.5,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","conn_state":"SF"}\n'
TSV = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#open\t2026-11-22-00-00-00\n#fields\tts\tuid\tid.orig_h\tid.resp_h\tconn_state\n"
    "#types\ttime\tstring\taddr\taddr\tstring\n"
    "1000.5\tC1\t10.0.0.1\t10.0.0.2\tSF\n#close\t2026-11-22-01-00-00\n"
)


def read(path: Path) -> tuple[list[conn.Row], list[tuple[int, str]]]:
    """Return all rows and bad lines of a conn log."""
    rows, bad = [], []
    for block in zeek_files.read(LogFile(path=path, log="conn"), conn.Row):
        rows += block.rows
        bad += block.bad
    return rows, bad


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("conn.log", "conn"),
        ("conn.log.gz", "conn"),
        ("conn.14:00:00-15:00:00.log.gz", "conn"),
        ("conn-26-11-22_14.00.00.log", "conn"),
        ("conn.2026-11-22-14-00-00.log", "conn"),
        ("conn_20261122_14:00:00-15:00:00+0000.log.gz", "conn"),
        ("conn.log.1.gz", "conn"),
        ("json_streaming_conn.1.log", "conn"),
        ("iomt_asset.00:00:00-01:00:00.log.gz", "iomt_asset"),
        ("hl7.log", "hl7"),
        ("smb_mapping.log", "smb_mapping"),
    ],
)
def test_names_of_rotated_logs(tmp_path: Path, name: str, log: str) -> None:
    """What sensors, Zeek alone, and log rotation make of a name."""
    (tmp_path / name).write_text(GOOD)
    assert [file.log for file in find(tmp_path)] == [log]


@pytest.mark.parametrize("text", [GOOD, TSV], ids=["json", "tsv"])
@pytest.mark.parametrize("pack", [str.encode, lambda t: gzip.compress(t.encode())])
def test_forms(tmp_path: Path, text: str, pack: Callable[[str], bytes]) -> None:
    """JSON and TSV, plain and gzip, give the same rows."""
    path = tmp_path / "conn.log"
    path.write_bytes(pack(text))
    rows, bad = read(path)
    assert [(r.ts, r.uid, r.orig_h, r.resp_h, r.conn_state) for r in rows] == [
        (1000.5, "C1", "10.0.0.1", "10.0.0.2", "SF")
    ]
    assert bad == []


BAD_JSON = [
    ("not json", "no JSON"),
    ('{"ts":1000,"id.orig_h":"10.0.0.1"}', "a column is missing"),
    ('{"ts":1000,"id.orig_h":7,"id.resp_h":"10.0.0.2"}', "a column has another type"),
    ('{"ts":1000,"id.orig_h":"10.0.0.1","id.resp_h":"10.0', "cut off"),
    ("[1, 2]", "no object"),
    ('{"ts":1,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","x":"\udcff"}', "no UTF-8"),
]


@pytest.mark.parametrize("line", [line for line, _ in BAD_JSON], ids=[why for _, why in BAD_JSON])
def test_a_bad_json_line_is_named_and_the_rest_goes_on(tmp_path: Path, line: str) -> None:
    """The number is that of the line in the file, also behind blank lines."""
    path = tmp_path / "conn.log"
    path.write_bytes((GOOD + "\n" + line + "\n" + GOOD).encode(errors="surrogateescape"))
    rows, bad = read(path)
    assert len(rows) == 2
    assert [number for number, _ in bad] == [3]


@pytest.mark.parametrize("cells", ["1000.5\tC1\t10.0.0.1", "noon\tC1\t10.0.0.1\t10.0.0.2\tSF"])
def test_a_bad_tsv_line_is_named(tmp_path: Path, cells: str) -> None:
    """Too few columns, or a time that is none."""
    path = tmp_path / "conn.log"
    path.write_text(TSV + cells + "\n")
    rows, bad = read(path)
    assert len(rows) == 1
    assert [number for number, _ in bad] == [11]


def test_tsv_escapes_and_unset_values(tmp_path: Path) -> None:
    """A tab inside a value is written as its code; a dash alone is no value."""
    path = tmp_path / "conn.log"
    path.write_text(TSV.replace("\tSF\n", "\ta\\x09b\\\\c\\xc3\\xa9\n").replace("\tC1", "\t-"))
    ((row,), _) = read(path)
    assert (row.uid, row.conn_state) == (None, "a\tb\\c\xe9")


def test_a_tsv_header_may_change_within_a_file(tmp_path: Path) -> None:
    """As when a sensor restarts with other scripts."""
    other = TSV.replace("\tuid\tid.orig_h", "\tid.orig_h\tuid").replace(
        "\tC1\t10.0.0.1", "\t10.0.0.1\tC1"
    )
    path = tmp_path / "conn.log"
    path.write_text(TSV + other)
    rows, bad = read(path)
    assert [row.orig_h for row in rows] == ["10.0.0.1", "10.0.0.1"]
    assert bad == []


def test_the_last_line_may_lack_its_end(tmp_path: Path) -> None:
    """A whole row without a newline is a row."""
    path = tmp_path / "conn.log"
    path.write_text(GOOD + GOOD.rstrip())
    assert len(read(path)[0]) == 2


def test_an_over_long_line_is_left_out(tmp_path: Path) -> None:
    """Memory does not follow what a file claims to be a line."""
    path = tmp_path / "conn.log"
    path.write_text(GOOD + '{"x":"' + "y" * (3 * LONGEST_LINE) + '"}\n' + GOOD)
    rows, bad = read(path)
    assert len(rows) == 2
    assert [number for number, _ in bad] == [2]


def test_blocks_lose_nothing_at_their_seams(tmp_path: Path) -> None:
    """Many blocks, one row each line."""
    path = tmp_path / "conn.log"
    count = 3 * BLOCK_BYTES // len(GOOD)
    path.write_text(GOOD * count)
    assert len(read(path)[0]) == count


def test_what_a_truncated_gzip_holds_is_read(tmp_path: Path) -> None:
    """Then the error says that the file is cut off."""
    path = tmp_path / "conn.log.gz"
    lines = "".join(GOOD.replace("C1", os.urandom(8).hex()) for _ in range(5000))
    path.write_bytes(gzip.compress(lines.encode())[:-2000])
    rows = []
    with pytest.raises(SourceError, match=r"conn\.log\.gz: the gzip data ends early"):
        for block in zeek_files.read(LogFile(path=path, log="conn"), conn.Row):
            rows += block.rows
    assert 1000 < len(rows) < 5000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p.write_text(""), "is empty"),
        (lambda p: p.write_text(TSV.replace("id.orig_h", "other")), r"has no column id\.orig_h"),
        (lambda p: p.mkdir(), "Is a directory"),
    ],
    ids=["empty", "wrong columns", "directory"],
)
def test_a_file_that_cannot_be_read(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    """The message names the file and says what to do."""
    path = tmp_path / "conn.log"
    make(path)
    with pytest.raises(SourceError, match=rf"conn\.log: {message}.*"):
        read(path)


def test_an_unreadable_file(tmp_path: Path) -> None:
    """Nobody's own fault, but named."""
    if os.geteuid() == 0:
        pytest.skip("root reads everything: that an unreadable file is named was not tested")
    path = tmp_path / "conn.log"
    path.write_text(GOOD)
    path.chmod(0)
    with pytest.raises(SourceError, match="Permission denied"):
        read(path)


def test_a_directory_without_logs(tmp_path: Path) -> None:
    """A likely mistake, with a likely remedy."""
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SourceError, match="holds no Zeek logs"):
        find(tmp_path)


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    """Another likely one."""
    with pytest.raises(SourceError, match="does not exist"):
        find(tmp_path / "nowhere")


def test_a_file_of_another_name_is_known_by_its_header(tmp_path: Path) -> None:
    """TSV says which log it is; JSON does not."""
    (tmp_path / "export.txt").write_text(TSV)
    assert [file.log for file in find(tmp_path / "export.txt")] == ["conn"]
    (tmp_path / "other.txt").write_text(GOOD)
    with pytest.raises(SourceError, match="cannot tell which log"):
        find(tmp_path / "other.txt")
