"""What a finding comes to: one unit, one status, and never more than is proven."""

from __future__ import annotations

from dataclasses import replace

import pytest
from vex.made import DAY, KINDS, NOW, REFUSED, RULE, answer, finding, ground, match, pump, site

from wardwatch_enrichment.finding import Finding
from wardwatch_enrichment.vex import words
from wardwatch_enrichment.vex.positions import Position, positions


def state(*findings: Finding) -> Position:
    """Return the one position that findings on a pump come to."""
    (found,) = positions([(pump(), findings)], NOW).stated
    return found


@pytest.mark.parametrize(
    ("kind", "status", "justification", "remedy", "words"),
    [
        ("exploitable", "affected", None, "mitigation", "Restart the wireless module"),
        ("exploitable, nothing to do", "affected", None, "none_available", "No measure"),
        ("protected", "affected", None, "mitigation", "Keep up what protects it"),
        ("physical", "affected", None, "mitigation", "needs physical access"),
        ("other version", "not_affected", "vulnerable_code_not_present", None, ""),
        ("patched", "fixed", None, None, ""),
        ("possible", "under_investigation", None, "none_available", "the version or"),
        ("potential", "under_investigation", None, "none_available", "a sensor that sees"),
        ("unlikely", "under_investigation", None, "none_available", "not seen: service(tcp/23)"),
    ],
)  # fmt: skip
def test_each_kind_of_finding_has_its_status(
    kind: str, status: str, justification: str | None, remedy: str | None, words: str
) -> None:
    """And what is to be done, or what would decide it."""
    found = state(KINDS[kind])
    assert (found.status, found.justification) == (status, justification)
    assert words in found.action
    assert bool(found.action) == (remedy is not None)
    assert remedy in (None, found.remedy)


def test_what_protects_is_named_with_its_signature_its_end_and_what_voids_it() -> None:
    """Affected, with the action that keeps it from being used."""
    action = state(KINDS["protected"]).action
    assert "not exploitable until 2026-12-16" in action
    assert (
        "service(tcp/23): it refused tcp/23 five times itself "
        "(tap-3, as of 2026-11-16, until 2026-12-16; void after: a boot, a service visit)."
    ) in action
    assert "(core-fw, as of 2026-11-16, until 2026-12-16; void after: a new rule)." in action
    assert "In CycloneDX's words: protected_at_perimeter, requires_configuration." in action


def test_a_proof_that_has_expired_protects_no_longer() -> None:
    """It says so, and until when it did."""
    found = state(replace(KINDS["protected"], expires=NOW - DAY))
    assert found.status == "affected"
    assert "its proof has expired on 2026-11-17. Prove it anew" in found.action
    assert "not exploitable" not in found.action


def test_a_component_of_another_version_is_not_affected() -> None:
    """That is proof of what is in it; a boundary is not, nor a version seen too long ago."""
    seen = ground("version", "VxWorks 5.4 was seen")
    proven = answer("strong_false", seen, why="code_not_present")
    known = finding(answers=[proven], verdict="not_exploitable", wording="not vulnerable")
    found = state(known)
    assert (found.status, found.justification) == ("not_affected", "vulnerable_code_not_present")
    assert "Here: not vulnerable. service(tcp/23): VxWorks 5.4 was seen (tap-3" in found.impact
    for other in (replace(seen, kind="boundary"), replace(seen, expires=NOW)):
        changed = answer("strong_false", other, why="code_not_present")
        assert state(replace(known, answers=(changed,))).status == "affected"


def test_a_patch_that_the_site_records_is_told_as_its_own() -> None:
    """Where no advisory says that the version is fixed."""
    found = state(finding("fixed", match("confirmed", "version 6.02 was seen")))
    assert found.status == "fixed"
    assert "By the site's records it is patched." in found.impact


def test_without_a_proof_nothing_is_said_to_protect() -> None:
    """A verdict alone is not enough."""
    found = state(replace(KINDS["protected"], answers=()))
    assert found.status == "under_investigation"


@pytest.mark.parametrize(
    "changed",
    [
        {"expires": NOW},
        {"matches": (match("not_affected", "6.02 was seen"), match("candidate", "waits"))},
        {"matches": ()},
    ],
    ids=["expired", "another leaf waits for a person", "nobody says so"],
)
def test_not_affected_needs_proof_that_holds(changed: dict[str, object]) -> None:
    """Else it is under investigation."""
    found = state(replace(KINDS["other version"], **changed))  # type: ignore[arg-type]
    assert found.status == "under_investigation"
    assert found.justification is None


@pytest.mark.parametrize(
    ("said", "justification"),
    [
        ("component_not_present", "component_not_present"),
        ("code_not_present", "vulnerable_code_not_present"),
        ("inline_mitigations_already_exist", None),
        ("protected_at_perimeter", None),
        ("vulnerable_code_not_in_execute_path", None),
    ],
)
def test_only_what_a_hospital_can_prove_is_a_justification(
    said: str, justification: str | None
) -> None:
    """The rest is told in words."""
    found = state(replace(KINDS["other version"], justification=said))
    assert (found.status, found.justification) == ("not_affected", justification)
    assert "version 6.02 was seen" in found.impact


def test_without_a_version_only_words_tell_why() -> None:
    """What an advisory says of a unit whose version nobody saw names no code."""
    unseen = replace(match("not_affected", "the advisory says so"), searched_by={})
    found = state(finding("not_affected", unseen))
    assert (found.status, found.justification) == ("not_affected", None)
    assert "the advisory says so" in found.impact


def test_what_states_nothing_is_counted() -> None:
    """A candidate is alike in name only, and posture is no vulnerability."""
    found = positions(site(), NOW)
    assert found.left_out == {
        "candidates, alike in name only": 1,
        "posture, which no advisory is about": 1,
    }
    assert len(found.stated) == len(KINDS) - 2


def test_the_worst_of_two_findings_counts() -> None:
    """A unit has one status for a vulnerability."""
    both = (KINDS["other version"], KINDS["exploitable"])
    assert state(*both).status == state(*reversed(both)).status == "affected"


def test_units_of_a_model_that_all_agree_are_stated_once() -> None:
    """They are listed; where one differs, each speaks for itself."""
    same = [(pump(number), (KINDS["other version"],)) for number in (3, 1, 2)]
    (found,) = positions(same, NOW).stated
    assert [unit.serial_number for unit in found.units] == ["SN-20411", "SN-20412", "SN-20413"]
    other = [*same[1:], (pump(3), (KINDS["exploitable"],))]
    assert [len(one.units) for one in positions(other, NOW).stated] == [1, 1, 1]
    silent = [*same, (pump(4), ())]
    assert [len(one.units) for one in positions(silent, NOW).stated] == [1, 1, 1]
    nameless = [(replace(device, model=None), known) for device, known in same]
    assert [len(one.units) for one in positions(nameless, NOW).stated] == [1, 1, 1]


def test_evidence_is_bounded_and_harmless() -> None:
    """Whatever stood in a log or an advisory."""
    bad = "a\x1b[2J\u202e\n" * 400
    proofs = [ground("boundary", f"{n}{bad}", bad, void=(bad,) * 50) for n in range(50)]
    found = state(
        finding(
            "confirmed",
            *(match("confirmed", f"{n}{bad}") for n in range(50)),
            answers=[answer("strong_false", *proofs, why=bad)],
            verdict="not_exploitable",
            wording=bad,
            title=bad,
            actions=(bad,) * 50,
            notes=(bad,) * 50,
        )
    )
    for text in (found.impact, found.action, found.title, found.vulnerability):
        assert text.isprintable()
        assert 0 < len(text) <= words.TEXT
    assert "And 44 more" in found.impact or found.impact.endswith("…")


def test_the_order_of_findings_and_devices_changes_nothing() -> None:
    """The same input is the same output."""
    known = site()
    backwards = [(device, tuple(reversed(found))) for device, found in reversed(known)]
    assert positions(backwards, NOW) == positions(known, NOW)


def test_two_proofs_are_each_told_once() -> None:
    """Though two predicates rest on one."""
    twice = [answer("strong_false", RULE, REFUSED), answer("strong_false", RULE)]
    found = state(replace(KINDS["protected"], answers=tuple(twice)))
    assert found.action.count("core-fw denies") == 1
