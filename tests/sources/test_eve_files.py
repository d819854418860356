"""Suricata's eve.json as it is found on disk: names, forms, many kinds in one file, damage."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wardwatch.parsers import eve_dhcp, eve_flow, eve_http
from wardwatch.sources import eve_files
from wardwatch.sources.files import EVE, LONGEST_LINE, LogFile, SourceError, find

ROWS = {"eve_dhcp": eve_dhcp.Row, "eve_flow": eve_flow.Row, "eve_http": eve_http.Row}
HEAD = '{{"timestamp":"2026-11-22T12:00:00.000000+0000","flow_id":{id},"event_type":"{kind}",'
ENDS = '"src_ip":"10.0.0.{id}","src_port":40000,"dest_ip":"10.0.0.9","dest_port":80,"proto":"TCP",'


def record(kind: str, number: int = 1, **more: Any) -> str:
    """Return one line of a kind."""
    rest = json.dumps({kind: more}, separators=(",", ":"))[1:]
    return (HEAD + ENDS).format(kind=kind, id=number) + rest + "\n"


def flow(number: int = 1) -> str:
    """Return the line of a flow."""
    return record("flow", number, start="2026-11-22T12:00:00.000000+0000", pkts_toclient=1)


def read(path: Path) -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
    """Return log and source of every row, and the bad lines."""
    rows, bad = [], []
    for log, block in eve_files.read(LogFile(path=path, log=EVE), ROWS):
        rows += [(log, row.src_ip) for row in block.rows]
        bad += block.bad
    return rows, bad


@pytest.mark.parametrize(
    "name",
    [
        "eve.json",
        "eve.json.gz",
        "eve.json.1.gz",
        "eve.json.2",
        "eve.json-20261122.gz",
        "eve-2026-11-22-14:32.json",
        "eve-2026-11-22.json.gz",
        "eve.2026-11-22-14.json",
        "eve-alert.json",
    ],
)
def test_names_of_rotated_files(tmp_path: Path, name: str) -> None:
    """What Suricata, log rotation and Security Onion make of a name, beside Zeek's logs."""
    (tmp_path / name).write_text(flow())
    (tmp_path / "conn.log").write_text("{}")
    (tmp_path / "evening.json").write_text("{}")
    assert sorted(file.log for file in find(tmp_path)) == ["conn", EVE]


def test_a_file_of_another_name_is_known_by_its_content(tmp_path: Path) -> None:
    """Such as an export."""
    (tmp_path / "export.txt").write_text(flow())
    assert [file.log for file in find(tmp_path / "export.txt")] == [EVE]


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_many_kinds_in_one_file(tmp_path: Path, pack: Callable[[str], bytes]) -> None:
    """Each line is its kind's; kinds that nothing reads are passed over."""
    path = tmp_path / "eve.json"
    text = flow(1) + record("stats", 2, uptime=1) + record("dhcp", 3, id=7) + flow(4)
    path.write_bytes(pack(text + record("http", 5, http_user_agent='"event_type":"dhcp"')))
    rows, bad = read(path)
    assert sorted(rows) == [
        ("eve_dhcp", "10.0.0.3"),
        ("eve_flow", "10.0.0.1"),
        ("eve_flow", "10.0.0.4"),
        ("eve_http", "10.0.0.5"),
    ]
    assert bad == []


BAD = [
    ("not json", "no JSON"),
    (flow().replace('"10.0.0.1"', "7").strip(), "a column has another type"),
    (flow().strip()[:-9], "cut off"),
    ('{"event_type":"flow"}', "columns are missing"),
    ('{"timestamp":1}', "no kind"),
    (flow().strip()[:-1] + ',"tcp":{"tcp_flags_tc":"zz"}}', "no flags"),
    (flow().strip()[:-1] + ',"x":' + "[" * 100_000 + "]" * 100_000 + "}", "nested deeply"),
]


@pytest.mark.parametrize("line", [line for line, _ in BAD], ids=[why for _, why in BAD])
def test_a_bad_line_is_named_and_the_rest_goes_on(tmp_path: Path, line: str) -> None:
    """By its number, whatever kinds of lines stand around it."""
    path = tmp_path / "eve.json"
    path.write_text(record("dhcp", 1) + flow(2) + line + "\n" + flow(3))
    rows, bad = read(path)
    assert [source for _, source in rows] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert [number for number, _ in bad] == [3]


def test_a_line_that_is_too_long_is_skipped(tmp_path: Path) -> None:
    """Whatever it is, it is no record."""
    path = tmp_path / "eve.json"
    path.write_text(flow(1) + "x" * (3 * LONGEST_LINE) + "\n" + flow(2))
    rows, bad = read(path)
    assert [source for _, source in rows] == ["10.0.0.1", "10.0.0.2"]
    assert len(bad) == 1


def test_a_truncated_gzip_gives_what_is_left(tmp_path: Path) -> None:
    """And says so."""
    path = tmp_path / "eve.json.gz"
    path.write_bytes(gzip.compress((flow(1) * 5000).encode())[:-40])
    with pytest.raises(SourceError, match="gzip data ends early"):
        read(path)


def test_what_nobody_reads_is_no_evidence(tmp_path: Path) -> None:
    """A line can hold a URL with a patient's name, cookies, and what other rules kept."""
    path = tmp_path / "eve.json"
    headers = [{"name": "Server", "value": "A/1"}, {"name": "Set-Cookie", "value": "CANARY"}]
    web = {"url": "/x?name=CANARY", "http_user_agent": "B/2", "response_headers": headers}
    kept = {"flowvars": [{"c_dicom__ae_title": "CT1"}, {"other": "CANARY"}]}
    line = flow(2).strip()[:-1] + f',"metadata":{json.dumps(kept)},"payload":"CANARY"}}\n'
    path.write_text(record("http", 1, **web) + line)
    shown = []
    for _, block in eve_files.read(LogFile(path=path, log=EVE), ROWS):
        lines = block.lines()
        shown += [lines[at] for at in range(len(block.rows))]
    text = b"".join(line for _, line in shown)
    assert sorted(number for number, _ in shown) == [1, 2]
    assert b"CANARY" not in text
    assert b"A/1" in text
    assert b"B/2" in text
    assert b"CT1" in text
