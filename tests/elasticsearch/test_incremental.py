"""What changed is published and nothing else, and what happened is told once: on real servers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from wardwatch.documents.device import asset_document
from wardwatch.outputs.elasticsearch import DEFAULT_INDEX, PublishResult, findings_index, stream
from wardwatch.outputs.elasticsearch_setup import setup
from wardwatch.outputs.elasticsearch_streams import append
from wardwatch.risk.publishing import Publishing
from wardwatch.running.publish import Publish
from wardwatch.store import Entry, Store
from wardwatch_enrichment.model import Alarm, Binding, Device
from wardwatch_enrichment.risk.policy import Policy
from wardwatch_enrichment.risk.records import State

NOW = 1_700_100_000.0
SITE = "north"
_NUMBERS = itertools.count(1)  # of streams, which a server without their API cannot delete


class Place:
    """A store, and an index with its streams, for one test."""

    def __init__(self, client: Elasticsearch, store: Store, index: str) -> None:
        self.client, self.store, self.index = client, store, index

    def publish(self, *, whole: bool = False, now: float = NOW) -> PublishResult:
        """Publish the site; returns what was done in the index of devices."""
        made = Publish(self.client, Publishing(self.store, SITE, now, Policy()), self.index)
        made.all(whole=whole)
        assert not made.failures
        return made.done[self.index]

    def put(self, *devices: Device, gone: tuple[str, ...] = ()) -> None:
        """Put devices into the inventory, in the place of those that are gone."""
        entries = [
            Entry(
                device=one,
                keys=(f"mac:{one.macs[0]}",),
                hosts=one.ips,
                held=tuple(bound(one, ip) for ip in one.ips),
            )
            for one in devices
        ]
        with self.store.transaction():
            self.store.replace(SITE, {*gone, *(one.id for one in devices)}, entries)

    def documents(self, index: str) -> dict[str, dict[str, Any]]:
        """Return all documents of an index or a stream, by their ids."""
        self.client.indices.refresh(index=index)
        hits = self.client.search(index=index, size=1000)["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def told(self, name: str) -> dict[str, dict[str, Any]]:
        """Return all that was told in a stream."""
        return self.documents(stream(name, self.index))


def bound(device: Device, ip: str) -> Binding:
    """Return that a device had an address for as long as it was there."""
    return Binding(ip=ip, mac=None, start=device.first_seen, end=NOW, source="dhcp", confidence=0.9)


@pytest.fixture
def place(client: Elasticsearch, store: Store, devices: list[Device]) -> Iterator[Place]:
    """A site of fifty devices, and where to publish it."""
    made = Place(client, store, f"{DEFAULT_INDEX}_history{next(_NUMBERS)}")
    setup(client, made.index)
    made.put(*devices)
    yield made
    for plain in (made.index, findings_index(made.index)):
        client.indices.delete(index=list(client.indices.get(index=plain)))


def test_only_what_changed_is_written(place: Place, devices: list[Device]) -> None:
    assert place.publish() == PublishResult(written=50)
    assert place.publish() == PublishResult(unchanged=50)
    moved = replace(devices[3], ips=("10.99.0.3",), last_seen=NOW)
    place.put(moved)
    place.put(gone=("device-007",))
    assert place.publish() == PublishResult(written=1, deleted=1, unchanged=48)
    assert place.documents(place.index)["device-003"]["host"]["ip"] == ["10.99.0.3"]
    assert place.publish(whole=True) == PublishResult(unchanged=49), "nothing was overlooked"
    assert place.store.waiting(SITE) == 0


def test_what_somebody_deleted_is_written_again(place: Place) -> None:
    place.publish()
    place.client.delete(index=place.index, id="device-004", refresh=True)
    assert place.publish() == PublishResult(written=1, unchanged=49)
    place.client.indices.delete(index=place.index)
    setup(place.client, place.index)
    assert place.publish() == PublishResult(written=50)


def test_what_is_not_acknowledged_waits(place: Place, devices: list[Device]) -> None:
    place.publish()
    place.put(replace(devices[1], hostname="renamed"))
    place.client.indices.put_settings(index=place.index, settings={"blocks.write": True})
    with pytest.raises(Exception, match="takes no writes"):
        place.publish()
    assert place.store.waiting(SITE) == 1
    place.client.indices.put_settings(index=place.index, settings={"blocks.write": None})
    assert place.publish().written == 1
    assert place.store.waiting(SITE) == 0


def test_what_is_refused_is_told_each_time_and_waits(place: Place, devices: list[Device]) -> None:
    place.put(replace(devices[5], attributes=devices[5].attributes * 2))
    place.client.indices.put_settings(
        index=place.index, settings={"mapping.nested_objects.limit": 4}
    )
    for written in (49, 0):
        made = Publish(place.client, Publishing(place.store, SITE, NOW, Policy()), place.index)
        made.all()
        assert made.done[place.index].written == written
        assert [text.split(": ")[0] for text in made.failures] == ["device device-005"]
        assert set(place.store.queued_devices(SITE)) == {"device-005"}
    place.client.indices.put_settings(
        index=place.index, settings={"mapping.nested_objects.limit": None}
    )
    assert place.publish().written == 1
    assert place.store.waiting(SITE) == 0
    assert place.documents(place.index).keys() == {device.id for device in devices}


def test_changes_are_told_once(place: Place, devices: list[Device]) -> None:
    place.publish()
    first = place.told("changes")
    assert len(first) == 50
    assert {one["iomt"]["change"]["kind"] for one in first.values()} == {"new device"}
    known = devices[5].attributes[1]
    later = replace(known, value="Model 8", first_seen=NOW - 60, last_seen=NOW)
    old = replace(known, current=False, last_seen=NOW - 120)
    attributes = (devices[5].attributes[0], old, later, *devices[5].attributes[2:])
    place.put(replace(devices[5], model="Model 8", attributes=attributes, last_seen=NOW))
    place.publish()
    place.publish(whole=True)
    (new,) = (one for name, one in place.told("changes").items() if name not in first)
    assert new["event"]["action"] == "device-identity"
    assert new["iomt"]["change"]["before"] == ["Model 5"]
    assert new["iomt"]["change"]["after"] == ["Model 8"]
    assert new["device"]["id"] == "device-005"
    assert new["iomt"]["change"]["evidence"][0]["line"]
    backing = place.client.indices.get(index=stream("changes", place.index))
    assert all(name.startswith(".ds-logs-iomt.changes-so") for name in backing), "a data stream"


def test_findings_are_told_as_they_open_move_and_close(place: Place) -> None:
    place.publish()
    state = State(
        finding="f1", device_id="device-001", site=SITE, vulnerability="CVE-2026-1", at=NOW,
        label="Attend", score=40.0, safety=1.0, effectiveness=2.0, data=3.0,
        affected="confirmed", verdict="exploitable", zone="enterprise", reason="Attend",
        moved="new advisory", called="SIEMENS Model 1",
    )  # fmt: skip
    after = [
        state,
        replace(state, at=NOW + 1, label="Act", moved="an exploit is public"),
        replace(state, at=NOW + 2, closed="version 7.0 was seen", moved="version 7.0 was seen"),
        replace(state, at=NOW + 3, moved="version 4.1 was seen"),
    ]
    for one in after:
        with place.store.transaction():
            place.store.put_states([one])
        place.publish()
    told = [one for one in place.told("changes").values() if "vulnerability" in one]
    told.sort(key=lambda one: one["@timestamp"])
    actions = [one["event"]["action"].removeprefix("finding-") for one in told]
    assert actions == ["opened", "moved", "closed", "reopened"]
    assert [one["iomt"]["risk"]["label"] for one in told][:2] == ["Attend", "Act"]
    assert told[2]["iomt"]["finding"]["closed_reason"] == "version 7.0 was seen"
    assert told[0]["device"]["id"] == "device-001"


def alarm(host: str, **said: Any) -> Alarm:
    """Return an alarm at a host."""
    about = {"peer": "10.66.0.1", "direction": "inbound", "signature": "ET EXPLOIT telnet"}
    return Alarm(**{"host": host, "sid": 2_000_001, "severity": 1, **about, **said})


def test_threats_are_alerts_of_security_onion(place: Place, devices: list[Device]) -> None:
    place.publish()
    medical, other = devices[1], devices[0]
    assert (medical.device_class, other.device_class) == ("medical", None)
    for times in ([NOW, NOW + 5], [NOW + 9]):  # the second time it is no news that day
        with place.store.transaction():
            alarms = {alarm(medical.ips[0]): times, alarm(other.ips[0], severity=None): times}
            place.store.add_events(SITE, "s1", "suricata_alert", alarms)
            stranger = {alarm("10.20.99.99"): times}
            place.store.add_events(SITE, "s1", "suricata_alert", stranger)
        place.publish()
    told = place.told("alerts")
    assert len(told) == 2, "one of each device a day"
    by_device = {one["device"]["id"]: one for one in told.values()}
    shown = by_device[medical.id]
    assert shown["tags"] == ["alert"]
    assert shown["rule"] == {"name": "ET EXPLOIT telnet", "uuid": "2000001"}
    assert (shown["event"]["severity"], shown["event"]["severity_label"]) == (3, "high")
    assert (shown["source"]["ip"], shown["destination"]["ip"]) == ("10.66.0.1", medical.ips[0])
    assert "tags" not in by_device[other.id], "the sensor's own alert is there already"
    assert place.store.waiting(SITE) == 0


def test_what_is_sent_again_is_no_double(place: Place) -> None:
    documents = [(str(n), {"@timestamp": "2026-01-01T00:00:00Z"}) for n in range(9)]
    name = stream("changes", place.index)
    assert append(place.client, name, documents) == PublishResult(written=9)
    assert append(place.client, name, documents) == PublishResult()
    assert len(place.told("changes")) == 9


def test_a_sign_of_life_tells_how_it_is(place: Place) -> None:
    health = {
        "site": SITE, "pid": 1, "started": NOW - 600, "at": NOW - 2, "rows": 7, "bad_rows": 1,
        "behind": 0, "took": 0.1, "devices": 50, "assessed": NOW - 60, "published": None,
        "publish_error": None, "store_bytes": 4096, "problems": ["a line was not used"],
        "sensors": {"s1": {"last_seen": NOW - 30, "loss": 0.01}}, "feeds": {"kev": NOW - 86_400},
    }  # fmt: skip
    made = Publish(place.client, Publishing(place.store, SITE, NOW, Policy()), place.index)
    made.beat(health, NOW)
    made.beat(health, NOW)  # an answer was lost
    made.all()
    assert made.done[place.index].written == 50
    (shown,) = place.told("health").values()
    told = shown["iomt"]["health"]
    assert (told["status"], told["warnings"]) == ("warning", ["a line was not used"])
    assert (told["lag_seconds"], told["rows"], told["devices"]) == (2.0, 7, 50)
    assert told["sensors"][0]["silent_seconds"] == 30.0
    assert shown["service"]["name"] == "wardwatch"


def test_an_index_whose_field_had_another_type_is_made_anew(
    place: Place, devices: list[Device]
) -> None:
    beside = findings_index(place.index)
    client = place.client
    client.indices.delete(index=place.index)
    wrong = {"properties": {"host": {"properties": {"ip": {"type": "keyword"}}}}}
    client.indices.create(index=place.index, mappings=wrong)
    client.index(index=place.index, id="device-000", document=asset_document(devices[0]))
    setup(client, place.index)
    setup(client, place.index)
    assert place.documents(place.index).keys() == {"device-000"}, "it was copied"
    assert list(client.indices.get_alias(name=place.index)) == [f"{place.index}.5"]
    assert place.publish().written == 49
    found = client.search(index=place.index, query={"term": {"host.ip": "10.20.1.0/24"}})
    assert found["hits"]["total"]["value"] == 10
    assert list(client.indices.get_mapping(index=beside)) == [beside], "the other one stays"


def test_the_first_publish_begins_the_queue(tmp_path: Path, devices: list[Device]) -> None:
    with Store(tmp_path / "own.db") as store, store.transaction():
        held = Entry(device=devices[0], keys=("k",), hosts=("h",), held=())
        store.replace(SITE, [], [held])
        assert store.waiting(SITE) == 0, "nobody publishes"
        store.note_publishing(SITE, started=time.time())
        store.replace(SITE, [devices[0].id], [held])
        assert store.waiting(SITE) == 1
