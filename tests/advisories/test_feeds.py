"""What the parsers of public feeds make of documents: their examples, and what they refuse.

`<source>/<case>.<ext>` is a document in the form of that source, in own words, and
`<case>.expected.json` what must come of it (`pytest --accept` writes it anew).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from wardwatch_enrichment.advisories import eol, epss, kev, openfda, ssvc, vex
from wardwatch_enrichment.feed_form import FeedError

HERE = Path(__file__).parent
PUBLIC = HERE.parents[2] / "shared" / "data"
Parse = Callable[[Path], object]


def scores(path: Path) -> object:
    """Return the scores of a file with all rows read."""
    with path.open() as lines:
        found = epss.parse(lines)
        return {"model": found.model, "day": found.day, "rows": list(found.rows)}


PARSERS: dict[str, Parse] = {
    "kev": lambda path: kev.parse(path.read_bytes()),
    "epss": scores,
    "ssvc": lambda path: ssvc.parse(path.read_bytes()),
    "eol": lambda path: eol.parse(path.read_bytes(), path.stem),
    "openfda": lambda path: openfda.parse(path.read_bytes()),
    "vex": lambda path: vex.parse(path.read_bytes()),
}
CASES = [
    path
    for source in PARSERS
    for path in sorted((HERE / source).iterdir())
    if not path.name.endswith(".expected.json")
]


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_document_becomes_these_records(case: Path, accept: bool) -> None:
    """Each field of each record, as it was reviewed."""
    found = json.loads(msgspec.json.encode(PARSERS[case.parent.name](case)))
    expected = case.with_name(f"{case.stem}.expected.json")
    if accept:
        expected.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(expected.read_text())


@pytest.mark.parametrize("source", PARSERS)
def test_every_source_has_a_case(source: str) -> None:
    """And no expectation without its document."""
    names = {path.name for path in (HERE / source).iterdir()}
    wanted = {name for name in names if name.endswith(".expected.json")}
    assert wanted == {f"{c.stem}.expected.json" for c in CASES if c.parent.name == source} != set()


KEV = (HERE / "kev" / "two-entries.json").read_text()
OPENVEX = (HERE / "vex" / "openvex.json").read_text()
CSAF = (HERE / "vex" / "csaf.json").read_text()
DEEP = '{"branches": [' * 40 + "]}" * 40


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (kev.parse, KEV[:300], "is no complete JSON document"),
        (kev.parse, KEV.replace('"count": 2', '"count": 3'), "$.count: says 3, but there are 2"),
        (kev.parse, KEV.replace("CVE-2099-10002", "CVE-X"), "$.vulnerabilities[1].cveID"),
        (kev.parse, KEV.replace("2026-11-18", "18 Nov"), "$.vulnerabilities[0].dateAdded"),
        (
            kev.parse,
            KEV.replace('"dateReleased": "2026-11-20T16:00:00.0000Z",', ""),
            "dateReleased",
        ),
        (kev.parse, '{"a":' * 100_000, "is no complete JSON document"),
        (ssvc.parse, '{"cveMetadata": {"cveId": "no"}, "containers": {}}', "$.cveMetadata.cveId"),
        (lambda text: eol.parse(text, "x"), '{"result": {"name": "x"}}', "releases"),
        (lambda text: eol.parse(text, "x"), '[{"cycle": "1", "eol": "soon"}]', "$[0].eol"),
        (lambda text: eol.parse(text, "x"), "---\npermalink: /x\nreleases: []\n", "no end"),
        (lambda text: eol.parse(text, "x"), "---\na: &a [1]\nb: *a\n---\n", "line 3: YAML aliases"),
        (lambda text: eol.parse(text, "x"), "---\n!!python/name:os.system\n---\n", "front matter"),
        (
            openfda.parse,
            '{"meta": {"last_updated": "2026-01-01"}, "results": [{}]}',
            "$.results[0]",
        ),
        (openfda.parse, '{"results": []}', "meta"),
        (vex.parse, OPENVEX.replace('"affected"', '"maybe"'), "$.statements[1].status"),
        (vex.parse, OPENVEX.replace("_not_in_execute_path", ""), "$.statements[0].justification"),
        (vex.parse, OPENVEX.replace("openvex.dev", "example.com"), "$.@context"),
        (vex.parse, CSAF.replace('"cve": "CVE-2099-10004",', ""), "$.vulnerabilities[0]"),
        (vex.parse, CSAF.replace('"branches": [', f'"branches": [{DEEP}, ', 1), "branches in one"),
        (vex.parse, '{"a": 1}', "neither OpenVEX"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(
    parse: Callable[[str], object], text: str, problem: str
) -> None:
    """Whole, and never with another exception."""
    with pytest.raises(FeedError) as caught:
        parse(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "line 0: must have the headings"),
        (["cve;epss\n"], "line 1: must have the headings"),
        (["#model_version:v1,score_date:x\n", "cve,epss\n"], "line 1: score_date"),
        (["cve,epss\n", "CVE-2099-1,0.1\n"], "line 2: 'CVE-2099-1' is no CVE"),
        (["cve,epss\n", "CVE-2099-10001,nan\n"], "line 2: 'nan' is no number"),
        (["cve,epss\n", "CVE-2099-10001,1.5\n"], "line 2: '1.5' is no number"),
        (["cve,epss\n", "CVE-2099-10001,0.1\n", "CVE-2099-10002,0.0"], "line 3: is cut short"),
        (["cve,epss,percentile\n", "CVE-2099-10001,0.1\n"], "line 2: is cut short"),
    ],
)
def test_a_wrong_table_of_scores_is_refused_with_the_line(lines: list[str], problem: str) -> None:
    """Also where it ends in the middle of a figure that would still be one."""
    with pytest.raises(FeedError) as caught:
        list(epss.parse(lines).rows)
    assert problem in str(caught.value)


def test_the_published_catalogues_are_read() -> None:
    """The genuine files, where they are there."""
    if not PUBLIC.is_dir():
        pytest.skip("the folder with public data is not there")
    assert len(kev.parse((PUBLIC / "kev.json").read_bytes()).entries) == 1404
    with (PUBLIC / "epss-subset.csv").open() as lines:
        assert len(list(epss.parse(lines).rows)) > 6_000
    builds = {}
    for page in sorted((PUBLIC / "eol").glob("*.md")):
        for cycle in eol.parse(page.read_bytes(), page.stem):
            builds.setdefault(cycle.latest, []).append((cycle.cycle, cycle.eol))
    # One build, several editions: their ends lie eight years apart.
    ends = [end for _, end in builds["10.0.19044"]]
    assert max(ends).year - min(ends).year >= 8
    for path in (PUBLIC / "csaf").rglob("*.json"):
        assert all(statement.products for statement in vex.parse(path.read_bytes()))
