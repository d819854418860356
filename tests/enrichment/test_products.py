"""Products are found under whole names, and never under a part of one or another maker's."""

from __future__ import annotations

from collections import Counter

import pytest

from wardwatch_enrichment import product_leaf, product_names, products, subjects, vendors
from wardwatch_enrichment.advisory import Product, Versions
from wardwatch_enrichment.model import Device

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
        (PHILIPS, "iCT 256", "Brilliance iCT"),
        (PHILIPS, "iCT SP", "Brilliance iCT SP"),
        (PHILIPS, "Brilliance 16", None),
        (PHILIPS, "CX50", "CX ultrasound"),
        (GE, "LOGIQ9", "LOGIQ 9"),
        (GE, "LOGIQ E9", None),
        (GE, "Signa HDe", None),
        (GE, "Senograph DS", "Senographe DS"),
        (GE, "Senograph 2000D", None),
        (BD, "Alaris GH Plus", None),
        (("Siemens Healthineers",), "Biograph_mMR", None),
    ],
)
def test_a_line_is_found(makers: tuple[str, ...], name: str, line: str | None) -> None:
    """By its name, an alias or a model, of its maker or one that took it over."""
    found = products.find(makers, name)
    assert (found.name if found else None) == line


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("OpenSSH 7.4", "OpenSSH"),
        ("Apache httpd 2.4.41", "Apache HTTP Server"),
        ("Apache Tomcat 9.0.30", "Apache Tomcat"),
        ("Microsoft IIS 8.5", "Internet Information Services"),
        ("Jetty 9.4.12", "Eclipse Jetty"),
        ("nginx 1.18.0", "nginx"),
        ("GoAhead 2.5.0", "GoAhead"),
        ("Allegro-Software-RomPager 4.07", "RomPager"),
        ("Treck 6.0", "Treck TCP/IP"),
        ("Mirth Connect 4.4.0", "Mirth Connect"),
        ("Orthanc 1.5.7", "Orthanc"),
        ("VxWorks 6.9", "VxWorks"),
        ("RomSShell 4.62", None),
    ],
)
def test_software_inside_is_found_as_the_inventory_spells_it(value: str, line: str | None) -> None:
    """Whatever the device's maker; what no line knows stands for itself."""
    found = products.find((), value.rpartition(" ")[0])
    assert (found.name if found else None) == line
    expected = line or products.key(value.rpartition(" ")[0])
    assert subjects.component(value).tokens == {f"component:{expected}"}


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("MX500", {"MX500", "IntelliVue MX500", "866064"}),
        ("Philips IntelliVue MX500", {"MX500", "IntelliVue MX500", "866064"}),
        ("M8007A", {"MP70", "IntelliVue MP70", "M8007A"}),
        ("IntelliVue MX400 to MX550", set()),
        ("IntelliVue Patient Monitors MX (MX400-550)", set()),
        ("IntelliVue MX40", set()),
        ("e-Alert", set()),
    ],
)
def test_a_model_of_a_line_has_its_own_spellings(name: str, spelled: set[str]) -> None:
    """Which are not those of its sisters; the line's own name is none of a model."""
    assert set(products.model(PHILIPS, name)) == spelled


def test_a_leaf_on_one_model_is_not_about_its_sisters() -> None:
    """A leaf on the family is about all of them."""
    of_one, of_all = (
        subjects.tokens_of(
            Product(
                id="P",
                title=name,
                vendor="Philips",
                makers=PHILIPS,
                names=(name,),
                line="IntelliVue MX400 to MX550",
                versions=Versions(kind="all", text=""),
            )
        )
        for name in ("IntelliVue MX500", "IntelliVue Patient Monitors MX (MX400-550)")
    )
    seen = {
        model: next(iter(subjects.subjects(_monitor(model)))).tokens
        for model in ("MX500", "866064", "IntelliVue MX450")
    }
    assert [bool(tokens & of_one) for tokens in seen.values()] == [True, True, False]
    assert all(tokens & of_all for tokens in seen.values())


def _monitor(model: str) -> Device:
    return Device(
        id="d", site="s", manufacturer="Philips", model=model, first_seen=0.0, last_seen=1.0
    )


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
