"""What a person sees in a small window, on the first day, and where a file cannot be written."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from asset_rows import CT

from wardwatch.cli import main
from wardwatch.outputs import files


def window(columns: int, *arguments: str) -> str:
    """Return what a command prints in a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [sys.executable, "-m", "wardwatch.cli", *arguments],
        stdin=theirs, stdout=theirs, env={**known, "TERM": "xterm", "NO_COLOR": "1"},
    ):  # fmt: skip
        os.close(theirs)
        printed = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError as error:
                assert error.errno == errno.EIO, "which is how a terminal ends"
                break
            printed += part
    os.close(ours)
    return printed.decode().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")


def test_a_small_window_breaks_no_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is told with its headings there, and stays a row where there is room."""
    monkeypatch.chdir(tmp_path)
    Path("iomt_asset.log").write_text(CT)
    assert main(["ingest", "."]) == 0
    small, large = (window(columns, "devices") for columns in (80, 200))
    assert max(map(len, small.splitlines())) <= 80
    told = " ".join(small.split())
    assert "; manufacturer GE HealthCare; model LightSpeed; serial number 77; software 1.0" in told
    assert "; name" not in told, "what is not known needs no room"
    (row,) = [line for line in large.splitlines() if "LightSpeed" in line]
    assert row.split()[-2:] == ["1970-01-01", "00:16:40Z"]


def test_an_inventory_without_devices_has_a_report_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first day, before anything was seen."""
    monkeypatch.chdir(tmp_path)
    Path("conn.log").touch()
    assert main(["ingest", "conn.log"]) == 1
    assert main(["report"]) == 0
    assert "No devices yet" in Path("report.html").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as found:
        files.replace(tmp_path / "no" / "week.csv", "")
    assert found.value.filename == str(tmp_path / "no" / "week.csv")
