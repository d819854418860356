"""Open recalls of a device's product, and whether its own unit is one of those that they mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from evidence_words import NOW, attribute, surroundings

from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device, Recall
from wardwatch_enrichment.posture import look, recalls
from wardwatch_enrichment.posture.recalls import Recalls

# In the form of openFDA's records; the contents are made up.
RECALL = Recall(
    number="Z-1234-2026",
    classification="Class II",
    status="Open, Classified",
    initiated=date(2026, 3, 1),
    firm="Baxter Healthcare Corporation",
    product="SIGMA Spectrum Infusion Pump, product code 35700BAX2, large volume",
    codes="Serial numbers 701234, 701235 and 701240; software version 8.00.01",
    reason="The battery may run down early.",
)


def device(**values: object) -> Device:
    """Return a pump; some of it otherwise."""
    told = {
        "manufacturer": "Baxter", "model": "SIGMA Spectrum", "serial_number": "799999",
        "software_versions": ("9.0",), **values,
    }  # fmt: skip
    serial = told["serial_number"]
    return Device(
        id="d", site="s", first_seen=0.0, last_seen=NOW,
        attributes=(attribute("serial_number", str(serial)),) if serial else (),
        **told,  # type: ignore[arg-type]
    )  # fmt: skip


def found(about: Device, *known: Recall) -> list[Finding]:
    """Return the findings on a device."""
    return list(look.findings(surroundings(about, []), lambda _: (), known, date(2026, 11, 22)))


def test_an_open_recall_is_information() -> None:
    """It has no verdict and no score; its scope is open."""
    (one,) = found(device(), RECALL)
    assert one.vulnerability == "POSTURE-RECALL-Z-1234-2026"
    assert (one.affected, one.verdict, one.cvss) == ("possible", None, None)
    assert one.wording == "open class II recall since 2026-03-01: scope not proven"
    assert "reason: The battery may run down early." in one.notes
    assert one.matches[0].advisory == "Z-1234-2026"


@pytest.mark.parametrize(
    ("values", "scope"),
    [
        ({"serial_number": "701235"}, "serial number 701235"),
        ({"serial_number": "70123"}, None),
        ({"serial_number": "7012350"}, None),
        ({"software_versions": ("8.00.01",)}, "software version 8.00.01"),
        ({"software_versions": ("8.00.0",)}, None),
        ({"software_versions": ("701234",)}, None),
        ({"serial_number": None, "software_versions": ()}, None),
    ],
)
def test_the_scope_is_proven_by_a_number_of_the_unit(
    values: dict[str, object], scope: str | None
) -> None:
    """Only a whole one that stands there."""
    about = device(**values)
    assert recalls.scope(RECALL, about) == scope
    (one,) = found(about, RECALL)
    assert one.affected == ("confirmed" if scope else "possible")


@pytest.mark.parametrize(
    "codes",
    [
        "All units with software versions prior to version 9.0",
        "All software versions except version 9.0",
        "Update to software version 9.0",
        "Software version 9.0 and higher is not affected",
        "Software version 9.0.1",
        "Model 9.0",
        "All serial numbers",
        "",
    ],
)
def test_a_number_that_stands_for_others_proves_nothing(codes: str) -> None:
    """A version can be named as the one that mends it."""
    assert recalls.scope(replace(RECALL, codes=codes), device()) is None


@pytest.mark.parametrize(
    "values",
    [
        {"manufacturer": "B. Braun"},
        {"manufacturer": None},
        {"model": "Spectrum IQ"},
        {"model": None},
        {"model": "SIGMA Spectrum 2"},
        {"model": "Spec"},
        {"model": "2"},
    ],
)
def test_maker_and_product_must_agree(values: dict[str, object]) -> None:
    """Half a word, another model of the line, or the same name of another maker, is not it."""
    assert found(device(**values), RECALL) == []


@pytest.mark.parametrize(
    ("model", "product"),
    [
        ("SIGMA Spectrum", "Large volume pump, model 35700BAX2"),
        ("35700BAX2", "SIGMA Spectrum Infusion Pump"),
        ("35700BAX2", "Baxter product code 35700BAX2"),
        ("Spectrum IQ", "Baxter Spectrum IQ Infusion System with Dose IQ"),
    ],
)
def test_a_line_has_several_names(model: str, product: str) -> None:
    """Its name, its order numbers, and longer forms of the model's own name."""
    assert len(found(device(model=model), replace(RECALL, product=product))) == 1


@pytest.mark.parametrize(
    "changes",
    [{"status": "Terminated"}, {"status": "Completed"}, {"terminated": date(2026, 5, 1)}],
)
def test_a_recall_that_is_over_is_none(changes: dict[str, object]) -> None:
    """Its record stays, and says nothing any more."""
    assert found(device(), replace(RECALL, **changes)) == []  # type: ignore[arg-type]


def test_several_recalls_are_several_findings() -> None:
    """Each once, in the same order again."""
    other = replace(RECALL, number="Z-1300-2026")
    known = Recalls([RECALL, other, RECALL])
    assert len(known) == 3
    assert known[0] == RECALL
    twice = [found(device(), *known) for _ in range(2)]
    assert [one.vulnerability for one in twice[0]] == [
        "POSTURE-RECALL-Z-1234-2026",
        "POSTURE-RECALL-Z-1300-2026",
    ]
    assert twice[0] == twice[1]
