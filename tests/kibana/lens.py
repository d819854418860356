"""The layers of Lens panels, and the search that each of them stands for.

What becomes of an operation is in Kibana's own tests and sources,
x-pack/plugins/lens/public/datasources/form_based of 8.14. Only what our panels use is known here:
another operation is an error, so that nothing goes untested.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kibana.kql import query
from kibana.saved import TIME, Saved, view_of

RECORDS = "___records___"
METRICS = {
    "unique_count": "cardinality",
    "max": "max",
    "min": "min",
    "sum": "sum",
    "average": "avg",
}
CALENDAR = frozenset(("1m", "1h", "1d", "1w", "1M", "1y"))
NUMBERS = frozenset(("long", "float", "date"))
# Which types of field an operation can be made of.
TYPES = {
    "terms": frozenset(("keyword", "ip", "boolean", "long")),
    "unique_count": frozenset(("keyword", "ip", "boolean", "long", "float", "date")),
    "max": NUMBERS,
    "min": NUMBERS,
    "sum": frozenset(("long", "float")),
    "average": frozenset(("long", "float")),
    "date_histogram": frozenset(("date",)),
}


class Layer(NamedTuple):
    """A layer: its columns in their order, and what else is asked of its documents."""

    title: str
    columns: dict[str, Saved]
    asked: list[Saved]


def layers(panel: Saved) -> Iterator[Layer]:
    """Yield the layers of a panel."""
    state, view = panel["attributes"]["state"], view_of(panel)["attributes"]
    for known in state["datasourceStates"]["formBased"]["layers"].values():
        columns = {name: known["columns"][name] for name in known["columnOrder"]}
        assert set(columns) == set(known["columns"]), "a column that is in no order is not shown"
        asked = [query(state["query"]["query"])]
        asked += [within(field) for field in sorted(_times(columns, view.get("timeFieldName")))]
        yield Layer(view["title"], columns, asked)


def _times(columns: dict[str, Saved], default: str | None) -> set[str]:
    """Return the fields to which the time of the dashboard is bound."""
    bound = {
        column["sourceField"]
        for column in columns.values()
        if column["operationType"] == "date_histogram"
        and not column["params"].get("ignoreTimeRange")
    }
    return bound | ({default} if default else set())


def within(field: str) -> Saved:
    """Return that a time lies in that of the dashboard."""
    return {"range": {field: {"gte": f"now-{TIME}", "lte": "now"}}}


def search(layer: Layer) -> Saved:
    """Return the search that a layer stands for."""
    return {"size": 0, "query": {"bool": {"filter": layer.asked}}, "aggs": _aggs(layer.columns)}


def _aggs(columns: dict[str, Saved]) -> Saved:
    buckets = [name for name, column in columns.items() if column["isBucketed"]]
    inner: Saved = {}
    for name, column in columns.items():
        if not column["isBucketed"]:
            inner[name] = _metric(column)
    for name in reversed(buckets):  # every level has the metrics, for it may be ordered by them
        made = _bucket(columns[name], columns)
        made["aggs"] = {**made.get("aggs", {}), **inner}
        inner = {name: made, **_only(inner, columns)}
    return inner


def _only(inner: Saved, columns: dict[str, Saved]) -> Saved:
    return {name: agg for name, agg in inner.items() if not columns[name]["isBucketed"]}


def _metric(column: Saved) -> Saved:
    operation, condition = column["operationType"], column.get("filter")
    if operation == "count":
        assert column["sourceField"] == RECORDS
        return {"filter": query(condition["query"] if condition else "")}
    made = {METRICS[operation]: {"field": column["sourceField"]}}
    if condition:
        return {"filter": query(condition["query"]), "aggs": {"value": made}}
    return made


def _bucket(column: Saved, columns: dict[str, Saved]) -> Saved:
    operation, params = column["operationType"], column["params"]
    if operation == "date_histogram":
        kind = "calendar_interval" if params["interval"] in CALENDAR else "fixed_interval"
        interval = {kind: params["interval"]}
        return {"date_histogram": {"field": column["sourceField"], **interval, "min_doc_count": 1}}
    assert operation == "terms", f"{operation} is not known here"
    order = params["orderBy"]
    key, inner = "order", {}
    if order["type"] == "custom":
        inner = {"order": _metric(params["orderAgg"])}
    else:
        by, key = columns[order["columnId"]], order["columnId"]
        if by.get("filter") and by["operationType"] != "count":
            key = f"{key}>value"
    size = {"field": column["sourceField"], "size": params["size"]}
    if params["missingBucket"]:
        size["missing"] = "__missing__"  # Kibana's own name for it
    return {"terms": {**size, "order": {key: params["orderDirection"]}}, "aggs": inner}


def values(layer: Layer, answer: Saved) -> dict[str, list[float]]:
    """Return, by metric, its values in all rows of an answer."""
    found: dict[str, list[float]] = {
        name: [] for name, column in layer.columns.items() if not column["isBucketed"]
    }
    buckets = [name for name, column in layer.columns.items() if column["isBucketed"]]
    for row in _rows(answer, buckets):
        for name, known in found.items():
            inner = row[name].get("value", row[name])
            value = inner.get("value") if isinstance(inner, dict) else inner
            if value is None and "doc_count" in row[name]:
                value = row[name]["doc_count"]
            if value is not None:
                known.append(value)
    return found


def _rows(answer: Saved, buckets: list[str]) -> Iterator[Saved]:
    if not buckets:
        yield answer
        return
    for bucket in answer[buckets[0]]["buckets"]:
        yield from _rows(bucket, buckets[1:])
