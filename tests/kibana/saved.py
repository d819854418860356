"""The saved objects as they are built, with the texts that Kibana keeps as JSON read again."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from wardwatch.outputs import kibana_objects

Saved = dict[str, Any]
TIME = (
    "90d"  # how far back a dashboard looks here; those that look back less see as much of the demo
)


@cache
def built(report: str | None = None) -> tuple[Saved, ...]:
    """Return every object that `wardwatch kibana build` writes."""
    return tuple(map(json.loads, kibana_objects.build(report).splitlines()))


def of_type(kind: str) -> dict[str, Saved]:
    """Return the objects of a type by their ids."""
    return {one["id"]: one for one in built() if one["type"] == kind}


def view_of(one: Saved) -> Saved:
    """Return the data view that a saved search or a Lens panel looks at."""
    (reference,) = [known for known in one["references"] if known["type"] == "index-pattern"]
    return of_type("index-pattern")[reference["id"]]


def source(one: Saved) -> Saved:
    """Return the query of a saved search."""
    text: str = one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"]
    found: Saved = json.loads(text)
    return found


def panels(dashboard: Saved) -> list[Saved]:
    """Return the panels of a dashboard."""
    found: list[Saved] = json.loads(dashboard["attributes"]["panelsJSON"])
    return found


def controls(dashboard: Saved) -> dict[str, Saved]:
    """Return the controls of a dashboard."""
    found: dict[str, Saved] = json.loads(dashboard["attributes"]["controlGroupInput"]["panelsJSON"])
    return found


def panel_target(dashboard: Saved, panel: Saved) -> Saved:
    """Return the saved object that a panel shows."""
    name = f"{panel['panelIndex']}:{panel['panelRefName']}"
    (reference,) = [known for known in dashboard["references"] if known["name"] == name]
    return of_type(reference["type"])[reference["id"]]
