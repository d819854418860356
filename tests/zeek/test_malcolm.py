"""The scripts load from Malcolm's directory for custom ones, as docs/malcolm.md tells."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "malcolm.md"
CAPTURE = REPOSITORY / "tests" / "traces" / "lab.pcap"
# Malcolm's local.zeek has these among others, and loads the directory.
LOCAL = """
redef ignore_checksums = T;
@load frameworks/software/version-changes
@load protocols/dhcp/software
@load policy/protocols/conn/vlan-logging
@load policy/protocols/conn/mac-logging
@load tuning/track-all-assets.zeek
@load ./custom
redef HTTP::default_capture_password = T;
redef FTP::default_capture_password = T;
"""


def shown() -> str:
    """Return the file of the page with the line appended."""
    found = re.search(r"```\n(global .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Malcolm's directory `site`, with the scripts copied in and the line appended."""
    directory = tmp_path / "site"
    custom = directory / "custom"
    shutil.copytree(REPOSITORY / "zeek-scripts", custom / "wardwatch")
    (custom / "__load__.zeek").write_text(shown(), encoding="utf-8")
    (custom / "tls-decryption.zeek").write_text(
        "redef SSL::disable_analyzer_after_detection = F;\n"
    )
    (directory / "local.zeek").write_text(LOCAL, encoding="utf-8")
    return directory


@pytest.mark.parametrize("keys", ["", "keys.log"], ids=["as it is", "with TLS keys"])
def test_parses(run_zeek: Any, site: Path, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("ZEEK_TLS_KEYLOG_FILE", keys)
    run = run_zeek("-a", load=[site / "local.zeek"])
    assert (run.returncode, run.output) == (0, "")


def test_reads_a_capture(run_zeek: Any, site: Path) -> None:
    run = run_zeek(capture=CAPTURE, load=[site / "local.zeek"])
    run.assert_quiet()
    for log in ("iomt_asset", "iomt_exposure", "astm", "poct1a"):
        assert run.rows(log), log


def test_the_line_of_the_page_is_the_one_that_is_appended() -> None:
    (line,) = re.findall(r"echo '(.*)' >> zeek/custom/__load__.zeek", PAGE.read_text("utf-8"))
    assert shown().splitlines()[-1] == line
