"""The scripts as text: parsed, formatted, loaded only where they can run. Needs no Zeek."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "zeek-scripts"
FILES = sorted(SCRIPTS.rglob("*.zeek"))
SHIPPED = sorted(path for path in SCRIPTS.rglob("*") if path.is_file())
BRACES = re.compile(r"\{\{|\{%|\{#|\}\}|%\}|#\}")
LONGEST = 271


def _name(path: Path) -> str:
    return str(path.relative_to(SCRIPTS))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_parses_and_is_formatted(path: Path) -> None:
    """The package zeekscript reads the script and would not change it."""
    formatter = Path(sys.executable).with_name("zeek-format")
    if not formatter.exists():
        pytest.skip("Not run: zeek-format (PyPI zeekscript) is not in this environment")
    done = subprocess.run([formatter, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SHIPPED, ids=_name)
def test_survives_a_template_engine(path: Path) -> None:
    """Security Onion renders each file as a template, which must leave it as it is."""
    assert not BRACES.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_loads_resolve(path: Path) -> None:
    """What a script loads from this directory is there, and anything else is Zeek's own."""
    for kind, name in re.findall(r"^@load(-sigs)? (\S+)$", path.read_text(encoding="utf-8"), re.M):
        if not name.startswith("."):
            assert name.startswith("base/"), f"{name} may not be there in every Zeek"
            continue
        target = path.parent / name
        script, directory = target.with_name(target.name + ".zeek"), target / "__load__.zeek"
        found = target if kind else script if script.exists() else directory
        assert found.is_file(), f"{name} is not there"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_says_what_it_is_for(path: Path) -> None:
    """Each script is short and begins with its purpose; each export has its meaning above it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST
    if path.name == "__load__.zeek" and path.parent != SCRIPTS:
        assert all(line.startswith("@load") for line in lines)
        return
    assert lines[0].startswith("##! ")
    for number, line in enumerate(lines):
        if re.match(r"\t(option|global|type|const) ", line) and "export {" in lines[:number]:
            block = next(text for text in reversed(lines[:number]) if text in ("export {", "}"))
            above = lines[number - 1]
            assert block == "}" or re.match(r"\t##|\tconst|$", above), f"{path.name}:{number + 1}"


def test_nothing_loads_on_an_old_zeek() -> None:
    """Everything stands inside one version guard; outside it is only what the guard needs."""
    lines = (SCRIPTS / "__load__.zeek").read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    assert code[:2] == ["@load base/misc/version", "@if ( Version::number >= 80000 )"]
    assert code[-1] == "@endif"
    inside = code[2 : code.index("@else")]
    assert inside == sorted(inside)
    assert all(line.startswith("@load ./") for line in inside)
    warning = code[code.index("@else") + 1 : -1]
    assert warning[0] == "event zeek_init()"
    body = " ".join(line.strip() for line in warning[1:])
    assert re.fullmatch(r'\{ Reporter::warning\( ?"[^"]+"\); \}', body)


def test_everything_is_loaded() -> None:
    """No script is forgotten by the load file."""
    load = (SCRIPTS / "__load__.zeek").read_text(encoding="utf-8")
    for directory in [*SCRIPTS.glob("frameworks/*"), *SCRIPTS.glob("protocols/*")]:
        assert f"@load ./{directory.relative_to(SCRIPTS)}\n" in load
    for script in SCRIPTS.glob("evidence/*.zeek"):
        assert f"@load ./evidence/{script.stem}\n" in load


def test_every_option_is_in_the_readme() -> None:
    """The README names each option with its default."""
    readme = (SCRIPTS / "README.md").read_text(encoding="utf-8")
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        module = re.search(r"^module (\w+);", text, re.M)
        for name, default in re.findall(r"^\toption (\w+) = (.+);", text, re.M):
            assert module is not None
            assert f"| `{module[1]}::{name}` | " in readme
            row = next(line for line in readme.splitlines() if f"`{module[1]}::{name}`" in line)
            assert row.split("|")[2].replace(" ", "") == default


def test_every_field_is_registered() -> None:
    """A claim's field is an entry of fields.yaml: the scripts and the connector share its name."""
    registry = SCRIPTS.parent / "enrichment" / "wardwatch_enrichment" / "fields.yaml"
    known = set(re.findall(r"^  ([a-z0-9_.]+):$", registry.read_text(encoding="utf-8"), re.M))
    used = set()
    for path in FILES:
        used |= set(re.findall(r'"((?:arp|conn|dhcp|dicom)\.[a-z_]+)"', path.read_text("utf-8")))
    assert len(used) > 15
    assert used <= known


def test_package_metadata() -> None:
    """zkg finds the scripts from the top of the repository."""
    meta = (SCRIPTS.parent / "zkg.meta").read_text(encoding="utf-8")
    assert "script_dir = zeek-scripts\n" in meta
