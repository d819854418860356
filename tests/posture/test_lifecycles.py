"""Until when operating systems and components are supported: an interval over what they can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from evidence_words import NOW, attribute, surroundings

from wardwatch_enrichment.advisories import eol
from wardwatch_enrichment.content import data
from wardwatch_enrichment.fact_checks import checked
from wardwatch_enrichment.facts import Fact
from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.model import Device, Lifecycle
from wardwatch_enrichment.overlay import laid_over
from wardwatch_enrichment.posture import lifecycles, look

PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "eol"
TODAY = date(2026, 11, 22)
needs_public = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="DID NOT RUN: the life cycles (../shared/data/eol) are not at hand"
)


@cache
def known(product: str) -> tuple[Lifecycle, ...]:
    """Return the cycles of a product, as endoflife.date had them; of some not from there."""
    path = PUBLIC / f"{product}.md"
    if path.exists():
        return eol.parse(path.read_bytes(), product)
    return tuple(one for one in OTHERS if one.product == product)


# The dates are endoflife.date's.
OTHERS = (
    Lifecycle(product="php", cycle="7.2", eol=date(2020, 11, 30)),
    Lifecycle(product="php", cycle="8.4", eol=date(2028, 12, 31)),
    Lifecycle(product="apache", cycle="2.4", ended=False),
    Lifecycle(product="apache", cycle="2.2", eol=date(2017, 7, 11)),
    Lifecycle(product="debian", cycle="9", eol=date(2020, 7, 18), extended=date(2022, 7, 1)),
    Lifecycle(product="debian", cycle="12", eol=date(2026, 6, 10), extended=date(2028, 6, 10)),
    Lifecycle(product="android", cycle="4.1", ended=True),
    Lifecycle(product="freebsd", cycle="10", label="stable/10", eol=date(2018, 10, 31)),
    Lifecycle(product="freebsd", cycle="10.1", label="releng/10.1", eol=date(2016, 12, 31)),
)


def device(os: str | None, register: str | None = None, *components: str) -> Device:
    """Return a device by its operating system as the wire has it, and as the register does."""
    seen = [attribute("os", os, "ntlm.os_build")] if os else []
    seen += [attribute("component", value) for value in components]
    made = Device(id="d", site="s", first_seen=0.0, last_seen=NOW, os=os, attributes=tuple(seen))
    if register is None:
        return made
    values = checked("device", {"serial_number": "SN4711", "os": register})
    return laid_over(made, Fact(kind="device", values=values, source="r.csv", line=2, at=NOW), None)


def support(os: str | None, register: str | None = None) -> str | None:
    """Return in words how long that is supported."""
    found = lifecycles.of_system(device(os, register), known, TODAY)
    return found.wording if found else None


def findings(about: Device, cycles: Callable[[str], Sequence[Lifecycle]] = known) -> list[Finding]:
    """Return what the posture of a device comes to."""
    around = replace(surroundings(about, ["accepts tcp/445 smb"]), device=about)
    return list(look.findings(around, cycles, (), TODAY))


@needs_public
def test_forty_ultrasounds_of_one_build() -> None:
    """None is said to be at its end: it depends; and what the register names is supported."""
    fleet = [device("Windows 10 21H2") for _ in range(40)]
    found = [lifecycles.of_system(one, known, TODAY) for one in fleet]
    assert [one.state for one in found if one] == ["depends"] * 40
    assert {one.wording for one in found if one} == {"depends on edition (2023-06-13 … 2032-01-13)"}
    assert {f.affected for one in fleet for f in findings(one)} == {"possible"}
    named = [device("Windows 10 21H2", "Windows 10 IoT LTSC 2021") for _ in range(5)]
    found = [lifecycles.of_system(one, known, TODAY) for one in named]
    assert [one.wording for one in found if one] == ["supported until 2032-01-13"] * 5
    assert [f for one in named for f in findings(one)] == []


@needs_public
@pytest.mark.parametrize(
    ("os", "wording"),
    [
        ("Windows 10 1809 or Windows Server 2019 or Windows Server 1809",
         "depends on edition (2020-11-10 … 2029-01-09)"),
        ("Windows 10 1607 or Windows Server 2016", "depends on edition (2018-04-10 … 2027-01-12)"),
        ("Windows 10 22H2", "support ended on 2025-10-14"),
        ("Windows 10 1507", "support ended between 2017-05-09 and 2025-10-14, by edition"),
        ("Windows 11 24H2 or Windows Server 2025 or Windows 11 25H2",
         "depends on edition (2026-10-13 … 2034-11-14)"),
        ("Windows 11 25H2", "supported until 2027-10-12"),
        ("Windows 7 SP1 or Windows Server 2008 R2 SP1",
         "support ended between 2020-01-14 and 2021-10-12, by edition"),
        ("Windows XP", "support ended between 2014-04-08 and 2019-04-09, by edition"),
        ("Windows XP Embedded", "support ended on 2016-01-12"),
        ("Windows Server 2012", "support ended on 2023-10-10"),
        ("Windows Server 2022", "supported until 2031-10-14"),
        ("Windows CE 6.0", "support ended on 2018-04-10"),
        ("Windows CE 7.0", "support ended on 2021-04-13"),
        ("Windows 8 or Windows Server 2012",
         "support ended between 2016-01-12 and 2023-10-10, by edition"),
    ],
)  # fmt: skip
def test_names_of_windows(os: str, wording: str) -> None:
    """A build is that of all editions made of it."""
    assert support(os) == wording


@needs_public
@pytest.mark.parametrize(
    "os",
    [
        "Windows", "Windows 10", "Windows NT 4.0", "Windows CE 4.2", "Windows CE", "Windows 95",
        "Windows 10 19H9", "Linux", "Cisco IOS", "Red Hat Enterprise Linux 5 or a rebuild",
    ],
)  # fmt: skip
def test_what_is_not_known_stays_so(os: str) -> None:
    """No release, no such release, or one of several that nobody knows about."""
    assert support(os) is None
    assert findings(device(os)) == []


@needs_public
@pytest.mark.parametrize(
    ("os", "register", "wording"),
    [
        ("Windows 10 21H2", "Windows 10 IoT Enterprise LTSC 2021", "supported until 2032-01-13"),
        ("Windows 10 21H2", "Windows 10 IoT LTSC", "supported until 2032-01-13"),
        ("Windows 10 21H2", "Microsoft Windows 10 Enterprise LTSC 2021",
         "supported until 2027-01-12"),
        ("Windows 10 21H2", "Windows 10 LTSC 2021", "supported until 2027-01-12"),
        ("Windows 10 21H2", "Windows 10 Pro", "support ended on 2023-06-13"),
        ("Windows 10 21H2", "Windows 10 Enterprise",
         "depends on edition (2024-06-11 … 2027-01-12)"),
        ("Windows 10 1809 or Windows Server 2019 or Windows Server 1809",
         "Windows 10 IoT Enterprise 2019 LTSC", "supported until 2029-01-09"),
        ("Windows 10 1607 or Windows Server 2016", "Windows 10 LTSB 2016",
         "support ended on 2026-10-13"),
        ("Windows 10 1607 or Windows Server 2016", "Windows Server 2016",
         "supported until 2027-01-12"),
        ("Windows 10", "Windows 10 IoT LTSC 2021", "supported until 2032-01-13"),
        ("Windows", "Windows 10 IoT LTSC 2021", "supported until 2032-01-13"),
        (None, "Windows 10 IoT LTSC 2021", "supported until 2032-01-13"),
        (None, "Windows Embedded Standard 7", "support ended on 2020-10-13"),
        ("Windows XP", "Windows XP Embedded", "support ended on 2016-01-12"),
        ("Windows 10 21H2", "some Windows", "depends on edition (2023-06-13 … 2032-01-13)"),
        ("Linux", "Windows 10 IoT LTSC 2021", None),
    ],
)  # fmt: skip
def test_the_register_names_the_edition(os: str | None, register: str, wording: str | None) -> None:
    """What it says narrows what the build leaves; what it does not say leaves all."""
    assert support(os, register) == wording


@needs_public
def test_a_register_that_the_wire_contradicts_is_reckoned_with() -> None:
    """Neither is taken for true, and the finding says so."""
    about = device("Windows 10 21H2", "Windows 7 Professional")
    found = lifecycles.of_system(about, known, TODAY)
    assert found is not None
    assert (found.state, found.contradicted) == ("depends", True)
    assert (found.first, found.last) == (date(2020, 1, 14), date(2032, 1, 13))
    (one,) = findings(about)
    assert "the register names an edition that the wire rules out" in one.notes


@needs_public
def test_what_has_ended_for_sure_is_a_finding() -> None:
    """It rests on the name that was seen, and on something that listens."""
    (one,) = findings(device("Windows XP"))
    assert (one.vulnerability, one.affected) == ("POSTURE-EOL-SYSTEM", "likely")
    assert one.verdict == "exploitable"
    assert one.wording.startswith("support ended between 2014-04-08")
    assert one.answers[0].grounds[0].line
    assert one.cvss


@needs_public
def test_without_a_listener_it_cannot_be_told() -> None:
    """An old system that nobody was seen to reach is known to be old, and no more."""
    about = device("Windows XP")
    found = list(look.findings(surroundings(about, []), known, (), TODAY))
    assert [(one.affected, one.verdict) for one in found] == [("likely", "potential")]


@needs_public
def test_paid_updates_leave_a_doubt() -> None:
    """Regular support is over; whether somebody bought more is not seen."""
    (one,) = findings(device("Windows 10 22H2"))
    assert any("2028-10-10" in note for note in one.notes)
    (over,) = findings(device("Windows Server 2012"))
    assert not any("extended updates" in note for note in over.notes)  # ended too, on 2026-10-13


def test_the_last_day_still_counts() -> None:
    """Updates of that day are published."""
    cycles = (Lifecycle(product="debian", cycle="12", eol=date(2026, 11, 22)),)
    found = lifecycles.of_system(device("Debian 12"), lambda _: cycles, TODAY)
    assert found is not None
    assert found.state == "supported"
    later = lifecycles.of_system(device("Debian 12"), lambda _: cycles, date(2026, 11, 23))
    assert later is not None
    assert later.state == "ended"


@pytest.mark.parametrize(
    ("os", "wording"),
    [
        ("Debian 9", "support ended on 2020-07-18"),
        ("Android 4.1", "support has ended"),
        ("FreeBSD 10.1", "support ended on 2016-12-31"),
        ("FreeBSD 10.9", "support ended on 2018-10-31"),
        ("Debian 99", None),
        ("Debian", None),
    ],
)
def test_other_systems(os: str, wording: str | None) -> None:
    """The most special cycle that a version belongs to."""
    assert support(os) == wording


def test_nothing_is_said_without_the_life_cycles() -> None:
    """A feed that was never loaded, or that lacks one of the products that it can be."""

    def only_clients(product: str) -> Sequence[Lifecycle]:
        cycle = Lifecycle(product="windows", cycle="10-1607-w", eol=date(2018, 4, 10))
        return (cycle,) if product == "windows" else ()

    assert findings(device("Windows 10 21H2"), lambda _: ()) == []
    assert findings(device("Windows 10 1607 or Windows Server 2016"), only_clients) == []


@pytest.mark.parametrize(
    ("component", "state"),
    [
        ("PHP 7.2.24", "ended"),
        ("PHP 8.4.1", "supported"),
        ("PHP 7.20.1", None),
        ("PHP", None),
        ("Apache httpd 2.4.41", "supported"),
        ("Apache httpd 2.2.3", "ended"),
        ("thttpd 2.25b", None),
    ],
)
def test_components(component: str, state: str | None) -> None:
    """By the cycle that begins their version; 7.20 is not 7.2."""
    found = lifecycles.of_component(component, known, TODAY)
    assert (found.state if found else None) == state


def test_a_component_at_its_end_is_a_finding() -> None:
    """A likely one: distributions mend what its own makers no longer do."""
    (one,) = findings(device(None, None, "PHP 7.2.24", "PHP 8.4.1", "Apache httpd 2.4.41"))
    assert (one.vulnerability, one.affected) == ("POSTURE-EOL-COMPONENT:PHP-7.2.24", "likely")
    assert one.wording == "support ended on 2020-11-30"


def test_every_missing_cycle_has_its_source() -> None:
    """And is one that a name means."""
    content = data("lifecycles.yaml")
    meant = {cycle for entry in content["windows"] for cycle in entry.get("windows-embedded", ())}
    for cycle in content["missing"]["windows-embedded"]:
        assert cycle["source"]
        assert cycle["cycle"] in meant


@needs_public
def test_every_cycle_that_a_name_means_is_there() -> None:
    """In endoflife.date's pages or in our own data; a misspelt one would silence a finding."""
    content = data("lifecycles.yaml")
    have = {(one.product, one.cycle) for p in PUBLIC.glob("*.md") for one in known(p.stem)}
    have |= {(p, c["cycle"]) for p, cycles in content["missing"].items() for c in cycles}
    wanted = {
        (product, str(cycle))
        for entry in content["windows"]
        for product, cycles in entry.items()
        if product != "name"
        for cycle in cycles
        if "\\" not in str(cycle)
    }
    assert wanted <= have


def test_the_register_has_the_system_beside_what_was_seen() -> None:
    """The name by the wire stays, because advisories are matched by its build."""
    about = device("Windows 10 21H2", "Windows 10 IoT LTSC 2021")
    assert about.os == "Windows 10 21H2"
    told = {a.value for a in about.attributes if a.name == "os"}
    assert told == {"Windows 10 21H2", "Windows 10 IoT LTSC 2021"}
