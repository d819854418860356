"""Properties of the order of versions, and of the answers that ranges give, at random."""

from __future__ import annotations

import random
from itertools import product

import pytest
from version_words import OPPOSITE, meant, version

from wardwatch_enrichment import version_text
from wardwatch_enrichment.advisory import Version
from wardwatch_enrichment.versions import compare, contains

SEED = 20261122
# Forms of lines; each # is a number.
LINES = (
    *("#", "#.#", "#.#.#", "#.#.#.#", "V#.# SP#", "V#.# SP# HF#", "#.# Build #", "BT#", "L#"),
    *("012U00#", "@.#.#", "@.#", "22D#", "#.#.#_Build_#", "#.# Update #", "MCE_#.#", "VM#.#"),
)


def some(random_: random.Random, form: str) -> Version:
    """Return a version of a line."""
    text = "".join(
        str(random_.choice((0, 1, 2, 3, 9, 10, 11, 99, random_.randrange(1000))))
        if part == "#"
        else random_.choice("ABCDKMZ")
        if part == "@"
        else part
        for part in form
    )
    return version(text)


@pytest.mark.parametrize("form", LINES)
def test_a_line_is_in_total_order(form: str) -> None:
    """Any two are comparable, antisymmetric and transitive; sorted, they ascend."""
    random_ = random.Random(f"{SEED} {form}")  # noqa: S311
    few = [some(random_, form) for _ in range(40)]
    for a, b in product(few, few):
        order = compare(a, b)
        assert order in {"less", "equal", "greater", "within", "around"}, (a.text, b.text)
        assert compare(b, a) == OPPOSITE[order]
    for a, b, c in product(few[:14], repeat=3):
        if before(a, b) and before(b, c):
            assert before(a, c), (a.text, b.text, c.text)


def before(a: Version, b: Version) -> bool:
    """Tell whether one stands before the other where both are taken as they are written."""
    return compare(a, b) in {"less", "around", "equal"}


def test_orders_of_different_lines_never_contradict_each_other() -> None:
    """What is decided one way round is never decided the other way, and no ring is."""
    random_ = random.Random(SEED)  # noqa: S311
    many = [some(random_, random_.choice(LINES)) for _ in range(120)]
    for a, b in product(many, many):
        assert compare(b, a) == OPPOSITE[compare(a, b)]
    for a, b, c in product(random_.sample(many, 40), repeat=3):
        if compare(a, b) == compare(b, c) == "less":
            assert compare(a, c) not in {"greater", "equal", "within"}, (a.text, b.text, c.text)


def test_what_cannot_be_told_is_never_out_and_the_decided_agrees_with_the_order() -> None:
    """For ranges and versions at random, of one line and of several."""
    random_ = random.Random(SEED + 1)  # noqa: S311
    decided = 0
    for _ in range(3_000):
        form = random_.choice(LINES)
        low, high = some(random_, form), some(random_, form)
        if not before(low, high):
            low, high = high, low
        seen = some(random_, form if random_.random() < 0.7 else random_.choice(LINES))
        found = version_text.read(f">= {low.text} | < {high.text}", told=True).versions
        if found.kind == "curate":
            assert compare(low, high) in {"equal", "greater"} or low.text == high.text
            continue
        answer = contains(found, seen)
        of_low, of_high = compare(seen, low), compare(seen, high)
        if {"unrelated", "near"} & {of_low, of_high}:
            assert answer == "cannot tell"
        if answer == "in":
            assert of_low in {"greater", "equal", "within"} and of_high == "less"
        if answer == "out":
            assert of_low == "less" or of_high in {"greater", "equal", "within"}
        decided += answer != "cannot tell"
    assert decided > 1_000


def test_saying_less_never_turns_an_answer_round() -> None:
    """A version that is cut off may become undecided, but in stays in or open, and out likewise."""
    random_ = random.Random(SEED + 2)  # noqa: S311
    for _ in range(1_200):
        bound, seen = some(random_, "#.#.#"), some(random_, "#.#.#")
        shorter = version(".".join(seen.text.split(".")[: random_.choice((1, 2))]))
        for text in (f"< {bound.text}", f"<= {bound.text}", f">= {bound.text}", bound.text):
            whole, cut = contains(meant(text), seen), contains(meant(text), shorter)
            exact = compare(shorter, bound) == "equal"
            assert cut in {whole, "cannot tell"} or exact or compare(shorter, seen) == "equal"


def test_several_ranges_are_a_union() -> None:
    """What one of them holds is in, whatever the others say."""
    random_ = random.Random(SEED + 3)  # noqa: S311
    for _ in range(800):
        texts = [some(random_, "#.#").text for _ in range(3)]
        seen = some(random_, "#.#")
        together = contains(meant(" | ".join(texts)), seen)
        answers = {contains(meant(text), seen) for text in texts}
        assert (together == "in") == ("in" in answers)
        assert together != "out" or answers == {"out"}
