"""A third of the models is held out: no fingerprint may know them by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from accuracy.catalogue import held_out, models

from wardwatch_enrichment.content import plain

FINGERPRINTS = Path(__file__).parents[2] / "enrichment" / "wardwatch_enrichment" / "fingerprints"


@pytest.mark.parametrize("model", sorted(held_out()))
def test_no_fingerprint_names_a_held_out_model(model: str) -> None:
    """Neither as it is written nor, where it is long enough, in another spelling."""
    for path in sorted(FINGERPRINTS.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if _names(line, model)]
        assert not lines, f"{path.name} names the held-out model {model!r}: {lines[0].strip()}"


def _names(line: str, model: str) -> bool:
    at = line.casefold().find(model.casefold())
    while at >= 0:
        around = line[at - 1 : at] + line[at + len(model) : at + len(model) + 1]
        if not any(sign.isalnum() for sign in around):
            return True
        at = line.casefold().find(model.casefold(), at + 1)
    # A pattern hides blanks and hyphens behind classes: 'Plum[ _]?360'.
    return len(plain(model)) >= 7 and plain(model) in plain(line)


def test_a_third_of_the_medical_models_is_held_out() -> None:
    """Near enough, and of every file."""
    medical = [m for file in models().values() for m in file if m["class"] == "medical"]
    share = sum(bool(m.get("held_out")) for m in medical) / len(medical)
    assert 0.28 <= share <= 0.4
    for name, file in models().items():
        assert any(m.get("held_out") for m in file), name


def test_families_are_not_taught_by_half() -> None:
    """No held-out model's name begins as a known model's goes on, nor the other way round."""
    written = {
        str(m["label"]["model"]): bool(m.get("held_out"))
        for file in models().values()
        for m in file
        if m["label"].get("model")
    }
    hidden = {plain(name) for name, held in written.items() if held}
    known = {plain(name) for name, held in written.items() if not held}
    pairs = [(h, k) for h in hidden for k in known if len(min(h, k, key=len)) > 3
             and (h.startswith(k) or k.startswith(h))]  # fmt: skip
    assert pairs == []
