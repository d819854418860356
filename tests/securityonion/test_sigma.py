"""The Sigma rules: sound, convertible as Security Onion does it, and right about real documents."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from kibana import templates
from securityonion import eql_query, onion
from securityonion.conftest import call
from securityonion.soc_documents import CHANGES, Case, cases
from servers.node import Node
from sigma.backends.elasticsearch import EqlBackend, LuceneBackend
from sigma.collection import SigmaCollection
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.validation import SigmaValidator
from sigma.validators.core import validators

RULES = files("wardwatch.securityonion") / "sigma"
# These two ask for lists on the internet.
OFFLINE = [kind for name, kind in validators.items() if name not in ("attacktag", "d3_fendtag")]
# What Security Onion's own conversion would give another name.
RENAMED = {"uid", "sid", "answer", "query", "logtype", "hostname", "User", "community_id"}


def collection() -> SigmaCollection:
    """Return all rules."""
    return SigmaCollection.load_ruleset([str(RULES)], collect_errors=True)


def called(rule: SigmaRule) -> str:
    """Return the name of a rule's file."""
    assert rule.source is not None
    return Path(rule.source.path).stem.removeprefix("iomt-")


SIGMA = {called(rule): rule for rule in collection().rules if isinstance(rule, SigmaRule)}


def fields(detection: SigmaDetection) -> Iterator[str]:
    """Return the fields that a rule asks for."""
    for item in detection.detection_items:
        if isinstance(item, SigmaDetectionItem):
            assert item.field is not None
            yield item.field
        else:
            yield from fields(item)


def found(node: Node, query: dict[str, Any]) -> set[str]:
    """Return which documents Security Onion's rules would find by a query."""
    answer = call(node, "POST", "/.ds-logs-*/_search", {"query": query, "size": 1000})
    assert answer["_shards"]["failed"] == 0
    return {hit["_id"] for hit in answer["hits"]["hits"]}


def test_every_rule_is_sound() -> None:
    rules = collection()
    assert rules.errors == []
    assert SigmaValidator(OFFLINE).validate_rules(iter(rules.rules)) == []
    assert len(SIGMA) == len([path for path in RULES.iterdir() if path.name.endswith(".yml")])


@pytest.mark.parametrize("name", SIGMA)
def test_every_field_is_in_the_stream_that_the_rule_names(name: str) -> None:
    rule = SIGMA[name]
    asked = {one for found in rule.detection.detections.values() for one in fields(found)}
    if rule.logsource.product == "zeek":
        renamed = {one["rename"]["target_field"] for one in onion.ZEEK_NOTICE if "rename" in one}
        assert asked <= onion.ECS.keys() | renamed
    else:
        known = templates.fields(CHANGES)
        assert [
            one for one in asked if not templates.searchable(known.get(one, {"type": "object"}))
        ] == []
    assert asked & RENAMED == set()


@pytest.mark.parametrize("name", SIGMA)
def test_rule_finds_just_what_it_is_for(day: Node, name: str) -> None:
    intended = {case.name for case in cases() if name in case.rules}
    assert intended, "no document shows that it finds anything"
    (lucene,) = LuceneBackend().convert_rule(SIGMA[name])
    assert found(day, {"query_string": {"query": lucene}}) == intended
    (eql,) = EqlBackend().convert_rule(SIGMA[name])
    for strict in (False, True):
        assert found(day, eql_query.translate(eql, strict=strict)) == intended


def test_every_case_names_rules_that_there_are() -> None:
    every: list[Case] = list(cases())
    assert len({case.name for case in every}) == len(every)
    assert {rule for case in every for rule in case.rules} == SIGMA.keys()


def test_readme_names_every_rule() -> None:
    readme = (RULES / "README.md").read_text(encoding="utf-8")
    for name, rule in SIGMA.items():
        assert rule.level is not None
        assert f"| `iomt-{name}.yml` | {rule.level.name.lower()} | {rule.title} |" in readme
