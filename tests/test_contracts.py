"""What holds the parts together: names, imports, and what an installed package carries."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wardwatch_enrichment.content import fields

ROOT = Path(__file__).parent.parent
ENRICHMENT = ROOT / "enrichment" / "wardwatch_enrichment"
CONNECTOR = ROOT / "pyconnector" / "wardwatch"
STAGES = ("parsers", "sources", "outputs")


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


@pytest.mark.parametrize("path", sorted(ENRICHMENT.rglob("*.py")), ids=lambda p: p.name)
def test_the_enrichment_is_pure(path: Path) -> None:
    """No network, no clock, no database, and nothing of the connector."""
    outside = {"socket", "time", "sqlite3", "urllib", "http", "os", "subprocess", "random"}
    tops = {name.partition(".")[0] for name in imports(path)}
    assert not tops & (outside | {"wardwatch", "elasticsearch"})


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    """Only the pipeline and the commands know the order."""
    others = {f"wardwatch.{other}" for other in STAGES if other != stage}
    others |= {"wardwatch.pipeline", "wardwatch.store", "wardwatch.commands", "wardwatch.cli"}
    for path in (CONNECTOR / stage).rglob("*.py"):
        reached = {name for name in imports(path) if any(name.startswith(o) for o in others)}
        assert not reached, path


def test_every_field_is_used() -> None:
    """An entry of fields.yaml that neither a script nor a parser writes is dead."""
    texts = [p.read_text() for p in (ROOT / "zeek-scripts").rglob("*.zeek")]
    texts += [p.read_text() for p in (CONNECTOR / "parsers").glob("*.py")]
    used = set(re.findall(r'"([a-z0-9]+\.[a-z_]+)"', "\n".join(texts)))
    assert set(fields()) <= used


def test_modules_stay_small() -> None:
    """A rule of thumb that is kept: three hundred lines a module."""
    modules = [*CONNECTOR.rglob("*.py"), *ENRICHMENT.rglob("*.py"), *ROOT.glob("tests/**/*.py")]
    long = {path.name: n for path in modules if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_an_installed_wheel_works_without_the_repository(tmp_path: Path) -> None:
    """Scripts, templates, pipelines and data are in it, and the command runs from it."""
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("wardwatch-*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        content.extractall(tmp_path / "installed")
    for path in (
        "wardwatch/zeek-scripts/__load__.zeek",
        "wardwatch/suricata-rules/flowvars.yaml",
        "wardwatch/kibana/dashboard/iomt-overview.json",
        "wardwatch/securityonion/pipelines/zeek.iomt_asset",
        "wardwatch/outputs/index_templates/iomt-assets.json",
        "wardwatch/outputs/report/index.html",
        "wardwatch_enrichment/fields.yaml",
    ):
        assert path in names
    program = (
        "import wardwatch.cli, wardwatch_enrichment.content as c; c.fields(); print(c.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "installed",
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path) in done.stdout
