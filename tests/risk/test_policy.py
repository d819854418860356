"""A site's policy file: every key does what it says, what is wrong is named, what holds shown."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Case, Factors, Rubric
from wardwatch_enrichment.risk.derivation import explain
from wardwatch_enrichment.risk.figures import changeable, model
from wardwatch_enrichment.risk.policy import Policy, PolicyError, in_force, policy

Run = Callable[..., subprocess.CompletedProcess[str]]
EXAMPLE = Path(__file__).parents[2] / "examples" / "risk.yaml"
ANSWER = {
    "vulnerability": "CVE-2020-12045", "type": "infusion pump", "integrity": "H",
    "by": "Dr. Lee", "reason": "the drug library can be changed",
}  # fmt: skip
PUMP = Case(
    factors=Factors(safety=9, effectiveness=5, data=4, life=True, fleet=300),
    cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N",
    affected="confirmed",
    verdict="exploitable",
    zone="enterprise",
)


def test_the_example_is_taken() -> None:
    """As it stands in the examples, and all of it changes something."""
    content = yaml.safe_load(EXAMPLE.read_bytes())
    found = policy(content)
    named = {one.name for one in found.changed()}
    assert named == {
        f"{name}.{key}"
        for name, rows in content.items()
        if name not in ("rubric", "sanctioned")
        for key in rows
    }
    assert len(found.rubric) == len(content["rubric"]) > 0
    assert found.sanctioned == tuple(content["sanctioned"])


def test_every_figure_that_may_be_changed_can_be() -> None:
    """One by one, to what it is already; and the list of them is that of the file."""
    names = in_force(Policy())
    assert {name.partition(".")[0] for name in names} == set(changeable())
    for name, value in names.items():
        group, _, key = name.partition(".")
        found = policy({group: {key: value} if key else value})
        assert found.changed() == ()
        assert found.digest() == Policy().digest()


def test_what_a_site_changed_is_told() -> None:
    """From which figure to which; a zone by its factor."""
    found = policy({"zones": {"guest": 1.0}, "fold": 0.4, "weights": {"data": 0.8}})
    assert [(*one,) for one in found.changed()] == [("zones.guest", 0.95, 1.0), ("fold", 0.5, 0.4)]
    assert found.figures["zones"]["guest"] == [1.0, "open"]


def test_a_digest_is_of_what_was_decided() -> None:
    """Not of how it is written; and it is another with each decision."""
    one = policy({"sanctioned": ["192.0.2.0/24", "198.51.100.0/24"], "rubric": [ANSWER]})
    other = policy({"rubric": [ANSWER], "sanctioned": ["198.51.100.0/24", "192.0.2.0/24"]})
    assert one.digest() == other.digest()
    decided: list[Mapping[str, Any]] = [
        {},
        {"weights": {"data": 0.9}},
        {"sanctioned": ["192.0.2.0/24"]},
        {"rubric": [ANSWER]},
        {"rubric": [ANSWER | {"integrity": "L"}]},
        {"rubric": [ANSWER | {"reason": "another"}]},
    ]
    assert len({policy(content).digest() for content in decided}) == len(decided)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "a mapping is asked for"),
        ({"weigths": {}}, "weigths: unknown; there are affected, verdict, zones"),
        ({"weights": {"data": 2}}, "weights.data: 2 is not from 0 to 1"),
        ({"model": "2"}, "model: cannot be changed"),
        ({"bands": {"info": 3}}, "bands.info: must be 0"),
        ({"foothold": 100}, "foothold: 100 is not from 0 to 10"),
        ({"safety": {"critical": 90}}, "safety.critical: 90 is not from 0 to 10"),
        ({"weights": {"safety": 0}}, "weights.safety: must be above 0"),
        (
            {"affected": {"confirmed": 0, "likely": 0, "possible": 0}},
            "affected.confirmed: must be above 0",
        ),
        ({"rubric": {"a": 1}}, "rubric: a list of mappings is asked for"),
        ({"rubric": [{**ANSWER, "by": ""}]}, "rubric: answer 1: by: is asked for"),
        ({"rubric": [ANSWER, ANSWER]}, "rubric: answer 2: CVE-2020-12045 is answered twice"),
        ({"rubric": [ANSWER | {"type": "pump"}]}, "rubric: answer 1: type: 'pump' is no kind"),
        ({"sanctioned": "10.0.0.0/8"}, "sanctioned: a list of networks is asked for"),
        ({"sanctioned": ["10.0.0.1/8"]}, "sanctioned 1: 10.0.0.1/8 has host bits set"),
    ],
)
def test_what_cannot_be_followed(content: Any, message: str) -> None:
    """Is named by its key."""
    with pytest.raises(PolicyError) as error:
        policy(content)
    assert message in str(error.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Of figures, answers and networks."""
    with pytest.raises(PolicyError) as error:
        policy({"fold": 3, "rubric": [{}], "sanctioned": ["x"]})
    lines = str(error.value).splitlines()
    assert lines[0].startswith("fold: 3 is not")
    assert lines[-1].startswith("sanctioned 1: 'x' does not")
    assert sum(line.startswith("rubric: answer 1") for line in lines) == 5


def test_an_answer_changes_a_score_and_is_named() -> None:
    """Its levels take the place of the vector's; the derivation tells who said so, and why."""
    found = policy({"rubric": [ANSWER]}).rubric["CVE-2020-12045", "infusion pump"]
    assert found == Rubric(integrity="H")
    before = scoring.assess(PUMP)
    asked = Case(
        **{name: getattr(PUMP, name) for name in ("factors", "cvss", "affected", "verdict")},
        zone=PUMP.zone,
        rubric=found,
    )
    after = scoring.assess(asked)
    assert after.safety == pytest.approx(before.safety * 2.5)
    (losses,) = (step for step in explain(asked, after).steps if step.step == "losses")
    assert losses.why.endswith(
        "by the rubric's answers of Dr. Lee: the drug library can be changed"
    )


def test_what_holds_is_printed(tmp_path: Path, run: Run) -> None:
    """All figures, what the site changed from which to which, and what it answered."""
    shipped = json.loads(run("risk", "show", "--json").stdout)
    assert (shipped["model"], shipped["policy"], shipped["changed"]) == (model()["model"], None, [])
    assert shipped["figures"]["weights.data"] == 0.8
    (tmp_path / "risk.yaml").write_text(
        yaml.safe_dump({"weights": {"data": 0.9}, "rubric": [ANSWER]})
    )
    settings = {"WARDWATCH_RISK_POLICY": "risk.yaml"}
    own = json.loads(run("risk", "show", "--json", **settings).stdout)
    assert own["changed"] == [{"figure": "weights.data", "shipped": 0.8, "own": 0.9}]
    assert own["rubric"][0]["by"] == "Dr. Lee"
    assert own["digest"] != shipped["digest"]
    told = run("risk", "show", **settings).stdout
    assert "weights.data: from 0.8 to 0.9" in told
    assert "CVE-2020-12045 on infusion pump: integrity H (by Dr. Lee: the drug" in told


def test_a_file_that_cannot_be_followed(tmp_path: Path, run: Run) -> None:
    """Each line names the file and the key, and nothing is rated by half of it."""
    settings = {"WARDWATCH_RISK_POLICY": "risk.yaml"}
    assert "risk.yaml: No such file or directory; check [risk] policy" in (
        run("risk", "show", code=1, **settings).stderr
    )
    (tmp_path / "risk.yaml").write_text("{weights: {data: 7}, fald: 1}")
    done = run("risk", "show", code=1, **settings)
    assert "risk.yaml: weights.data: 7 is not from 0 to 1" in done.stderr
    assert "risk.yaml: fald: unknown; there are" in done.stderr
    (tmp_path / "risk.yaml").write_text("weights: [")
    assert "risk.yaml: is no YAML" in run("risk", "show", code=1, **settings).stderr
