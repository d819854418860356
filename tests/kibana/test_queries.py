"""Every panel, search, filter and control asks a real Elasticsearch for the example site."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from elasticsearch import Elasticsearch
from kibana import kql, lens
from kibana.conftest import SUFFIX
from kibana.saved import Saved, controls, of_type, panel_target, panels, source, view_of

from wardwatch.outputs import kibana_objects

# What shows nothing on the example site, and why that is right.
NOTHING = {
    "iomt-count-overdue": "all was found today, so that nothing is overdue yet",
}
# Columns that are empty on the example site, and why that is right.
EMPTY = {
    ("iomt-alerts-list", "iomt.place.note"): "nothing is noted of the two devices of its threats",
    ("iomt-devices-not-identified", "device.model.name"): "who has a model is identified",
}


def index(title: str) -> str:
    """Return the index of this test behind the title of a data view."""
    return title.removesuffix("*") + SUFFIX


def ask(client: Elasticsearch, title: str, body: Saved) -> dict[str, Any]:
    """Return the whole answer; nothing of a query may be passed over."""
    found = client.search(index=index(title), **body).body
    assert found["_shards"]["failed"] == 0
    return dict(found)


@pytest.mark.parametrize("name", sorted(of_type("lens")))
def test_a_panel_shows_the_example_site(published: Elasticsearch, name: str) -> None:
    for layer in lens.layers(of_type("lens")[name]):
        found = ask(published, layer.title, lens.search(layer))
        shown = {column: any(known) for column, known in found_values(layer, found).items()}
        assert any(shown.values()) is (name not in NOTHING), NOTHING.get(name, shown)


def found_values(layer: lens.Layer, found: dict[str, Any]) -> dict[str, list[float]]:
    """Return the values of each metric of an answer."""
    return lens.values(layer, found["aggregations"])


@pytest.mark.parametrize("name", sorted(of_type("search")))
def test_a_saved_search_shows_the_example_site(published: Elasticsearch, name: str) -> None:
    saved = of_type("search")[name]
    title = view_of(saved)["attributes"]["title"]
    asked = kql.query(source(saved)["query"]["query"])
    sort = [{field: {"order": order}} for field, order in saved["attributes"]["sort"]]
    found = ask(published, title, {"query": asked, "sort": sort, "size": 500})
    hits = found["hits"]["hits"]
    assert hits, "shows nothing"
    columns = saved["attributes"]["columns"]
    given = {column for hit in hits for column in columns if has(hit, column)}
    empty = {(name, column) for column in columns if column not in given}
    assert empty == {known for known in EMPTY if known[0] == name}, "empty in every line"


def has(hit: dict[str, Any], column: str) -> bool:
    """Tell whether a hit has a value of a field."""
    value: Any = {**hit["_source"], "_id": hit["_id"]}
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value not in (None, [])


def test_the_most_urgent_stands_first(published: Elasticsearch) -> None:
    saved = of_type("search")["iomt-findings-open"]
    sort = [{field: {"order": order}} for field, order in saved["attributes"]["sort"]]
    asked = kql.query(source(saved)["query"]["query"])
    found = ask(published, "logs-iomt_findings*", {"query": asked, "sort": sort, "size": 500})
    labels = [hit["_source"]["iomt"]["risk"]["label"] for hit in found["hits"]["hits"]]
    order = list(dict.fromkeys(labels))
    assert order == ["Act", "Attend", "Cannot tell", "Track*", "Track"]
    assert labels == sorted(labels, key=order.index)


@pytest.mark.parametrize("name", sorted(of_type("dashboard")))
def test_a_control_filters_every_panel_of_its_dashboard(
    published: Elasticsearch, name: str
) -> None:
    dashboard = of_type("dashboard")[name]
    titles = {
        view_of(panel_target(dashboard, panel))["attributes"]["title"]
        for panel in panels(dashboard)
        if panel["type"] in ("lens", "search")
    }
    for control in controls(dashboard).values():
        field = control["explicitInput"]["fieldName"]
        for title in titles:
            every = {"query": {"exists": {"field": field}}, "size": 0}
            found = ask(published, title, {**every, "aggs": {"one": {"terms": {"field": field}}}})
            assert found["aggregations"]["one"]["buckets"], f"{field} filters all of {title} away"


def linked(view: str, field: str) -> str:
    """Return the query to which a value of a field leads, with its place for the value."""
    formats = json.loads(of_type("index-pattern")[view]["attributes"]["fieldFormatMap"])
    address = unquote(formats[field]["params"]["urlTemplate"])
    found = re.search(r"_a=\(query:\(language:kuery,query:'(.+)'\)\)$", address)
    assert found
    return found[1]


def test_a_device_id_leads_to_that_device_alone(published: Elasticsearch) -> None:
    query = linked("iomt-assets", "device.id")
    hits = ask(published, "logs-iomt_findings*", {"size": 1})["hits"]["hits"]
    device = hits[0]["_source"]["device"]["id"]
    for title in ("logs-iomt_assets*", "logs-iomt_findings*", "logs-iomt.changes-so*"):
        asked = kql.query(query.replace("{{value}}", device))
        found = ask(published, title, {"query": asked, "size": 99})["hits"]["hits"]
        assert {hit["_source"]["device"]["id"] for hit in found} == {device}


def test_an_address_leads_to_who_has_it_and_to_who_had_it(published: Elasticsearch) -> None:
    here = index("logs-iomt_assets*")
    query = linked("iomt-alerts", "source.ip").replace("{{value}}", "10.20.1.51")
    (hit,) = ask(published, "logs-iomt_assets*", {"query": kql.query(query)})["hits"]["hits"]
    assert hit["_source"]["iomt"]["place"]["phone"] == "4100"
    assert hit["_source"]["iomt"]["peers"]["callers"] == ["10.20.3.11"]
    gone = {**hit["_source"], "device": {"id": "earlier"}, "related": {"ip": ["10.20.1.99"]}}
    gone["host"] = {"ip": ["10.20.1.99"]}
    published.index(index=here, id="earlier", document=gone, refresh=True)
    try:
        found = ask(published, "logs-iomt_assets*", {"query": kql.query(query)})["hits"]["hits"]
        assert {one["_source"]["device"]["id"] for one in found} == {
            hit["_source"]["device"]["id"],
            "earlier",
        }
    finally:
        published.delete(index=here, id="earlier", refresh=True)
    findings = ask(published, "logs-iomt_findings*", {"query": kql.query(query)})["hits"]["hits"]
    assert findings, "its open findings are on the same dashboard"


def test_the_link_from_security_onion_asks_the_same() -> None:
    text = (kibana_objects.directory() / "README.md").read_text(encoding="utf-8")
    found = re.search(r"- '(/kibana/app/dashboards#/view/iomt-address\?_a=.+)'\n", text)
    assert found
    assert " " not in found[1]
    asked = re.search(r"_a=\(query:\(language:kuery,query:'(.+)'\)\)$", unquote(found[1]))
    assert asked
    assert asked[1].replace("{value}", "{{value}}") == linked("iomt-alerts", "source.ip")


def test_a_vulnerability_leads_to_its_findings(published: Elasticsearch) -> None:
    query = linked("iomt-findings", "vulnerability.id").replace("{{value}}", "CVE-2017-0143")
    (hit,) = ask(published, "logs-iomt_findings*", {"query": kql.query(query)})["hits"]["hits"]
    assert hit["_source"]["device"]["model"]["name"] == "ExactaMix EM1200"


def test_what_counts_nothing_is_known_and_said() -> None:
    assert set(NOTHING) <= set(of_type("lens"))
