"""Trends from states written by hand: scores by day, what moved them, how long it took."""

from __future__ import annotations

import math
import random
from typing import Any

from wardwatch_enrichment.risk import dates, scoring
from wardwatch_enrichment.risk.case import LABELS, Label
from wardwatch_enrichment.risk.figures import model
from wardwatch_enrichment.risk.rating import CANNOT_TELL, URGENCY
from wardwatch_enrichment.risk.records import State
from wardwatch_enrichment.risk.trend import NEEDS_ACTION, Times, points, times

DAY = 86_400.0


def state(day: float, finding: str, label: Label, score: float = 40.0, **more: Any) -> State:
    """Return a state of a finding; what its id begins with is its device."""
    told: dict[str, Any] = {
        "site": "here", "vulnerability": "CVE-2099-0001", "at": day * DAY, "label": label,
        "score": score, "safety": score, "effectiveness": 0.0, "data": 0.0, "zone": "unknown",
        "affected": "confirmed", "verdict": "potential", "reason": "", "moved": "worked out anew",
        "device_id": finding.partition("-")[0], "finding": finding,
    }  # fmt: skip
    return State(**told | more)


def took(*states: State) -> dict[Label, Times]:
    """Return how long it took, by label."""
    return {one.label: one for one in times(states)}


def test_scores_of_a_group_are_those_of_its_devices_together() -> None:
    """Day by day, with what came and went, and what moved it; a quiet day has no point."""
    found = points(
        [
            state(1, "a-1", "Attend", 40, moved="new advisory: X"),
            state(1, "a-2", "Track", 10, moved="new advisory: X"),
            state(1, "b-1", "Act", 60, moved="new device"),
            state(4, "a-1", "Track", 1, verdict="not_exploitable", moved="mitigation proven"),
            state(4.5, "b-1", "Track", 0, closed="fixed", affected="fixed", moved="software"),
        ],
        lambda one: one.site,
    )
    first, last = found["here"]
    fold = scoring.fold
    assert first.score == fold([fold([40, 10], model()), fold([60], model())], model())
    assert dict(first.labels) == {"Act": 1, "Attend": 1, "Track": 1}
    assert dict(first.opened) == {"Act": 1, "Attend": 1, "Track": 1}
    assert list(first.moved.items()) == [("new advisory: X", 2), ("new device", 1)]
    assert last.at == 4.5 * DAY
    assert last.score == fold([fold([10, 1], model())], model())
    assert (dict(last.labels), dict(last.opened), dict(last.closed)) == (
        {"Track": 2},
        {},
        {"Act": 1},
    )


def test_groups_are_apart() -> None:
    """A device is in the group that is asked for, one of which nothing is known in none."""
    states = [state(1, "a-1", "Act", 60), state(2, "b-1", "Track", 5)]
    found = points(states, lambda one: {"a": "ICU"}.get(one.device_id))
    assert {name: [one.score for one in known] for name, known in found.items()} == {
        "ICU": [60.0], None: [5.0],
    }  # fmt: skip


def test_time_to_mitigate_is_counted_by_the_most_urgent_label() -> None:
    """From the first day that it needed action, to its proof or its closing."""
    found = took(
        state(1, "a-1", "Attend"),
        state(1, "b-1", "Attend"),
        state(1, "c-1", "Track"),
        state(2, "b-1", "Act"),
        state(5, "a-1", "Track", verdict="not_exploitable"),
        state(8, "b-1", "Track", closed="fixed", affected="fixed"),
        state(9, "c-1", "Attend"),
    )
    assert found["Attend"] == Times(
        label="Attend", mitigated=1, mean=4.0, median=4.0, otherwise=0, open=1
    )
    assert found["Act"] == Times(
        label="Act", mitigated=1, mean=7.0, median=7.0, otherwise=0, open=0
    )


def test_what_ended_without_proof_is_no_mitigation() -> None:
    """That an advisory is gone, or that the zone looks better, is counted apart."""
    found = took(
        state(1, "a-1", "Attend"),
        state(1, "b-1", "Attend"),
        state(3, "a-1", "Attend", closed="no advisory names this device any more"),
        state(3, "b-1", "Track*", verdict="unlikely"),
    )
    assert (found["Attend"].mitigated, found["Attend"].otherwise) == (0, 2)
    assert found["Attend"].mean is None


def test_what_cannot_be_told_for_a_while_goes_on() -> None:
    """To lose sight of a device mitigates nothing."""
    found = took(
        state(1, "a-1", "Attend"),
        state(2, "a-1", CANNOT_TELL),
        state(9, "a-1", "Attend", began={"Attend": DAY}),
        state(11, "a-1", "Track", verdict="not_exploitable"),
    )
    assert (found["Attend"].mitigated, found["Attend"].mean) == (1, 10.0)


def test_mean_and_median_are_of_what_there_is() -> None:
    """And how many that are."""
    states = [state(0, f"{name}-1", "Attend") for name in "abc"]
    states += [
        state(day, f"{name}-1", "Track", closed="x", affected="fixed")
        for name, day in (("a", 1), ("b", 2), ("c", 12))
    ]
    found = took(*states)["Attend"]
    assert (found.mitigated, found.mean, found.median) == (3, 5.0, 2.0)


def test_dates_of_labels() -> None:
    """A label that lasts keeps its date, one that falls and comes back gets another."""
    figures = model()
    first = dates.began({}, "Attend", 0.0)
    assert dates.due(first, "Attend", 14, figures) == 14 * DAY
    assert dates.due(dates.began(first, "Attend", 5 * DAY), "Attend", 14, figures) == 14 * DAY
    worse = dates.began(first, "Act", 5 * DAY)
    assert dates.due(worse, "Act", 3, figures) == 8 * DAY
    assert dates.due(dates.began(first, "Act", 13 * DAY), "Act", 3, figures) == 14 * DAY
    assert dates.due(dates.began(worse, "Attend", 6 * DAY), "Attend", 14, figures) == 14 * DAY
    fallen = dates.began(worse, "Track", 6 * DAY)
    assert dates.due(fallen, "Track", None, figures) is None
    assert dates.due(dates.began(fallen, "Attend", 7 * DAY), "Attend", 14, figures) == 21 * DAY


def test_no_date_ever_moves_while_a_label_lasts() -> None:
    """Nor is what became more urgent ever due later than it was: in random histories."""
    figures, drawn = model(), random.Random(8)  # noqa: S311
    for _ in range(500):
        since: dict[Label, float] = {}
        last, before = math.inf, -1
        for day, label in enumerate(drawn.choices(URGENCY, k=20)):
            since = dates.began(since, label, day * DAY)
            if label == CANNOT_TELL:
                continue
            rank = LABELS.index(label)
            if label in NEEDS_ACTION:
                due = dates.due(since, label, figures["due_days"][label], figures)
                assert due is not None
                assert rank < before or due <= last or before < LABELS.index("Attend")
                last = due
            before = rank


def test_the_order_within_a_moment_does_not_matter() -> None:
    """States of one run may come in any order."""
    states = [state(1, f"{name}-1", "Attend", 10.0 * k) for k, name in enumerate("abc", 1)]
    (forth,) = points(states, lambda one: one.site)["here"]
    (back,) = points(states[::-1], lambda one: one.site)["here"]
    assert forth == back
