"""Cases in suricata-verify's form, and the real Suricata that they are held against.

A case is a folder with a test.yaml (https://github.com/OISF/suricata-verify, "Adding a new test"):

    pcap: ../../traces/x.pcap    # relative to the folder; without it, the folder's input.pcap
    rules: ../../x.rules         # one or a list; without it, all of suricata-rules
    args: [--set, a.b=c]         # further arguments
    checks:
    - filter:
        count: 1                 # how many records of eve.json match, exactly
        match:
          event_type: alert      # dotted; through a list to any of its elements, [n] to one
          alert.signature_id: 1  # also name__contains, __startswith, __endswith, __len, and
                                 # has-key: name, not-has-key: name

So that what a rule sees can be counted, rules are loaded without `noalert`. Runs are shared: those
of the same capture, rules and arguments are one.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
CONFIG = HERE / "suricata.yaml"
RULES = tuple(sorted((REPOSITORY / "suricata-rules").glob("*.rules")))
TRACES = REPOSITORY / "tests" / "traces"
SHARED_TRACES = REPOSITORY.parent / "shared" / "data" / "traces"
TIMEOUT = 120

Event = dict[str, Any]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "contains": lambda value, wanted: wanted in value,
    "startswith": lambda value, wanted: str(value).startswith(wanted),
    "endswith": lambda value, wanted: str(value).endswith(wanted),
    "len": lambda value, wanted: len(value) == wanted,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How many events must match."""

    count: int
    match: dict[str, Any]

    @property
    def sid(self) -> int | None:
        """The rule whose alerts are counted, if it is about alerts."""
        return self.match.get("alert.signature_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test.yaml, read."""

    slug: str
    capture: Path
    rules: tuple[Path, ...]
    args: tuple[str, ...]
    checks: tuple[Check, ...]


def read_case(path: Path) -> Case:
    """Read a test.yaml; a key that it cannot have is an error."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = raw.keys() - {"pcap", "rules", "args", "checks"}
    assert not unknown, f"{path}: unknown {sorted(unknown)}"
    checks = []
    for check in raw["checks"]:
        assert check.keys() == {"filter"}, f"{path}: {check}"
        checks.append(Check(**check["filter"]))
    args, rules = raw.get("args", ()), raw.get("rules", ())
    return Case(
        slug=path.parent.name,
        capture=(path.parent / raw.get("pcap", "input.pcap")).resolve(),
        rules=tuple((path.parent / name).resolve() for name in listed(rules)) or RULES,
        args=tuple(word for argument in listed(args) for word in shlex.split(argument)),
        checks=tuple(checks),
    )


def listed(value: Any) -> list[str]:
    """One or several, as several."""
    return [value] if isinstance(value, str) else list(value)


def cases() -> list[Case]:
    """All cases, by their folder's name."""
    return [read_case(path) for path in sorted(HERE.glob("*/test.yaml"))]


def values(event: Any, path: str) -> Iterator[Any]:
    """Everything that a dotted name leads to."""
    if not path:
        yield event
        return
    name, _, rest = path.partition(".")
    if isinstance(event, list):
        for element in event:
            yield from values(element, path)
        return
    name, _, index = name.partition("[")
    if not isinstance(event, dict) or name not in event:
        return
    value = event[name]
    if index:
        number = int(index.rstrip("]"))
        if len(value) > number:
            yield from values(value[number], rest)
        return
    yield from values(value, rest)


def matches(event: Event, match: dict[str, Any]) -> bool:
    """Whether an event is as a filter wants it."""
    return all(_holds(event, name, wanted) for name, wanted in match.items())


def _holds(event: Event, name: str, wanted: Any) -> bool:
    if name in ("has-key", "not-has-key"):
        return (next(values(event, wanted), None) is not None) == (name == "has-key")
    path, _, how = name.rpartition("__")
    if path and how in COMPARISONS:
        return any(COMPARISONS[how](value, wanted) for value in values(event, path))
    return any(value == wanted for value in values(event, name))


def audible(rules: str) -> str:
    """Rules that alert where they else would only set variables."""
    return re.sub(r" ?\bnoalert;", "", rules)


def run(
    capture: Path, directory: Path, rules: str, *args: str, config: Path = CONFIG
) -> subprocess.CompletedProcess[str]:
    """Run Suricata over a capture with these rules and no others."""
    loaded = directory / "loaded.rules"
    loaded.write_text(rules, encoding="utf-8")
    command = ["suricata", "-c", str(config), "-S", str(loaded), "-r", str(capture)]
    command += ["-l", str(directory), "-k", "none", "--runmode", "single", *args]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=directory
    )


@cache
def events(
    capture: Path,
    *,
    rules: tuple[Path, ...] = RULES,
    args: tuple[str, ...] = (),
    as_shipped: bool = False,
) -> tuple[Event, ...]:
    """All that Suricata writes of a capture."""
    text = "".join(path.read_text(encoding="utf-8") for path in rules)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        done = run(capture, directory, text if as_shipped else audible(text), *args)
        log = directory / "eve.json"
        assert done.returncode == 0, done.stdout + done.stderr
        assert log.exists(), done.stdout + done.stderr
        lines = log.read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def alerts(capture: Path, **how: Any) -> dict[int, int]:
    """How often each rule fired."""
    fired: dict[int, int] = {}
    for event in events(capture, **how):
        if event["event_type"] == "alert":
            sid = event["alert"]["signature_id"]
            fired[sid] = fired.get(sid, 0) + 1
    return fired
