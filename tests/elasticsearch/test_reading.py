"""Lines read from a real Elasticsearch come to the same as the same lines read from files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import onion_documents as onion
import pytest
from elasticsearch import Elasticsearch
from onion_site import CLAIM, DAY, HOUR, Site, claim, conn, put
from running.connector import State, compared, state
from servers import elasticsearch as real
from servers.node import Node

from wardwatch.cli import main
from wardwatch.outputs.elasticsearch import ElasticsearchError
from wardwatch.sources import elasticsearch as source

EXAMPLES = Path(__file__).parents[2] / "examples"
newest = pytest.mark.parametrize("server", [real.VERSIONS[-1]], indirect=True)


def from_files(tmp_path: Path, logs: Path) -> State:
    """Return what comes of the same lines in files."""
    db = tmp_path / "files.db"
    assert main(["ingest", "--db", str(db), "--site", "north", str(logs)]) == 0
    return state(db)


def test_equals_the_same_lines_from_files(
    client: Elasticsearch, stream: str, reading: Callable[..., Site], site: Path, tmp_path: Path
) -> None:
    onion.write(client, stream, onion.documents(site, "local"))
    read = reading(stream)
    assert read.look() == []
    together = tmp_path / "logs"  # the same at the same time is taken by the name of its log
    together.mkdir()
    for path in site.rglob("*.*"):
        (together / path.name).symlink_to(path)
    expected = from_files(tmp_path, together)
    assert len(expected["devices"]) > 50
    assert compared(state(read.db), expected) == (0, 0)
    assert state(read.db)["devices"] == expected["devices"]
    assert read.look() == []  # again, with the overlap
    read.kept("DELETE FROM mark")
    assert reading(stream).look() == []  # all of it once more, by another process
    assert compared(state(read.db), expected) == (0, 0)


@newest
def test_the_cluster_reduces_what_was_said_for_months(
    client: Elasticsearch, stream: str, reading: Callable[..., Site], tmp_path: Path
) -> None:
    now = time.time()
    ats = [now - (200 - number) * 12 * HOUR for number in range(200)]
    rows = [("iomt_asset", claim(at, "dicom.manufacturer_model_name", "M1")) for at in ats]
    rows += [("iomt_asset", claim(at, "dicom.manufacturer", "GE", subject=None)) for at in ats]
    rows += [("iomt_asset", claim(at, "arp.mac", CLAIM["mac"])) for at in ats[-9:]]
    put(client, stream, rows)
    read = reading(stream)
    read.look()
    assert read.running.health.rows == 2 * 2 + 9
    (tmp_path / "iomt_asset.log").write_text("".join(f"{row}\n" for _, row in rows))
    expected = from_files(tmp_path, tmp_path / "iomt_asset.log")
    assert state(read.db)["claims"] == [
        str(row).replace("'local'", "'s1'") for row in map(str, expected["claims"])
    ]


@newest
def test_what_comes_late_is_found(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time()
    put(client, stream, [("conn", conn(now - 10))])
    read = reading(stream)
    read.look()
    # Zeek tells of a connection when it ends: this one began weeks ago.
    put(client, stream, [("conn", conn(now - 20 * DAY, **{"id.resp_h": "10.0.0.9"}))], arrived=now)
    read.look()
    # This one was on its way for ten minutes: it is found by the next look that goes so far back.
    put(client, stream, [("conn", conn(now - 9, **{"id.resp_h": "10.0.0.10"}))], arrived=now - 600)
    read.look()
    read.look(late=True)
    hosts = {host for (host,) in read.kept("SELECT DISTINCT host FROM claim")}
    assert hosts == {"10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10"}
    assert read.running.health.rows == 3, "what was known by its id was not taken again"


@newest
def test_an_imported_capture_is_of_another_time(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    put(client, stream, [("conn", conn(1_600_000_000.0))], arrived=time.time())
    read = reading(stream)
    read.look()
    assert read.kept("SELECT DISTINCT first_seen FROM claim") == [(1_600_000_000.0,)]


@newest
def test_a_first_start_looks_back_as_far_as_it_is_told(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time()
    rows = [("conn", conn(now - n * DAY, **{"id.orig_h": f"10.0.1.{n}"})) for n in range(1, 40)]
    put(client, stream, rows)
    read = reading(stream, days=20)
    read.look()
    assert read.running.health.rows == 20


@newest
def test_pages_and_hours_are_read_on(
    server: Node,
    client: Elasticsearch,
    stream: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = time.time() - 30 * HOUR
    numbered = [(began + n * HOUR / 2, f"10.0.1.{n}") for n in range(30)]
    rows = [("conn", conn(at, **{"id.orig_h": host})) for at, host in numbered]
    for at, host in numbered:
        own = {
            "host": host,
            "subject": None,
            "mac": f"02:00:00:00:01:{int(host.rpartition('.')[2]):02x}",
        }
        rows.append(("iomt_asset", claim(at, "dicom.manufacturer", "GE", **own)))
    put(client, stream, rows)
    at_once = Site(tmp_path / "at_once.db", server.url, stream)
    at_once.look()
    monkeypatch.setattr(source, "PAGE", 3)
    monkeypatch.setattr(source, "CLAIMS", 7)
    monkeypatch.setattr("wardwatch.running.loop.PART", 0.0)  # it is broken off after each page
    read = Site(tmp_path / "read.db", server.url, stream)
    read.look()
    known = state(read.db)
    assert len(known["claims"]) == 2 * len(numbered) + 1
    expected = state(at_once.db)
    assert len(known["devices"]) == len(expected["devices"])
    for name in ("claims", "exposures"):
        assert sorted(map(str, known[name])) == sorted(map(str, expected[name]))


@newest
def test_each_sensor_is_known_by_its_name(
    client: Elasticsearch, stream: str, reading: Callable[..., Site]
) -> None:
    now = time.time()
    made = [onion.document(conn(now), "conn", f"sensor-{number}") for number in range(3)]
    del made[2]["observer"]
    made[2]["agent"] = {"name": "sensor-2"}
    del made[2]["event"]["dataset"]  # what no pipeline has named is known by its file
    onion.write(client, stream, iter(made))
    read = reading(stream)
    read.look()
    found = read.kept("SELECT DISTINCT sensor FROM claim ORDER BY sensor")
    assert found == [("sensor-0",), ("sensor-1",), ("sensor-2",)]


@pytest.mark.parametrize(
    "patterns",
    [
        ("logs-zeek-so", "*:logs-zeek-so"),
        ("logs-suricata*", "logs-suricata.alerts-so"),
        ("*:logs-zeek-so", "east:logs-zeek*"),
        ("logs-zeek-so", "logs-zeek-so"),
    ],
)
def test_nothing_is_asked_for_twice(tmp_path: Path, patterns: tuple[str, ...]) -> None:
    with pytest.raises(ElasticsearchError, match="name the same indices"):
        Site(tmp_path / "w.db", "http://127.0.0.1:9", *patterns)


def test_patterns_that_go_together() -> None:
    assert source.overlapping(("logs-zeek-so", "logs-suricata*", "east:logs-zeek-so")) is None
