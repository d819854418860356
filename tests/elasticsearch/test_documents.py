"""What a device looks like to others, without any server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wardwatch.documents.bounds import LINE_LENGTH, LIST_LENGTH, TEXT_LENGTH
from wardwatch.documents.device import (
    ATTRIBUTES,
    EVIDENCE,
    asset_document,
    content_hash,
    device_json,
    iso_time,
)
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.visibility import WEIGHTS

NOTHING_KNOWN = Device(id="d1", site="north", first_seen=0.0, last_seen=0.0)


def test_json_has_every_key_and_null_for_what_is_unknown() -> None:
    nulls = ("class", "manufacturer", "model", "type", "serial_number", "udi", "os", "hostname")
    lists = ("former_ids", "software_versions", "macs", "ips", "names", "via", "attributes")
    shown = device_json(NOTHING_KNOWN)
    known = shown.pop("visibility")
    assert (known["level"], known["score"], known["heard"]) == ("seen", 0.0, [])
    assert set(known["missing"]) == set(WEIGHTS)
    assert shown == {
        "id": "d1",
        "site": "north",
        "first_seen": "1970-01-01T00:00:00.000000Z",
        "last_seen": "1970-01-01T00:00:00.000000Z",
        **dict.fromkeys(nulls),
        **{name: [] for name in lists},
    }


def test_json_carries_the_evidence_of_each_attribute(devices: list[Device]) -> None:
    shown = json.loads(json.dumps(device_json(devices[3])))
    attribute = shown["attributes"][0]
    assert (attribute["name"], attribute["value"]) == ("manufacturer", "SIEMENS")
    assert (attribute["confidence"], attribute["current"]) == (0.9, True)
    assert attribute["last_seen"] == "2023-11-14T22:13:23.250000Z"
    line = devices[3].attributes[0].evidence[0].line
    assert attribute["evidence"] == [
        {
            "log": "iomt_asset",
            "uid": "CHhAvVGS1DHFjwGM9",
            "time": "2023-11-14T22:13:23.250000Z",
            "sensor": "sensor-1",
            "host": "10.20.0.4",
            "field": "dicom.manufacturer",
            "value": "SIEMENS",
            "rule": "dicom.manufacturer",
            "sha256": devices[3].attributes[0].evidence[0].sha256,
            "line": line,
        }
    ]


def test_document_speaks_ecs(devices: list[Device]) -> None:
    document = asset_document(replace(devices[10], os="Windows 10", via=("10.20.0.99",)))
    assert document["@timestamp"] == "2023-11-14T22:13:30.250000Z"
    assert document["event"]["dataset"] == "iomt.assets"
    assert document["observer"] == {"name": ["sensor-1"]}
    assert document["host"] == {
        "name": "host-10",
        "ip": ["10.20.0.11", "fd00::b"],
        "mac": ["02-00-00-00-00-0A"],
        "os": {"full": "Windows 10"},
    }
    assert document["device"] == {
        "id": "device-010",
        "manufacturer": "GE MEDICAL SYSTEMS",
        "model": {"name": "Model 3"},
        "serial_number": "00010",
    }
    assert document["related"]["ip"] == ["10.20.0.11", "fd00::b", "10.20.0.99"]
    assert document["related"]["hosts"] == ["host-10", "STATION10"]
    assert document["iomt"]["truncated"] is False
    assert "class" not in document["iomt"]  # unknown is absent, never an empty text


def test_hash_follows_the_content(devices: list[Device]) -> None:
    device = devices[0]
    hashes = {
        asset_document(d)["iomt"]["content_hash"]
        for d in (device, replace(device), replace(device, udi="x"), replace(device, names=()))
    }
    assert len(hashes) == 3
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})


def test_document_is_bounded(devices: list[Device]) -> None:
    attribute = devices[0].attributes[0]
    evidence = replace(attribute.evidence[0], line="x" * 10**6, value="y" * 10**6)
    long = replace(attribute, value="z" * 10**6, evidence=(evidence,) * (EVIDENCE + 1))
    device = replace(
        devices[0],
        model="m" * 10**6,
        names=tuple(str(n) for n in range(LIST_LENGTH + 1)),
        attributes=(long,) * (ATTRIBUTES + 1),
    )
    document = asset_document(device)
    assert document["device"]["model"]["name"] == "m" * (TEXT_LENGTH - 1) + "…"
    assert len(document["iomt"]["names"]) == LIST_LENGTH
    assert len(document["iomt"]["attributes"]) == ATTRIBUTES
    kept = document["iomt"]["attributes"][0]
    assert len(kept["value"]) == TEXT_LENGTH
    assert len(kept["evidence"]) == EVIDENCE
    assert len(kept["evidence"][0]["line"]) == LINE_LENGTH
    assert document["iomt"]["truncated"] is True


def test_current_and_certain_attributes_are_the_ones_kept(devices: list[Device]) -> None:
    attribute = devices[0].attributes[0]
    old = replace(attribute, current=False, confidence=1.0)
    sure = replace(attribute, confidence=0.95)
    device = replace(devices[0], attributes=(old,) * ATTRIBUTES + (attribute, sure))
    kept = asset_document(device)["iomt"]["attributes"]
    assert [a["confidence"] for a in kept[:3]] == [0.95, 0.9, 1.0]


def test_only_addresses_reach_address_fields(devices: list[Device]) -> None:
    hostile = ("not an address", "", "fe80::1%eth0", "10.0.0.1", "10.0.0.1")
    device = replace(devices[0], ips=hostile, macs=("zz", "02:00:00:00:00:01\n"), via=("device-1",))
    document = asset_document(device)
    assert document["host"]["ip"] == ["fe80::1", "10.0.0.1"]
    assert document["related"]["ip"] == ["fe80::1", "10.0.0.1"]
    assert "mac" not in document["host"]


def test_document_is_valid_unicode(devices: list[Device]) -> None:
    document = asset_document(replace(devices[0], hostname="a\ud800b"))
    assert document["host"]["name"] == "a\ufffdb"
    json.dumps(document, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "1970-01-01T00:00:00.000000Z"), (1700000000.123456, "2023-11-14T22:13:20.123456Z")],
)
def test_times_are_utc_with_microseconds(seconds: float, text: str) -> None:
    assert iso_time(seconds) == text
