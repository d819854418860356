"""`fingerprint` on the command line, and the names of makers that are written to be slow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from wardwatch.cli import main
from wardwatch.store import Store
from wardwatch_enrichment import fingerprint as knowledge
from wardwatch_enrichment import vendors
from wardwatch_enrichment.fingerprint import _Loader

FIELD = "dicom.manufacturer"
MODEL = "dicom.manufacturer_model_name"
HEAD = "about: none\nsource: none\nlicence: none\npreference: 0.5\nvalues:\n"
ODD = [
    "Zzyx " + "with a long name " * 14,
    "zzyx: # no comment",
    "- zzyx",
    "? zzyx",
    "'zzyx\n\nnext: {",
    '"zzyx\\',
    "zzyx\x1b[2J\u202e\u2028\x7f\x00",
    "zzyx ümläut 医",
    "<<",
    "=",
    "~",
    "off-zz",
    "2026-11-22",
    "[zzyx, {",
    "!zzyx &a *b",
    "...",
]


def unknown(store: Store, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Return what `fingerprint --unknown` prints."""
    assert main(["fingerprint", "--unknown", "--db", str(store.path), *more]) == 0
    return capsys.readouterr().out


def test_unknown_values_are_entries_to_paste(
    store: Store, claim: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the `values:` of a file they are read as they were said, whatever they hold."""
    with store.transaction():
        store.add(claim(f"10.0.0.{n}", FIELD, value) for n, value in enumerate(ODD, 1))
    text = unknown(store, capsys)
    assert text.isascii()
    assert all(c.isprintable() for c in text.replace("\n", ""))
    for read in (yaml.SafeLoader, _Loader):
        pasted = yaml.load(HEAD + text, read)  # noqa: S506  a SafeLoader
        assert set(pasted["values"]) == {value.strip() for value in ODD}
        assert all(e == {"manufacturer": "", "type": ""} for e in pasted["values"].values())
    made = knowledge._Reader("pasted.yaml", pasted).file()
    assert all(made.match(value.strip()) for value in ODD)


def test_two_spellings_are_one_entry(
    store: Store, claim: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file refuses a value that stands in it twice; each file has its own head."""
    with store.transaction():
        store.add(claim("10.0.0.1", FIELD, value) for value in ("zzyx", " ZZYX ", "Zzyx"))
        store.add([claim("10.0.0.1", MODEL, "ZZYX")])
        store.add([claim("10.0.0.1", MODEL, "Biograph 64")])
    assert unknown(store, capsys).casefold().count("zzyx: {") == 2
    assert unknown(store, capsys, FIELD).startswith(f"# for {FIELD}.yaml, under values:\n")
    lines = unknown(store, capsys, "--json").splitlines()
    assert [json.loads(line)["file"] for line in lines] == [f"{FIELD}.yaml", f"{MODEL}.yaml"]


@pytest.mark.parametrize(
    "typed", [(FIELD,), ("dicom.manufactrer", "GE"), ("--unknown", "dicom.manufactrer"), ()]
)
def test_wrong_usage_names_near_fields(
    typed: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exits with 2, as every wrong usage."""
    assert main(["fingerprint", "--db", str(tmp_path / "none.db"), *typed]) == 2
    assert FIELD in capsys.readouterr().err


def test_runs_of_separators_are_one() -> None:
    """A maker of spaces and commas is nobody, and a real one is found behind them."""
    runs = [f"{n:04}" + ", . \t"[n % 3 :] * 63 for n in range(1000)]
    assert len(set(runs)) == 1000
    for run in runs:
        assert vendors.canonical(run[:256]) is None
    for name in ("Philips,   Inc.", "Philips . , ., N.V.", "Philips" + " " * 200 + "GmbH"):
        assert vendors.bare(name) == "philips"
    assert vendors.canonical("Philips " * 100_000) is None
