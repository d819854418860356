"""Groups of devices: what they come to together, who is in which, in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.risk.case import Label
from wardwatch_enrichment.risk.groups import KEYS, groups
from wardwatch_enrichment.risk.rating import DeviceRisk
from wardwatch_enrichment.risk.scoring import fold


def device(name: str, **told: str) -> Device:
    """Return a device whose attributes say so."""
    attributes = tuple(
        Attribute(
            name=key,
            value=value,
            confidence=1.0,
            current=True,
            first_seen=0,
            last_seen=0,
            evidence=(),
        )
        for key, value in told.items()
    )
    return Device(id=name, site="north", first_seen=0, last_seen=0, attributes=attributes)


@dataclass(frozen=True)
class Appraised:
    """A device with its risk."""

    device: Device
    whole: DeviceRisk


def scored(known: Device, score: float, labels: dict[Label, int], data: float = 0) -> Appraised:
    """Return a device with a score."""
    whole = DeviceRisk(
        score=score,
        safety=score,
        effectiveness=score / 2,
        data=data,
        band="",
        label="Track",
        labels=labels,
        due_days=None,
    )
    return Appraised(known, whole)


A = scored(device("a", ward="ICU"), 80, {"Act": 1, "Track": 2}, data=10)
B = scored(device("b", ward="ICU"), 40, {"Cannot tell": 3}, data=20)
C = scored(device("c", ward="ER"), 39.9, {"Attend": 1})
D = device("d", ward="ER")
E = scored(device("e"), 5, {"Track*": 1})


def test_groups_come_to_one_score_with_each_axis_apart() -> None:
    """The fold over all devices, for the score and for each axis by itself."""
    icu, er, unknown = groups([A, B, C, E], "ward", [A.device, D])
    assert (icu.name, er.name, unknown.name) == ("ICU", "ER", None)
    assert icu.score == fold([80, 40]) == 84.0
    assert (icu.safety, icu.effectiveness) == (84.0, fold([40, 20]))
    assert icu.data == fold([20, 10])
    assert (icu.band, icu.devices, icu.share_high) == ("critical", 2, 1.0)
    assert icu.worst.id == "a"
    assert icu.worst_score == 80


def test_what_cannot_be_told_is_counted() -> None:
    """As findings by label, in the order of urgency, and as devices."""
    icu = groups([A, B], "ward")[0]
    assert list(icu.labels.items()) == [("Act", 1), ("Cannot tell", 3), ("Track", 2)]
    assert (icu.label, icu.cannot_tell) == ("Act", 1)


def test_devices_with_nothing_open_count_as_0() -> None:
    """They make the share smaller, and leave the score as it is."""
    er = groups([C], "ward", [C.device, D])[0]
    assert (er.score, er.devices, er.share_high) == (pytest.approx(39.9), 2, 0.0)
    nothing = groups([], "ward", [D])[0]
    assert (nothing.score, nothing.label, nothing.labels) == (0, None, {})
    assert groups([], "ward") == []


def test_the_order_of_devices_changes_nothing() -> None:
    """The same groups, in the same order."""
    assert groups([A, B, C, E], "ward") == groups([E, C, B, A], "ward")


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("site", "north"),
        ("ward", "ICU"),
        ("building", "B2"),
        ("vlan", "120"),
        ("subnet", "10.1.2.0/24"),
        ("model", "Acme Vent 3"),
        ("manufacturer", "Acme"),
        ("type", "ventilator"),
    ],
)
def test_by_what_devices_are_grouped(by: str, expected: str) -> None:
    """By what the site told first; without a plan by the network of the address."""
    known = replace(
        device("a", ward="ICU", building="B2", vlan="120"),
        manufacturer="Acme",
        model="Vent 3",
        type="ventilator",
        ips=("10.1.2.3",),
    )
    assert groups([], by, [known])[0].name == expected
    bare = replace(device("b"), manufacturer="Acme")
    unknown = {"site": "north", "manufacturer": "Acme"}
    assert groups([], by, [bare])[0].name == unknown.get(by)


def test_every_key_is_tried() -> None:
    """A new one comes with its row above."""
    assert list(KEYS) == [
        *("site", "ward", "building", "vlan", "subnet", "model", "manufacturer", "type")
    ]


def test_the_plan_names_a_subnet() -> None:
    """Before the address does."""
    known = replace(device("a", subnet="Imaging"), ips=("10.1.2.3", "2001:db8::1"))
    assert groups([], "subnet", [known])[0].name == "Imaging"
    far = replace(device("b"), ips=("2001:db8::1",))
    assert groups([], "subnet", [far])[0].name == "2001:db8::/64"
