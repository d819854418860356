"""`wardwatch feeds` as a user types it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from feeds.documents import advisory, catalogue
from servers.website import Website

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def feeds(run: Run) -> Run:
    """Return a function that runs `wardwatch feeds` in an empty directory."""

    def running(*arguments: str, **how: object) -> subprocess.CompletedProcess[str]:
        return run("feeds", *arguments, **how)

    return running


def test_import_and_status(feeds: Run, tmp_path: Path) -> None:
    """What was good is in, what was not is named, and the status knows both."""
    (tmp_path / "carried").mkdir()
    (tmp_path / "carried" / "a.json").write_bytes(advisory("EX-1"))
    (tmp_path / "carried" / "b.json").write_bytes(advisory("EX-2")[:-9])
    done = feeds("import", "carried", code=1)
    assert "Took csaf psirt.example.com: 1" in done.stdout
    assert "1 were refused, and what was there stays" in done.stdout
    assert "carried/b.json: is no complete JSON document" in done.stderr
    (state,) = map(json.loads, feeds("status", "--json").stdout.splitlines())
    assert (state["feed"], state["records"], state["unverified"]) == (
        "csaf psirt.example.com", 1, 1,
    )  # fmt: skip
    assert state["newest"].startswith("2026-11-01T12:00:00")
    assert "is no complete JSON" in state["reason"]
    table = feeds("status").stdout
    assert "1 (1 not verified)" in table
    assert "2026-11-01" in table


def test_update_by_the_settings(feeds: Run, site: Website) -> None:
    """Nothing is asked that nobody has switched on."""
    assert "put addresses into [feeds]" in feeds("update", code=1).stderr
    url = site.put("/kev.json", catalogue("2026-11-01", "CVE-2099-10001"))
    assert "Took kev: 1" in feeds("update", WARDWATCH_FEEDS_KEV=url).stdout
    site.put("/kev.json", catalogue("2026-10-01", "CVE-2099-10001"))
    done = feeds("update", code=1, WARDWATCH_FEEDS_KEV=f"{url},{site.url}/none.json")
    assert "is older than what is there (2026-11-01" in done.stderr
    assert "404" in done.stderr
    (state,) = map(json.loads, feeds("status", "--json").stdout.splitlines())
    assert (state["version"], state["records"]) == ("1", 1)
    assert "is no address" in feeds("update", code=1, WARDWATCH_FEEDS_KEV="kev.json").stderr


def test_without_feeds_the_first_step_is_named(feeds: Run, tmp_path: Path) -> None:
    """Neither an empty table nor a made-up one."""
    assert "there is no database yet" in feeds("status", code=1).stderr
    (tmp_path / "empty").mkdir()
    feeds("import", "empty")
    assert "No feed was taken yet" in feeds("status").stdout


def test_words_of_a_feed_act_on_no_terminal(feeds: Run, tmp_path: Path) -> None:
    """A publisher's name, a file's name and a reason are text."""
    evil = "https://\x1b[2Jx.example/"
    body = advisory("EX-1", publisher={"name": "x", "category": "vendor", "namespace": evil})
    (tmp_path / "a.json").write_bytes(body)
    (tmp_path / "b\x1b[2J.json").write_bytes(body[:-5])
    done = feeds("import", ".", code=1)
    for text in (
        done.stdout,
        done.stderr,
        feeds("status").stdout,
        feeds("status", "--json").stdout,
    ):
        assert "\x1b" not in text
