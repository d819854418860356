"""The index of findings on real servers of both majors."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from published_findings import NOW, documents, finding, listed, placed, rate

from wardwatch.documents.finding import SCHEMA, Document, finding_document
from wardwatch.outputs.elasticsearch import PublishResult, check, findings_index
from wardwatch.outputs.elasticsearch_findings import Findings, write_findings
from wardwatch_enrichment.model import Device
from wardwatch_enrichment.risk.case import Clock
from wardwatch_enrichment.risk.rating import URGENCY
from wardwatch_enrichment.risk.records import Quoted, State

DAY = 86_400.0


@pytest.fixture
def place(index: str) -> str:
    """The index of findings beside that of the devices."""
    return findings_index(index)


def put(
    client: Elasticsearch, place: str, found: Iterable[Document], **known: Any
) -> PublishResult:
    """Publish the findings of the site "north"."""
    check(client, place)
    client.indices.refresh(index=place)
    findings = Findings(**{"site": "north", "now": NOW, "found": found, **known})
    done = write_findings(client, findings, place)
    client.indices.refresh(index=place)
    return done


def counted(client: Elasticsearch, place: str, field: str, **query: Any) -> dict[str, int]:
    """Return how many documents there are of each value of a field."""
    by = {"by": {"terms": {"field": field, "size": 1000}}}
    found = client.search(index=place, size=0, aggregations=by, **query)
    buckets = found["aggregations"]["by"]["buckets"]
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def stored(client: Elasticsearch, place: str, name: str) -> Document:
    """Return the document of a finding."""
    return dict(client.get(index=place, id=name)["_source"])


def recorded(document: Document, why: str, at: float = NOW + DAY) -> State:
    """Return the state of a finding that was closed, as it is kept."""
    line = '{"field":"software_versions","value":"2.0"}'
    return State(
        finding=document["iomt"]["finding"]["id"],
        device_id=document["device"]["id"],
        site="north",
        vulnerability=document["vulnerability"]["id"],
        at=at,
        label="Track",
        score=0.0,
        safety=0.0,
        effectiveness=0.0,
        data=0.0,
        affected="fixed",
        verdict=None,
        zone="unknown",
        reason="Track",
        moved=why,
        closed=why,
        evidence=(Quoted(sentence="version 2.0 was seen", log="iomt_asset", line=line),),
    )


def test_findings_are_counted_by_label_device_and_ward(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    devices = [replace(d, attributes=placed(d, f"Ward {n % 3}")) for n, d in enumerate(devices)]
    found = list(documents(devices, each=3))
    assert put(client, place, found) == PublishResult(written=150)
    labels = Counter(one["iomt"]["risk"]["label"] for one in found)
    assert len(labels) > 1, "or the test shows nothing"
    assert counted(client, place, "iomt.risk.label") == labels
    assert counted(client, place, "device.id") == {device.id: 3 for device in devices}
    assert counted(client, place, "iomt.place.ward") == {"Ward 0": 51, "Ward 1": 51, "Ward 2": 48}
    kept = counted(client, place, "iomt.finding.ports", query={"term": {"host.ip": "10.20.1.0/24"}})
    assert kept == {"tcp/23": 30}


def test_findings_are_sorted_and_found_by_score_and_date(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    (early, late) = (NOW + 3 * DAY, NOW + 30 * DAY)
    found = [
        *documents(devices[:5], each=2, clock=Clock(since=NOW, due=early)),
        *documents(devices[5:9], each=1, clock=Clock(since=NOW, due=late)),
        *documents(devices[9:12], each=1),  # of which nobody has recorded anything
    ]
    put(client, place, found)
    scores = [one["iomt"]["risk"]["score"] for one in found]
    bound = sorted(scores)[len(scores) // 2]
    above = client.count(index=place, query={"range": {"iomt.risk.score": {"gte": bound}}})
    assert above["count"] == sum(score >= bound for score in scores)
    soon = {"range": {"iomt.risk.due": {"lt": int((NOW + 14 * DAY) * 1000)}}}
    assert client.count(index=place, query=soon)["count"] == 10
    ordered = client.search(
        index=place, size=100, sort=[{"iomt.risk.urgency": "asc"}, {"iomt.risk.score": "desc"}]
    )["hits"]["hits"]
    shown = [(h["_source"]["iomt"]["risk"]["label"], -h["sort"][1]) for h in ordered]
    assert shown == sorted(shown, key=lambda one: (URGENCY.index(one[0]), one[1]))


def test_a_second_publish_writes_nothing(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    assert put(client, place, documents(devices)) == PublishResult(written=100)
    mapping = client.indices.get_mapping(index=place).body
    later = documents(devices, versions=("kev 2026.11.23",))
    assert put(client, place, later, now=NOW + 60) == PublishResult(unchanged=100)
    changed = list(documents(devices, clock=Clock(since=NOW)))
    assert put(client, place, [*changed[:1], *list(documents(devices))[1:]]) == PublishResult(
        written=1, unchanged=99
    )
    assert client.indices.get_mapping(index=place).body == mapping


def test_a_closed_finding_keeps_its_reason_and_evidence(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    found = list(documents(devices[:2]))
    put(client, place, found)
    gone, *rest = found
    state = recorded(gone, "fixed: version 2.0 was seen")
    for _ in range(2):  # and once it is closed, nothing more is written
        done = put(client, place, rest, closed=[state], now=NOW + 2 * DAY)
        assert done in (
            PublishResult(written=1, closed=1, unchanged=3),
            PublishResult(unchanged=3),
        )
    assert done == PublishResult(unchanged=3)
    kept = stored(client, place, state.finding)
    said = kept["iomt"]["finding"]
    assert (said["state"], said["closed_reason"]) == ("closed", "fixed: version 2.0 was seen")
    assert said["closing_evidence"][0]["line"] == state.evidence[0].line
    assert said["evidence"] == gone["iomt"]["finding"]["evidence"], "what was known of it stays"
    assert kept["host"] == gone["host"]
    assert kept["iomt"]["risk"] == gone["iomt"]["risk"]
    assert counted(client, place, "iomt.finding.state") == {"open": 3, "closed": 1}
    closed = {"range": {"iomt.finding.closed": {"gte": int(state.at * 1000)}}}
    assert client.count(index=place, query=closed)["count"] == 1


def test_a_finding_that_is_back_is_open_again(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    found = list(documents(devices[:1]))
    put(client, place, found)
    put(client, place, found[1:], closed=[recorded(found[0], "fixed")])
    assert put(client, place, found) == PublishResult(written=1, unchanged=1)
    back = stored(client, place, found[0]["iomt"]["finding"]["id"])
    assert back["iomt"]["finding"]["state"] == "open"
    assert "closed" not in back["iomt"]["finding"]
    again = recorded(found[0], "fixed once more", NOW + 9 * DAY)
    assert put(client, place, found[1:], closed=[again]).closed == 1


def test_what_nobody_recorded_is_closed_too_and_the_reason_comes_later(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    found = list(documents(devices[:3], each=1))
    put(client, place, found)
    merged = replace(devices[2], former_ids=(devices[1].id,))
    here = [devices[0], merged]
    assert put(client, place, [], devices=here) == PublishResult(written=3, closed=3)
    assert put(client, place, [], devices=here, now=NOW + DAY) == PublishResult()
    reasons = [
        stored(client, place, one["iomt"]["finding"]["id"])["iomt"]["finding"]["closed_reason"]
        for one in found
    ]
    assert "not recorded" in reasons[0]
    assert reasons[1] == f"the device became one with {merged.id}"
    state = recorded(found[0], "fixed")
    assert put(client, place, [], closed=[state], devices=here).closed == 1
    kept = stored(client, place, state.finding)["iomt"]["finding"]
    assert kept["closed_reason"] == "fixed"


def test_what_was_closed_before_it_was_published_is_told_from_the_record(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    here, gone = (recorded(next(documents([d])), "fixed") for d in devices[:2])
    done = put(client, place, [], closed=[here, gone], devices=devices[:1])
    assert done == PublishResult(written=2, closed=2)
    assert put(client, place, [], closed=[here, gone]) == PublishResult()
    assert stored(client, place, here.finding)["host"]["name"] == devices[0].hostname
    kept = stored(client, place, gone.finding)
    assert kept["device"] == {"id": devices[1].id}
    assert kept["vulnerability"]["id"] == gone.vulnerability
    assert kept["iomt"]["finding"]["affected"] == "fixed"


def test_sites_share_an_index_and_close_only_their_own(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    south = [replace(device, site="south") for device in devices[:3]]
    put(client, place, documents(south, each=1), site="south")
    put(client, place, documents(devices[3:6], each=1))
    assert put(client, place, []) == PublishResult(written=3, closed=3)
    moved = list(documents(south[:1], each=1))
    state = recorded(moved[0], "the device is elsewhere")  # north's own record of what is south's
    assert put(client, place, [], closed=[state]) == PublishResult()
    assert counted(client, place, "iomt.finding.state") == {"open": 3, "closed": 3}


def test_an_error_on_the_way_closes_nothing(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    put(client, place, documents(devices))

    def broken() -> Iterable[Document]:
        yield from documents(devices[:1])
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        put(client, place, broken())
    client.indices.refresh(index=place)
    assert counted(client, place, "iomt.finding.state") == {"open": 100}


def test_hostile_texts_stay_texts(client: Elasticsearch, place: str, devices: list[Device]) -> None:
    mapping = client.indices.get_mapping(index=place).body
    injection = '"}}\n{"delete":{"_index":"' + place + '"}}\n'
    texts = (
        "<script>alert(1)</script>",
        injection,
        "\x1b[31m\x00\u202e\ud800",
        "\U0001f3e5" * 9999,
    )
    device = replace(devices[0], hostname=texts[2], model=texts[3], ips=("no address", "10.0.0.1"))
    found = []
    for at, text in enumerate(texts):
        one = finding(
            device,
            f"CVE-2020-{at}{texts[1]}",
            title=text,
            wording=text,
            actions=(text,) * 500,
            notes=(text,),
            reached_from=(text,) * 500,
        )
        ground = replace(one.answers[0].grounds[0], sentence=text, signed_by=text, line=text * 9)
        answer = replace(one.answers[0], predicate=text, missing=text, grounds=(ground,) * 50)
        found.append(replace(one, answers=(answer,) * 50))
    shown = [finding_document(listed(device, one)) for one in rate(devices[0], *found)]
    assert put(client, place, shown) == PublishResult(written=len(texts))
    assert client.indices.get_mapping(index=place).body == mapping
    titled = {"term": {"vulnerability.description": texts[0]}}
    assert client.count(index=place, query=titled)["count"] == 1
    gone = recorded(shown[0], texts[1] * 99)
    quoted = Quoted(sentence=texts[2], line=texts[3])
    gone = replace(gone, evidence=(quoted,) * 99)
    assert put(client, place, shown[1:], closed=[gone]).failures == ()


def test_an_index_of_another_release_is_refused(
    client: Elasticsearch, place: str, devices: list[Device]
) -> None:
    check(client, place)
    client.indices.put_mapping(index=place, meta={"schema": SCHEMA + 1})
    with pytest.raises(Exception, match="run `wardwatch elasticsearch setup`"):
        put(client, place, documents(devices))


def test_many_findings(client: Elasticsearch, place: str, devices: list[Device]) -> None:
    many = [replace(devices[n % 50], id=f"device-{n:05}") for n in range(200)]
    found = list(documents(many, each=10))
    begun = time.perf_counter()
    assert put(client, place, found) == PublishResult(written=2_000)
    written = time.perf_counter()
    assert put(client, place, found) == PublishResult(unchanged=2_000)
    compared = time.perf_counter()
    assert put(client, place, []) == PublishResult(written=2_000, closed=2_000)
    closed = time.perf_counter()
    size = client.indices.stats(index=place)["_all"]["primaries"]["store"]["size_in_bytes"]
    print(
        f"2,000 findings: written in {written - begun:.1f} s, compared in "
        f"{compared - written:.1f} s, closed in {closed - compared:.1f} s, {size / 1e6:.0f} MB"
    )
