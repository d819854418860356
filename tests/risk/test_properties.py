"""What must hold of every risk, over cases drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from risk import oracle
from risk.drawn import AFFECTED, ZONES, case, drawn

from wardwatch_enrichment.finding import Verdict
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import LABELS, Risk
from wardwatch_enrichment.risk.rows import uncovered, verdict

ROUNDS = 20_000
FIGURES = (
    "ease", "threat", "likelihood", "safety", "effectiveness", "data", "score"
)  # fmt: skip
VERDICTS: tuple[Verdict, ...] = ("not_exploitable", "unlikely", "potential", "exploitable")
NO_TABLES = f"NOT TESTED: no tables at {oracle.SSVC}"


def cases(seed: int, **fixed: Any) -> Iterator[dict[str, Any]]:
    """Yield cases drawn at random."""
    rng = random.Random(seed)  # noqa: S311  for a test
    for _ in range(ROUNDS):
        yield drawn(rng, **fixed)


def assess(c: dict[str, Any], **changes: Any) -> Risk:
    """Return the risk of a drawn case, with changes."""
    return scoring.assess(case({**c, **changes}))


def not_lower(less: Risk, more: Risk) -> bool:
    """Tell whether the second has no lower score or label; *Cannot tell* has no rank."""
    told = "Cannot tell" in (less.label, more.label)
    rank = told or LABELS.index(less.label) <= LABELS.index(more.label)
    return rank and less.score <= more.score


@pytest.mark.skipif(not oracle.SSVC.exists(), reason=NO_TABLES)
def test_each_figure_is_that_of_the_text() -> None:
    """Worked out a second time from the model's text and the public tables."""
    labels: set[tuple[str, str]] = set()
    for c in cases(1):
        found, wanted = assess(c), oracle.work_out(c)
        assert {name: getattr(found, name) for name in FIGURES} == pytest.approx(
            {name: wanted[name] for name in FIGURES}, abs=1e-8
        ), c
        if c["affected"] not in ("not_affected", "fixed"):
            assert found.verdict == wanted["verdict"]
        assert (found.label, found.path) == (wanted["label"], wanted["path"]), c
        labels.add((found.label, found.path.partition("+")[2]))
    reached = {rule for _, rules in labels for rule in rules.split("+")}
    assert reached >= {"F2a", "F2b", "F2c", "F3", "F4a", "F4b", "F5", "F6", "C1", "C2", "C3"}


@pytest.mark.skipif(not oracle.SSVC.exists(), reason=NO_TABLES)
def test_the_deadline_of_what_is_known_exploited() -> None:
    """CISA's table, by the row; nothing for what is not in its catalogue or not open."""
    seen: set[str] = set()
    for c in cases(2):
        found = assess(c)
        if not c["threat"]["kev"] or c["affected"] in ("not_affected", "fixed"):
            assert found.bod_26_04 is None
            continue
        days, _, row = (found.bod_26_04 or "").partition(" (row ")
        assert days == oracle.bod(c, c["zone"])
        assert oracle.rows("cisa_bod_26_04_1_0_0.csv")[int(row[:-1])][4] == days
        seen.add(row)
    assert len(seen) == 8  # of sixteen rows, those in KEV


def test_evidence_moves_a_score_only_in_the_way_that_it_points() -> None:
    """One more *true* never lowers, one more *false* never raises (1)."""
    for c in cases(3):
        before = assess(c)
        assert not_lower(before, assess(c, truths=[*c["truths"], "true"])), c
        for false in ("weak_false", "strong_false"):
            assert not_lower(assess(c, truths=[*c["truths"], false]), before), c


def test_a_stronger_verdict_never_lowers() -> None:
    """Of the four verdicts, each as it is given (8)."""
    rng = random.Random(4)  # noqa: S311  for a test
    for c in cases(4):
        made, (less, more) = case(c), rng.choice(list(pairwise(VERDICTS)))
        found = [scoring.assess(replace(made, verdict=one)) for one in (less, more)]
        assert not_lower(*found), (c, less, more)


def test_a_worse_zone_never_lowers() -> None:
    """From isolated to reached from the internet; nor does losing the proof of a boundary (8)."""
    rng = random.Random(5)  # noqa: S311  for a test
    for c in cases(5):
        less, more = rng.choice(list(pairwise(ZONES)))
        assert not_lower(assess(c, zone=less), assess(c, zone=more)), (c, less, more)
        proven = assess(c, zone=less, boundary=True)
        assert not_lower(proven, assess(c, zone=less, boundary=False)), c


def test_knowing_more_of_attackers_never_lowers() -> None:
    """KEV most often, ransomware, an exploit, no need of one, an attempt, harm, CISA's word (8)."""
    rng = random.Random(6)  # noqa: S311  for a test
    others = ("ransomware", "public", "codeless", "attempt", "harm", "automatable")
    for c in cases(6):
        known = rng.choice(("kev", "kev", "kev", *others))
        less = assess(c, threat={**c["threat"], known: False})
        assert not_lower(less, assess(c, threat={**c["threat"], known: True})), c


def test_epss_can_only_raise() -> None:
    """However low it is, what else is known of a threat stands."""
    rng = random.Random(7)  # noqa: S311  for a test
    for c in cases(7):
        low, high = sorted((rng.random(), rng.random()))
        none, less, more = (assess(c, threat={**c["threat"], "epss": e}) for e in (0.0, low, high))
        assert none.threat <= less.threat <= more.threat
        assert not_lower(none, less) and not_lower(less, more)


def test_surer_that_it_is_affected_never_lowers() -> None:
    """From not affected to confirmed; a device that is not affected has nothing."""
    rng = random.Random(8)  # noqa: S311  for a test
    for c in cases(8):
        less, more = rng.choice(list(pairwise(AFFECTED)))
        found = assess(c, affected=less)
        assert not_lower(found, assess(c, affected=more)), (c, less, more)
        if less in ("not_affected", "fixed"):
            assert (found.score, found.label) == (0, "Track")


def test_a_strong_false_beats_what_is_known_of_attackers() -> None:
    """KEV, ransomware and the internet included; only harm that was seen is more (3)."""
    for c in cases(9):
        hot = {**c["threat"], "kev": True, "ransomware": True, "attempt": True, "harm": False}
        proven = [*c["truths"], "strong_false"]
        found = assess(c, truths=proven, threat=hot, zone="internet_in")
        assert found.label == "Track"
        assert found.score <= 2.0
        if c["affected"] not in ("not_affected", "fixed"):
            harmed = assess(c, truths=proven, threat={**hot, "harm": True})
            assert (harmed.label, harmed.due_days) == ("Act", 3)


def test_harm_is_never_lowered() -> None:
    """Neither by proof, nor by a version that is not known, nor by a segment that nobody sees."""
    for c in cases(10):
        if c["affected"] not in ("not_affected", "fixed"):
            found = assess(c, threat={**c["threat"], "harm": True})
            assert found.label == "Act"
            assert "open an incident" in (found.task or "")


def test_without_its_sensor_a_silent_device_is_worse_off() -> None:
    """Silence says nothing then: weak becomes unknown, the score rises, it is never green (4)."""
    moved = 0
    for c in cases(11, affected="confirmed"):
        before = assess(c, covered=True)
        blind = {**c, "truths": list(uncovered(c["truths"])), "covered": False}
        after = assess(blind)
        assert before.score <= after.score
        if before.verdict == "unlikely" and verdict(c["truths"], c["cvss"]) != after.verdict:
            moved += 1
            assert after.verdict == "potential"
            assert after.score == pytest.approx(3 * before.score)
            assert after.label in ("Cannot tell", "Attend", "Act")
    assert moved > 500


def test_data_alone_harms_no_patient() -> None:
    """C:H, I:N, A:N: nothing on the axes of safety and effectiveness (5)."""
    for c in cases(12):
        found = assess(c, cvss=c["cvss"].rpartition("/C:")[0] + "/C:H/I:N/A:N")
        assert (found.safety, found.effectiveness) == (0, 0)


def test_who_must_be_at_the_device_does_not_come_over_the_network() -> None:
    """AV:P: Track, whatever verdict was given, unless harm was seen (6)."""
    rng = random.Random(13)  # noqa: S311  for a test
    for c in cases(13):
        physical = "/AV:P/" + c["cvss"].partition("/AV:")[2][2:]
        made = case({**c, "threat": {**c["threat"], "harm": False}})
        asked = replace(made, cvss="CVSS:3.1" + physical, verdict=rng.choice(VERDICTS))
        assert scoring.assess(asked).label == "Track", c
        local = replace(asked, cvss=asked.cvss.replace("AV:P", "AV:L"))
        assert scoring.assess(local).verdict in ("unlikely", "not_exploitable")


def test_who_looked_it_up_knows_better_than_the_vector() -> None:
    """A service that is reached over the network, though its maker wrote physical or local."""
    for c in cases(17):
        made = case(c)
        found = scoring.assess(replace(made, verdict="exploitable", networked=True))
        assert found.verdict == "exploitable"
        assert not_lower(scoring.assess(replace(made, verdict="exploitable")), found), c


def test_without_a_proven_boundary_few_peers_prove_nothing() -> None:
    """Allow-listed and isolated are then a shared clinical VLAN, figure by figure."""
    for c in cases(14):
        shared = assess(c, zone="clinical_shared")
        for zone in ("allowlisted", "isolated"):
            assert assess(c, zone=zone, boundary=False) == shared


def test_figures_stay_in_their_bounds() -> None:
    """Shares from 0 to 1, axes and scores from 0 to 100; a date for each label but two."""
    for c in cases(15):
        found = assess(c)
        assert all(0 <= one <= 1 for one in (found.ease, found.threat, found.likelihood))
        axes = (found.safety, found.effectiveness, found.data)
        assert all(0 <= one <= 100 for one in axes)
        assert found.score == pytest.approx(max(axes[0], 0.9 * axes[1], 0.8 * axes[2]))
        wanted = {"Act": 3, "Attend": 14, "Track*": 60 if found.score >= 5 else None}
        assert found.due_days == wanted.get(found.label)


def test_the_score_of_a_device_does_not_depend_on_any_order() -> None:
    """Bounded, not below the worst, and nothing more lowers it (2)."""
    rng = random.Random(16)  # noqa: S311  for a test
    for _ in range(ROUNDS):
        scores = [100 * rng.random() ** 3 for _ in range(rng.randrange(12))]
        found = scoring.fold(scores)
        assert scoring.fold(rng.sample(scores, len(scores))) == found
        assert max(scores, default=0) - 1e-9 <= found <= 100
        assert scoring.fold([*scores, 100 * rng.random()]) >= found - 1e-9


@pytest.mark.parametrize(
    ("scores", "wanted"), [((80, 40, 20, 10), 85.0), ((3,) * 200, 5.9), ((10,) * 50, 18.7), ((), 0)]
)
def test_the_score_of_a_device(scores: tuple[float, ...], wanted: float) -> None:
    """The examples of the model."""
    assert round(scoring.fold(scores), 1) == wanted


def test_the_score_of_a_group() -> None:
    """Folded over its devices, with the share of those that are high."""
    found = scoring.group([80, 40, 39.9, 0])
    assert round(found.score, 1) == round(scoring.fold([80, 40, 39.9]), 1)
    assert (found.devices, found.share_high) == (4, 0.5)
    assert scoring.group([]) == (0.0, 0, 0.0)


@pytest.mark.parametrize(
    ("score", "word"),
    [(60, "critical"), (59.9, "high"), (40, "high"), (20, "medium"), (5, "low"), (4.9, "info")],
)
def test_the_word_for_a_score(score: float, word: str) -> None:
    """Each bound belongs to the higher."""
    assert scoring.band(score) == word
