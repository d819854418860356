"""Products are found under whole names, and never under a part of one or another maker's."""

from __future__ import annotations

from collections import Counter

import pytest

from wardwatch_enrichment import product_leaf, product_names, products, vendors

PHILIPS, GE, BD = ("Philips",), ("GE HealthCare",), ("BD",)


@pytest.mark.parametrize(
    ("makers", "name", "line"),
    [
        (PHILIPS, "IntelliVue MX40", "IntelliVue MX40"),
        (PHILIPS, "Philips IntelliVue MX500", "IntelliVue MX400 to MX550"),
        (PHILIPS, "MX400", "IntelliVue MX400 to MX550"),
        (PHILIPS, "M8007A", "IntelliVue MP series, MX600 to MX800"),
        (PHILIPS, "IntelliVue MX4", None),
        (PHILIPS, "IntelliVue MX4000", None),
        (GE, "CARESCAPE Monitor B450", "CARESCAPE B450"),
        (GE, "GE B450", "CARESCAPE B450"),
        (PHILIPS, "B450", None),
        (GE, "Discovery XR656+", "Discovery XR656 Plus"),
        (GE, "Discovery XR656", None),
        (GE, "Alaris PC Unit", None),
        (BD, "Alaris PC Unit", "Alaris PC Unit"),
        (("CareFusion",), "Alaris PC Unit", "Alaris PC Unit"),
        (("Smiths Medical",), "Medfusion 4000", "Medfusion 4000"),
        (("Hospira",), "Plum A+", "Plum A+"),
        (("Hospira",), "Plum A", None),
        (("ICU Medical",), "LifeCare PCA5", "LifeCare PCA5"),
        (("Any Maker",), "Allegro RomPager", "RomPager"),
    ],
)
def test_a_line_is_found(makers: tuple[str, ...], name: str, line: str | None) -> None:
    """By its name, an alias or a model, of its maker or one that took it over."""
    found = products.find(makers, name)
    assert (found.name if found else None) == line


def test_names_of_one_product_have_one_identity() -> None:
    """Also where no line is known; a part of a name is another product."""
    assert products.identity(PHILIPS, "Philips e-Alert") == products.identity(PHILIPS, "e-Alert")
    assert products.identity(GE, "B450") == products.identity(GE, "CARESCAPE Monitor B450")
    assert products.identity(PHILIPS, "e-Alert 2") != products.identity(PHILIPS, "e-Alert")
    assert products.identity(GE, "Innova 2100") != products.identity(GE, "Innova 2100-IQ")


def test_every_line_is_complete_and_clear() -> None:
    """Its maker is known, somebody says so, and no spelling is that of two lines of a maker."""
    taken = Counter(
        (line.vendor, key)
        for line in products.lines()
        for key in {products.key(name) for name in (line.name, *line.aliases)}
    )
    assert not [spelling for spelling, count in taken.items() if count > 1]
    for line in products.lines():
        assert vendors.canonical(line.vendor) == line.vendor, line
        assert line.source and line.role in {"product", "component", "platform"}
    assert all(vendors.canonical(n) == n for pair in products.namesakes().items() for n in pair)


def test_a_foreign_operating_system_is_told() -> None:
    """Windows under the name of a monitor's maker is Microsoft's."""
    assert [line.vendor for line in products.others(("Spacelabs Healthcare",), "Windows XP")] == [
        "Microsoft"
    ]
    assert products.others(("Microsoft",), "Windows XP") == ()


@pytest.mark.parametrize(
    ("vendor", "medical", "makers"),
    [
        ("Siemens", True, ("Siemens", "Siemens Healthineers")),
        ("Siemens", False, ("Siemens",)),
        ("General Electric (GE)", True, ("General Electric", "GE HealthCare")),
        ("BMC Medical, 3B Medical", True, ("BMC Medical", "3B Medical")),
        ("Silex Technology and GE Healthcare", True, ("Silex Technology", "GE HealthCare")),
        ("Sensormatic Electronics, LLC, Johnson Controls Inc.", False, ("Johnson Controls",)),
        ("Philips, Nobody Known", True, ()),
        ("Becton, Dickinson and Company (BD)", True, ("BD",)),
    ],
)
def test_makers(vendor: str, medical: bool, makers: tuple[str, ...]) -> None:
    """Several in one string, and namesakes where devices are meant; all are known or none is."""
    assert product_leaf.makers(vendor, medical=medical) == makers


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Version", "says nothing"),
        ("AP", "says nothing"),
        ("Web server vulnerabilities", "names a weakness"),
        ("GE Imaging and Ultrasound Products", "names a group of products"),
        ("RUGGEDCOM ROS for all other devices", "names a group of products"),
        ("RT430 RT431 & RT434", "lists several models"),
        ("SCALANCE M-800 / S615", "lists several models"),
        ("NVRmini2 NVRsolo", "lists several models"),
        ("SIMATIC HMI Classic Devices - TP/MP/OP (incl. SIPLUS", "is cut off"),
        ("IntelliVue MX40", None),
        ("SIMATIC CP 443-1 (6GK7443-1EX30-0XE0)", None),
        ("Discovery NM/CT 670", None),
    ],
)
def test_names_that_are_none(name: str, why: str | None) -> None:
    """Of a product, or of more than one."""
    assert product_names.unusable(name) == why


@pytest.mark.parametrize(
    ("title", "cves"),
    [
        (
            "B450: 2.X (Impacted by CVE-2099- 0001 and CVE-2099-0002)",
            ("CVE-2099-0001", "CVE-2099-0002"),
        ),
        ("X: is affected by CVE-2099-0001. Unlike CVE-2099-0002, that", ("CVE-2099-0001",)),
        ("X: is also affected by CVE-2099-0001", ()),
        ("X: is technically vulnerable to CVE-2099-0001", ()),
        ("X: not affected by CVE-2099-0001", ()),
        ("X: see CVE-2099-0001", ()),
    ],
)
def test_cves_in_a_name(title: str, cves: tuple[str, ...]) -> None:
    """Only those that the name says concern the product."""
    assert product_names.cves(title) == cves
