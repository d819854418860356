"""Working out only what changed gives what working out everything gives, in whatever order."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from wardwatch import pipeline
from wardwatch.pipeline import refresh
from wardwatch.store import Store, Told
from wardwatch_enrichment.model import Claim, Device, Observation

HOSTS = [f"10.0.{net}.{n}" for net in (1, 2, 3) for n in range(1, 4)]
MACS = [f"00:09:fb:00:00:{n:02x}" for n in range(1, 6)]
SERIALS = ["DE22713007", "SN44771", "SN44772"]
PROOFS = ("dhcp.mac", "arp.mac", "conn.mac")
DAY = 86_400.0


def history(seed: int, count: int = 60) -> list[Claim]:
    """Make up a ward: leases that move, datasets that are forwarded, pumps behind a gateway."""
    chance = random.Random(seed)  # noqa: S311  the same every time
    return [_claim(chance) for _ in range(count)]


def _claim(chance: random.Random) -> Claim:
    host, mac, serial = chance.choice(HOSTS), chance.choice(MACS), chance.choice(SERIALS)
    described = [
        ("dicom.received", "C-STORE", f"dicom:{serial}"),
        ("dicom.manufacturer", "SIEMENS", f"dicom:{serial}"),
        ("dicom.device_serial_number", serial, f"dicom:{serial}"),
        ("dicom.modality", chance.choice(["CT", "MR"]), f"dicom:{serial}"),
        ("hl7.system_type", "69985", f"mac:{mac}"),
        ("hl7.mac", mac, f"mac:{mac}"),
        ("hl7.software_versions", chance.choice(["1.0", "1.1"]), f"mac:{mac}"),
    ]
    proof = [(chance.choice(PROOFS), mac, None)] * 4
    own = [
        ("dhcp.host_name", f"pc{chance.randint(1, 3)}", None),
        ("conn.active", "yes", None),
        ("upnp.serial_number", serial, None),
    ]
    field, value, subject = chance.choice(described + proof + own)
    start = round(chance.uniform(1.0, 5.0) * DAY, 1)
    first = Observation(
        ts=start,
        site="here",
        sensor="local",
        log="iomt_asset",
        host=host,
        field=field,
        value=value,
        subject=subject,
        uid=f"C{start}",
        line=f"{host} {field} {value} {start}",
    )
    return Claim(first=first, last_seen=start + round(chance.uniform(0.0, DAY), 1))


def nameless(devices: list[Device]) -> list[Device]:
    """Return devices without their ids, which depend on what was known first."""
    plain = [dataclasses.replace(d, id="", former_ids=()) for d in devices]
    return sorted(plain, key=repr)


def told(path: Path, batches: list[list[Claim]]) -> list[Device]:
    """Tell a new store batch by batch; return its inventory."""
    with Store(path) as store:
        for batch in batches:
            with store.transaction():
                store.add(batch)
            refresh(store, "here")
        return store.devices()


@pytest.mark.parametrize("seed", range(25))
def test_the_order_of_arrival_does_not_matter(seed: int, tmp_path: Path) -> None:
    """At once, one by one, and shuffled in parts: the same devices with the same evidence."""
    claims = history(seed)
    at_once = told(tmp_path / "at_once.db", [claims])
    assert len(at_once) > 3
    random.Random(seed).shuffle(claims)  # noqa: S311
    parts = [claims[at : at + 7] for at in range(0, len(claims), 7)]
    assert nameless(told(tmp_path / "parts.db", parts)) == nameless(at_once)
    assert nameless(told(tmp_path / "single.db", [[c] for c in claims])) == nameless(at_once)


@pytest.mark.parametrize("seed", range(5))
def test_replaying_changes_nothing(seed: int, tmp_path: Path) -> None:
    """What is read twice is known once, under the same ids."""
    claims = history(seed)
    path = tmp_path / "w.db"
    once = told(path, [claims])
    assert told(path, [claims[20:], claims]) == once


@pytest.mark.parametrize("seed", range(8))
def test_a_merge_then_a_split_restores(seed: int, tmp_path: Path) -> None:
    """What a person joined by mistake comes apart again as it was."""
    with Store(tmp_path / "w.db") as store:
        with store.transaction():
            store.add(history(seed))
        refresh(store, "here")
        before = store.devices()
        one, other, *_ = before
        correct(store, pipeline.merge, one.id, other.id)
        merged = store.device(one.id)
        assert merged == store.device(other.id)
        assert len(store.devices()) == len(before) - 1
        correct(store, pipeline.split, merged.id, None)
        after = store.devices()
        assert nameless(after) == nameless(before)
        by_mac = {d.id: d for d in before if d.macs}
        assert all(by_mac[d.id].macs == d.macs for d in after if d.id in by_mac)


def test_a_part_is_set_apart_and_taken_in_again(tmp_path: Path) -> None:
    """One serial number in two network modules: the evidence says one device, the engineer two."""
    claims = [
        _said("10.0.1.1", "dhcp.mac", MACS[0]),
        _said("10.0.1.2", "dhcp.mac", MACS[1]),
        _said("10.0.1.1", "intellivue.serial_number", SERIALS[0]),
        _said("10.0.1.2", "intellivue.serial_number", SERIALS[0]),
        _said("10.0.1.1", "intellivue.manufacturer", "Philips"),
        _said("10.0.1.2", "intellivue.manufacturer", "Philips"),
    ]
    with Store(tmp_path / "w.db") as store:
        with store.transaction():
            store.add(claims)
        refresh(store, "here")
        (device,) = store.devices()
        with pytest.raises(ValueError, match=f"one of several of: .*mac:{MACS[1]}"):
            pipeline.split(store, "here", device.id, "serial:none", Told("me", "", 0.0))
        correct(store, pipeline.split, device.id, f"mac:{MACS[1]}")
        assert sorted(d.macs for d in store.devices()) == [(MACS[0],), (MACS[1],)]
        one, other = store.devices()
        assert [e.kind for d in (one, other) for e in store.identity_events(d.id)] == ["split"]
        correct(store, pipeline.merge, one.id, other.id)
        (again,) = store.devices()
        assert set(again.macs) == {MACS[0], MACS[1]}


def test_a_router_that_shows_itself_later_is_no_device(tmp_path: Path) -> None:
    """Its third subnet makes it one; what it held together before comes apart by itself."""
    claims = [_said(f"10.0.{net}.1", "arp.mac", MACS[0]) for net in (1, 2, 3)]
    one_by_one = told(tmp_path / "a.db", [[claim] for claim in claims])
    assert [d.macs for d in one_by_one] == [()] * 3
    assert nameless(one_by_one) == nameless(told(tmp_path / "b.db", [claims]))


def test_what_is_told_by_itself_and_by_a_gateway_is_one(tmp_path: Path) -> None:
    """Ids stay, and nothing happens when the same is read again and again."""
    gateway = {"hl7.manufacturer": "Philips", "hl7.serial_number": SERIALS[0]}
    claims = [
        _said("10.0.1.1", "intellivue.manufacturer", "Philips"),
        _said("10.0.1.1", "intellivue.serial_number", SERIALS[0]),
        *(_said("10.0.2.2", field, value, "uuid:7") for field, value in gateway.items()),
        _said("10.0.2.2", "hl7.received", "ORU"),
    ]
    with Store(tmp_path / "w.db") as store:
        for _ in range(4):
            with store.transaction():
                store.add(claims)
            refresh(store, "here")
            (monitor,) = [d for d in store.devices() if d.serial_number]
            assert (monitor.ips, store.identity_events(monitor.id)) == (("10.0.1.1",), [])


def test_new_knowledge_works_everything_out_again(tmp_path: Path) -> None:
    """Also of hosts that say nothing new."""
    with Store(tmp_path / "w.db") as store, store.transaction():
        assert store.adopt("one")
        store.add([_said("10.0.1.1", "conn.active", "yes")])
        store.mark("here", ["10.0.1.1"], changed=False)
        assert not store.adopt("one")
        assert store.changed_hosts("here", 9) == []
        assert store.adopt("other")
        assert store.changed_hosts("here", 9) == ["10.0.1.1"]


def correct(store: Store, how: object, *what: str | None) -> None:
    """Correct something by hand."""
    with store.transaction():
        how(store, "here", *what, Told("me", "because", 1.0))
    refresh(store, "here")


def _said(host: str, field: str, value: str, subject: str | None = None) -> Claim:
    first = Observation(
        ts=DAY,
        site="here",
        sensor="local",
        log="iomt_asset",
        host=host,
        field=field,
        value=value,
        subject=subject,
    )
    return Claim(first=first, last_seen=DAY)
