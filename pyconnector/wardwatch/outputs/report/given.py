"""What the report is told besides the devices: risks, decisions, tasks, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from wardwatch_enrichment.facts import Covered
from wardwatch_enrichment.mitigation.measures import Mitigation
from wardwatch_enrichment.risk.case import Factors
from wardwatch_enrichment.risk.figures import Figures, model
from wardwatch_enrichment.risk.rating import DeviceRisk, Rated
from wardwatch_enrichment.risk.records import Standing
from wardwatch_enrichment.risk.tasks import Task


class Appraisal(NamedTuple):
    """The findings of a device with their risks, the worst first, and what they come to."""

    rated: tuple[Rated, ...]
    whole: DeviceRisk


class Source(NamedTuple):
    """A feed: how new its newest content is, and when it was taken (epoch seconds)."""

    name: str
    newest: float | None
    taken: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All of it. Devices are named by their ids, and so are findings.

    `factors` weigh every device, `measures` are what can be done about a finding, `unwatched` the
    devices that no sensor sees now, `hours` when a device is on the network, in a sentence. `plan`
    are the subnets of the sites' plans and `outside` the networks that are in none, with how many
    devices. `tasks` is the work list, None where nobody made one. `own` names the figures that the
    site changed, `old` tells the age of feeds that are old.
    """

    appraised: Mapping[str, Appraisal]
    factors: Mapping[str, Factors] = field(default_factory=dict)
    measures: Mapping[str, Sequence[Mitigation]] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    hours: Mapping[str, str] = field(default_factory=dict)
    unwatched: Set[str] = frozenset()
    plan: Sequence[Covered] = ()
    outside: Mapping[str, int] = field(default_factory=dict)
    tasks: Sequence[Task] | None = None
    sources: Sequence[Source] = ()
    old: Sequence[str] = ()
    figures: Figures = field(default_factory=model)
    own: Sequence[str] = ()
