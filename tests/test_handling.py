"""What a site did about vulnerabilities: read from its files, and found for the right devices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from inventory import build

from wardwatch.sources.site_facts import FactsError, read
from wardwatch_enrichment.handling import Handling
from wardwatch_enrichment.model import Claim

Claiming = Callable[..., Claim]
TOLD = 1_795_305_600.0  # 2026-11-22, after all that the files tell of
FILES = {
    "patches.csv": "CVE,Patch Status,Serial No,Date,Technician\n"
    "cve-2020-6962,applied,SN44771,2026-05-01,Miller\n",
    "approved.csv": "Advisory;State;Make;Model;Firmware;KB;Letter\n"
    "ICSMA-20-023-01;approved;GE;B450;2.1;HF-7;L-2026-3\n",
    "bench.csv": "cve id,result,model,test date,tester,valid until\n"
    "CVE-2020-6963,not exploitable,B450,2026-06-02,Miller,2027-06-02\n",
    "mds2.csv": "Vendor,Product,Question ID,Answer,Notes\nGE,B450,txcf-1,See Note,TLS from 3.0\n",
}


def facts(folder: Path) -> Handling:
    """Return the facts of all files."""
    found = []
    for name, text in FILES.items():
        (folder / name).write_text(text)
        found += read(folder / name, at=TOLD)
    return Handling(found)


def test_each_kind_is_told_by_its_headings(tmp_path: Path) -> None:
    """In the spellings of exports, and written in one way."""
    facts(tmp_path)
    kinds = {name: read(tmp_path / name, at=TOLD)[0] for name in FILES}
    assert {name: fact.kind for name, fact in kinds.items()} == {
        "patches.csv": "patch", "approved.csv": "patch", "bench.csv": "bench", "mds2.csv": "mds2",
    }  # fmt: skip
    assert kinds["patches.csv"].values == {
        "vulnerability": "CVE-2020-6962", "status": "applied", "serial_number": "SN44771",
        "date": "2026-05-01", "by": "Miller",
    }  # fmt: skip
    assert kinds["approved.csv"].values["manufacturer"] == "General Electric"
    assert kinds["bench.csv"].values["expires"] == "2027-06-02"
    assert kinds["mds2.csv"].values["question"] == "TXCF-1"
    assert kinds["mds2.csv"].values["answer"] == "see note"


def test_facts_of_a_unit_and_of_a_model(tmp_path: Path, claim: Claiming) -> None:
    """A model's are of every unit by this maker and of this software; a unit's are of no other."""
    found = facts(tmp_path)
    told = {}
    for name, serial, maker, version in (
        ("unit", "SN44771", "GE", "2.1"),
        ("other unit", "SN44772", "GE", "2.1"),
        ("other software", "SN44773", "GE", "3.0"),
        ("other maker", "SN44774", "Philips", "2.1"),
    ):
        (device,) = build([
            claim("10.0.0.1", "dicom.device_serial_number", serial),
            claim("10.0.0.1", "dicom.manufacturer", maker),
            claim("10.0.0.1", "dicom.manufacturer_model_name", "B450"),
            claim("10.0.0.1", "dicom.software_versions", version),
        ])  # fmt: skip
        told[name] = [fact.source for fact in found.of(device)]
    assert told == {
        "unit": ["patches.csv", "approved.csv", "bench.csv", "mds2.csv"],
        "other unit": ["approved.csv", "bench.csv", "mds2.csv"],
        "other software": ["bench.csv", "mds2.csv"],
        "other maker": ["bench.csv"],
    }


def test_what_is_not_known_fits_nothing(tmp_path: Path, claim: Claiming) -> None:
    """A device of unknown model is no unit of it; an address's patch is not the next device's."""
    found = facts(tmp_path)
    (device,) = build([claim("10.0.0.1", "conn.active", "yes")])
    assert found.of(device) == ()
    path = tmp_path / "by-address.csv"
    path.write_text("cve,status,ip,serial\nCVE-2020-6962,applied,10.0.0.1,SN1111222\n")
    other = Handling(read(path, at=TOLD))
    (device,) = build([claim("10.0.0.1", "upnp.serial_number", "SN9999333")])
    assert other.of(device) == ()


def test_yaml_has_them_too(tmp_path: Path) -> None:
    """Where a site writes by hand."""
    path = tmp_path / "site.yaml"
    path.write_text("""
patches: [{cve: CVE-2020-6962, status: refused, model: B450, date: 2026-01-02}]
bench_tests: [{cve: CVE-2020-6962, result: exploitable, model: B450, date: 2026-01-02, by: M}]
mds2: [{model: B450, question: CONN-1, answer: yes}]
""")
    found = read(path, at=TOLD)
    assert [fact.kind for fact in found] == ["patch", "bench", "mds2"]
    assert found[0].values["date"] == "2026-01-02"
    assert found[2].values["answer"] == "yes"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cve,status,model\nCVE-2020-6962,maybe,B450\n", "'maybe' is none of applied"),
        ("cve,status,model\nsome hole,applied,B450\n", "is no number of a vulnerability"),
        ("cve,status,model\nCVE-2020-6962,applied,\n", "needs one of serial_number"),
        ("cve,status,model,date\nCVE-2020-6962,applied,B450,1.2.26\n", "date: Invalid"),
        ("cve,result,model,date,by\nCVE-2020-6962,exploitable,B450,2026-01-02,\n", "no by"),
    ],
)
def test_a_wrong_row_is_named(text: str, problem: str, tmp_path: Path) -> None:
    """A test without date and tester is none."""
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(FactsError) as caught:
        read(path, at=TOLD)
    assert problem in str(caught.value)
    assert "a.csv:2" in str(caught.value)
