"""Each parser on rows as a sensor writes them: `<log>/<case>.log` and what they state beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from wardwatch import parsers
from wardwatch.heard.alarms import Alarms
from wardwatch.heard.claims import Hearing
from wardwatch.heard.exposures import Exposures
from wardwatch.scope import Scope
from wardwatch.sources import zeek_files
from wardwatch.sources.files import LogFile
from wardwatch_enrichment.content import fields

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.log"))


def heard(path: Path) -> dict[str, object]:
    """Return what a log states, and what was wrong with it."""
    log = path.parent.name
    parser = parsers.load()[log]
    if not parser.VIEWS:
        return alarmed(path, parser)
    hearing = Hearing(parser, site="here", sensor="s1", scope=Scope())
    exposures = Exposures(parser, Scope()) if hasattr(parser, "exposures") else None
    wrong: list[tuple[int, str]] = []
    for block in zeek_files.read(LogFile(path=path, log=log), parser.Row):
        wrong += [*block.bad, *hearing.listen(block)]
        wrong += exposures.listen(block) if exposures else []
    claims = [asdict(claim.first) | {"last_seen": claim.last_seen} for claim in hearing.claims()]
    for claim in claims:
        del claim["line"], claim["site"], claim["sensor"], claim["log"]
    found: dict[str, object] = {"claims": claims, "wrong": sorted(set(wrong))}
    return found | {"exposures": list(exposed(exposures))} if exposures else found


def exposed(exposures: Exposures) -> Iterator[str]:
    """Yield in a line what rows show of a host on a day."""
    for about, shown in exposures.take().items():
        times = sum(len(some) for some in shown.times) + sum(one.times for one in shown.intervals)
        told = [value for value in about if value is not None]
        more = (*sorted(shown.services), *sorted(shown.peers))
        yield " ".join(map(str, (*told, f"x{times}", *more)))


def alarmed(path: Path, parser: parsers.Parser) -> dict[str, object]:
    """Return the alarms of a log of threats with their times, and what was wrong with it."""
    alarms = Alarms(parser, Scope())
    wrong: list[tuple[int, str]] = []
    for block in zeek_files.read(LogFile(path=path, log=parser.LOG), parser.Row):
        wrong += [*block.bad, *alarms.listen(block)]
    found = [alarm._asdict() | {"times": times} for alarm, times in alarms.take().items()]
    return {"claims": [], "alarms": found, "wrong": sorted(wrong)}


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_case(path: Path, accept: bool) -> None:
    """The claims are those beside the log."""
    expected = path.with_suffix(".expected.json")
    found = json.loads(json.dumps(heard(path)))
    if accept:
        expected.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("log", parsers.load())
def test_every_parser_has_a_case(log: str) -> None:
    """A parser without an example is not done."""
    assert list((HERE / log).glob("*.log"))


def test_no_case_is_an_orphan() -> None:
    """Every folder is a parser's, and every golden has its log."""
    assert {path.parent.name for path in CASES} == set(parsers.load())
    goldens = {path.with_suffix("").with_suffix("") for path in HERE.glob("*/*.expected.json")}
    assert goldens == {path.with_suffix("") for path in CASES}


def test_every_field_of_a_case_is_registered() -> None:
    """Zeek, parsers and fingerprints use one spelling: that of fields.yaml."""
    for path in CASES:
        assert {claim["field"] for claim in heard(path)["claims"]} <= set(fields())


def test_a_part_is_timed_by_its_first_and_last_row() -> None:
    """Rows come by their end, not their start: the earliest one is the evidence."""
    claims = heard(HERE / "conn" / "hosts.log")["claims"]
    (active,) = [c for c in claims if (c["host"], c["field"]) == ("10.0.0.2", "conn.active")]
    assert (active["ts"], active["last_seen"], active["uid"]) == (999.0, 1000.5, "C2")
