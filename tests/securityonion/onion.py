"""What Security Onion does with a Zeek log behind the log's own pipeline: a stand-in.

It is made from what is known of its `zeek.common`, `common` and `logs-zeek-so`.

Left out is what needs more than the engine has here: GeoIP (nothing of ours fails in it) and the
fields for which no log of ours gives anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Processor = dict[str, dict[str, Any]]

_ENDS = {
    "id.orig_h": "source.ip",
    "id.orig_p": "source.port",
    "id.resp_h": "destination.ip",
    "id.resp_p": "destination.port",
}
_COPIES = {
    "client.ip": "source.ip",
    "client.port": "source.port",
    "server.ip": "destination.ip",
    "server.port": "destination.port",
    "observer.name": "agent.name",
}


def _rename(field: str, target: str) -> Processor:
    return {"rename": {"field": field, "target_field": target, "ignore_missing": True}}


def _copied(target: str, field: str) -> Processor:
    # There by a template, `{{source.port}}`, of an engine for them: so the copy is always a text.
    first, second = field.split(".")
    where, name = target.split(".")
    source = (
        f"def one = ctx.{first}?.{second}; if (one != null) {{ "
        f"if (ctx.{where} == null) {{ ctx.{where} = [:] }} ctx.{where}.{name} = one.toString() }}"
    )
    return {"script": {"lang": "painless", "source": source}}


def _labelled(number: int, label: str) -> Processor:
    asked = {"if": f"ctx.event?.severity == {number}"}
    return {"set": {**asked, "field": "event.severity_label", "value": label}}


ZEEK_COMMON: list[Processor] = [
    {
        "rename": {
            "if": "ctx.message2 instanceof Map && ctx.message2.ts != null",
            "field": "@timestamp",
            "target_field": "event.ingested",
            "ignore_missing": True,
        }
    },
    _rename("message2.uid", "log.id.uid"),
    *(
        {"dot_expander": {"field": name, "path": "message2", "ignore_failure": True}}
        for name in _ENDS
    ),
    {
        # By default Elasticsearch, unlike this engine, passes over a connection that is not there.
        "community_id": {
            "if": "ctx.network?.transport != null",
            "source_ip_field": "message2.id.orig_h",
            "source_port_field": "message2.id.orig_p",
            "destination_ip_field": "message2.id.resp_h",
            "destination_port_field": "message2.id.resp_p",
            "protocol_field": "network.transport",
            "target_field": "network.community_id",
            "ignore_missing": True,
        }
    },
    *(_rename(f"message2.{name}", target) for name, target in _ENDS.items()),
    *(_copied(target, field) for target, field in _COPIES.items()),
    {
        "date": {
            "field": "message2.ts",
            "target_field": "@timestamp",
            "formats": ["ISO8601", "UNIX"],
            "ignore_failure": True,
        }
    },
    {"remove": {"field": ["agent"], "ignore_failure": True}},
    {"pipeline": {"name": "common"}},
]
COMMON: list[Processor] = [
    *(
        _labelled(number, label)
        for number, label in enumerate(("low", "medium", "high", "critical"), 1)
    ),
    {
        "rename": {
            "field": "message2.community_id",
            "target_field": "network.community_id",
            "ignore_failure": True,
            "ignore_missing": True,
        }
    },
    {
        "script": {
            "lang": "painless",
            "source": (
                "if (ctx.tags == null) { ctx.tags = [] } ctx.tags.add(ctx.event.dataset); "
                "ctx.event.dataset = ctx.event.module + '.' + ctx.event.dataset"
            ),
        }
    },
    # With it goes whatever the log's own pipeline did not take.
    {"remove": {"field": ["message2", "type", "fields"], "ignore_failure": True}},
]
# Renamed as its own pipeline does with the columns that our notices have.
ZEEK_NOTICE: list[Processor] = [
    {"set": {"field": "event.dataset", "value": "notice"}},
    {"remove": {"field": ["host"], "ignore_failure": True}},
    {"json": {"field": "message", "target_field": "message2", "ignore_failure": True}},
    _rename("message2.proto", "network.transport"),
    _rename("message2.note", "notice.note"),
    _rename("message2.msg", "notice.message"),
    _rename("message2.sub", "notice.sub_message"),
    _rename("message2.p", "notice.p"),
    _rename("message2.suppress_for", "notice.suppress_for"),
    {"pipeline": {"name": "zeek.common"}},
]


def pipelines() -> Iterable[tuple[str, dict[str, Any]]]:
    """Return the pipelines that are there already, in an order in which they can be put."""
    yield "common", {"processors": COMMON}
    yield "zeek.common", {"processors": ZEEK_COMMON}
    yield "zeek.notice", {"processors": ZEEK_NOTICE}


_KEYWORD = {"type": "keyword", "ignore_above": 1024}
_IP = {"type": "ip", "fields": {"keyword": {"type": "keyword", "ignore_above": 45}}}
_DATE = {"type": "date"}
# Of the components of ECS that `logs-zeek-so` is made of: what our logs give a value to.
ECS: dict[str, dict[str, Any]] = {
    "@timestamp": _DATE,
    "message": {"type": "match_only_text"},
    "tags": _KEYWORD,
    "agent.name": _KEYWORD,
    "event.category": _KEYWORD,
    "event.dataset": _KEYWORD,
    "event.module": _KEYWORD,
    "event.ingested": _DATE,
    "event.start": _DATE,
    "event.end": _DATE,
    "event.severity": {"type": "long"},
    "event.severity_label": _KEYWORD,
    "host.ip": {"type": "ip"},
    "host.mac": {**_KEYWORD, "fields": {"keyword": {"type": "keyword"}}},
    "log.file.path": _KEYWORD,
    "network.community_id": _KEYWORD,
    "network.transport": _KEYWORD,
    "network.vlan.id": _KEYWORD,
    "observer.name": _KEYWORD,
    **{f"{end}.ip": _IP for end in ("source", "destination", "client", "server")},
    **{f"{end}.port": {"type": "integer"} for end in ("source", "destination", "client", "server")},
}


def _nested(flat: dict[str, dict[str, Any]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, mapping in flat.items():
        *above, last = name.split(".")
        place = properties
        for part in above:
            place = place.setdefault(part, {"properties": {}})["properties"]
        place[last] = mapping
    return properties


TEMPLATE: dict[str, Any] = {
    "index_patterns": ["logs-zeek-so*"],
    "data_stream": {},
    "priority": 500,
    "template": {
        "settings": {"index": {"mapping.total_fields.limit": 5000, "number_of_replicas": 0}},
        "mappings": {
            "date_detection": False,
            "dynamic_templates": [
                {"ip": {"path_match": "*.ip", "match_mapping_type": "string", "mapping": _IP}},
                {"port": {"path_match": "*.port", "mapping": {"type": "integer"}}},
                {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}},
            ],
            "properties": _nested(ECS),
        },
    },
}


def envelope(log: str, message: str) -> dict[str, Any]:
    """Return a line as the Elastic Agent delivers it."""
    return {
        "@timestamp": "2026-11-22T10:00:00.000Z",
        "agent": {"name": "sensor-1", "type": "filebeat", "id": "3f1c"},
        "host": {"name": "sensor-1", "ip": ["192.0.2.1"], "os": {"type": "linux"}},
        "event": {"category": "network", "module": "zeek"},
        "log": {"file": {"path": f"/nsm/zeek/logs/current/{log}.log"}, "offset": 4711},
        "tags": ["elastic-agent"],
        "message": message,
    }
