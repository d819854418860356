"""The labelled benchmark: what has been reached must not be lost.

`make accuracy` prints every figure and every miss. The floors are raised as the knowledge grows.
"""

from __future__ import annotations

from typing import Any

import pytest
from accuracy import measure, run
from accuracy.catalogue import HERE, held_out, models, personas

from wardwatch_enrichment.device_types import device_types

FLOORS = {
    "manufacturer_precision": 0.99,
    "type_precision": 0.99,
    "manufacturer_recall": 0.99,
    "type_recall": 0.98,
    "software_precision": 0.99,
    "held_out_type_macro_f1": 0.92,
    "medical_accuracy": 0.985,
}
MOST_TAKEN_FOR_MEDICAL = 1
CAPTURES_AT_MOST = 12_000_000  # bytes
# Kinds that the benchmark cannot play; README.md says why of each.
NOT_PLAYED = frozenset(
    {
        "radiography film digitizer", "ultrasound bone densitometer", "thermography camera",
        "diaphanography system", "biomagnetic imaging system", "general microscope",
        "laser surface scanner", "audio recorder", "optical coherence tomography system",
        "slit lamp", "tonometer", "enteral feeding pump", "CPAP device", "humidifier",
        "external pacemaker", "intra-aortic balloon pump", "temperature management system",
        "electromyograph", "electrooculograph", "Holter recorder", "audiometer",
        "continuous glucose monitor", "electrosurgical unit", "insufflator", "surgical laser",
        "lithotripter", "ophthalmic surgical system", "operating table", "dental treatment unit",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return all figures: of what Zeek writes today where there is one, else of the kept logs."""
    return run.summary(run.measured(run.todays_logs(tmp_path_factory.mktemp("accuracy"))))


@pytest.mark.parametrize("figure", FLOORS)
def test_what_was_reached_is_kept(figure: str, report: dict[str, Any]) -> None:
    """Each figure of the issue stays above its floor."""
    assert report[figure] >= FLOORS[figure], [
        f"{miss['persona']}: {miss['attribute']} {miss['expected']!r} <- {miss['found']!r}"
        for miss in report["misses"]
        if miss["verdict"] == "wrong"
    ]


def test_other_hosts_do_not_become_medical(report: dict[str, Any]) -> None:
    """Neither a printer named after a scanner nor a building controller of a maker of scanners."""
    assert report["medical"]["others_taken_for_medical"] <= MOST_TAKEN_FOR_MEDICAL


def test_every_host_that_speaks_is_in_the_inventory(report: dict[str, Any]) -> None:
    """What has an address of its own is there."""
    alone = {one.id for one in personas() if one.via is None}
    assert not alone & set(report["not_found"])


def test_it_is_as_large_as_was_asked(report: dict[str, Any]) -> None:
    """Devices, models, manufacturers, other hosts, and devices behind gateways."""
    census = report["personas"]
    assert census["medical_personas"] >= 120
    assert census["medical_models"] >= 70
    assert census["medical_manufacturers"] >= 35
    assert census["other_personas"] >= 100
    assert census["medical_behind_gateways"] >= 12
    assert sum(path.stat().st_size for path in measure.captures()) < CAPTURES_AT_MOST


def test_every_medical_kind_is_played_or_excused() -> None:
    """A new leaf of device_types.yaml needs a persona, or a reason."""
    types = device_types()
    general = {one.parent for one in types.values()}
    leaves = {name for name, one in types.items()
              if one.device_class == "medical" and name not in general}  # fmt: skip
    played = {one.label.type for one in personas()}
    assert leaves - played - NOT_PLAYED == set()
    assert not NOT_PLAYED & played
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in sorted(NOT_PLAYED) if kind not in readme] == []


def test_labels_are_well_formed() -> None:
    """Known kinds, no unit twice, a source for each model, and logs for each capture."""
    cast = personas()
    types = device_types()
    kinds = {k for p in cast for k in (p.label.type, *p.label.roughly) if k}
    assert kinds <= set(types)
    assert [
        p.id
        for p in cast
        if p.label.type and types[p.label.type].device_class != p.label.device_class
    ] == []
    for values in ([p.id for p in cast], [p.mac for p in cast], [p.ip for p in cast],
                   [p.label.serial for p in cast if p.label.serial]):  # fmt: skip
        assert len(set(values)) == len(values)
    assert all(model["source"] for file in models().values() for model in file)
    assert {p.via for p in cast if p.via} <= {p.id for p in cast}
    assert {path.name.removesuffix(".pcap.gz") for path in measure.captures()} == set(models())
    assert {path.name for path in measure.LOGS.iterdir()} == set(models())
    assert held_out()
