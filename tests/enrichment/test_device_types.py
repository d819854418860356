"""Kinds of equipment: their order, their other names, and how much harm their loss does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from wardwatch_enrichment.content import plain
from wardwatch_enrichment.device_types import device_types, lineage

SCENARIOS = Path(__file__).parents[3] / "shared" / "data" / "risk-scenarios.yaml"
# The devices of the risk model's scenarios, as far as they are of one kind.
KINDS = {
    "pump_bbraun": "infusion pump",
    "monitor": "patient monitor",
    "central": "central monitoring station",
    "telemetry": "telemetry monitor",
    "us_win7": "ultrasound system",
    "ct": "CT scanner",
    "pacs": "PACS",
    "pts": "pneumatic tube system",
    "anes": "anesthesia machine",
    "printer": "printer",
    "viewer": "imaging workstation",
}


def test_no_name_means_two_kinds() -> None:
    """An advisory's word for a kind leads to one."""
    taken = {plain(name): name for name in device_types()}
    for kind in device_types().values():
        for other in kind.also:
            assert taken.setdefault(plain(other), kind.name) == kind.name, other


def test_what_is_not_said_holds_from_the_general_kind() -> None:
    """Class, factors and whether life depends on it; other names and codes are a kind's own."""
    pump, syringe = device_types()["infusion pump"], device_types()["syringe pump"]
    assert syringe.factors == pump.factors == (9, 5, 4)
    assert syringe.life_sustaining and syringe.device_class == "medical"
    assert not device_types()["enteral feeding pump"].life_sustaining
    assert lineage("syringe pump") == ("syringe pump", "infusion pump", "medical device")


@pytest.mark.skipif(not SCENARIOS.exists(), reason=f"NOT TESTED: no scenarios at {SCENARIOS}")
@pytest.mark.parametrize(("device", "name"), KINDS.items())
def test_the_factors_are_those_of_the_risk_model(device: str, name: str) -> None:
    """What the scenarios' figures were worked out with."""
    wanted = yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))["device_factors"][device]
    kind = device_types()[name]
    assert kind.factors == (wanted["s"], wanted["e"], wanted["p"])
    assert kind.life_sustaining is wanted.get("life", False)


@pytest.mark.parametrize(
    "name",
    ["ventilator", "infusion pump", "dialysis machine", "defibrillator", "heart-lung machine",
     "anesthesia machine", "patient monitor", "infant incubator", "nurse call system"],
)  # fmt: skip
def test_life_depends_on_it(name: str) -> None:
    """A patient can die within minutes when it fails, or its alarm is the only warning."""
    assert device_types()[name].life_sustaining
    assert device_types()[name].factors >= (6, 5, 2)


def test_the_codes_are_given_where_the_registry_has_the_kind() -> None:
    """Most medical kinds have a product code of their own or of the more general kind."""
    medical = [kind for kind in device_types().values() if kind.device_class == "medical"]
    coded = [kind for kind in medical if kind.fda_product_codes]
    assert len(coded) > 80
    assert len({code for kind in coded for code in kind.fda_product_codes}) > 100
