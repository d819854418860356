"""zkg installs the package from a git clone of this checkout, and Zeek finds a device with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
CAPTURE = REPOSITORY / "tests" / "traces" / "dicom-odd-port.pcap"
LISTED = yaml.safe_load(CAPTURE.with_name("expected.yaml").read_text(encoding="utf-8"))
DEVICES = LISTED["captures"][CAPTURE.name]["devices"]
CONFIG = """[sources]
local = {home}/source
[paths]
state_dir = {home}/state
script_dir = {home}/scripts
plugin_dir = {home}/plugins
bin_dir = {home}/bin
"""
# git and zkg may ask nobody but this machine.
NO_NETWORK = {
    "GIT_ALLOW_PROTOCOL": "file",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "https_proxy": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}
ME = ("-c", "user.name=Tester", "-c", "user.email=tester@hospital.example")


def sh(*command: str | Path, directory: Path, **env: str) -> str:
    """Run a command that must succeed; what it printed."""
    done = subprocess.run(
        list(map(str, command)), cwd=directory, env=os.environ | NO_NETWORK | env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def commit_copy(home: Path) -> Path:
    """Make a git repository of what the checkout holds now, committed or not."""
    clone = home / "wardwatch"
    clone.mkdir()
    shutil.copytree(REPOSITORY / "zeek-scripts", clone / "zeek-scripts")
    for name in ("zkg.meta", "README.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, clone / name)
    sh("git", "init", "-q", "-b", "main", directory=clone)
    sh("git", "add", ".", directory=clone)
    sh("git", *ME, "commit", "-q", "-m", "As it is", directory=clone)
    return clone


def package_source(home: Path, clone: Path) -> None:
    """Make a package source that knows of the one package."""
    source = home / "source"
    source.mkdir()
    (source / "zkg.index").write_text(f"{clone}\n", encoding="utf-8")
    sh("git", "init", "-q", "-b", "main", directory=source)
    sh("git", "add", ".", directory=source)
    sh("git", *ME, "commit", "-q", "-m", "One package", directory=source)


@pytest.fixture
def zkg(zeek_path: tuple[str, str]) -> Path:
    """The package manager; skips where it or git is not."""
    del zeek_path
    beside = Path(sys.executable).with_name("zkg")
    found = beside if beside.exists() else shutil.which("zkg")
    if not found or not shutil.which("git"):
        pytest.skip("NOT RUN: zkg or git is not installed, so `zkg install` was not tried")
    return Path(found)


def test_install(zeek_path: tuple[str, str], zkg: Path, tmp_path: Path) -> None:
    """Installed by its name from a source; loaded by that name, and with all packages."""
    zeek, search = zeek_path
    package_source(tmp_path, commit_copy(tmp_path))
    config = tmp_path / "config"
    config.write_text(CONFIG.format(home=tmp_path), encoding="utf-8")
    # zkg asks zeek-config where Zeek is, and is a Python of its own.
    path = f"{Path(zeek).resolve().parent}:{Path(zeek).parent}:{os.environ['PATH']}"
    ask = (zkg, "--configfile", config)
    said = sh(*ask, "install", "--force", "wardwatch", directory=tmp_path, PATH=path)
    assert "Installed" in said
    assert "wardwatch (installed" in sh(*ask, "list", directory=tmp_path, PATH=path)
    scripts = f"{search}:{tmp_path / 'scripts'}"
    for load in ("packages", "wardwatch"):
        directory = tmp_path / f"{load}-loaded"
        directory.mkdir()
        sh(zeek, "-C", "-r", CAPTURE, load, "LogAscii::use_json=T", directory=directory,
           ZEEKPATH=scripts)  # fmt: skip
        rows: list[dict[str, Any]] = [
            json.loads(line) for line in (directory / "iomt_asset.log").read_text().splitlines()
        ]
        found = {row["value"] for row in rows if row["field"] == "dicom.manufacturer_model_name"}
        assert found == {device["model"] for device in DEVICES}
        assert not (directory / "reporter.log").exists()
