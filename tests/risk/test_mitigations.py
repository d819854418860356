"""What is said to do about a weakness: each class plays its examples, for the device at hand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from mitigation_cases import DEVICE, TELNET, around, entry, fact, found, match

from wardwatch_enrichment import preconditions
from wardwatch_enrichment.advisories import csaf
from wardwatch_enrichment.device_types import device_types
from wardwatch_enrichment.mitigation import weaknesses, words
from wardwatch_enrichment.mitigation.flows import never
from wardwatch_enrichment.mitigation.measures import Mitigation, mitigations
from wardwatch_enrichment.posture import entries
from wardwatch_enrichment.posture.entries import Posture
from wardwatch_enrichment.preconditions import Precondition
from wardwatch_enrichment.risk import scoring
from wardwatch_enrichment.risk.case import Factors

CONTENT = weaknesses.content()
CLASSES = CONTENT["classes"]
PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "csaf"
GENERAL = CLASSES[-1]["name"]
BOTH = ("first", "second")


def played(example: dict[str, Any]) -> tuple[Mitigation, ...]:
    """Return the measures of an example of a class."""
    what: Precondition | Posture
    if number := example.get("posture"):
        what = next(one for one in entries.entries() if one.id == number)
    else:
        number, what = "CVE-2030-0001", entry(needs=example.get("needs", ()))
    finding = found(number, title=example.get("title", ""))
    return mitigations(finding, around(example.get("seen", ())), what, cwes=example.get("cwes", ()))


@pytest.mark.parametrize("given", CLASSES, ids=lambda given: given["name"])
def test_the_examples_of_a_class_are_of_it(given: dict[str, Any]) -> None:
    """Each has examples, which lead to its measures in its words, for the device at hand."""
    assert given["examples"]
    for example in given["examples"]:
        measures = played(example)
        assert {one.weakness for one in measures} == {given["name"]}, example
        text = " ".join(one.text for one in measures)
        assert example["says"] in text, text
        assert "Example Model 7 at 10.30.1.15" in text
        assert {"first", "second"} & {one.rank for one in measures}
        assert all(one.capabilities and one.source for one in measures)
        assert any(one.attack for one in measures if one.rank in ("first", "second"))


def test_the_content_is_whole() -> None:
    """Codes, numbers, zones and states are known; nothing stands there unused or unknown."""
    assert len(CONTENT["capabilities"]) == 19
    told = [*CONTENT["ways"].values(), *(one[rank] for one in CLASSES for rank in BOTH)]
    assert {number for one in told for number in one.get("attack", ())} == CONTENT["attack"].keys()
    for name, way in CONTENT["ways"].items():
        assert 1 <= way["effort"] <= 5, name
        zone = way["changes"].get("zone")
        assert zone is None or zone in scoring.model()["zones"], name
        state = way["changes"].get("affected")
        assert state is None or state in scoring.model()["affected"], name
    assert {rule["way"] for rule in CONTENT["workaround"]} <= CONTENT["ways"].keys()
    known = {one.id for one in entries.entries()}
    named = {number for one in CLASSES for fit in one["fits"] for number in fit.get("posture", ())}
    assert named <= known
    assert [one["name"] for one in CLASSES if {} in one["fits"]] == [GENERAL]
    for one in never():
        assert set(one.types) <= device_types().keys(), one.name


@pytest.mark.parametrize(
    ("number", "cwe", "name"),
    [("CVE-2020-12045", "CWE-259", "telnet, FTP and other readable log-ins"),
     ("CVE-2025-0896", "CWE-306", "no or weak authentication, and rights that are too wide"),
     ("CVE-2019-0708", "CWE-20",
      "SMB version 1, and remote desktop without network level authentication"),
     ("CVE-2020-6966", "CWE-326", "remote control of the screen, and remote support"),
     ("CVE-2019-12255", "CWE-120", "TCP/IP stack"), ("CVE-2020-11899", "CWE-20", "TCP/IP stack"),
     ("CVE-2025-0683", "CWE-359",
      "hidden functions, and calls to the internet that nobody expects"),
     ("CVE-2023-31222", "CWE-502", "a service that is optional"),
     ("CVE-2019-10966", "CWE-287", "a serial port on the network"),
     ("CVE-2024-1453", "CWE-125", "files that somebody opens"),
     ("CVE-2016-8375", "CWE-522", "at the device itself"),
     ("CVE-2024-1275", "CWE-1394", "keys and passwords of the maker, or badly kept ones")],
)  # fmt: skip
def test_known_vulnerabilities_are_of_their_class(number: str, cwe: str, name: str) -> None:
    """By their entries, as a finding has them."""
    what = preconditions.preconditions()[number]
    made = mitigations(found(number), around(()), what, cwes=[cwe])
    assert {one.weakness for one in made} == {name}


def test_unknown_content_is_refused() -> None:
    """A typing error does not pass as a class that asks nothing."""
    wrong = {**CLASSES[0], "fits": [{"cwe": ["CWE-1"]}]}
    with pytest.raises(ValueError, match="unknown keys: cwe"):
        weaknesses.weakness(wrong)
    with pytest.raises(ValueError, match="unknown ways: burn"):
        weaknesses.weakness({**CLASSES[0], "first": {"way": "burn", "do": ""}})


def test_every_posture_and_weakness_leads_somewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """All CWE numbers of the public advisories are of a class; the share is printed."""
    for one in entries.entries():
        assert mitigations(found(one.id), around(()), one)
    kinds: Counter[str] = Counter()
    numbers: dict[str, str] = {}
    for path in sorted(PUBLIC.glob("**/*.json")):
        advisory = csaf.parse(path.read_bytes())
        for one in advisory.vulnerabilities:
            needs = tuple(weaknesses.flat(preconditions.of(advisory, one).needs))
            title = one.title or advisory.title
            kinds[weaknesses.chosen(found(title=title), needs, one.cwes).name] += 1
            for cwe in one.cwes:
                numbers[cwe] = weaknesses.chosen(found(), (), (cwe,)).name
    if not kinds:
        pytest.skip("the public advisories are not at hand")
    special, total = kinds.total() - kinds[GENERAL], kinds.total()
    known = sum(name != GENERAL for name in numbers.values())
    with capsys.disabled():
        print(f"\n{special} of {total} vulnerabilities and {known} of {len(numbers)} CWE numbers")
        print(*(f"  {count:4} {name}" for name, count in kinds.most_common()), sep="\n")
    assert special / total >= 0.9
    assert known / len(numbers) >= 0.8


def test_a_patch_comes_first_with_what_its_maker_says() -> None:
    """Approved, refused and unknown; the site's word counts before the entry's."""
    what = entry(**TELNET, patch="Software 2.", advisory="ICSMA-30-001-01")
    place = around(["accepts tcp/23 telnet"])
    named = mitigations(found(matches=(match(),)), place, what, cwes=["CWE-787"])
    assert (named[0].rank, named[0].patch) == ("patch", "approved")
    assert "ICSMA-30-001-01" in named[0].text
    assert named[0].changes == {"affected": "fixed"}
    assert mitigations(found(), place, what)[0].patch == "unknown"
    inside = mitigations(found(matches=(match("component"),)), place, what)
    assert inside[0].patch == "unknown"
    assert "Ask the manufacturer" in inside[0].text
    whose = replace(what, patch="Update 7, as the device's maker approves it.")
    assert mitigations(found(matches=(match(),)), place, whose)[0].patch == "unknown"


def test_a_refused_patch_is_not_recommended() -> None:
    """Nothing else of the list says to update; the latest word counts, of the unit first."""
    what = entry(needs=[{"service": {"ports": ["tcp/9100"]}}], patch="Software 2.")
    refused, approved = fact("refused", reference="letter 4"), fact("approved", "2026-11-01")
    for facts, status in (
        ([refused], "refused"), ([refused, approved], "approved"),
        ([approved, refused], "approved"),
        ([approved, fact("refused", "2026-09-01", serial_number="1")], "refused"),
        ([fact("applied"), refused], "refused"),
    ):  # fmt: skip
        made = mitigations(found(), around((), DEVICE, *facts), what, cwes=["CWE-787"])
        assert [one.patch for one in made if one.patch] == [status]
        if status == "refused":
            assert "Do not install Software 2" in made[0].text
            assert "update" not in {one.way for one in made}
            assert made[0].changes == {}


def test_what_is_closed_needs_nothing() -> None:
    """Fixed, not affected, or alike in name only."""
    for state in ("fixed", "not_affected", "candidate"):
        assert mitigations(found(affected=state), around(()), entry(**TELNET)) == ()


@pytest.mark.parametrize(
    ("type_", "class_", "safety", "agree"),
    [("infusion pump", "medical", None, True), ("printer", "it", None, False),
     ("printer", "it", 8.0, True), (None, "medical", None, True), (None, "it", None, False),
     (None, None, None, True), (None, "medical", 4.0, True), (None, None, 4.0, True),
     (None, "it", 1.0, False), (None, "it", 8.0, True),
     ("endoscopy system", "medical", 7.9, False),
     ("endoscopy system", "medical", None, False), ("infusion pump", "medical", 1.0, True)],
)  # fmt: skip
def test_who_must_agree(type_: str | None, class_: Any, safety: float | None, agree: bool) -> None:
    """Clinical engineering and the manufacturer, from a safety factor of 8 or where it is open."""
    device = replace(DEVICE, type=type_, device_class=class_)
    factors = None if safety is None else Factors(safety=safety, effectiveness=0, data=0)
    made = mitigations(found(), around((), device), entry(**TELNET), factors=factors)
    assert {one.agree for one in made if one.rank != "detection"} == {agree}
    for one in made:
        assert one.text.endswith(words.AGREE) == one.agree


def test_who_must_agree_where_more_is_known_than_its_type() -> None:
    """The site or the FDA calls it life-sustaining, though its kind is not."""
    device = replace(DEVICE, type="endoscopy system", device_class="medical")
    factors = Factors(safety=4, effectiveness=4, data=4, life=True)
    made = mitigations(found(), around((), device), entry(**TELNET), factors=factors)
    assert {one.agree for one in made if one.rank != "detection"} == {True}


def test_a_workaround_is_what_its_words_say() -> None:
    """Each kind; off the network only where nobody relies on what it sends."""
    ways = {
        "Switch the web server off.": "off", "Let only administrators reach tcp/80.": "allow",
        "Block TCP 80 and 443 towards the clock.": "block", "Stop using the remote.": "replace",
        "Put the pumps in a VLAN of their own.": "segment", "Watch for tampering.": "handle",
    }  # fmt: skip
    what = entry(needs=[{"service": {"ports": ["tcp/80"]}}])
    for told, way in ways.items():
        made = mitigations(found(), around(()), replace(what, workaround=told))
        assert [one.way for one in made if one.rank == "workaround"] == [way], told
    off = replace(what, workaround="Take the monitor off the network.")
    printer = replace(DEVICE, type="printer", device_class="it")
    assert "Only then" in mitigations(found(), around(()), off)[0].text
    assert "Only then" not in mitigations(found(), around((), printer), off)[0].text
    hl7 = around(["calls 10.30.9.9 tcp/6661 hl7"], printer)
    assert "Only then" in mitigations(found(), hl7, off)[0].text


def test_words_are_bounded_and_escaped() -> None:
    """Names from the wire and from files of the site may hold anything."""
    bad = "X\n\x1b[31m{device}\u202e" * 300
    device = replace(DEVICE, manufacturer=bad, model=bad, hostname=bad)
    seen = [f"accepts tcp/23 telnet from 10.20.{n}.7" for n in range(200)]
    what = entry(**TELNET, patch=bad, workaround=bad, advisory=bad)
    facts = (fact("refused", patch=bad, reference=bad, by=bad),)
    for told in ((), facts):
        for one in mitigations(found(title=bad), around(seen, device, *told), what):
            assert one.text.isprintable()
            assert len(one.text) <= words.LONGEST
            assert one.text.endswith(words.AGREE) == one.agree
            if one.way == "block":
                assert "at the border of its network" in one.text
    many = mitigations(found(), around(seen), entry(**TELNET))
    block = next(one for one in many if one.way == "block")
    assert len(block.cut) == 200
    assert "And 194 more" in block.text


def test_a_block_has_no_exceptions() -> None:
    """It is a proof against all; who lets some through has a list, which is less."""
    classes = weaknesses.content()["classes"]
    steps = [one[rank] for one in classes for rank in ("first", "second") if rank in one]
    blocks = [step["do"] for step in steps if step["way"] in ("block", "off")]
    assert blocks
    assert not [text for text in blocks if re.search(r"\b(?:but|except|only)\b", text)]


def test_the_file_has_no_repeated_keys() -> None:
    """YAML would take the last one without a word."""

    class Strict(yaml.SafeLoader):
        """Refuses a key that stands twice."""

    def pairs(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, pairs)
    path = Path(weaknesses.__file__).parents[1] / "mitigations.yaml"
    yaml.load(path.read_text(encoding="utf-8"), Strict)  # noqa: S506  a SafeLoader
