"""What is affected, fixed, patched or stated otherwise by its maker, and what only seems so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from engine_words import (
    AFFECTED,
    FIXED,
    accepts,
    advisory,
    around,
    fact,
    finding,
    product,
    state,
    unit,
)
from evidence_words import ADDRESS, DAY, NOW, attribute

from wardwatch_enrichment.advisory import Condition
from wardwatch_enrichment.finding import Exposure, Finding
from wardwatch_enrichment.handling import Handling
from wardwatch_enrichment.model import Statement


class TestMatching:
    """A device is not affected, or fixed, only where the advisory says so of just this one."""

    def test_a_leaf_that_waits_is_not_hidden_by_another(self) -> None:
        """One says versions that this is not; what the other says nobody has read yet."""
        waits = product(id="P2", needs=("versions: not understood",))
        both = advisory([product(versions="< 2.0"), waits], {"P1": "affected", "P2": "affected"})
        assert state(unit("3.0"), both) == "candidate"
        assert state(unit("1.0"), both) == "confirmed"

    def test_a_leaf_that_waits_settles_nothing(self) -> None:
        """Its versions are in doubt themselves."""
        waits = product(
            versions="< 2.0", needs=("contradiction: 2.0 in the tree, 3.5 in the name",)
        )
        assert state(unit("3.0"), advisory([waits], AFFECTED)) == "candidate"
        assert state(unit("1.0"), advisory([waits], {"P1": "fixed"})) in ("candidate", None)

    def test_a_maker_that_nobody_knows_may_be_this_one(self) -> None:
        """It waits for a person, and so does whatever is called like its product."""
        unknown = product(vendor="Acme (former Zeta)", makers=(), needs=("maker: not known",))
        assert state(unit("1.0"), advisory([unknown], AFFECTED)) == "candidate"

    def test_fixed_without_a_version_fixes_nothing(self) -> None:
        """Which version is fixed is not told, or stands in a name that is not taken apart."""
        fixed = product("Spectrum 9", id="P2")
        both = advisory([product(versions="< 2.0"), fixed], FIXED)
        assert state(unit(), both) == "possible"
        assert state(unit("1.0"), both) != "fixed"

    def test_fixed_in_a_version_that_was_seen(self) -> None:
        """That is what it says."""
        both = advisory([product(versions="< 2.0"), product(id="P2", versions=">= 2.0")], FIXED)
        assert state(unit("2.1"), both) == "fixed"
        assert state(unit("1.9"), both) == "confirmed"
        assert state(unit(), both) == "possible"

    def test_what_is_looked_into_may_be_so(self) -> None:
        """Which version this is, nobody knows."""
        looked = advisory([product(versions="< 2.0")], {"P1": "under_investigation"})
        assert state(unit(), looked) == "possible"
        assert state(unit("1.0"), looked) == "possible"
        assert state(unit("3.0"), looked) is None

    def test_two_advisories_differ(self) -> None:
        """The worse of them counts, and both are shown."""
        one = advisory([product(versions="< 2.0")], AFFECTED)
        other = advisory([product(versions="<= 2.5")], AFFECTED, "B-1")
        assert state(unit("2.1"), one, other) == "confirmed"
        waits = advisory([product(needs=("versions: not understood",))], AFFECTED, "B-1")
        assert state(unit("2.1"), one, waits) == "candidate"

    def test_the_wire_since_then_stands_beside_the_register(self) -> None:
        """It was entered long ago; what is seen now is older, and affected."""
        entered = attribute("software_versions", "2.1")
        proof = replace(entered.evidence[0], log="site facts")
        register = replace(entered, evidence=(proof,), last_seen=NOW - 90 * DAY)
        wire = replace(attribute("software_versions", "1.0"), current=False)
        beside = unit(attributes=(register, wire))
        beside = replace(beside, software_versions=("2.1",))
        only = advisory([product(versions="< 2.0")], AFFECTED)
        assert state(beside, only) == "possible"
        lately = replace(wire, last_seen=NOW - 92 * DAY)  # two days before it was told
        assert state(replace(beside, attributes=(register, lately)), only) == "possible"
        heard = replace(entered, last_seen=NOW - 80 * DAY)  # the wire says the same since
        assert state(replace(beside, attributes=(register, lately, heard)), only) == "not_affected"
        before = replace(wire, last_seen=NOW - 100 * DAY)
        assert state(replace(beside, attributes=(register, before)), only) == "not_affected"

    def test_software_with_a_version_of_several_words(self) -> None:
        """It is still that software; which version, cannot be told."""
        leaf = product("VxWorks", role="component", line="VxWorks", versions=">= 6.5")
        inside = unit(attributes=(attribute("component", "VxWorks 6.9 of the maker's own kind"),))
        assert state(inside, advisory([leaf], AFFECTED)) == "possible"
        plain = unit(attributes=(attribute("component", "VxWorks 6.9"),))
        assert state(plain, advisory([leaf], AFFECTED)) == "confirmed"

    def test_a_huge_advisory_is_read_in_time(self) -> None:
        """Thirty thousand leaves of one product, each with a state of its own."""
        leaves = [product(id=f"P{n}", versions=f"< {n}.0") for n in range(1, 30_001)]
        huge = advisory(leaves, {leaf.id: "affected" for leaf in leaves})
        assert state(unit("29999.5"), huge) == "confirmed"


class TestMakersWord:
    """What the maker states (VEX) counts for just its product, and less than what is seen."""

    open = advisory([product(versions="< 2.0")], AFFECTED)
    word = Statement(
        vulnerability="CVE-2020-0001", products=("pkg:generic/acme/spectrum-9@1.0",),
        status="not_affected", justification="vulnerable_code_not_in_execute_path",
        author="Acme Product Security", document="https://acme.example/vex/7", time=NOW - DAY,
    )  # fmt: skip

    def told(self, *versions: str, rows: Iterable[Exposure] = (), **values: Any) -> Finding:
        """Return the finding on a unit with a statement."""
        said = (replace(self.word, **values),)
        return finding(around(rows, device=unit(*versions)), self.open, said=said)

    def test_is_shown_with_author_and_document(self) -> None:
        """It is one kind of proof, and worded so."""
        found = self.told("1.0")
        assert (found.verdict, found.wording) == (
            "not_exploitable", "not exploitable, says its manufacturer"
        )  # fmt: skip
        ground = found.answers[-1].grounds[0]
        assert (ground.signed_by, ground.line) == (self.word.author, self.word.document)

    @pytest.mark.parametrize("values", [
        {"author": "Somebody Else"},
        {"products": ("pkg:generic/acme/spectrum-90@1.0",)},
        {"products": ("pkg:generic/acme/spectrum-9@1.1",)},
        {"products": ("cpe:2.3:h:acme:spectrum_9:1.1:*:*:*:*:*:*:*",)},
        {"products": ("pkg:generic/acme/spectrum-9",), "status": "fixed"},
        {"status": "under_investigation"},
        {"time": None},
    ])  # fmt: skip
    def test_counts_for_nothing_else(self, values: dict[str, Any]) -> None:
        """Neither another author, nor another product, nor another version."""
        assert self.told("1.0", **values).verdict == "potential"

    @pytest.mark.parametrize("name", [
        "cpe:2.3:h:acme:spectrum_9:*:*:*:*:*:*:*:*", "Acme Spectrum 9", "Spectrum 9: 1.0",
        "pkg:generic/acme/Spectrum%209@1.0",
    ])  # fmt: skip
    def test_however_it_names_the_product(self, name: str) -> None:
        """By its identifiers, or in words."""
        assert self.told("1.0", products=(name,)).verdict == "not_exploitable"

    def test_a_version_that_is_not_known_is_not_the_one(self) -> None:
        """Nor is one of two."""
        assert self.told().verdict == "potential"
        assert self.told("1.0", "1.5").verdict == "potential"

    def test_is_weaker_than_what_is_seen(self) -> None:
        """The page that it says cannot be reached answers."""
        found = self.told("1.0", rows=[accepts(80, "http")])
        assert found.verdict == "exploitable"
        assert any(self.word.document in note for note in found.notes)

    def test_the_latest_counts(self) -> None:
        """It takes back what it said."""
        later = replace(self.word, status="affected", time=NOW - 60)
        where = around([], device=unit("1.0"))
        assert finding(where, self.open, said=(self.word, later)).verdict == "potential"


class TestSite:
    """What a site has done, and what it was told."""

    open = advisory([product(versions="< 2.0")], AFFECTED)

    def patched(self, status: str, about: str = "CVE-2020-0001") -> Finding:
        """Return the finding on a unit with a patch of a status."""
        told = fact("patch", vulnerability=about, status=status, patch="KB1", by="Acme")
        return finding(around([], facts=[told], device=unit("1.0")), self.open)

    def test_an_approved_patch_is_what_to_do(self) -> None:
        """It may be applied; that it was, nobody says."""
        found = self.patched("approved")
        assert found.affected == "confirmed"
        assert any("approved" in action and "KB1" in action for action in found.actions)

    def test_a_refused_patch_is_said(self) -> None:
        """Nobody must install it by mistake."""
        found = self.patched("refused")
        assert found.affected == "confirmed"
        assert any("must not be applied" in one and "KB1" in one for one in found.actions)

    def test_a_patch_for_one_advisory_leaves_the_other_open(self) -> None:
        """The software inside has the same weakness, by another advisory."""
        inside = advisory([product("DCMTK", role="component", line="DCMTK")], AFFECTED, "B-1")
        device = unit("1.0", attributes=(attribute("component", "DCMTK 3.6.4"),))
        told = fact("patch", vulnerability="A-1", status="applied")
        found = finding(around([], facts=[told], device=device), self.open, inside)
        assert found.affected in ("confirmed", "likely")
        whole = fact("patch", vulnerability="CVE-2020-0001", status="applied")
        assert (
            finding(around([], facts=[whole], device=device), self.open, inside).affected == "fixed"
        )

    def test_an_address_that_another_device_has_now(self) -> None:
        """What was done to the one before was not done to this one."""
        told = fact("patch", ip=ADDRESS, vulnerability="CVE-2020-0001", status="applied")
        here = replace(unit("1.0"), ips=(ADDRESS,), first_seen=NOW - 5 * DAY)
        assert Handling([told]).of(here) == (told,)
        assert Handling([replace(told, at=NOW - 90 * DAY)]).of(here) == ()
        other = replace(told, values={**told.values, "model": "Infusor 2"})
        assert Handling([other]).of(here) == ()

    def test_a_condition_is_kept(self) -> None:
        """What only holds with an option is possible at most."""
        only = product(versions="< 2.0", conditions=(Condition(kind="text", text="with WiFi"),))
        assert state(unit("1.0"), advisory([only], AFFECTED)) == "possible"
