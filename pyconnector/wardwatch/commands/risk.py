"""`risk check`: whether the risk model gives what scenarios expect of it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from wardwatch.commands import CommandError, Verb, show, show_json
from wardwatch.config import Config
from wardwatch.outputs.terminal import safe
from wardwatch_enrichment.risk import scenarios
from wardwatch_enrichment.risk.scenarios import Checked


def add(verb: Verb) -> None:
    """Tell the command line of these commands."""
    group = verb.group("risk", "check the risk model")
    made = group(
        "check",
        check,
        "work out the scenarios of a file and print each figure that is not as expected",
        "wardwatch risk check scenarios.yaml",
    )
    made.add_argument(
        "file", metavar="FILE", help="YAML: device_factors, scenarios, hospitals; - reads stdin"
    )
    made.add_argument("--json", action="store_true", help="one JSON object a row, with all figures")


def check(options: Namespace, _: Config) -> int:
    """Check each row of a file; 1 where one deviates or cannot be read."""
    rows = list(scenarios.check(_content(options.file)))
    if options.json:
        for row in rows:
            show_json({**asdict(row), "got": dict(row.got)})
    else:
        show(Text(safe(line)) for line in _told(rows))
    return 1 if any(row.deviations or row.errors for row in rows) else 0


def _content(name: str) -> Any:
    text = sys.stdin.read() if name == "-" else Path(name).read_bytes()
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CommandError(f"{name}: cannot be read as YAML: {error}") from None


def _told(rows: list[Checked]) -> Iterator[str]:
    for row in rows:
        yield from row.errors
        if row.deviations:
            yield f"{row.id}  {row.name}".rstrip()
        for one in row.deviations:
            yield f"  {one.figure}: expected {one.expected}, got {one.got}"
    read = [row for row in rows if row.id and not row.errors]
    away = [row for row in read if row.deviations]
    count = sum(len(row.deviations) for row in away)
    wrong = sum(bool(row.errors) for row in rows)
    unread = f", {wrong} could not be read" if wrong else ""
    yield f"{len(read)} rows checked, {len(away)} deviate in {count} figures{unread}."
