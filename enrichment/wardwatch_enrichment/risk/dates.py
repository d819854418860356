"""Since when a finding is as urgent as it is, and until when something must be in place."""

from __future__ import annotations

from collections.abc import Mapping

from wardwatch_enrichment.risk.case import LABELS, Label
from wardwatch_enrichment.risk.figures import Figures
from wardwatch_enrichment.risk.rating import CANNOT_TELL

DAY = 86_400.0
Began = Mapping[Label, float]


def began(before: Began, label: Label, at: float) -> dict[Label, float]:
    """Return since when each label up to this one, or a more urgent one, has lasted.

    A label that falls lets go of those above it. What cannot be told for a while does not begin
    anew afterwards: to lose sight of a device must not move its date.
    """
    known = {one: min(since, at) for one, since in before.items()}  # a clock may have been ahead
    if label == CANNOT_TELL:
        return {CANNOT_TELL: at, **known}
    reached = LABELS[: LABELS.index(label) + 1]
    return {one: known.get(one, at) for one in reached}


def due(since: Began, label: Label, days: int | None, figures: Figures) -> float | None:
    """Return until when something must be in place; None for no date.

    `days` is how long its label gives. What must be done at once must not wait longer than it had
    to before: it keeps the date of the label below where that comes first.
    """
    if days is None:
        return None
    given = figures["due_days"]
    own = since[label] + days * DAY
    below = since["Attend"] + given["Attend"] * DAY if label == "Act" else own
    return min(own, below)
