"""What a site decided of the model, in a file of its own: figures, answers, whom devices may call.

A YAML file with `rubric` (see `rubrics.py`), `sanctioned` (public networks that devices may call)
and any of the figures of ``risk_model.yaml``; what it does not say holds from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import ip_network
from typing import Any, NamedTuple

from wardwatch_enrichment.risk import rubrics
from wardwatch_enrichment.risk.figures import FigureError, Figures, changeable, merged, model
from wardwatch_enrichment.risk.rubrics import Answers, RubricError


class PolicyError(ValueError):
    """A policy that cannot be followed; the message lists all that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a site decided; `own` are its figures as it wrote them."""

    figures: Figures = field(default_factory=model)
    rubric: Answers = field(default_factory=dict)
    sanctioned: tuple[str, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """Return a digest of all that the model works with: the same for the same decisions."""
        answers = sorted((*key, asdict(answer)) for key, answer in self.rubric.items())
        known = [dict(self.figures), answers, sorted(self.sanctioned)]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()

    def changed(self) -> tuple[Changed, ...]:
        """Return the figures that are not as shipped, in the model's order."""
        shipped = dict(_flat(model()))
        return tuple(
            Changed(name, shipped[name], value)
            for name, value in _flat(self.figures)
            if value != shipped[name]
        )


class Changed(NamedTuple):
    """A figure that a site changed: from what, to what."""

    name: str
    shipped: float
    own: float


def in_force(decided: Policy) -> dict[str, float]:
    """Return the figures that a site may change, as they are in force, by their names."""
    return dict(_flat(decided.figures))


def _flat(figures: Figures) -> Iterator[tuple[str, float]]:
    for name in figures:
        if name in changeable():
            value = figures[name]
            rows = value.items() if isinstance(value, Mapping) else [("", value)]
            for key, one in rows:
                # A zone has its exposure beside it.
                yield f"{name}.{key}".rstrip("."), one[0] if isinstance(one, list) else one


def policy(content: Any) -> Policy:
    """Return what a file says; raises `PolicyError`."""
    if content is None:
        return Policy()
    if not isinstance(content, Mapping):
        raise PolicyError("a mapping is asked for, as in `weights: {data: 0.9}`")
    own = {key: value for key, value in content.items() if key not in ("rubric", "sanctioned")}
    issues: list[str] = []
    found = Policy(
        figures=_figures(own, issues),
        rubric=_rubric(content.get("rubric") or [], issues),
        sanctioned=tuple(_networks(content.get("sanctioned") or [], issues)),
        own=own,
    )
    if issues:
        raise PolicyError("\n".join(issues))
    return found


def _figures(own: Mapping[str, Any], issues: list[str]) -> Figures:
    try:
        return merged(own)
    except FigureError as error:
        issues += str(error).splitlines()
        return model()


def _rubric(rows: Any, issues: list[str]) -> Answers:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        issues.append("rubric: a list of mappings is asked for")
        return {}
    try:
        return rubrics.answers(rows)
    except RubricError as error:
        issues += [f"rubric: {line}" for line in str(error).splitlines()]
        return {}


def _networks(rows: Any, issues: list[str]) -> list[str]:
    if not isinstance(rows, list):
        issues.append("sanctioned: a list of networks is asked for")
        return []
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(str(ip_network(str(row))))
        except ValueError as error:
            issues.append(f"sanctioned {number}: {error}")
    return found
