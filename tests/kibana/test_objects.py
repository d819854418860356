"""What is in the files fits together, and has the form that Kibana publishes."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kibana import kql, lens, templates
from kibana.saved import Saved, built, controls, of_type, panel_target, panels, source, view_of

from wardwatch.outputs import kibana_objects

SCHEMAS = Path(__file__).with_name("schemas")
TYPES = {
    "data-view": "index-pattern",
    "lens": "lens",
    "search": "search",
    "links": "links",
    "dashboard": "dashboard",
}
KEYS = {"attributes", "coreMigrationVersion", "id", "references", "type", "typeMigrationVersion"}
FORM = (8, 14)  # the oldest Kibana that takes them: nothing may be of a later form
LABELS = ["Act", "Attend", "Track*", "Track", "Cannot tell"]


def every() -> list[Saved]:
    """Return the objects as they stand in the files."""
    return kibana_objects.objects()


def test_each_file_is_one_object_named_by_its_id_with_sorted_keys() -> None:
    folder = kibana_objects.directory()
    assert {path.name for path in folder.iterdir() if path.is_dir()} == set(TYPES)
    for path in folder.glob("*/*"):
        text = path.read_text(encoding="utf-8")
        one = json.loads(text)
        assert text == json.dumps(one, indent=1, ensure_ascii=False, sort_keys=True) + "\n", path
        assert (one["type"], f"{one['id']}.json") == (TYPES[path.parent.name], path.name)
        assert set(one) <= KEYS


def test_ids_are_our_own_and_unique() -> None:
    ids = Counter((one["type"], one["id"]) for one in built())
    assert max(ids.values()) == 1
    # Security Onion's own are hexadecimal, or begin otherwise: security-onion's `logs-*`.
    assert all(re.fullmatch(r"iomt-[a-z-]+", name) for _, name in ids)


def test_nothing_is_of_a_later_form_than_the_oldest_kibana() -> None:
    for one in built():
        for key in ("coreMigrationVersion", "typeMigrationVersion"):
            major, minor, _ = map(int, one.get(key, "0.0.0").split("."))
            assert (major, minor) <= FORM, f"{one['id']} could not be imported into 8.14"


@pytest.mark.parametrize("kind", sorted(TYPES.values()))
def test_attributes_have_the_published_form(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    checking = Draft202012Validator(schema)
    for one in every():
        if one["type"] == kind:
            wrong = [error.message for error in checking.iter_errors(one["attributes"])]
            assert wrong == [], one["id"]


def test_what_kibana_keeps_as_text_is_text() -> None:
    for one in built():
        for value in one["attributes"].values():
            known = value.get("searchSourceJSON", "") if isinstance(value, dict) else value
            if one["type"] in ("dashboard", "index-pattern", "search"):
                assert not isinstance(known, dict)
    board = of_type("dashboard")["iomt-overview"]["attributes"]
    assert {type(board[key]) for key in ("panelsJSON", "optionsJSON")} == {str}
    assert isinstance(board["controlGroupInput"]["panelsJSON"], str)


def test_every_reference_resolves_and_is_used() -> None:
    known = {(one["type"], one["id"]) for one in built()}
    for one in built():
        names = [reference["name"] for reference in one["references"]]
        assert len(names) == len(set(names))
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known, one["id"]
        assert set(names) == set(_names(one)), one["id"]


def _names(one: Saved) -> list[str]:
    """Return the names by which an object calls what it refers to."""
    said = one["attributes"]
    if one["type"] == "dashboard":
        shown = [p for p in panels(one) if "panelRefName" in p]
        asked = [f"controlGroup_{name}:optionsListDataView" for name in controls(one)]
        return [f"{p['panelIndex']}:{p['panelRefName']}" for p in shown] + asked
    if one["type"] == "links":
        return [
            link["destinationRefName"] for link in said["links"] if "destinationRefName" in link
        ]
    if one["type"] == "search":
        return [source(one)["indexRefName"]]
    if one["type"] == "lens":
        layers = said["state"]["datasourceStates"]["formBased"]["layers"]
        return [f"indexpattern-datasource-layer-{name}" for name in layers]
    return []


def test_every_object_is_on_a_dashboard() -> None:
    used = {(r["type"], r["id"]) for one in built() for r in one["references"]}
    boards = {("dashboard", name) for name in of_type("dashboard")}
    assert {(one["type"], one["id"]) for one in built()} - boards <= used


def test_panels_do_not_overlap_and_fill_their_rows() -> None:
    for name, board in of_type("dashboard").items():
        taken: Counter[tuple[int, int]] = Counter()
        for panel in panels(board):
            grid = panel["gridData"]
            assert grid["i"] == panel["panelIndex"]
            cells = range(grid["x"], grid["x"] + grid["w"])
            taken.update((x, y) for x in cells for y in range(grid["y"], grid["y"] + grid["h"]))
        assert set(taken.values()) == {1}, f"{name}: panels overlap"
        height = max(y for _, y in taken) + 1
        assert set(taken) == {(x, y) for x in range(48) for y in range(height)}, f"{name}: a hole"


def test_every_dashboard_leads_to_the_others_and_says_what_to_do() -> None:
    for name, board in of_type("dashboard").items():
        first, second, *_ = panels(board)
        assert panel_target(board, first)["id"] == "iomt-navigation", name
        text = second["embeddableConfig"]["savedVis"]["params"]["markdown"]
        assert "**" in text, f"{name}: nothing is said to be done first"
    links = of_type("links")["iomt-navigation"]
    led = {reference["id"] for reference in links["references"]}
    assert set(of_type("dashboard")) - led == {"iomt-device", "iomt-address"}, "reached by a link"


def test_every_title_and_description_is_there_once() -> None:
    for kind in ("lens", "search", "dashboard"):
        said = [one["attributes"] for one in of_type(kind).values()]
        assert all(len(one["description"]) > 10 for one in said)
        assert max(Counter(one["title"] for one in said).values()) == 1


def test_every_field_of_a_data_view_is_in_the_templates() -> None:
    for view in of_type("index-pattern").values():
        said = view["attributes"]
        known = templates.fields(said["title"])
        named = {*json.loads(said["fieldAttrs"]), *json.loads(said["fieldFormatMap"])}
        assert named - set(known) == set(), view["id"]
        assert said["runtimeFieldMap"] == "{}", "no field is worked out when it is shown"
        state = "timeFieldName" not in said
        assert state is (view["id"] in ("iomt-assets", "iomt-findings")), "state has no time"


@pytest.mark.parametrize("name", sorted(of_type("search")))
def test_a_saved_search_asks_for_fields_that_are_there(name: str) -> None:
    saved = of_type("search")[name]
    said, known = saved["attributes"], templates.fields(view_of(saved)["attributes"]["title"])
    assert set(said["columns"]) <= set(known)
    for field, _ in said["sort"]:
        assert templates.sortable(known[field]), field
    for field in kql.fields(source(saved)["query"]["query"]):
        assert templates.searchable(known[field]), field
    labels = json.loads(view_of(saved)["attributes"]["fieldAttrs"])
    unnamed = set(said["columns"]) - set(labels) - {"@timestamp", "_id"}
    assert unnamed == set(), "a column's heading is in words"


@pytest.mark.parametrize("name", sorted(of_type("lens")))
def test_a_panel_works_with_fields_of_the_right_type(name: str) -> None:
    panel = of_type("lens")[name]
    state = panel["attributes"]["state"]
    for layer in lens.layers(panel):
        known = templates.fields(layer.title)
        asked = kql.fields(state["query"]["query"])
        for column in layer.columns.values():
            _fits(column, known)
            asked |= kql.fields(column.get("filter", {"query": ""})["query"])
        for field in asked:
            assert templates.searchable(known[field]), field
        shown = state["visualization"]
        assert set(_accessors(shown)) <= set(layer.columns)
        _sorted_by_what_is_there(layer, shown)


def _fits(column: Saved, known: dict[str, dict[str, Any]]) -> None:
    field = column["sourceField"]
    if field == lens.RECORDS:
        assert column["operationType"] == "count"
        return
    mapping = known[field]
    assert mapping["type"] in lens.TYPES[column["operationType"]], field
    assert templates.sortable(mapping), field
    kinds = {"keyword": "string", "long": "number", "float": "number"}
    if column["isBucketed"] or column["operationType"] in ("min", "max"):
        assert column["dataType"] == kinds.get(mapping["type"], mapping["type"])


def _accessors(shown: Saved) -> list[str]:
    if "metricAccessor" in shown:
        return [shown["metricAccessor"]]
    if "columns" in shown:
        return [column["columnId"] for column in shown["columns"]]
    found = []
    for layer in shown["layers"]:
        found += [layer["xAccessor"], *layer["accessors"]]
        assert [one["forAccessor"] for one in layer["yConfig"]] == layer["accessors"]
    return found


def _sorted_by_what_is_there(layer: lens.Layer, shown: Saved) -> None:
    metrics = {name for name, column in layer.columns.items() if not column["isBucketed"]}
    for column in layer.columns.values():
        if column["operationType"] != "terms":
            continue
        params = column["params"]
        if params["orderBy"]["type"] == "custom":
            by = params["orderAgg"]
            assert (by["operationType"], by["sourceField"]) == ("min", "iomt.risk.urgency")
            assert params["orderDirection"] == "asc", "the most urgent, 1, first"
        else:
            assert params["orderBy"]["columnId"] in metrics
            assert params["orderDirection"] == "desc", "the worst, or the most, first"
    if "sorting" in shown:
        assert shown["sorting"]["columnId"] in metrics


def test_labels_stand_in_one_order_and_colour_everywhere() -> None:
    colors: dict[str, set[str]] = {}
    for panel in of_type("lens").values():
        shown = panel["attributes"]["state"]["visualization"]
        (layer,) = lens.layers(panel)
        named = [layer.columns[key]["label"] for key in _accessors(shown)]
        stand = [label for label in named if label in LABELS]
        assert stand == sorted(stand, key=LABELS.index), panel["id"]
        for drawn in shown.get("layers", []):
            for one in drawn["yConfig"]:
                label = layer.columns[one["forAccessor"]]["label"]
                colors.setdefault(label, set()).add(one["color"])
    assert set(LABELS) <= set(colors)
    assert all(len(colors[label]) == 1 for label in LABELS)
    css = (Path(kibana_objects.__file__).parent / "report" / "risk.css").read_text(encoding="utf-8")
    for label in LABELS:
        assert next(iter(colors[label])) in css, "the colours of the report, told apart by anybody"


def test_controls_ask_for_fields_that_all_panels_have() -> None:
    for name, board in of_type("dashboard").items():
        shown = [panel_target(board, p) for p in panels(board) if p["type"] in ("lens", "search")]
        for field in controls(board):
            for target in shown:
                known = templates.fields(view_of(target)["attributes"]["title"])
                assert field in known, f"{name}: {field} would empty {target['id']}"


def test_no_text_is_taken_for_one_of_security_onions_own() -> None:
    """so-kibana-config-load puts its own words where these stand."""
    text = kibana_objects.build("https://reports.hospital.example/report-devices")
    assert b"PLACEHOLDER" not in text
    assert b"ENDGAMEHOST" not in text
    lines = text.decode().splitlines()
    assert len(lines) == len(every()), "one object a line"
    assert all(line.startswith("{") and line.endswith("}") for line in lines)
