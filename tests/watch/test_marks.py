"""Marks of the inventory's medical devices: text, numbers, and that a real Suricata sets them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from suricata.engine import HERE, REPOSITORY, alerts

from wardwatch_enrichment.marks import PER_RULE, SIDS, build, unmarked
from wardwatch_enrichment.watch import SIDS as WATCHED
from wardwatch_enrichment.watch import read, stale

NOW = 1_795_348_800.0
SCANNER, PUMP = {"d1": ("10.0.0.70", "fd00::7")}, {"d0": ("10.0.0.8",)}
LONGEST = 8_191  # Suricata's DETECT_MAX_RULE_SIZE, less the zero
SERVICES = REPOSITORY / "suricata-rules" / "threat-services.rules"
MORE = tuple(f"fd00::{n:x}:2" for n in range(PER_RULE * len(SIDS) - 59_999))
OFFICE = HERE / "threat-services-office" / "input.pcap"


def numbers(text: str) -> list[tuple[int, int]]:
    """Return sid and rev of each rule."""
    return [(int(s), int(r)) for s, r in re.findall(r" sid:(\d+); rev:(\d+);\)$", text, re.M)]


def many(count: int) -> dict[str, tuple[str]]:
    """Devices with the longest addresses."""
    return {
        f"d{n:04}": (f"fd11:1111:1111:1111:1111:1111:1111:{0x1000 + n:x}",) for n in range(count)
    }


def test_the_same_devices_give_the_same_file() -> None:
    """In whatever order they come, and once more over itself."""
    text = build(SCANNER | PUMP, "", NOW, 30)
    assert build(PUMP | SCANNER, "", NOW, 30) == text == build(PUMP | SCANNER, text, NOW, 30)
    assert "alert ip [10.0.0.8,10.0.0.70,fd00::7] any -> any any (" in text
    assert numbers(text) == [(SIDS[0], 1)]
    assert not set(SIDS) & set(WATCHED)


def test_many_addresses_take_several_rules() -> None:
    """None is longer than Suricata reads; what is not there any more comes back under a new rev."""
    text = build(many(2 * PER_RULE + 1), "", NOW, 30)
    assert numbers(text) == [(sid, 1) for sid in SIDS[:3]]
    assert max(map(len, (line for line in text.splitlines() if line[0:1] == "a"))) <= LONGEST
    fewer = build(many(2 * PER_RULE), text, NOW, 30)
    assert numbers(fewer) == [(sid, 1) for sid in SIDS[:2]]
    assert f"# retired: sid {SIDS[2]} rev 1" in fewer
    again = build(many(2 * PER_RULE + 2), build(many(5), fewer, NOW, 30), NOW, 30)
    assert numbers(again) == [(SIDS[0], 3), (SIDS[1], 2), (SIDS[2], 2)]


def test_more_addresses_than_numbers() -> None:
    """Are said, not left out."""
    with pytest.raises(ValueError, match="there are more"):
        build({"d": tuple(f"fd00::{n:x}:1" for n in range(60_000)), "e": MORE}, "", NOW, 30)


def test_it_says_when_it_is_stale() -> None:
    """As a file of watch rules does."""
    file = read(build(SCANNER, "", NOW, 30))
    assert stale(file, NOW, SCANNER) == []
    assert stale(file, NOW + 31 * 86_400, SCANNER) == ["it expired at 2026-12-22T12:00:00Z"]
    assert stale(file, NOW, {"d1": ("10.0.0.70",)}) == [
        "device d1 has other addresses now: 10.0.0.70"
    ]
    assert unmarked(file, SCANNER) == []
    assert unmarked(file, SCANNER | PUMP) == ["device d0 is not in it"]


def test_a_real_suricata_marks_by_it(tmp_path: Path) -> None:
    """What is daily work in an office is an alert toward a device that is marked."""
    if shutil.which("suricata") is None:
        pytest.skip("Not run against a real Suricata: no `suricata` on PATH")
    for name, address, fires in (("ours", "10.71.0.1", True), ("other", "10.71.0.9", False)):
        path = tmp_path / f"{name}.rules"
        path.write_text(build({"d": (address,)}, "", NOW, 30), encoding="utf-8")
        found = alerts(OFFICE, rules=(SERVICES, path)).keys() - set(SIDS)
        assert bool(found) == fires
