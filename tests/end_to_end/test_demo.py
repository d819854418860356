"""What `make demo` and `make compare` show of the example site: its logs and its advisories."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from wardwatch.cli import main
from wardwatch.risk import risks
from wardwatch.store import Store
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.rating import URGENCY, Rated

ROOT = Path(__file__).parents[2]


def script(path: str) -> ModuleType:
    """Return a script of the checkout as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


today, compare = script("examples/today.py"), script("tests/bench/compare.py")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example site's database, made as `make demo` makes it."""
    folder = tmp_path_factory.mktemp("demo")
    path = folder / "w.db"
    today.main(ROOT / "examples" / "hospital", folder / "hospital")
    at = ["--db", str(path)]
    assert main(["ingest", *at, "--site", "hospital", str(folder / "hospital")]) == 0
    plan = str(ROOT / "examples" / "site.yaml")
    assert main(["facts", "import", *at, "--site", "hospital", plan]) == 0
    assert main(["feeds", "import", *at, str(ROOT / "examples" / "advisories")]) == 0
    return path


@pytest.fixture(scope="module")
def rated(database: Path) -> dict[str, tuple[Rated, ...]]:
    """Return what is open on each device, by its address, or its serial number without one."""
    with Store(database, read_only=True) as store:
        known = risks.of_site(store, "hospital", time.time(), Policy())
        return {
            next(iter(one.device.ips), one.device.serial_number or ""): one.rated for one in known
        }


def about(found: tuple[Rated, ...], vulnerability: str) -> Rated:
    """Return the finding of a vulnerability."""
    (one,) = [r for r in found if r.finding.vulnerability == vulnerability]
    return one


def test_every_label_is_there(rated: dict[str, tuple[Rated, ...]]) -> None:
    """From what is to be done at once to what is only listed."""
    assert {one.risk.label for found in rated.values() for one in found} == set(URGENCY)


@pytest.mark.parametrize("vulnerability", ["CVE-2020-12041", "CVE-2020-12045"])
def test_two_pumps_of_one_model(rated: dict[str, tuple[Rated, ...]], vulnerability: str) -> None:
    """One answers telnet and is to be attended to; the other refuses it and is ruled out."""
    reached, refuses = (about(rated[f"10.20.8.{at}"], vulnerability) for at in (21, 22))
    assert reached.finding.matches[0].reason == refuses.finding.matches[0].reason
    assert (reached.risk.label, refuses.risk.label) == ("Attend", "Track")
    assert round(reached.risk.score, 1) == 43.2
    assert "the device itself refused tcp/23 6 times from 10.20.0.1, 10.20.3.11" in refuses.reason


@pytest.mark.parametrize(
    ("place", "vulnerability", "label"),
    [
        ("10.20.7.51", "CVE-2019-0708", "Act"),
        ("10.20.10.11", "CVE-2017-0143", "Act"),
        ("10.20.2.40", "CVE-2020-1938", "Act"),
        ("10.20.3.60", "CVE-2021-36260", "Attend"),
        ("10.20.5.31", "CVE-2019-10966", "Attend"),
        ("10.20.1.51", "CVE-2002-2446", "Attend"),
        ("2000902", "CVE-2017-12726", "Cannot tell"),
        ("10.20.10.11", "CVE-2020-12012", "Track"),
    ],
)
def test_what_is_shown(
    rated: dict[str, tuple[Rated, ...]], place: str, vulnerability: str, label: str
) -> None:
    """Each for its own reason: reached, attempted, alarm path, unseen, only at the device."""
    assert about(rated[place], vulnerability).risk.label == label


def test_every_proof_is_a_line_of_the_logs(
    database: Path, rated: dict[str, tuple[Rated, ...]]
) -> None:
    """What a verdict quotes stands in the logs that were read."""
    logs = "".join(path.read_text() for path in (database.parent / "hospital").rglob("*.*"))
    grounds = [
        ground
        for found in rated.values()
        for one in found
        for answer in one.finding.answers
        for ground in answer.grounds
        if ground.log and ground.log != "site facts"
    ]
    assert len(grounds) > 20
    assert [ground.line for ground in grounds if ground.line not in logs] == []


def test_the_comparison(database: Path) -> None:
    """A list by CVSS has more, and yet not all that is urgent; what differs has its proof."""
    with Store(database, read_only=True) as store:
        told = compare.compared(store, "hospital", time.time())
    assert told["cvss_7"]["findings"] > 2 * told["in_both"]["findings"]
    assert {one["vulnerability"] for one in told["ruled_out"]} == {
        "CVE-2020-12041",
        "CVE-2020-12045",
    }
    assert "CVE-2019-10966" in {one["vulnerability"] for one in told["urgent_without_cvss_7"]}
    assert len(told["actions"]) == 5
    removed = sum(task["removes"] for task in told["actions"])
    assert removed == pytest.approx(told["score"]["before"] - told["score"]["after"], abs=0.5)
    assert "\n".join(compare.show(told)).count("CVSS") > 20


def test_base_scores_are_those_that_were_published(database: Path) -> None:
    """The advisories print them beside their vectors."""
    published: dict[str, set[float]] = {}
    for path in (ROOT / "examples" / "advisories").glob("example-*.json"):
        for about_one in json.loads(path.read_text())["vulnerabilities"]:
            scores = {score["cvss_v3"]["baseScore"] for score in about_one["scores"]}
            published.setdefault(about_one["cve"], set()).update(scores)
    with Store(database, read_only=True) as store:
        found = list(compare.listed(store, "hospital", time.time()))
    known = {(one.one.finding.vulnerability, one.base) for one in found if one.base is not None}
    assert len(known) > 8
    assert {(cve, base) for cve, base in known if base not in published[cve]} == set()


def test_the_logs_of_today(tmp_path: Path) -> None:
    """All times move by the same span, up to now; nothing else changes."""
    source, target = ROOT / "examples" / "hospital", tmp_path / "hospital"
    started = time.time()
    today.main(source, target)
    old, new = (
        {path.relative_to(folder): path.read_text() for path in folder.rglob("*.*")}
        for folder in (source, target)
    )
    assert old.keys() == new.keys()
    spans = set()
    for name, text in old.items():
        before, after = list(today.times(text)), list(today.times(new[name]))
        spans |= {round(b - a, 2) for a, b in zip(before, after, strict=True)}
        assert len(today.moved(text, 0.0).splitlines()) == len(text.splitlines())
        assert [bare(line) for line in text.splitlines()] == [
            bare(line) for line in new[name].splitlines()
        ]
    latest = max(when for text in new.values() for when in today.times(text))
    assert max(spans) - min(spans) < 0.05
    assert started - 10 < latest < time.time()


def bare(line: str) -> str:
    """Return a line without its times."""
    return str(today.STAMP.sub(r"\1", today.EPOCH.sub(r"\1", line)))
