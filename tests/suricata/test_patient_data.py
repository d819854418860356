"""No record that the shipped settings write holds a word about a patient or user."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from suricata.engine import HERE, TRACES, events

pytestmark = pytest.mark.usefixtures("suricata")
# All that the generators of the captures plant holds one of these: see their CANARIES.
PLANTED = re.compile(r"(?i:canary)|QX[789][A-Z]{2}|STALE-QI7|1887-?0[1-9]-?[0-3]\d")
ALERT = "outputs.0.eve-log.types.0.alert"
CAPTURES = sorted([*TRACES.rglob("*.pcap"), *HERE.glob("identity-*/*.pcap")])


def words(capture: Path, *args: str) -> set[str]:
    """The planted words in what Suricata writes, even where every rule alerts."""
    written = [json.dumps(event) for event in events(capture, args=args)]
    return {found[0] for line in written for found in PLANTED.finditer(line)}


def test_the_words_are_on_the_wire() -> None:
    """Else the other tests could not fail."""
    holding = [c.stem for c in CAPTURES if PLANTED.search(c.read_bytes().decode("latin-1"))]
    assert len(holding) >= 10


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_no_record_holds_a_word(capture: Path) -> None:
    """Nothing that was planted is written."""
    assert words(capture) == set()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dicom-canary", [f"{ALERT}.payload-printable"]),
        ("hl7", [f"{ALERT}.http-body-printable", f"{ALERT}.metadata.app-layer"]),
    ],
)
def test_other_settings_leak(name: str, options: list[str]) -> None:
    """The README says that these options tell of patients, and they do."""
    args = [word for option in options for word in ("--set", f"{option}=yes")]
    assert words(TRACES / f"{name}.pcap", *args)
