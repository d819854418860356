"""Makers are found under every name that advisories, registries and devices write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from wardwatch_enrichment import vendors

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason=f"NOT TESTED: the public advisories and facts are not at {SHARED}"
)
# Of the vendors of exploited vulnerabilities, those of medicine and of what stands in hospitals.
EXPLOITED = """
Apple|Arcadyan|Array Networks|ASUS|Axis|Barracuda Networks|Broadcom|Check Point|Cisco|Citrix|D-Link
|Dahua|Dell|Delta Electronics|DrayTek|Edimax|F5|Fortinet|GeoVision|Google|Grandstream
|Hewlett Packard (HP)|Hikvision|Hitachi Vantara|IBM|Intel|Ivanti|Juniper|LG|Microsoft|MikroTik
|Mitel|NETGEAR|NextGen Healthcare|NUUO|Oracle|Palo Alto Networks|Pulse Secure|QNAP|Qualcomm|Realtek
|Reolink|Ruckus Wireless|Samsung|Schneider Electric|Siemens|SonicWall|Sophos|TP-Link|Tenda
|Ubiquiti|VMware|WatchGuard|Yealink|ZKTeco|Zyxel
"""


def _described(tree: dict[str, Any]) -> Iterator[str]:
    """Yield the vendors of an advisory's product tree."""
    for branch in tree.get("branches", ()):
        if branch.get("category") == "vendor":
            yield branch["name"]
        yield from _described(branch)


def _makers(name: str) -> list[str | None]:
    """Return the makers that a name stands for; an advisory may list several in one."""
    if known := vendors.canonical(name):
        return [known]
    parts = re.sub(r",\s*(?=(?:LLC|Inc|Ltd)\b)", " ", name)
    return [vendors.canonical(part) for part in re.split(r",\s*(?:and\s+)?|\s+and\s+", parts)]


@needs_shared
def test_every_vendor_of_an_advisory_is_known() -> None:
    """Whoever is named in the product tree of the medical advisories."""
    named = {
        name
        for path in sorted(SHARED.glob("csaf/**/*.json"))
        for name in _described(json.loads(path.read_text(encoding="utf-8")).get("product_tree", {}))
    }
    assert len(named) > 60
    assert not {name for name in named if None in _makers(name)}


@needs_shared
def test_every_assignee_and_maker_of_the_facts_is_known() -> None:
    """Names as the IEEE's registry spells them, and as they begin in the collected facts."""
    facts = yaml.safe_load((SHARED / "fingerprints.yaml").read_text(encoding="utf-8"))
    assignees = {block["registered_name"].partition(" | ")[0] for block in facts["oui"]}
    assert not {name for name in assignees if vendors.canonical(name) is None}
    makers = {
        entry["vendor"]
        for part in (
            "dicom_uid_roots",
            "private_enterprise_numbers",
            "dicom_private_creators",
            "oui",
        )
        for entry in facts[part]
        if entry.get("kind", "device_vendor") == "device_vendor"
    }
    assert not {name for name in makers if not _begins_with_a_maker(name)}


def _begins_with_a_maker(name: str) -> bool:
    words = re.split(r"[\s/(]+", name)
    return any(vendors.canonical(" ".join(words[:count])) for count in range(len(words), 0, -1))


@needs_shared
def test_makers_with_exploited_vulnerabilities_are_known() -> None:
    """Those whose equipment is medical or stands in hospitals."""
    catalogue = json.loads((SHARED / "kev.json").read_text(encoding="utf-8"))["vulnerabilities"]
    named = {entry["vendorProject"].strip() for entry in catalogue}
    wanted = {name.strip() for name in EXPLOITED.split("|")} & named
    assert len(wanted) > 45
    assert not {name for name in wanted if vendors.canonical(name) is None}


@pytest.mark.parametrize(
    ("spelling", "maker"),
    [
        ("SIEMENS AG", "Siemens"),
        ("Siemens Healthcare GmbH", "Siemens Healthineers"),
        ("Siemens Medical Solutions USA, Inc.", "Siemens Healthineers"),
        ("GE MEDICAL SYSTEMS", "GE HealthCare"),
        ("General Electric Company", "General Electric"),
        ("Philips Medical Systems", "Philips"),
        ("Signify Netherlands B.V.", "Signify"),
        ("CANON INC.", "Canon"),
        ("Canon Medical Systems Corporation", "Canon Medical"),
        ("TOSHIBA_MEC", "Canon Medical"),
        ("SAMSUNG MEDISON CO., LTD.", "Samsung Medison"),
        ("Samsung Electronics Co.,Ltd", "Samsung"),
        ("Drägerwerk AG & Co. KGaA", "Dräger"),
        ("Draeger", "Dräger"),
        ("Becton, Dickinson and Company (BD)", "BD"),
        ("ALARIS MEDICAL SYSTEMS, INC.", "BD"),
        ("Fresenius Medical Care Deutschland GmbH", "Fresenius Medical Care"),
        ("Fresenius Kabi AG", "Fresenius Kabi"),
        ("ESAOTE S.p.A.", "Esaote"),
        ("Ascom Danmark A/S", "Ascom"),
        ("Philips Lighting BV", "Signify"),
        ("Nobody in particular", None),
    ],
)
def test_spellings(spelling: str, maker: str | None) -> None:
    """Legal forms do not matter, and namesakes are kept apart."""
    assert vendors.canonical(spelling) == maker


def test_successors_are_followed() -> None:
    """An advisory of the successor may concern a device that bears the older name."""
    assert vendors.lineage("Hospira Inc.") == ("Hospira", "ICU Medical")
    assert vendors.lineage("Mortara Instrument") == ("Mortara", "Welch Allyn", "Hillrom", "Baxter")
    assert vendors.lineage("CareFusion") == ("CareFusion", "BD")


def test_no_two_makers_share_a_spelling() -> None:
    """The first would take what the second is called."""
    taken: dict[str, str] = {}
    for maker in vendors.vendors().values():
        for spelling in (maker.name, *maker.aliases):
            assert taken.setdefault(vendors.bare(spelling), maker.name) == maker.name, spelling
