"""The registry of hardware addresses: packed by the build, asked behind the entries of mac.yaml."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wardwatch_enrichment import fingerprint, oui, vendors

ROOT = Path(__file__).parents[2]
HEAD = "Registry,Assignment,Organization Name,Organization Address\n"
needs_table = pytest.mark.skipif(
    not oui.assignments(), reason="NOT TESTED: built without the registry (see `wardwatch doctor`)"
)


@pytest.fixture(scope="session")
def hook() -> ModuleType:
    """Return what builds the package."""
    pytest.importorskip("hatchling", reason="NOT TESTED: hatchling is not installed")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Return a small registry with blocks of each size."""
    (tmp_path / "oui.csv").write_text(
        f"{HEAD}MA-L,ACDE48,IEEE Registration Authority,x\n"
        'MA-L,58AAAA,"Cisco Systems, Inc","x, y"\n'
        "MA-L,58BBBB,Private,\n",
        encoding="utf-8",
    )
    (tmp_path / "mam.csv").write_text(f"{HEAD}MA-M,ACDE481,Dräger  Safety AG,x\n", encoding="utf-8")
    (tmp_path / "oui36.csv").write_text(f"{HEAD}MA-S,ACDE48123,Hologic Inc,x\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Return a table that stands for the packed one while a test runs."""
    organisations: dict[str, str] = {}
    monkeypatch.setattr(oui, "_organisations", lambda: organisations)
    fingerprint.match.cache_clear()
    yield organisations
    fingerprint.match.cache_clear()


def test_the_registry_is_packed_by_organisation(hook: Any, registry: Path) -> None:
    """Once for each, without blocks that are nobody's; the same registry gives the same bytes."""
    packed = hook.pack(registry)
    lines = hook.gzip.decompress(packed).decode().splitlines()
    assert lines == [
        "Cisco Systems, Inc\t58aaaa",
        "Dräger Safety AG\tacde481",
        "Hologic Inc\tacde48123",
    ]
    assert hook.pack(registry) == packed


def test_the_smallest_block_counts(table: dict[str, str]) -> None:
    """A small block lies inside a larger one that is somebody else's."""
    table |= {"ac1e48": "Cisco Systems", "ac1e481": "Dräger Safety", "ac1e48123": "Hologic Inc"}
    assert oui.assigned("ac:1e:48:12:34:56") == ("ac1e48123", "Hologic Inc")
    assert oui.assigned("AC-1E-48-19-34-56") == ("ac1e481", "Dräger Safety")
    assert oui.assigned("ac:1e:48:99:34:56") == ("ac1e48", "Cisco Systems")
    assert oui.assigned("ac:1e:49:99:34:56") is None


def test_a_known_organisation_is_the_maker(table: dict[str, str]) -> None:
    """An unknown one says nothing, and one that makes modules says so by stating nothing."""
    table |= {"581111": "Hologic Inc.", "582222": "Nobody Ltd", "583333": "Murata Manufacturing"}
    found = fingerprint.match("mac", "58:11:11:00:00:01")
    assert found and found.states == {"manufacturer": "Hologic"}
    assert found.fingerprint.name == "581111 Hologic Inc."
    assert found.fingerprint.source and 0 < found.fingerprint.preference < 0.7
    assert fingerprint.match("mac", "58:22:22:00:00:01") is None
    module = fingerprint.match("mac", "58:33:33:00:00:01")
    assert module and module.states == {}


def test_an_entry_comes_before_the_registry(table: dict[str, str]) -> None:
    """A namesake of a maker, and an address that its host made up, are not looked up."""
    table |= {"006093": "VARIAN", "020000": "Cisco Systems"}
    for mac in ("00:60:93:00:00:01", "02:00:00:00:00:01"):
        found = fingerprint.match("mac", mac)
        assert found and found.states == {}


@pytest.mark.usefixtures("table")
def test_without_the_table_the_entries_remain() -> None:
    """A package that was built without the registry still knows the makers of mac.yaml."""
    found = fingerprint.match("mac", "00:09:fb:12:34:56")
    assert found and found.states["manufacturer"] == "Philips"
    assert fingerprint.match("mac", "00:00:0c:12:34:56") is None
    assert oui.assignments() == 0


@needs_table
@pytest.mark.parametrize(
    ("mac", "maker"),
    [
        ("00:00:0c:12:34:56", "Cisco"),
        ("b8:27:eb:12:34:56", "Raspberry Pi"),
        ("00:00:48:12:34:56", "Epson"),
        ("d4:81:d7:12:34:56", "Dell"),
        ("ac:cc:8e:12:34:56", "Axis Communications"),
        ("00:04:f2:12:34:56", "Poly"),
        ("00:1b:21:12:34:56", None),  # Intel: in everybody's computers
        ("00:40:9d:12:34:56", None),  # Digi: in pumps, among others
        ("00:09:fb:12:34:56", "Philips"),
        ("14:4f:d7:e2:34:56", "Edan"),
        ("70:b3:d5:36:a4:56", "BD"),
        ("da:a1:19:12:34:56", None),  # made up by the host
    ],
)
def test_real_addresses(mac: str, maker: str | None) -> None:
    """What the whole registry says of known addresses."""
    found = fingerprint.match("mac", mac)
    assert found and found.states.get("manufacturer") == maker


@needs_table
def test_the_registry_is_whole() -> None:
    """It holds the large, the medium and the small blocks."""
    assert oui.assignments() > 40_000
    assert {len(prefix) for prefix in oui._organisations()} == {6, 7, 9}


def test_what_modules_are_is_said_of_their_makers() -> None:
    """Those that the collected knowledge warns of."""
    modules = {maker.name for maker in vendors.vendors().values() if maker.module}
    assert {"Digi International", "Silex Technology", "Lantronix", "Murata", "Espressif"} <= modules
    assert not {"Philips", "Cisco", "Dell", "HP"} & modules


def test_a_wheel_carries_the_table(hook: Any, registry: Path, tmp_path: Path) -> None:
    """Where the registry is installed; the sources never carry it."""
    tracked = subprocess.run(
        ["git", "ls-files", hook.TABLE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not tracked.stdout
    (tmp_path / hook.TABLE).parent.mkdir(parents=True)
    made = _build(hook, tmp_path, registry)
    assert made == [f"/{hook.TABLE}"]
    assert (tmp_path / hook.TABLE).exists()


def test_a_wheel_is_built_without_the_registry(
    hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither installed nor to be fetched: the build goes on, and says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / hook.TABLE).parent.mkdir(parents=True)
    assert _build(hook, tmp_path, tmp_path / "nowhere") == []
    assert "without the IEEE's registry" in "".join(capsys.readouterr())


def _build(hook: Any, root: Path, registry: Path) -> list[str]:
    """Run the hook as the build does and return what it adds to the wheel."""
    from hatchling.bridge.app import Application  # noqa: PLC0415  needed only where it is installed

    build_data: dict[str, Any] = {"artifacts": []}
    hook.INSTALLED = registry
    built = hook.RegistryHook(str(root), {}, None, None, str(root), "wheel", Application())
    built.initialize("standard", build_data)
    return list(build_data["artifacts"])


def test_the_package_reads_no_other_file() -> None:
    """The table lies in the package; asking for an address needs nothing of the machine."""
    code = "from wardwatch_enrichment import oui; print(oui.assignments())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "enrichment")},
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert int(done.stdout) == oui.assignments()
