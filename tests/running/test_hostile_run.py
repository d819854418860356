"""What a hostile device can bring about in a log: it costs its own rows, and nobody else's."""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wardwatch import pipeline
from wardwatch.config import load
from wardwatch.running.loop import Running
from wardwatch.store import Store, limits

NOW = time.time() - 60
CONN = {"ts": NOW, "uid": "C1", "id.orig_h": "10.0.0.7", "id.resp_h": "8.8.8.8"}
ASSET = {"ts": NOW, "uid": "C1", "host": "10.0.0.7", "field": "dicom.manufacturer", "value": "ACME"}
SERVICE = {"ts": NOW, "first": NOW - 9, "last": NOW, "host": "10.0.0.7", "kind": "service",
           "proto": "tcp", "port": 104, "state": "accepted"}  # fmt: skip
ALERT = {"signature_id": 5, "signature": "x", "severity": 2}
TSV = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\n#types\ttime\tstring\taddr\taddr\n"


class Site:
    """A connector, with what it told."""

    def __init__(self, folder: Path) -> None:
        self.logs, settings = folder / "logs", folder / "north.toml"
        self.logs.mkdir()
        settings.write_text(f'[site]\nname = "north"\n[run]\nlogs = ["{self.logs}"]\n')
        self.store = Store(folder / "north.db")
        self.running = Running(self.store, load(settings, {}), lambda *_: None, {})

    def reads(self, name: str, text: str) -> tuple[int, int]:
        """Take in a log; returns how many rows of it were bad, and how many devices there are."""
        with (self.logs / name).open("a", encoding="utf-8") as log:
            log.write(text)
        before = self.running.health.bad_rows
        self.running.cycle()
        return self.running.health.bad_rows - before, self.store.device_count("north")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """One that waits for nothing."""
    monkeypatch.setattr("wardwatch.running.loop.QUIET", 0.0)
    made = Site(tmp_path)
    with made.store:
        yield made


def line(row: dict[str, object], **other: object) -> str:
    """Return a row, with some of it changed."""
    return json.dumps({**row, **other}) + "\n"


def alert(**said: object) -> str:
    """Return an alert of Suricata."""
    row = {"timestamp": "2026-11-22T10:00:00.0+0000", "event_type": "alert", "proto": "TCP"}
    ends = {"src_ip": "10.0.0.1", "dest_ip": "10.0.0.2"}
    return json.dumps({**row, **ends, "alert": {**ALERT, **said}}) + "\n"


HOSTILE = {
    "more than a database can hold": ("iomt_exposure.log", line(SERVICE, count=2**63), 1),
    "many clients": ("iomt_exposure.log", line(SERVICE, clients=10**40), 1),
    "no port": ("iomt_exposure.log", line(SERVICE, port=2**70), 1),
    "sums": ("iomt_exposure.log", "".join(
        line(SERVICE, count=2**53, first=NOW - at, last=NOW + at) for at in range(2000)), 0),
    "no time": ("conn.log", f"{TSV}nan\tC2\t10.0.0.3\t8.8.8.8\ninf\tC3\t10.0.0.4\t8.8.8.8\n", 2),
    "1e999": ("conn.log", line(CONN).replace(str(NOW), "1e999"), 1),
    "before all time": ("conn.log", line(CONN, ts=-1), 1),
    "year 9999": ("conn.log", line(CONN, ts="9999-12-31T23:59:59Z"), 1),
    "number of a rule": ("eve.json", alert(signature_id=2**63), 1),
    "severity": ("eve.json", alert(severity=2**65), 1),
    "JSON without end": ("conn.log", '{"a":' * 100_000 + "\n" + "[" * 100_000 + "\n", 2),
    "no letters": ("conn.log", "\0" * 70_000 + "\n", 1),
    "a name of a megabyte": ("iomt_asset.log", line(ASSET, value="x" * 900_000), 0),
    "an address of a megabyte": ("iomt_asset.log", line(ASSET, host="9" * 900_000), 1),
    "longer than a line": ("iomt_asset.log", line(ASSET, value="x" * 3_000_000), 1),
    "control characters": ("iomt_asset.log", line(ASSET, value="\x1b[2J\u202e\0evil\r\n"), 0),
    "half a character": ("iomt_asset.log", line(ASSET).replace("ACME", "\\ud800"), 1),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_it_costs_no_other_row(site: Site, case: str) -> None:
    """Rows around it are taken, it goes on, and what it tells and keeps is short."""
    name, text, wrong = HOSTILE[case]
    good = TSV + f"{NOW}\tC9\t10.0.0.99\t8.8.8.8\n" if text.startswith("#") else ""
    bad, _ = site.reads(name, good + text.removeprefix(TSV))
    assert bad == wrong, site.running.health.problems
    site.reads("conn.1.log", line(CONN, uid="C9", **{"id.orig_h": "10.0.0.99"}))
    hosts = {claim.first.host for claim in site.store.claims("north")}
    assert "10.0.0.99" in hosts
    assert len(json.dumps(site.running.health.document())) < 8_000
    assert site.running.cycle() is False
    assert site.store.size() < 1_000_000


def test_invented_addresses_leave_room_for_devices(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are no more hosts than may be; those that were there, and that speak, are kept up."""
    monkeypatch.setattr(limits, "HOSTS", 400)
    monkeypatch.setattr(limits, "MERE_HOSTS", 300)
    chance = random.Random(1)  # noqa: S311  no secret
    site.reads("iomt_asset.log", line(ASSET, host="192.168.9.9", value="first"))
    site.reads("dhcp.log", "".join(flood(chance, 5_000)))
    assert site.store.device_count("north") < 320  # an address can have had two of those
    assert "look for what invents addresses" in site.running.health.problems[0]
    site.reads("iomt_asset.log", line(ASSET, host="192.168.9.9", value="later", ts=NOW + 5))
    assert "look for what invents addresses" in site.running.health.problems[0]
    site.reads("iomt_asset.log", line(ASSET, host="192.168.9.10", value="ACME"))
    found = {ip: device for device in site.store.devices("north") for ip in device.ips}
    assert "later" in str(found["192.168.9.9"])
    assert found["192.168.9.10"].manufacturer == "ACME"


def flood(chance: random.Random, count: int) -> Iterator[str]:
    """Yield leases of devices that there are not."""
    for number in range(count):
        mac = f"02:{':'.join(f'{chance.randrange(256):02x}' for _ in range(5))}"
        ip = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        yield line(
            {"ts": NOW + number / 1e5, "uids": [f"C{number}"], "mac": mac, "assigned_addr": ip,
             "host_name": f"h{number}", "msg_types": ["ACK"]}
        )  # fmt: skip


def test_names_of_ten_thousand_sensors(site: Site) -> None:
    """One sensor's logs cannot make up others."""
    told = {"ts": NOW, "first": NOW - 9, "last": NOW, "host": "0.0.0.0", "kind": "coverage"}  # noqa: S104
    site.reads("iomt_exposure.log", "".join(line(told, value=f"s{n}") for n in range(10_000)))
    assert len(site.store.coverage("north")) <= 301
    assert site.store.dropped >= 9_600


def test_a_row_of_2038_makes_nothing_old(site: Site) -> None:
    """Neither the device that it is of, nor the others, nor the sensor."""
    sensor = {"host": "0.0.0.0", "kind": "coverage", "value": "sensor", "proto": None}  # noqa: S104
    site.reads("iomt_exposure.log", line(SERVICE, **sensor))
    site.reads("iomt_asset.log", line(ASSET, host="10.0.0.8") + line(ASSET, ts=2_145_916_800.0))
    before = str(site.running.health.sensors)
    late = {"ts": 2_145_916_800.0, "first": 2_145_916_000.0, "last": 2_145_916_800.0}
    site.reads("iomt_exposure.log", line(SERVICE, **sensor) + line(SERVICE, **sensor, **late))
    leaping = line(SERVICE, **sensor, ts=late["ts"], last=late["last"])
    assert site.reads("iomt_exposure.log", leaping)[0] == 1
    site.running.health.look(site.store, time.time())
    assert "local" in before
    assert site.running.health.sensors["local"]["last_seen"] <= time.time()
    assert site.store.exposures("north") == []
    devices = site.store.devices("north")
    assert len(devices) == 2
    told = pipeline.history(site.store, devices, devices)
    assert not [change for change in told if change.kind == "gone"]


def test_a_line_without_end_costs_neither_memory_nor_disk(site: Site) -> None:
    site.reads("conn.log", line(CONN))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = site.store.size()
    bad = sum(site.reads("conn.log", "x" * 8_000_000)[0] for _ in range(8))
    assert bad == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KiB
    assert site.store.size() - size < 50_000
