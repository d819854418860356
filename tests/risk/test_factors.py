"""What devices are weighed by: their kind, the site's word for it, and what evidence raises."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from evidence_words import surroundings

from wardwatch.sources.site_facts import FactsError, read
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.fact_checks import columns
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.model import Attribute, Device
from wardwatch_enrichment.risk.criticality import WEIGHS, Criticality
from wardwatch_enrichment.risk.factors import Known, factors, readable

CT = Device(
    id="a",
    site="here",
    device_class="medical",
    type="CT scanner",
    manufacturer="Philips",
    model="Ingenuity",
    serial_number="SN44771",
    ips=("10.1.1.5",),
    hostname="CT1",
    first_seen=0,
    last_seen=0,
)


def fact(line: int = 1, at: float = 0.0, **values: str) -> Fact:
    """Return what a site tells."""
    return Fact(kind="criticality", values=values, source="own.yaml", line=line, at=at)


def told(**values: str) -> Known:
    """Return the site's word for one device."""
    one = fact(line=7, **values)
    return Known(told={name: one for name in values if name in WEIGHS})


def in_ward(device: Device, ward: str) -> Device:
    """Return a device that stands in a ward."""
    known = Attribute(
        name="ward",
        value=ward,
        confidence=1.0,
        current=True,
        first_seen=0,
        last_seen=0,
        evidence=(),
    )
    return replace(device, attributes=(known,))


def test_by_its_kind() -> None:
    """The table's figures, and who has no kind is weighed as a medical device."""
    found = factors(CT, Known(fleet=3))
    weighed = found.factors
    assert (weighed.safety, weighed.effectiveness, weighed.data) == (5, 7, 6)
    assert (weighed.life, weighed.fleet, found.source) == (False, 3, "as a CT scanner")
    unknown = factors(replace(CT, type=None))
    assert (unknown.factors.safety, unknown.source) == (
        4,
        "as a medical device, as its kind is not known",
    )
    printer = factors(replace(CT, type=None, device_class="iot"))
    assert (printer.factors.data, printer.source) == (2, "as iot equipment")
    assert factors(replace(CT, type="ventilator")).factors.life


@pytest.mark.parametrize(
    ("values", "expected", "words"),
    [
        ({"safety": "9.5"}, (9.5, 7, 6, False), "safety 9.5 by own.yaml:7"),
        ({"safety": "injury"}, (6, 7, 6, False), "safety 6 by own.yaml:7: injury"),
        ({"safety": "life threatening"}, (9, 7, 6, False), "safety 9 by own.yaml:7"),
        ({"safety": "0", "by": "Dr. Lee"}, (0, 7, 6, False), "safety 0 by Dr. Lee (own.yaml:7)"),
        ({"high_risk": "yes"}, (6, 7, 6, False), "safety 6, as high-risk equipment by own.yaml:7"),
        ({"high_risk": "yes", "safety": "3"}, (6, 7, 6, False), "as high-risk equipment"),
        ({"high_risk": "no"}, (5, 7, 6, False), "as a CT scanner"),
        ({"effectiveness": "2"}, (5, 2, 6, False), "effectiveness 2 by own.yaml:7"),
        ({"spares": "9"}, (5, 7, 6, False), "as a CT scanner"),
        ({"spares": "10"}, (5, 6, 6, False), "effectiveness 6, 1 less: 10 units stand by idle"),
        ({"spares": "10", "effectiveness": "8"}, (5, 8, 6, False), "effectiveness 8"),
        ({"phi": "none"}, (5, 7, 1, False), "data 1, no data of patients by own.yaml:7"),
        ({"phi": "single"}, (5, 7, 4, False), "data 4, data of one patient at a time"),
        ({"phi": "clear"}, (5, 7, 7, False), "data 7, data of patients, readable"),
        ({"phi": "archive"}, (5, 7, 10, False), "data 10, an archive of patients"),
        ({"phi": "archive", "data": "3"}, (5, 7, 3, False), "data 3 by own.yaml:7"),
        ({"life_sustaining": "yes"}, (5, 7, 6, True), "life-sustaining by own.yaml:7"),
    ],
)
def test_the_site_has_the_last_word(
    values: dict[str, str], expected: tuple[float, float, float, bool], words: str
) -> None:
    """Of each factor by itself, with its place and who says so."""
    found = factors(CT, told(**values))
    weighed = found.factors
    assert (weighed.safety, weighed.effectiveness, weighed.data, weighed.life) == expected
    assert words in found.source
    assert found.source.startswith("as a CT scanner")


def test_the_site_can_say_that_no_life_depends_on_it() -> None:
    """Of a ventilator for training, whatever the table and the FDA say."""
    known = told(life_sustaining="no")._replace(sustaining="the FDA's classification (CBK)")
    found = factors(replace(CT, type="ventilator"), known)
    assert not found.factors.life
    assert "not life-sustaining by own.yaml:7" in found.source


def test_evidence_only_raises() -> None:
    """Readable data, no other of its kind, the FDA's flag; each up to 10, and under a fact."""
    seen = Known(
        only="the only CT scanner in the equipment register and on the network",
        readable="dicom at tcp/104 was seen to be readable",
        sustaining="the FDA's classification (JAK)",
    )
    found = factors(CT, seen)
    weighed = found.factors
    assert (weighed.safety, weighed.effectiveness, weighed.data, weighed.life) == (5, 8, 7, True)
    assert found.source == (
        "as a CT scanner; effectiveness 8, 1 more: the only CT scanner in the equipment register "
        "and on the network; data 7: dicom at tcp/104 was seen to be readable; "
        "life-sustaining by the FDA's classification (JAK)"
    )
    archive = factors(replace(CT, type="PACS"), seen).factors
    assert (archive.effectiveness, archive.data) == (10, 10)
    for kind in device_types():
        bare, raised = factors(replace(CT, type=kind)).factors, None
        raised = factors(replace(CT, type=kind), seen).factors
        assert raised.effectiveness == min(bare.effectiveness + 1, 10)
        assert raised.data == max(bare.data, 7)
        assert (raised.safety, raised.life) == (bare.safety, True)
    denied = factors(CT, seen._replace(told=told(phi="none").told))
    assert denied.factors.data == 1
    assert "though dicom at tcp/104 was seen to be readable" in denied.source


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["accepts tcp/104 dicom from 10.20.4.7"], "dicom at tcp/104 was seen to be readable"),
        (["calls 10.20.9.9 tcp/2575 hl7"], "hl7 at tcp/2575 was seen to be readable"),
        (["accepts tcp/2762 ssl from 10.20.4.7"], ""),
        (["accepts tcp/104 from 10.20.4.7"], ""),
        ([], ""),
    ],
)
def test_what_was_seen_to_be_readable(words: list[str], expected: str) -> None:
    """A medical protocol that was recognised in clear, whoever was at the other end."""
    assert readable(surroundings(CT, words)) == expected


def test_the_most_exact_word_counts_for_each_factor() -> None:
    """A unit before a model before a kind before a ward; the later of two of the same."""
    found = Criticality(
        [
            fact(1, ward="ICU", safety="1", data="1", effectiveness="1", phi="none", spares="1"),
            fact(2, type="medical device", safety="2", data="2", effectiveness="2", phi="single"),
            fact(3, type="CT scanner", safety="3", data="3", effectiveness="3"),
            fact(4, model="INGENUITY", safety="4", data="4"),
            fact(5, serial_number="sn-44771", safety="5"),
            fact(6, serial_number="SN44771", safety="6"),
        ]
    ).of(in_ward(CT, "icu"))
    assert {name: found[name].line for name in found} == {
        "safety": 6,
        "data": 4,
        "effectiveness": 3,
        "phi": 2,
        "spares": 1,
    }


def test_the_later_file_counts() -> None:
    """By when it was told; of one file the later row."""
    facts = [
        fact(9, at=1.0, type="CT scanner", safety="1"),
        fact(2, at=5.0, type="CT scanner", safety="2"),
    ]
    assert Criticality(facts).of(CT)["safety"].line == 2
    assert Criticality(facts[::-1]).of(CT)["safety"].line == 2


@pytest.mark.parametrize(
    "values",
    [
        {"ip": "10.1.1.5"},
        {"hostname": "ct1"},
        {"model": "ingenuity", "ward": "ICU"},
        {"type": "imaging system", "manufacturer": "Philips"},
    ],
)
def test_which_devices_are_meant(values: dict[str, str]) -> None:
    """All that a row names must be so."""
    assert Criticality([fact(**values, data="9")]).of(in_ward(CT, "ICU"))


@pytest.mark.parametrize(
    "values",
    [
        {"ip": "10.1.1.6"},
        {"ip": "10.1.1.5", "serial_number": "SN99999"},
        {"model": "Ingenuity", "manufacturer": "Siemens Healthineers"},
        {"model": "Ingenuity", "ward": "ER"},
        {"type": "MRI scanner"},
        {"type": "CT scanner", "ward": "ER"},
        {"ward": "ER"},
    ],
)
def test_which_devices_are_not(values: dict[str, str]) -> None:
    """Another unit, model, kind or ward, in part or as a whole."""
    assert not Criticality([fact(**values, data="9")]).of(in_ward(CT, "ICU"))
    assert not Criticality([replace(fact(type="CT scanner"), kind="device")]).of(CT)


def test_a_list_and_a_table_are_taken(tmp_path: Path) -> None:
    """With the spellings of equipment management."""
    (tmp_path / "own.yaml").write_text(
        "criticality:\n"
        "  - {type: CAT scanner, ward: ICU, safety: Life-Threatening, by: Dr. Lee}\n"
        "  - {serial_number: SN1, spares: 012, phi: Archive, life_sustaining: true}\n"
    )
    first, second = read(tmp_path / "own.yaml", at=5.0)
    assert first.kind == "criticality"
    assert first.values == {
        "type": "CT scanner", "ward": "ICU", "safety": "life threatening", "by": "Dr. Lee",
    }  # fmt: skip
    assert second.values == {
        "serial_number": "SN1", "spares": "12", "phi": "archive", "life_sustaining": "yes",
    }  # fmt: skip
    (tmp_path / "own.csv").write_text(
        "Equipment Type,Department,Severity,High Risk,Life Support,Spare Units\n"
        "ventilator,ICU,injury,y,yes,4\n"
    )
    (third,) = read(tmp_path / "own.csv", at=5.0)
    assert (third.kind, third.values["spares"]) == ("criticality", "4")
    assert (third.values["safety"], third.values["high_risk"]) == ("injury", "yes")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("safety: 5", "needs one of serial_number, mac, ip, hostname, model, type, ward"),
        ("type: ventilator", "says nothing: needs one of safety, effectiveness, data"),
        ("type: ventilator, safety: 11", "safety: 11 is not from 0 to 10"),
        ("type: ventilator, safety: nan", "safety: nan is not from 0 to 10"),
        ("type: ventilator, safety: bad", "safety: 'bad' is no number from 0 to 10, and none of"),
        ("type: ventilator, data: high", "data: 'high' is no number from 0 to 10"),
        ("type: ventilator, effectiveness: -1", "effectiveness: -1 is not from 0 to 10"),
        ("type: ventilator, spares: some", "spares: 'some' is no number of units"),
        ("type: ventilator, spares: -3", "spares: '-3' is no number of units"),
        ("type: ventilator, phi: lots", "phi: 'lots' is none of none, single, clear, archive"),
        ("type: ventilator, life_sustaining: perhaps", "life_sustaining: 'perhaps' is none of"),
        ("type: warp drive, safety: 5", "type: 'warp drive' is no known kind of device"),
        ("type: ventilator, saftey: 5", "unknown saftey"),
    ],
)
def test_what_is_no_word_on_devices(tmp_path: Path, row: str, message: str) -> None:
    """Refused with its place, and nothing is taken of its file."""
    path = tmp_path / "own.yaml"
    path.write_text(f"criticality:\n  - {{{row}}}\n")
    with pytest.raises(FactsError, match=message) as error:
        read(path, at=5.0)
    assert "own.yaml" in str(error.value)


def test_what_weighs_is_what_is_asked_for() -> None:
    """No column that nothing reads."""
    about = columns()["criticality"]
    assert list(WEIGHS) == ["safety", "effectiveness", "data", "life_sustaining",
                            "high_risk", "spares", "phi"]  # fmt: skip
    assert set(WEIGHS) == set(about["tells"])
    assert set(about["columns"]) == {*WEIGHS, *about["any"], "manufacturer", "by", "note"}
