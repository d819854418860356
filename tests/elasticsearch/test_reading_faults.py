"""A server or a document that fails while it is read: nothing lost, nothing doubled, all told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import onion_documents as onion
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk
from onion_site import DAY, HOUR, Site, claim, conn, put
from servers import elasticsearch as real

from wardwatch.outputs import elasticsearch_client
from wardwatch.sources import elasticsearch as source
from wardwatch.sources.files import LONGEST_LINE

pytestmark = pytest.mark.parametrize("server", [real.VERSIONS[-1]], indirect=True)
HOSTS = "SELECT count(DISTINCT host) FROM claim"
MARKS = "SELECT count(*) FROM mark"
TIMES = "SELECT sum(count) FROM exposure WHERE kind = 'service' AND host = '10.0.0.8'"


def hosts(number: int, since: float) -> list[tuple[str, str]]:
    """Return connections of as many hosts to one server, and what that one offered each time."""
    rows = [("conn", conn(since + n, **{"id.orig_h": f"10.0.1.{n}"})) for n in range(number)]
    served = {"host": "10.0.0.8", "kind": "service", "proto": "tcp", "port": 443, "count": 1}
    for at in range(number):
        span = {"ts": since + at, "first": since + at, "last": since + at}
        rows.append(("iomt_exposure", json.dumps({**span, **served, "state": "accepted"})))
    return rows


@pytest.fixture
def plain(client: Elasticsearch, stream: str) -> Iterator[Callable[..., str]]:
    """Return a function that makes an index of some shape, and puts documents into it."""
    made: list[str] = []

    def make(name: str, rows: list[tuple[str, str]], **shape: object) -> str:
        index = f"plain_{stream.removeprefix('logs-')}{name}"
        made.append(index)
        client.indices.create(
            index=index, wait_for_active_shards="0", **{"mappings": onion.MAPPINGS, **shape}
        )
        found = [onion.document(line, log, "s1") for log, line in rows]
        bulk(client, [{"_index": index, "_source": one} for one in found], refresh=True)
        return index

    yield make
    client.indices.delete(index=made)


def test_the_moment_that_is_read_is_over(
    client: Elasticsearch,
    stream: str,
    reading: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(client, stream, hosts(60, time.time() - 60))
    monkeypatch.setattr(source, "PAGE", 10)
    monkeypatch.setattr("wardwatch.running.loop.PART", 0.0)
    read = reading(stream)
    read.running.cycle()
    (pattern,) = read.running._gathering._patterns
    assert pattern.is_amid
    client.close_point_in_time(id=pattern._parts.gi_frame.f_locals["found"]._pit)
    while read.running.cycle():
        pass
    assert any("let go of what was being read" in text for text in read.told)
    assert read.kept(MARKS) == [(0,)]
    assert read.look() == []
    assert read.kept(HOSTS) == [(61,)]
    assert read.kept(TIMES) == [(60,)]


def test_a_shard_is_away(
    client: Elasticsearch,
    plain: Callable[..., str],
    reading: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elasticsearch_client, "PAUSES", ())
    now = time.time()
    index = plain("a", hosts(5, now - 60))
    away = {"settings": {"index.routing.allocation.require._name": "nowhere"}}
    other = plain("b", [], **away)
    read = reading(f"{index[:-1]}*")
    (wrong,) = read.look()
    assert "shard" in wrong
    assert read.kept(MARKS) == [(0,)], "what is not whole moves nothing"
    client.indices.put_settings(
        index=other, settings={"index.routing.allocation.require._name": None}
    )
    client.cluster.health(index=other, wait_for_status="yellow")
    assert read.look() == []
    assert (read.kept(MARKS), read.kept(HOSTS), read.kept(TIMES)) == ([(1,)], [(6,)], [(5,)])


def test_no_index(reading: Callable[..., Site], stream: str) -> None:
    (wrong,) = reading(stream).look()
    assert f"has no {stream}" in wrong
    assert "write into [run] elasticsearch what is there" in wrong
    (wrong,) = reading(f"{stream}*").look()
    assert "there is no index of that name, or none that this user may read" in wrong


def test_an_index_is_closed(
    client: Elasticsearch, plain: Callable[..., str], reading: Callable[..., Site]
) -> None:
    index = plain("a", [])
    client.indices.close(index=index)
    (wrong,) = reading(index).look()
    assert "closed" in wrong


def test_an_index_without_times(plain: Callable[..., str], reading: Callable[..., Site]) -> None:
    index = plain("a", [], mappings={"properties": {"message": {"type": "text"}}})
    (wrong,) = reading(index).look()
    assert "@timestamp is no date in each of its indices" in wrong


def test_nobody_noted_when_a_document_was_read(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    made = onion.document(conn(time.time() - 5 * DAY), "conn", "s1")
    del made["event"]["ingested"]
    onion.write(client, stream, iter([made]))
    read = reading(stream)
    assert read.look() == []
    assert read.kept(HOSTS) == [(2,)]


def test_claims_that_cannot_be_asked_for_are_read(
    plain: Callable[..., str], reading: Callable[..., Site]
) -> None:
    text = {"iomt": {"properties": {"value": {"type": "text"}}}}
    mappings = {**onion.MAPPINGS, "properties": {**onion.MAPPINGS["properties"], **text}}
    at = time.time() - 3 * DAY
    index = plain(
        "a", [("iomt_asset", claim(at, "dicom.manufacturer", "GE"))] * 3, mappings=mappings
    )
    read = reading(index)
    assert read.look() == []
    assert read.kept(HOSTS) == [(1,)]
    assert read.running.health.rows == 3


def test_lines_that_are_none(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time()
    good = onion.document(conn(now), "conn", "s1")
    patient = "Mueller, Anna"
    wrong = [
        {**good, "message": "{"},
        {**good, "message": ""},
        {**good, "message": f'["{patient}"]'},
        {**good, "message": f"{conn(now)}\n{conn(now)}"},
        {**good, "message": "#separator \\x09"},
        {**good, "message": conn(now, service="x" * LONGEST_LINE)},
        {**good, "message": conn("yesterday")},
        {**good, "message": conn(now, **{"id.orig_h": patient})},
    ]
    wrong.append({name: value for name, value in good.items() if name != "message"})
    onion.write(client, stream, iter([*wrong, good]))
    read = reading(stream)
    read.look()
    assert read.running.health.bad_rows == len(wrong)
    assert read.kept(HOSTS) == [(2,)]
    assert all(stream in text and text.endswith("; not used") for text in read.told)
    assert patient not in "".join(read.told)


def test_a_sensor_whose_clock_is_behind_loses_nothing(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time() - 2 * HOUR
    put(client, stream, [("conn", conn(now - 60))], arrived=now - 60)
    read = reading(stream)
    read.look()
    put(client, stream, [("conn", conn(now, **{"id.orig_h": "10.0.0.9"}))], arrived=now)
    (wrong,) = read.look(late=True)
    assert "documents of sensor s1 come 2 hours late: check its clock" in wrong
    assert read.kept(HOSTS) == [(3,)]
    assert read.look(late=True) == [], "it has nothing more to say"


def test_a_sensor_whose_clock_is_ahead_holds_up_no_other(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time()
    put(client, stream, [("conn", conn(now + 2 * DAY))], arrived=now + 2 * DAY)
    read = reading(stream)
    (wrong,) = read.look()
    assert "documents of sensor s1 are dated 48 hours ahead" in wrong
    put(client, stream, [("conn", conn(now, **{"id.orig_h": "10.0.0.9"}))], arrived=now)
    read.look()
    assert read.kept("SELECT count(*) FROM claim WHERE host = '10.0.0.9'") != [(0,)]


def test_the_disk_is_full(client: Elasticsearch, stream: str, reading: Callable[..., Site]) -> None:
    put(client, stream, hosts(60, time.time() - 60))
    read = reading(stream)
    (pages,) = read.kept("PRAGMA page_count")[0]
    read.kept(f"PRAGMA max_page_count = {pages}")
    (wrong,) = read.look()
    assert "full" in wrong
    read.kept("PRAGMA max_page_count = 1000000")
    assert read.look() == []
    assert (read.kept(HOSTS), read.kept(TIMES)) == ([(61,)], [(60,)])


def test_nobody_answers(tmp_path: Path, stream: str) -> None:
    read = Site(tmp_path / "w.db", "http://127.0.0.1:9", stream)
    (wrong,) = read.look()
    assert "cannot be reached" in wrong
