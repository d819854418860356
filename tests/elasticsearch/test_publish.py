"""Templates and documents on real servers of both majors."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from wardwatch.documents.bounds import TEXT_LENGTH
from wardwatch.documents.device import SCHEMA
from wardwatch.outputs import elasticsearch_bulk
from wardwatch.outputs.elasticsearch import (
    DEFAULT_INDEX,
    PublishResult,
    check,
    findings_index,
    publish,
    setup,
)
from wardwatch_enrichment.model import Device


def source(client: Elasticsearch, index: str, device: Device) -> dict[str, Any]:
    """Return the stored document of a device."""
    return client.get(index=index, id=device.id)["_source"]


def ids(client: Elasticsearch, index: str, query: dict[str, Any]) -> set[str]:
    """Return which devices a query finds."""
    hits = client.search(index=index, query=query, size=1000)["hits"]["hits"]
    return {hit["_id"] for hit in hits}


def everything(client: Elasticsearch, index: str) -> set[str]:
    """Return which devices there are."""
    return ids(client, index, {"match_all": {}})


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("device.manufacturer", "manufacturer"),
        ("device.model.name", "model"),
        ("iomt.type", "type"),
        ("iomt.class", "device_class"),
    ],
)
def test_devices_are_counted_by(
    client: Elasticsearch, index: str, devices: list[Device], field: str, attribute: str
) -> None:
    assert publish(client, "north", devices, index) == PublishResult(written=50)
    terms = {"terms": {"field": field, "size": 100}}
    found = client.search(index=index, size=0, aggregations={"by": terms})
    buckets = found["aggregations"]["by"]["buckets"]
    expected = Counter(value for d in devices if (value := getattr(d, attribute)) is not None)
    assert {bucket["key"]: bucket["doc_count"] for bucket in buckets} == expected


def test_devices_are_found(client: Elasticsearch, index: str, devices: list[Device]) -> None:
    publish(client, "north", iter(devices), index)
    assert ids(client, index, {"term": {"host.ip": "10.20.1.0/24"}}) == {
        device.id for device in devices[40:]
    }
    assert ids(client, index, {"term": {"host.mac": "02-00-00-00-00-0A"}}) == {"device-010"}
    assert ids(client, index, {"term": {"iomt.macs": "02:00:00:00:00:0a"}}) == {"device-010"}
    newest = {"range": {"@timestamp": {"gte": "2023-11-14T22:14:08.000Z"}}}
    assert ids(client, index, newest) == {"device-048", "device-049"}
    claimed = {
        "bool": {
            "filter": [
                {"term": {"iomt.attributes.name": "serial_number"}},
                {"term": {"iomt.attributes.value": "00007"}},
                {"range": {"iomt.attributes.confidence": {"gte": 0.5}}},
            ]
        }
    }
    nested = {"nested": {"path": "iomt.attributes", "query": claimed}}
    assert ids(client, index, nested) == {"device-007"}
    kept = source(client, index, devices[7])["iomt"]["attributes"][2]["evidence"][0]
    assert kept["line"] == devices[7].attributes[2].evidence[0].line


def test_a_second_publish_writes_nothing(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    publish(client, "north", devices, index)
    before = client.get(index=index, id=devices[0].id)["_version"]
    assert publish(client, "north", devices, index) == PublishResult(unchanged=50)
    assert client.get(index=index, id=devices[0].id)["_version"] == before


def test_a_change_writes_one_document(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    publish(client, "north", devices, index)
    devices[3] = replace(devices[3], hostname=None, software_versions=("3.0",))
    assert publish(client, "north", devices, index) == PublishResult(written=1, unchanged=49)
    stored = source(client, index, devices[3])
    assert stored["iomt"]["software_versions"] == ["3.0"]
    assert "name" not in stored["host"]


def test_more_devices_than_one_page_are_compared(
    client: Elasticsearch, index: str, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_bulk, "_PAGE", 10)
    publish(client, "north", devices, index)
    assert publish(client, "north", devices, index) == PublishResult(unchanged=50)


def test_a_merged_device_loses_its_old_document(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    publish(client, "north", devices, index)
    merged = [replace(devices[0], former_ids=(devices[1].id,)), *devices[2:]]
    result = publish(client, "north", merged, index)
    assert result == PublishResult(written=1, unchanged=48, deleted=1)
    assert everything(client, index) == {device.id for device in merged}


def test_sites_share_an_index_without_touching_each_other(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    south = [replace(device, site="south") for device in devices[:10]]
    publish(client, "south", south, index)
    publish(client, "north", devices[10:], index)
    assert publish(client, "south", south[:8], index) == PublishResult(unchanged=8, deleted=2)
    moved = replace(devices[10], former_ids=(south[0].id, "never-published"))
    result = publish(client, "north", [moved, *devices[11:]], index)
    assert result == PublishResult(written=1, unchanged=39, deleted=1)
    assert everything(client, index) == {d.id for d in (*south[1:8], *devices[10:])}


def test_hostile_values_stay_values(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    publish(client, "north", devices, index)
    mapping = client.indices.get_mapping(index=index).body
    injection = '"}}\n{"delete":{"_index":"' + index + '","_id":"device-001"}}\n'
    attribute = devices[0].attributes[0]
    names = ("iomt.new.field", ".", "", "..", "a..b", "\x00", injection, "_id", "\ud800")
    hostile = replace(
        devices[0],
        manufacturer="<script>alert(1)</script>",
        model="\U0001f3e5" * 10**6,
        hostname="\x1b[31m\x00\u202e\ud800",
        type=injection,
        names=names,
        macs=names,
        ips=(*names, "10.20.0.1"),
        via=names,
        attributes=tuple(replace(attribute, name=name, value=name) for name in names),
    )
    result = publish(client, "north", [hostile, *devices[1:]], index)
    assert result == PublishResult(written=1, unchanged=49)
    assert client.indices.get_mapping(index=index).body == mapping
    assert everything(client, index) == {device.id for device in devices}
    stored = source(client, index, hostile)
    assert stored["device"]["manufacturer"] == hostile.manufacturer
    assert stored["host"] == {"name": "\x1b[31m\x00\u202e\ufffd", "ip": ["10.20.0.1"]}
    assert ids(client, index, {"term": {"iomt.type": injection}}) == {hostile.id}
    longest = {"term": {"device.model.name": "\U0001f3e5" * (TEXT_LENGTH - 1) + "…"}}
    assert ids(client, index, longest) == {hostile.id}


def test_what_the_server_refuses_is_named_and_the_rest_is_written(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    client.indices.put_settings(index=index, settings={"mapping.nested_objects.limit": 4})
    attributes = devices[5].attributes * 2
    devices[5] = replace(devices[5], attributes=attributes)
    result = publish(client, "north", devices, index)
    assert (result.written, result.unchanged, len(result.failures)) == (49, 0, 1)
    assert result.failures[0].startswith("device device-005: ")
    assert "nested" in result.failures[0]
    assert everything(client, index) == {d.id for d in devices} - {"device-005"}


def test_setup_can_be_repeated(client: Elasticsearch, index: str, devices: list[Device]) -> None:
    publish(client, "north", devices, index)
    before = client.indices.get(index=index).body
    setup(client, index)
    assert client.indices.get(index=index).body == before
    assert "data_stream" not in before[index]
    assert publish(client, "north", devices, index) == PublishResult(unchanged=50)


def test_setup_brings_an_older_index_up_to_date(
    client: Elasticsearch, index: str, devices: list[Device]
) -> None:
    older = f"{index}_older"
    client.indices.delete_index_template(name=DEFAULT_INDEX)
    client.indices.create(index=older)
    try:
        setup(client, older)
        check(client, older)
        publish(client, "north", devices, older)
        found = client.indices.get_mapping(index=[older, index]).body
        assert found[older] == found[index]
        assert found[older]["mappings"]["_meta"] == {"schema": SCHEMA}
    finally:
        client.indices.delete(index=[older, findings_index(older)])
