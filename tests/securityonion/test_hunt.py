"""The queries for Hunt: each finds something among documents of every kind, and groups by it."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from securityonion.conftest import call
from servers.node import Node

FOLDER = files("wardwatch.securityonion") / "hunt"
QUERIES: dict[str, dict[str, str]] = {
    one["name"]: one for one in yaml.safe_load((FOLDER / "queries.yaml").read_text())
}
_LIKE = re.compile(r"(?<![\w\":])([a-z][\w.]*\w):")


def parts(query: str) -> tuple[str, list[list[str]]]:
    """Return what a query searches for, and the fields of each of its tables."""
    search, *tables = query.split(" | ")
    assert all(table.startswith("groupby ") for table in tables)
    return search, [table.split()[1:] for table in tables]


def ask(node: Node, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of all that Hunt looks through."""
    answer = call(node, "POST", "/logs-*/_search", body)
    assert answer["_shards"]["failed"] == 0
    return dict(answer)


@pytest.mark.parametrize("name", QUERIES)
def test_query_finds_something_and_groups_by_what_it_finds(day: Node, name: str) -> None:
    search, tables = parts(QUERIES[name]["query"])
    query = {"query_string": {"query": search}}
    for fields in tables:
        # Only documents that have all fields of a table are in it.
        have = [{"exists": {"field": field}} for field in fields]
        counted = {field: {"terms": {"field": field}} for field in fields}
        found = ask(day, {"query": {"bool": {"filter": [query, *have]}}, "aggs": counted})
        assert found["hits"]["total"]["value"], f"nothing to group by {fields}"
        assert all(found["aggregations"][field]["buckets"] for field in fields)


@pytest.mark.parametrize("name", QUERIES)
def test_each_condition_alone_finds_something(day: Node, name: str) -> None:
    """A field that is not there, or a value that it never has, would be overlooked behind NOT."""
    search, _ = parts(QUERIES[name]["query"])
    for condition in re.split(r" AND (?:NOT )?", search):
        assert _LIKE.match(condition), condition
        found = ask(day, {"query": {"query_string": {"query": condition}}})
        assert found["hits"]["total"]["value"], condition


def test_readme_has_each_query_as_a_link() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, one in QUERIES.items():
        link = f"https://MANAGER/#/hunt?q={quote(one['query'], safe='')}"
        assert f"| [{name}]({link}) | {one['description']} |" in readme
