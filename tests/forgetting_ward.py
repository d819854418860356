"""A ward with a phone, a pump and a PC, seen long ago and lately; what forgetting leaves of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

from wardwatch.pipeline import refresh
from wardwatch.running import forgetting
from wardwatch.store import Store
from wardwatch.store.retention import DAY, Retention
from wardwatch_enrichment.model import Claim, Device
from wardwatch_enrichment.risk.records import Decision, Quoted, State

Claiming = Callable[..., Claim]
Run = Callable[..., subprocess.CompletedProcess[str]]
NOW = float(int(time.time()))  # as commands have their own clock
KEEP = Retention()
PHONE, PUMP, PC = "10.0.0.50", "10.0.0.21", "10.0.0.60"
PHONE_MAC, PUMP_MAC, PC_MAC = (f"02:00:00:00:00:{n}" for n in ("50", "21", "60"))
NAME = "annas-iphone"


def add(store: Store, *claims: Claim) -> None:
    """Put claims in as an ingest does."""
    with store.transaction():
        store.add(claims)
    refresh(store, "here")


def host(claim: Claiming, ip: str, mac: str, name: str, last: float) -> list[Claim]:
    """Return what a lease says of a host: one line, which names it, for all that it says."""
    made = [
        claim(ip, field, value, mac=mac, uid=f"C{ip}", ts=last, log="dhcp")
        for field, value in (("dhcp.mac", mac), ("dhcp.host_name", name), ("conn.active", "yes"))
    ]
    line = f'{{"mac":"{mac}","host_name":"{name}"}}'
    return [replace(one, first=replace(one.first, line=line)) for one in made]


def forget(store: Store, now: float = NOW, keep: Retention = KEEP) -> forgetting.Found:
    """Forget all that is due."""
    found = forgetting.find(store, "here", now, keep, 90)
    for _ in forgetting.forget(store, "here", now, keep, found):
        pass
    return found


def at(store: Store, ip: str) -> Device:
    """Return the device at an address."""
    (found,) = (device for device in store.devices("here") if ip in device.ips)
    return found


def bytes_of(store: Store) -> bytes:
    """Return all bytes of the database, once everything is in its one file.

    Another process reads them: to close a file drops the locks that SQLite holds on it here.
    """
    store.flush()
    assert store.path.with_name(f"{store.path.name}-wal").stat().st_size == 0
    return subprocess.run(["cat", str(store.path)], check=True, capture_output=True).stdout


def state(device: Device, *, closed: str | None = None, finding: str = "f1") -> State:
    """Return a finding on a device whose evidence names it."""
    return State(
        finding=finding,
        device_id=device.id,
        site="here",
        vulnerability="CVE-2026-0001",
        at=NOW - 50 * DAY,
        label="Track",
        score=1.0,
        safety=1.0,
        effectiveness=1.0,
        data=1.0,
        affected="confirmed",
        verdict=None,
        zone="site",
        reason="a reason",
        moved="new device",
        closed=closed,
        called=device.hostname or "",
        evidence=(Quoted(sentence=f"{device.hostname} said so", log="dhcp", line="a line"),),
    )


def decision(device: Device, finding: str = "f1") -> Decision:
    """Return what a person decided of it."""
    return Decision(
        site="here", finding=finding, kind="note", who="bo", at=NOW, device_id=device.id
    )


def fill(store: Store, claim: Claiming) -> Store:
    """Return a store with a phone and a pump, both last heard 40 days ago, and a PC of today."""
    then = NOW - 40 * DAY
    pump = [
        *host(claim, PUMP, PUMP_MAC, "pump7", then),
        claim(PUMP, "dicom.manufacturer", "SIEMENS", ts=then, mac=PUMP_MAC),
        claim(PUMP, "dicom.manufacturer_model_name", "TrioTim", ts=then, mac=PUMP_MAC),
    ]
    add(store, *host(claim, PHONE, PHONE_MAC, NAME, then), *pump)
    add(store, *host(claim, PC, PC_MAC, "pc-of-today", NOW - 60))
    assert at(store, PHONE).hostname == NAME
    assert at(store, PUMP).device_class == "medical"
    return store
