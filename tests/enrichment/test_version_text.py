"""The versions that advisories state, in all the ways in which they write them."""

from __future__ import annotations

import pytest

from wardwatch_enrichment.version_text import read
from wardwatch_enrichment.versions import spelled


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(
            (text, "all")
            for text in ("vers:all/*", "*", "All versions", "all models", "any version")
        ),
        ("<1.5.8", "< 1.5.8"),
        ("=< 2.0", "<= 2.0"),
        ("\u2264 2.0", "<= 2.0"),
        ("prior to 1.7.15", "< 1.7.15"),
        ("All versions prior to version 1.7.15", "< 1.7.15"),
        ("before V2.1", "< V2.1"),
        ("earlier than 3.0", "< 3.0"),
        ("2.3.6 and  below", "<= 2.3.6"),
        ("8.0 Patch 3 and prior versions", "<= 8.0 Patch 3"),
        ("Version 11.2 or earlier", "<= 11.2"),
        ("through 3.3.5", "<= 3.3.5"),
        ("up to and including 3.3.5", "<= 3.3.5"),
        ("2.0 and later", ">= 2.0"),
        ("later than 2.0", "> 2.0"),
        ("versions 1.0 to 2.3", ">= 1.0 <= 2.3"),
        ("from 1.0 through 2.3", ">= 1.0 <= 2.3"),
        ("7.00 - 7.04", ">= 7.00 <= 7.04"),
        ("Rev B-M", ">= B <= M.x"),
        ("between V3.0 (including) and V3.0.2 (excluding)", ">= V3.0 < V3.0.2"),
        (">= V8.7.0 and < V8.7.1.3", ">= V8.7.0 < V8.7.1.3"),
        (">= 4.01 | <= 4.34", ">= 4.01 <= 4.34"),
        ("<= 4.34 | >= 4.01", ">= 4.01 <= 4.34"),
        ("<= 3 | >= 5", "<= 3 or >= 5"),
        ("<= U61 |<= L81", "<= U61 or <= L81"),
        ("<= 1.12.0.25 | 1.12.13.2", "<= 1.12.0.25 or 1.12.13.2"),
        ("V4.4, V4.5, V5.0, and V5.1", "V4.4 or V4.5 or V5.0 or V5.1"),
        ("2.X", "2.x"),
        ("2.x.x", "2.x"),
        ("4.X | 5.X", "4.x or 5.x"),
        ("< 3.x", "< 3"),
        ("<= 2.x", "<= 2.x"),
        ("<  july 1 2017", "< july 1 2017"),
        ("vers:generic/<2.0", "< 2.0"),
        ("vers:all/<V7.0.3", "< V7.0.3"),
        ("vers:semver/>=1.0.0|<1.4.2|>=2.0.0|<2.0.5", ">= 1.0.0 < 1.4.2 or >= 2.0.0 < 2.0.5"),
        ("vers:generic/1.0%2B3", "? vers:generic/1.0%2B3"),
    ],
)
def test_understood(text: str, meant: str) -> None:
    """Ranges, branches, lists and all."""
    assert spelled(read(text, told=True).versions) == meant


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A10 < A11", "a relation"),
        ("A.01 <= C.0x | 4.0", "a relation"),
        ("F.0 G.0", "not a version"),
        ("< august 28", "not a version"),
        ("< 4/5/2026", "not a version"),
        ("< 8.1x", "not a version"),
        ("<= 2.0 | <= 3.0", "two open ranges"),
        (">= 3.0 | < 2.0", "does not lie below"),
        (">= L3 | < U9", "does not lie below"),
        ("<= 2018", "a year"),
        ("vers:deb/<1.2-3", "the scheme 'deb'"),
        ("vers:generic/!=1.2", "a constraint"),
        ("up to 3.0", "not a version"),
        ("between 1.0 and 2.0", "a relation"),
        ("1.0 | ", "an empty entry"),
        ("Windows 10 Professional", "not a version"),
        ("", ""),
    ],
)
def test_left_to_a_person(text: str, reason: str) -> None:
    """With the text and the reason, never guessed."""
    found = read(text, told=True).versions
    assert (found.kind, found.text, found.ranges) == ("curate", " ".join(text.split()), ())
    assert reason in (found.reason or "")


@pytest.mark.parametrize("text", ["BT06", "MMT-1715", "HEN04113", "24950", "2490C", "7100 | 7900"])
def test_what_could_be_a_model_is_left_to_a_person(text: str) -> None:
    """Unless it is known that versions are told, or the line's versions begin so."""
    assert read(text).versions.reason == "could be a model as well as a version"


def test_letters_of_the_line_and_words_of_the_name_may_stand_before_a_version() -> None:
    """As BT06 of an ultrasound scanner, or ROS of the product itself."""
    assert spelled(read("BT06", words={"BT"}).versions) == "BT06"
    assert spelled(read("< ROS V5.0.1", words={"RUGGEDCOM", "ROS"}).versions) == "< ROS V5.0.1"
    assert read("< IOS V5.0.1", words={"ROS"}).versions.kind == "curate"


@pytest.mark.parametrize(
    ("text", "versions", "condition", "models"),
    [
        ("<= 1.54 (integrated into GE MobileLink)", "<= 1.54", "integrated into GE MobileLink", ()),
        ("<=11.2 on Windows 8.1 with IIS 7.5", "<= 11.2", "on Windows 8.1 with IIS 7.5", ()),
        ("All versions with U-Boot < V2.0", "all", "with U-Boot < V2.0", ()),
        ("* (with option G21, G22)", "all", "with option G21, G22", ()),
        ("* (end-of-life 2011)", "all", None, ()),
        ("v8.x model 35700BAX2", "v8.x", None, ("35700BAX2",)),
        (
            "distributed  < april 1, 2018",
            "< april 1, 2018",
            "when it was made or released: distributed < april 1, 2018",
            (),
        ),
    ],
)
def test_conditions_and_models_are_set_apart(
    text: str, versions: str, condition: str | None, models: tuple[str, ...]
) -> None:
    """They are no versions, and nothing of them is lost."""
    found = read(text, told=True)
    assert spelled(found.versions) == versions
    assert [c.text for c in found.conditions] == ([condition] if condition else [])
    assert found.models == models
