"""How SDC devices and their parts were produced: a part never stands for the device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CAPTURE = Path(__file__).parents[1] / "traces" / "sdc-parts.pcap"
DEVICE = "10.20.7.23"
SUBJECT = "uuid:5d7a1f52-0c4e-4b7e-9a3f-20c0ffee0042"
CANARIES = (
    *("CANARYGIVEN-QS7AA", "CANARYFAMILY-QS7AB", "CANARYPATID-QS7AC", "1887-01-13"),
    *("CANARYVALIDATOR-QS7AD", "CANARYNOTE-QS7AE"),
)
REQUEST = b"POST /CANARYURL HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
BASE = "http://standards.ieee.org/downloads/11073/11073-10207-2017"
MDC = "urn:oid:1.2.840.10004.1.1.1.0.0.1"


def spec(code: str, text: str, more: str = "") -> str:
    """A production specification."""
    return (
        f"<p:ProductionSpecification><p:SpecType Code='{code}'{more}/><p:ProductionSpec>{text}"
        "</p:ProductionSpec></p:ProductionSpecification>"
    )


def described(text: str) -> bytes:
    """An HTTP answer with a description that has this inside its first system."""
    body = f"""<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
      <GetMdDescriptionResponse xmlns="{BASE}/message"><MdDescription><p:Mds
      xmlns:p="{BASE}/participant">{text}</p:Mds></MdDescription></GetMdDescriptionResponse>
      </s:Body></s:Envelope>""".encode()
    lines = ["HTTP/1.1 200 OK", "Content-Type: application/soap+xml"]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@pytest.fixture
def told(run_zeek: Any, capture: Any) -> Any:
    """Return what is claimed of a described device."""

    def told(text: str) -> set[tuple[str, str]]:
        run = run_zeek(capture=capture([(True, REQUEST), (False, described(text))]))
        run.assert_quiet()
        return {(field[4:], value) for _, field, value in run.claims("sdc.")}

    return told


def test_capture(run_zeek: Any) -> None:
    """A genuine provider's specifications, with the device's own statements before them."""
    run = run_zeek(capture=CAPTURE)
    run.assert_quiet()
    rows = [row for row in run.rows("iomt_asset") if row["host"] == DEVICE]
    told = {(row["field"][4:], row["value"]) for row in rows if row.get("subject") == SUBJECT}
    module = "model_number=Gas module serial_number=MODULE-77 hardware=HW A software=SW 0.4"
    assert told == {
        ("endpoint", SUBJECT),
        ("device_type", "70001"),
        ("location", "HOSP/ICU 3/Bed/07"),
        ("manufacturer", "Wardwatch Test & Ventilation"),
        ("model_name", "BreatheWell 9"),
        ("model_number", "BW-9000"),
        ("serial_number", "BW9-004711"),
        ("firmware_version", "4.2.1-b7"),
        ("friendly_name", "ICU 3 ventilator"),
        ("udi", "(01)04012345678901(21)BW9-004711"),
        ("device_identifier", "04012345678901"),
        ("lot_number", "LOT-9"),
        ("part_number", "PN-5500"),
        ("hardware_versions", "HW C.2"),
        ("software_versions", "SW 7.1\\Apps 3.0"),
        ("firmware_versions", "FW 1.9"),
        ("part", f"vmd 70002 {module}"),
        ("part", "channel 70003 firmware=FW 0.0.3"),
    }
    lines = [row for row in run.rows("sdc") if row["message"] == "mdib"]
    assert [row.get("part") for row in lines] == ["channel", "vmd", None]
    assert lines[2]["serial_number"] == "BW9-004711"


def test_nothing_of_the_patient(run_zeek: Any) -> None:
    """Neither patients nor what stands in other specifications, names and identifiers."""
    run = run_zeek(capture=CAPTURE)
    logs = "".join(path.read_text("utf-8") for path in run.directory.glob("*.log"))
    assert "MODULE-77" in logs
    assert not [word for word in CANARIES if word in logs]


def test_specifications_alone(told: Any) -> None:
    """Without statements of its own a device is what its specification says."""
    text = "".join(
        spec(code, f"<![CDATA[{word}]]>", f" CodingSystem='{MDC}'")
        for code, word in (("531970", "A & B"), ("531972", "S1"), ("531969", "M1"))
    )
    assert told(text) == {
        ("manufacturer", "A & B"),
        ("serial_number", "S1"),
        ("model_number", "M1"),
    }


def test_parts_overwrite_nothing(told: Any) -> None:
    """Modules and channels, before or after the statements, nested or damaged."""
    part = f"<p:Type Code='70002'/>{spec('531972', 'V1')}{spec('531975', '9')}"
    vmd = f"<p:Vmd>{part}<p:Channel>{spec('531972', 'C1')}</p:Channel></p:Vmd>"
    # Nobody's: a module in a module, statements of a module, a battery, a second channel's state.
    odd = f"""<p:Vmd><p:Vmd>{part}</p:Vmd><p:MetaData><p:SerialNumber>V2</p:SerialNumber>
      </p:MetaData></p:Vmd><p:Battery>{part}</p:Battery><p:Mds>{part}</p:Mds>
      <x:Vmd xmlns:x="urn:x">{part}</x:Vmd>"""
    own = "<p:MetaData><p:SerialNumber>S1</p:SerialNumber></p:MetaData>"
    found = told(f"{vmd}{odd}<p:Type Code='70001'/>{own}{vmd}<!-- <p:Vmd> -->")
    assert found == {
        ("device_type", "70001"),
        ("serial_number", "S1"),
        ("part", "vmd 70002 serial_number=V1 software=9"),
        ("part", "channel serial_number=C1"),
    }


@pytest.mark.parametrize(
    "text",
    [
        spec("531972", "S1", " CodingSystem='urn:oid:9.9'"),
        spec("531971", "S1"),
        spec("MDC_ID_PROD_SPEC_SERIAL", "S1"),
        spec("531972", "<p:x>S1</p:x>"),
        "<p:ProductionSpecification><p:ProductionSpec>S1</p:ProductionSpec>"
        "</p:ProductionSpecification>",
        "<p:Vmd><p:Type Code='70002'/></p:Vmd>",
        spec("531972", "<![CDATA[S1"),
    ],
    ids=["other system", "unspecified", "word", "nested", "no type", "no more than a type", "cut"],
)
def test_what_says_nothing(told: Any, text: str) -> None:
    """Other nomenclatures, free text and mere functions are passed over."""
    assert told(text) == set()


def test_many_parts_are_bounded(run_zeek: Any, capture: Any) -> None:
    """Nobody has a thousand modules, nor a part a thousand versions."""
    vmds = "".join(f"<p:Vmd>{spec('531972', f'V{n}')}</p:Vmd>" for n in range(1000))
    text = "".join(spec("531975", f"{n}") for n in range(1000)) + vmds
    run = run_zeek(capture=capture([(True, REQUEST), (False, described(text))]))
    run.assert_quiet()
    assert len(run.rows("sdc")) <= 101
    assert all(len(row["software_versions"]) <= 16 for row in run.rows("sdc"))
