"""Input as it really comes: damaged, foreign, of another form; and readers who may only read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch.cli import main
from wardwatch.pipeline import Ingest, Report
from wardwatch.scope import Scope
from wardwatch.sources.files import UNKNOWN
from wardwatch.store import Store
from wardwatch_enrichment.model import Device

CONN = (
    '{{"ts":{ts},"uid":"C1","id.orig_h":"{host}","id.resp_h":"8.8.8.8","conn_state":"SF"{more}}}\n'
)
Take = Callable[..., tuple[Report, list[Device]]]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Return a function that ingests one file of some name and bytes."""

    def taking(name: str, content: str | bytes) -> tuple[Report, list[Device]]:
        directory = tmp_path / "logs"
        directory.mkdir(exist_ok=True)
        (directory / name).write_bytes(content.encode() if isinstance(content, str) else content)
        with Store(tmp_path / "w.db") as store:
            ingest = Ingest(store, site="here", sensor="s1", scope=Scope())
            return ingest.run(ingest.find([directory])), store.devices()

    return taking


@pytest.mark.parametrize(
    "more",
    ['"x":' + "[" * 100_000 + "]" * 100_000, '"vlan":9223372036854775808', '"vlan":-1'],
    ids=["nested deeply", "no VLAN", "negative"],
)
def test_a_hostile_line_takes_no_other_with_it(take: Take, more: str) -> None:
    """It is named; the lines around it are read."""
    good = CONN.format(ts=1000, host="10.0.0.1", more="")
    report, devices = take("conn.log", good + CONN.format(ts=1, host="10.0.0.2", more="," + more))
    assert (report.rows, report.bad_rows, report.failed) == (1, 1, False)
    assert [device.ips for device in devices] == [("10.0.0.1",)]


@pytest.mark.parametrize("separator", ["\t", ",", "|"])
def test_tsv_of_any_separator(take: Take, separator: str) -> None:
    """As Zeek's LogAscii::separator makes it."""
    head = f"#separator \\x{ord(separator):02x}\n"
    rows = [
        ["#path", "conn"],
        ["#fields", "ts", "id.orig_h", "id.resp_h"],
        ["#types", "time", "addr", "addr"],
        ["1000.5", "10.0.0.1", "8.8.8.8"],
    ]
    _, devices = take("conn.log", head + "".join(separator.join(row) + "\n" for row in rows))
    assert [device.ips for device in devices] == [("10.0.0.1",)]


def test_a_time_without_a_zone_is_utc(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever zone the machine is in."""
    monkeypatch.setenv("TZ", "America/New_York")
    _, (device,) = take(
        "conn.log", CONN.format(ts='"1970-01-01T01:00:00"', host="10.0.0.1", more="")
    )
    assert device.first_seen == 3600.0


def test_a_refused_lease_is_none(take: Take) -> None:
    """A NAK gives nobody an address."""
    row = (
        '{"ts":1,"mac":"02:00:00:00:00:01","client_addr":"10.2.3.9","msg_types":["REQUEST","NAK"]}'
    )
    assert take("dhcp.log", row + "\n")[1] == []


def test_a_lease_makes_an_address_ours(take: Take) -> None:
    """Also a public one, such as universities have."""
    row = '{"ts":1,"mac":"02:00:00:00:00:01","assigned_addr":"192.0.2.4","msg_types":["ACK"]}'
    assert [device.ips for device in take("dhcp.log", row + "\n")[1]] == [("192.0.2.4",)]


@pytest.mark.parametrize("value", ["not a mac", "FF:FF:FF:FF:FF:FF", "00:00:00:00:00:00"])
def test_what_is_no_mac_binds_nothing(take: Take, value: str) -> None:
    """Neither as an attribute nor as an identity."""
    row = {"ts": 1, "host": "10.0.0.1", "field": "arp.mac", "value": value}
    assert all(device.macs == () for device in take("iomt_asset.log", json.dumps(row) + "\n")[1])


def test_a_mac_has_one_form(take: Take) -> None:
    """However it is written."""
    row = {"ts": 1, "host": "10.0.0.1", "field": "arp.mac", "value": "02-00-00-00-00-0A"}
    (device,) = take("iomt_asset.log", json.dumps(row) + "\n")[1]
    assert device.macs == ("02:00:00:00:00:0a",)


def test_a_file_that_is_no_log_at_all_has_failed(take: Take) -> None:
    """Single bad lines are one thing, nothing but bad lines another."""
    report, _ = take("conn.log", os.urandom(5000))
    assert report.failed
    assert "is no Zeek log" in " ".join(report.problems)


def test_a_log_of_a_strange_name_is_mentioned(take: Take) -> None:
    """Nothing is passed over in silence."""
    take("conn.log", CONN.format(ts=1000, host="10.0.0.1", more=""))
    report, _ = take("conn.log.bz2", b"x")
    assert report.ignored[UNKNOWN] == 1


def test_the_same_file_by_two_ways_is_read_once(take: Take, tmp_path: Path) -> None:
    """A link and what it leads to."""
    take("conn.log", CONN.format(ts=1000, host="10.0.0.1", more=""))
    (tmp_path / "logs" / "conn.2.log").symlink_to(tmp_path / "logs" / "conn.log")
    with Store(tmp_path / "w.db") as store:
        ingest = Ingest(store, site="here", sensor="s1", scope=Scope())
        assert len(ingest.find([tmp_path / "logs", tmp_path / "logs" / ".." / "logs"])) == 1


def test_an_analyst_may_read_what_is_not_theirs(take: Take, tmp_path: Path) -> None:
    """Listing devices writes nothing, not even beside the database."""
    take("conn.log", CONN.format(ts=1000, host="10.0.0.1", more=""))
    for path in tmp_path.glob("w.db*"):
        path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert main(["devices", "--db", str(tmp_path / "w.db")]) == 0
    finally:
        tmp_path.chmod(0o755)


def test_a_site_that_is_not_there_is_said(
    take: Take, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No empty report is written over a good one."""
    take("conn.log", CONN.format(ts=1000, host="10.0.0.1", more=""))
    assert main(["report", "--site", "nope", "--db", str(tmp_path / "w.db")]) == 1
    assert "there are here" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_error(take: Take, tmp_path: Path) -> None:
    """As in `wardwatch devices --json | head -1`."""
    take("conn.log", "".join(CONN.format(ts=9, host=f"10.0.{n}.1", more="") for n in range(200)))
    command = [sys.executable, "-m", "wardwatch.cli", "devices", "--json", "--db"]
    with subprocess.Popen(
        [*command, str(tmp_path / "w.db")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_name_can_bring_no_formula_into_a_spreadsheet(
    take: Take, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor where the semicolon is the separator."""
    row = {"ts": 1, "host": "10.0.0.1", "field": "dhcp.host_name", "value": "a;=HYPERLINK(1)"}
    take("iomt_asset.log", json.dumps(row) + "\n")
    main(["devices", "--csv", "--db", str(tmp_path / "w.db")])
    assert "a;'=HYPERLINK(1)" in capsys.readouterr().out
