"""The log of `run`: bounded in rate and size, without secrets, one object a line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from wardwatch.running import log
from wardwatch.running.health import Health


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the logging of other tests as it was."""
    root = logging.getLogger()
    level = root.level
    yield
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = True
    root.handlers = [one for one in root.handlers if type(one) is not logging.StreamHandler]
    root.setLevel(level)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the messages logged since the last look."""
    return [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]


def test_a_problem_is_told_once_an_hour_with_how_often(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of one file are one problem; another problem is told at once."""
    log.start("north")
    for number in range(1000):
        log.problem(f"conn.log:{number}: is no JSON; not used")
    log.problem("ssl.log:1: is no JSON; not used")
    assert told(capsys) == [f"{n}.log:{at}: is no JSON; not used" for n, at in
                            (("conn", 0), ("ssl", 1))]  # fmt: skip
    monkeypatch.setattr(log, "HOUR", 0.0)  # as if it had passed
    log.problem("conn.log:1000: is no JSON; not used")
    (again,) = told(capsys)
    assert "conn.log:1000" in again
    assert "999 more like it" in again


def test_many_kinds_of_problems_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """However many names there are: whoever can make them cannot fill the disk of the logs."""
    log.start("north")
    for number in range(5000):
        log.problem(f"file {'a' * (number % 70)}{'b' * (number // 70)}")
    assert len(told(capsys)) == log.KINDS + 1


def test_no_secret_and_nothing_endless(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library quotes is cut out; what is long is cut; line breaks stay in the string."""
    log.start("north")
    log.problem(
        "https://wardwatch:hunter2@es.example:9200/x: 401, sent Authorization: ApiKey aGVsbG8="
    )
    logging.getLogger("elastic_transport").warning("Bearer abc.def failed\nfor good\x1b[2J")
    log.problem("x" * 100_000)
    shown = capsys.readouterr().err
    for secret in ("hunter2", "aGVsbG8", "abc.def", "\x1b"):
        assert secret not in shown
    first, second, third = map(json.loads, shown.splitlines())
    assert "https://…es.example:9200/x: 401" in first["message"]
    assert (second["log.logger"], second["event.action"]) == ("elastic_transport", "library")
    assert len(third["message"]) == log.LONGEST


def test_an_error_that_nobody_foresaw_quotes_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    """What it is and where it came up, without what it says."""
    log.start("north")
    try:
        int("Mustermann")
    except ValueError as error:
        log.failure(log.place(error))
        logging.getLogger("library").error("failed", exc_info=True)
    shown = capsys.readouterr().err
    assert "ValueError in test_log.py:" in shown
    assert "Mustermann" not in shown


def test_publishing_is_told_when_it_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """Not in each cycle; and that it is over, too."""
    log.start("north")
    journal, health = log.Journal(), Health(site="north", pid=1, started=0.0)
    for error in (None, None, "503", "503", None, None):
        health.publish_error = error
        journal.cycle(health)
    assert [text.partition(";")[0] for text in told(capsys)][1:] == [
        "Elasticsearch: 503", "Elasticsearch has taken all again"
    ]  # fmt: skip
    assert not sys.stderr.isatty()
