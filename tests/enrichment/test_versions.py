"""Versions: their order within a line, and answers that are never surer than what is known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from version_words import OPPOSITE, meant, version

from wardwatch_enrichment import version_text
from wardwatch_enrichment.versions import Order, compare, contains, parse, spelled


@pytest.mark.parametrize(
    "ascending",
    [
        "4.2 4.10 4.10.1 5",
        "8.2.1 8.2.2 8.10",
        "A.01.05 B.00.10 B.06.18 C.00.04",
        "B D K M",
        "BT02 BT03 BT10",
        "L80 L81 L82",
        "012U000061 012U000062 012U000110",
        "22D19 22D24 22D28",
        "HD16 HD23",
        "VM5.0 VM5.0.2 VM6",
        "5.89.05b 5.89.05c 5.89.06",
        "2018-1 2018-2 2021-1",
        "1.1.3|1.1.3 Build 11|1.1.4",
        "8.0|8.0 SP1|8.0 SP2|8.1",
        "V4.8 SP2|V4.8 SP2 HF9|V4.8 SP2 HF10",
        "2023.3_Build_9342 2023.3_Build_9400 2024.1",
        "B.00.10 rev 2|B.00.10 rev 3|B.00.11",
        "V15 Update 3|V15 Update 4|V16",
        "july 1 2017|november 29 2017|april 1, 2018|8/30/2024|2024-09-01",
    ],
)
def test_versions_of_a_line_ascend(ascending: str) -> None:
    """Each is before all that follow, or the shorter form of one that follows."""
    row = [version(text) for text in (ascending.split("|" if "|" in ascending else None))]
    for at, one in enumerate(row):
        assert all(compare(one, other) in {"less", "around"} for other in row[at + 1 :])


@pytest.mark.parametrize(
    ("a", "b", "order"),
    [
        ("4.10", "4.2", "greater"),
        ("V3.0", "3", "equal"),
        ("v2.1.0", "2.1", "equal"),
        ("Version 1.70", "1.70.0", "equal"),
        ("8.0 Service Pack 2", "8 SP2", "equal"),
        ("3.0 Hotfix 3", "3.0 HF3", "equal"),
        ("9.33.1", "9.33", "within"),
        ("9", "9.33", "around"),
        ("8.0", "8.0 SP2", "around"),
        ("8.0 SP2", "8", "within"),
        ("8 SP2", "8.0.1", "less"),
        ("2.0 beta 1", "2.0", "near"),
        ("2.0rc1", "2.0", "near"),
        ("3.0 D15", "3.0", "near"),
        ("17D20", "17", "near"),
        ("U61", "L81", "unrelated"),
        ("012U000061", "028U000061", "unrelated"),
        ("22D24", "20D29", "unrelated"),
        ("8.0 SP2", "8.0 Update 3", "unrelated"),
        ("A01", "1.0", "unrelated"),
        ("1.12", "2018", "unrelated"),
        ("2.4", "july 1 2017", "unrelated"),
        ("HD16", "BT03", "unrelated"),
    ],
)
def test_order(a: str, b: str, order: Order) -> None:
    """Read both ways."""
    assert compare(version(a), version(b)) == order
    assert compare(version(b), version(a)) == OPPOSITE[order]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "-",
            "n/a",
            "unknown",
            "Windows 10 Professional",
            "MMT-712 Paradigm x12",
            "7.03 /7.04",
        ),
        *("4.20 4.30", "F.0 G.0", "653 MCE 3.x", "august 28", "4/5/2026", "8.1x", "2nd Edition"),
        *(
            "smart3250-2.6.27-wlan2.1.7.cramfs",
            "S4 A.07.107",
            "1." * 40,
            "x" * 200,
            "\uff11\uff0e\uff12",
        ),
        *("may 28", "Rev", "Version", "<= 3", "053L000091 (global)"),
    ],
)
def test_no_version(text: str) -> None:
    """Lists, models, words and halves of dates are not taken for one."""
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "inside", "outside", "open_question"),
    [
        ("< 8.2.2", "8.2.1|7|8.2.1.9", "8.2.2|8.2.2.1|9|8.10", "8|8.2|E.01|2019"),
        ("<= 9.33", "9.33|9.33.0|9.4|8", "9.34|10", "9|9.33.1|9.33 SP1"),
        (">= 2.0", "2|2.0.1|3", "1.9|1", "2.0rc1"),
        ("> 2.0", "2.1|3", "2.0|1.9", "2.0.1"),
        (">= 4.01 | <= 4.34", "4.07|4.34", "4.35|5|3.9", "4|4.34.1|4.2|4.5"),
        (">=5.3|<=6.4", "5.3|6.0.1", "6.5|7|5.2", "6|5"),
        ("<= U61 |<= L81", "U60|L81", "U62|L82", "M3|012U000061|5"),
        ("<= 012U000061", "012U000061|012U000040", "012U000062", "028U000061|L81|5.1"),
        ("4.X | 5.X", "4|4.9.9|5.0", "3.9|6", "K"),
        ("<=2.x", "2|2.9|1", "3", ""),
        ("< 3.x", "2.9|1", "3|3.1", ""),
        ("1.1 | 1.5 | 1.6", "1.1|1.5.0|1.6", "1.2|2", "1.6.1|1|1.10|1.15"),
        ("v16D38 | v17 | v17D19", "17|17D19|16D38", "18", "17D20|16"),
        (">= v20D29 | <= v20D32", "20D30", "20D33|20D28", "22D24|20"),
        ("Rev B-M", "B|M.04.00|K.21|Rev M", "A.10|N.01|P", "5.0"),
        ("<= K", "K|K.00.12|J.9", "L|L.00.01", "3"),
        ("<= VM5.0", "VM5|VM4.9", "VM6|VM5.1", "5.0|VM5.0.2"),
        (
            "< V4.8 SP2 HF9",
            "4.8 SP2 HF8|4.7|4.8 SP1 HF20",
            "4.8 SP2 HF9|4.8 SP3|4.9",
            "4.8|4.8 SP2",
        ),
        ("2.20", "2.20|2.20.0", "2.3|3", "2.2|2.20.1"),
        ("J.3", "J.3|J.3.0", "J.4|K.1", "J.30.58|J.3.1"),
        (
            "<8/30/2024",
            "2024-08-29|may 2023",
            "2024-08-30|september 2024",
            "8.30|2024.1|august 2024",
        ),
        ("vers:generic/<2.0", "1.9", "2.0", ""),
        ("vers:intdot/<12.2.8.410", "4.1|12.2.8.409", "12.2.8.410|12.10", "12.2"),
        (
            "All versions between V3.0 (including) and V3.0.2 (excluding)",
            "3.0.1",
            "3.0.2|2.9",
            "3|3.0",
        ),
        ("prior to 1.7.15", "1.7.14", "1.7.15", "1.7"),
        ("2.3.6 and below", "2.3.6|2.2", "2.3.7", "2.3|2.3.6.1"),
        ("1.1 to 1.3.2", "1.1|1.2.9", "1.4|1.0", ""),
        ("vers:all/*", "anything at all|1", "", ""),
    ],
)
def test_answers(text: str, inside: str, outside: str, open_question: str) -> None:
    """What is in, what is out, and what cannot be told."""
    rows = (("in", inside), ("out", outside), ("cannot tell", open_question))
    for answer, listed in rows:
        for seen in filter(None, listed.split("|")):
            assert contains(meant(text), parse(seen)) == answer, (text, seen)


def test_nothing_seen_or_nothing_understood_cannot_be_told() -> None:
    """Neither is ever an answer."""
    assert contains(meant("< 2.0"), None) == "cannot tell"
    unclear = version_text.read("A10 < A11").versions
    assert unclear.kind == "curate"
    assert contains(unclear, version("A09")) == "cannot tell"


def test_short_form() -> None:
    """As people read it."""
    assert spelled(meant(">= 1.1 | <= 1.3.2 | 2.x")) == ">= 1.1 <= 1.3.2 or 2.x"
    assert spelled(meant("vers:all/*")) == "all"


def test_it_is_the_same_in_any_case() -> None:
    """Letters and blanks do not matter."""
    for one, other in pairwise(("v1.2 SP3", "V1.2 sp 3", "1.2  Service Pack 3", "version 1.2 SP3")):
        assert compare(version(one), version(other)) == "equal"
