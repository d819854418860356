"""`wardwatch risk check`: each deviation printed, and how it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
HERE = Path(__file__).parent
ROWS = """
device_factors:
  pump: {s: 9, e: 5, p: 4, life: true, fleet: 300}
scenarios:
  - id: A
    name: telnet [bold]accepted
    given: &pump
      device: pump
      cvss_vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:H
      threat: {codeless: true}
      affected: confirmed
      zone: enterprise
      predicates: ["true"]
    expect: {score: 43.2, label: Attend}
  - id: B
    given: {<<: *pump, predicates: [unknown]}
    expect: {score: 43.2, label: Attend, verdict: exploitable}
"""


def test_all_is_as_expected(run: Run) -> None:
    """A sum line, and 0."""
    done = run("risk", "check", str(HERE / "hospitals.yaml"))
    assert done.stdout == "2 rows checked, 0 deviate in 0 figures.\n"


def test_each_deviation_is_printed(tmp_path: Path, run: Run) -> None:
    """With what was expected and what came of it; as text, whatever a name holds."""
    (tmp_path / "rows.yaml").write_text(ROWS.replace("score: 43.2, label: Attend}", "score: 43.1}"))
    done = run("risk", "check", "rows.yaml", code=1)
    assert done.stdout.splitlines() == [
        "A  telnet [bold]accepted",
        "  score: expected 43.1, got 43.2",
        "B",
        "  score: expected 43.2, got 25.9",
        "  label: expected Attend, got Track*",
        "  verdict: expected exploitable, got potential",
        "2 rows checked, 2 deviate in 4 figures.",
    ]


def test_as_json(tmp_path: Path, run: Run) -> None:
    """One object a row, with all figures."""
    (tmp_path / "rows.yaml").write_text(ROWS)
    done = run("risk", "check", "--json", "rows.yaml", code=1)
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["id"], first["deviations"], first["got"]["score"]) == ("A", [], 43.2)
    assert second["deviations"][0] == {"figure": "score", "expected": 43.2, "got": 25.9}


def test_what_cannot_be_read_comes_with_its_place(tmp_path: Path, run: Run) -> None:
    """The other rows are checked all the same."""
    (tmp_path / "rows.yaml").write_text(ROWS.replace("{<<: *pump,", "{<<: *pump, device: tv,"))
    done = run("risk", "check", "rows.yaml", code=1)
    assert done.stdout.splitlines() == [
        "scenarios 2 (B).given.device: 'tv' is not in device_factors, and no known kind",
        "1 rows checked, 0 deviate in 0 figures, 1 could not be read.",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "cannot be read as YAML"), ("[1]", "a mapping with scenarios"), ("", "a mapping")],
)
def test_a_file_that_is_none(tmp_path: Path, run: Run, text: str, words: str) -> None:
    """A failure, not a traceback."""
    (tmp_path / "rows.yaml").write_text(text)
    done = run("risk", "check", "rows.yaml", code=1)
    assert words in done.stdout + done.stderr


def test_wrong_usage(run: Run) -> None:
    """As the shell expects; a file that is not there is a failure."""
    run("risk", "check", code=2)
    run("risk", "check", "x.yaml", "--yaml", code=2)
    assert "missing.yaml" in run("risk", "check", "missing.yaml", code=1).stderr
