"""Threats that sensors report: counted once, bounded, put to the device that held the address."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wardwatch.cli import main
from wardwatch.documents import device as documents
from wardwatch.outputs import html
from wardwatch.pipeline import Ingest, inventory
from wardwatch.scope import Scope
from wardwatch.store import Store
from wardwatch.store.events import EVENTS_PER_HOST, PEERS
from wardwatch_enrichment.model import Alarm, Device

DAY = 86_400
HOSTILE = "<script>alert(1)</script>"


def lease(ts: float, mac: str, ip: str) -> str:
    """Return a row of dhcp.log."""
    return json.dumps({"ts": ts, "mac": mac, "assigned_addr": ip, "msg_types": ["ACK"]}) + "\n"


def alert(ts: int, source: str, target: str, **more: Any) -> str:
    """Return an alert of eve.json, with a payload."""
    said = {
        "signature_id": 1805100,
        "signature": "A stranger calls",
        "category": "x",
        "severity": 2,
    }
    time = documents.iso_time(float(ts)).replace("Z", "+0000")
    row = {"timestamp": time, "event_type": "alert", "src_ip": source, "dest_ip": target}
    return json.dumps(row | {"alert": said | more, "payload_printable": "CANARY"}) + "\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return Store(tmp_path / "wardwatch.db")


def take(store: Store, **files: str) -> dict[str, Device]:
    """Ingest files, and return the devices by their first address."""
    run = Ingest(store, site="here", sensor="s1", scope=Scope())
    paths = [store.path.with_name(name.replace("_", ".")) for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    report = run.run(run.find(paths))
    assert not report.failed, report.problems
    return {next(iter(device.ips), device.id): device for device in inventory(store)}


PUMP = lease(1000, "02:00:00:00:00:01", "10.0.0.5") + lease(1000, "02:00:00:00:00:02", "10.0.0.6")


def test_both_ends_of_an_alert_have_it(store: Store) -> None:
    """Each with its direction; a host outside the site has no entry."""
    text = alert(2000, "10.0.0.6", "10.0.0.5") + alert(2001, "192.0.2.9", "10.0.0.5")
    found = take(store, dhcp_log=PUMP, eve_json=text)
    assert [(e.direction, e.peer, e.count) for e in found["10.0.0.5"].events] == [
        ("inbound", "192.0.2.9", 1),
        ("inbound", "10.0.0.6", 1),
    ]
    (event,) = found["10.0.0.6"].events
    assert (event.direction, event.sid, event.severity) == ("outbound", 1805100, 2)


def test_a_file_that_is_read_again_counts_once(store: Store) -> None:
    """Also when it has grown, and when the days before come later."""
    text = "".join(alert(n, "192.0.2.9", "10.0.0.5") for n in range(2000, 2010))
    take(store, dhcp_log=PUMP, eve_json=text)
    take(store, eve_json=text)
    grown = text + alert(2010, "192.0.2.9", "10.0.0.5")
    found = take(store, eve_json=alert(1500, "192.0.2.9", "10.0.0.5") + grown)
    (event,) = found["10.0.0.5"].events
    assert (event.count, event.first_seen, event.last_seen) == (12, 1500.0, 2010.0)


def test_days_are_kept_apart_and_shown_together(store: Store) -> None:
    """One signature and peer is one event of a device."""
    later = lease(1000 + DAY, "02:00:00:00:00:01", "10.0.0.5")
    text = alert(2000, "192.0.2.9", "10.0.0.5") + alert(2000 + DAY, "192.0.2.9", "10.0.0.5")
    (event,) = take(store, dhcp_log=PUMP + later, eve_json=text)["10.0.0.5"].events
    assert (event.count, event.last_seen - event.first_seen) == (2, DAY)
    assert len(store.events("here")) == 2


def test_who_held_the_address_has_the_event(store: Store) -> None:
    """Not who has it now."""
    moved = lease(1000 + 3 * DAY, "02:00:00:00:00:03", "10.0.0.5")
    text = alert(1100, "192.0.2.9", "10.0.0.5")
    take(store, dhcp_log=PUMP + moved, eve_json=text)
    events = {device.macs[0]: device.events for device in inventory(store)}
    assert len(events["02:00:00:00:00:01"]) == 1
    assert events["02:00:00:00:00:03"] == ()


def test_many_peers_become_one(store: Store) -> None:
    """A scan by forged addresses neither fills the disk nor hides."""
    text = "".join(alert(2000 + n, f"192.0.2.{n}", "10.0.0.5") for n in range(1, 200))
    found = take(store, dhcp_log=PUMP, eve_json=text)["10.0.0.5"].events
    assert len(found) == PEERS + 1
    assert sum(event.count for event in found) == 199
    assert [event.count for event in found if event.peer is None] == [199 - PEERS]
    again = take(store, eve_json=text)["10.0.0.5"].events
    assert again == found


def test_the_oldest_of_a_host_are_forgotten(store: Store) -> None:
    """There is a most of what is kept of one host."""
    alarms = {
        Alarm("10.0.0.5", None, "inbound", f"rule {n}", n): [1000.0 + n]
        for n in range(1, EVENTS_PER_HOST + 50)
    }
    with store.transaction():
        store.add_events("here", "s1", "eve_alert", alarms)
    kept = store.events("here")
    assert len(kept) == EVENTS_PER_HOST
    assert min(event.sid or 0 for event in kept) == 50


def test_zeek_s_notices_are_events(store: Store) -> None:
    """Without the texts in which they quote what was sent."""
    row = {"ts": 2000.5, "note": "SSH::Password_Guessing", "msg": "CANARY", "sub": "CANARY"}
    text = json.dumps(row | {"src": "192.0.2.9", "dst": "10.0.0.5"}) + "\n"
    (event,) = take(store, dhcp_log=PUMP, notice_log=text)["10.0.0.5"].events
    assert (event.signature, event.log, event.sid) == ("SSH::Password_Guessing", "notice", None)
    dump = "\n".join(store._db.iterdump())
    assert "CANARY" not in dump


def test_events_are_shown(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal, as JSON, in the report, for Elasticsearch; as text, and without payload."""
    text = alert(2000, "192.0.2.9", "10.0.0.5", signature=HOSTILE + "\x1b[31m")
    device = take(store, dhcp_log=PUMP, eve_json=text)["10.0.0.5"]
    assert "CANARY" not in "\n".join(store._db.iterdump())
    db = ["--db", str(store.path)]
    assert main(["device", device.id, *db]) == 0
    shown = capsys.readouterr().out
    assert "threats seen at it: 1" in shown
    assert "\x1b" not in shown
    assert main(["device", device.id, "--json", *db]) == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert event["peer"] == "192.0.2.9"
    assert main(["devices", "--json", *db]) == 0
    assert "events" not in json.loads(capsys.readouterr().out.splitlines()[0])
    (page,) = html.write([device], tmp_path / "report.html", site=None, generated=3000.0)
    assert "Threats seen at this device" in page.read_text()
    assert HOSTILE not in page.read_text()
    document: Any = documents.asset_document(device)
    (sent,) = document["iomt"]["events"]
    assert sent["signature"].startswith(HOSTILE)


def test_a_document_has_a_short_list(store: Store) -> None:
    """The worst first; that some are left out is said."""
    text = "".join(
        alert(2000 + n, "192.0.2.9", "10.0.0.5", signature_id=n, severity=1 + (n < 30))
        for n in range(1, 60)
    )
    device = take(store, dhcp_log=PUMP, eve_json=text)["10.0.0.5"]
    document: Any = documents.asset_document(device)
    assert len(document["iomt"]["events"]) == documents.EVENTS
    assert [event["severity"] for event in document["iomt"]["events"]][:30] == [1] * 30
    assert document["iomt"]["truncated"] is True
