"""The fields of the indices that a data view shows, by the templates that make them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

FOLDER = files("wardwatch.outputs") / "index_templates"


@cache
def fields(title: str) -> dict[str, dict[str, Any]]:
    """Return the mapping of every field behind the title of a data view; that of none is empty."""
    named = f"{title.removesuffix('*')}.json"
    template = json.loads((FOLDER / named).read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = {"_id": {"type": "_id"}}
    for part in template["composed_of"]:
        whole = json.loads((FOLDER / f"{part}.json").read_text(encoding="utf-8"))
        found |= _flat(whole["template"]["mappings"]["properties"], "")
    return found


def _flat(properties: dict[str, Any], above: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, mapping in properties.items():
        if mapping.get("enabled", True):
            found[above + name] = mapping
            found |= _flat(mapping.get("properties", {}), f"{above}{name}.")
    return {name: mapping for name, mapping in found.items() if "type" in mapping}


def searchable(mapping: dict[str, Any]) -> bool:
    """Tell whether a field can be asked for."""
    return bool(mapping.get("index", True)) and mapping["type"] != "object"


def sortable(mapping: dict[str, Any]) -> bool:
    """Tell whether a field can be sorted and counted by."""
    return bool(mapping.get("doc_values", True)) and mapping["type"] not in ("text", "object")
