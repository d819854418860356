"""What the variables of the identity rules state, by the table beside the rules."""

from __future__ import annotations

import re
from pathlib import Path

from wardwatch.flowvars import CLIENT, SERVER, Kept, ours, statements, table
from wardwatch_enrichment.content import fields

RULES = Path(__file__).parents[1] / "suricata-rules"


def test_every_variable_of_a_rule_is_in_the_table_and_is_a_field() -> None:
    """And no entry is dead."""
    text = "\n".join(path.read_text() for path in RULES.glob("*.rules"))
    named = re.findall(r"\?P<flow_([cs]_[a-z0-9_]+)>", text)
    assert {name[2:] for name in named} == set(table())
    assert {about.field for about in table().values()} <= set(fields())


def test_each_side_speaks_for_itself() -> None:
    """A variable is of its own side."""
    kept = [("c_dicom__ae_title", "CT1  "), ("s_dicom__ae_title", "PACS")]
    assert statements(kept) == [
        Kept(CLIENT, "dicom.ae_title", "CT1"),
        Kept(SERVER, "dicom.ae_title", "PACS"),
    ]


def test_what_describes_a_device_has_one_subject() -> None:
    """The same that Zeek's script gives it: who takes it in may pass it on."""
    kept = [
        ("c_dicom__manufacturer", "TOSHIBA_MEC"),
        ("c_dicom__model_name", "MRT50H1"),
        ("c_dicom__serial_number", "-0000200"),
        ("c_dicom__station_name", "000000000"),
    ]
    subject = "dicom:61c38a2d5ab74656bb8c40f76056012e"
    found = statements(kept)
    assert Kept(CLIENT, "dicom.manufacturer", "TOSHIBA_MEC", subject) in found
    assert Kept(SERVER, "dicom.received", "C-STORE", subject) in found
    assert Kept(SERVER, "dicom.role", "storage SCP") in found


def test_values_lose_the_escapes_of_their_protocol() -> None:
    """XML, HL7 and the query of a URI."""
    kept = [
        ("s_sdc__manufacturer", "Test &amp; Sons"),
        ("c_sdc__location", "fac=HOSP&amp;poc=ICU%203&amp;bed=7"),
        ("c_hl7__sending_facility", r"A\T\B"),
        ("c_hl7__sending_application", "VSP^080019FFFE134535^EUI-64"),
    ]
    values = {kept.field: kept.value for kept in statements(kept)}
    assert values == {
        "sdc.manufacturer": "Test & Sons",
        "sdc.location": "HOSP/ICU 3/7",
        "hl7.sending_facility": "A&B",
        "hl7.sending_application": "VSP^080019FFFE134535^EUI-64",
    }


def test_other_rules_variables_are_passed_over() -> None:
    """Whatever they are called and hold."""
    kept = [{"c_user": "x"}, {"c_dicom__ae_title": 7}, {"dicom__ae_title": "x"}, {"s_": ""}]
    assert ours([*kept, {"s_dicom__ae_title": "PACS"}]) == [{"s_dicom__ae_title": "PACS"}]
