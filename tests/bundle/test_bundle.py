"""The archive of `make bundle`: its wheels come from the package index, its install needs none."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ALONE = ("unshare", "-n")
INDEX = ("No matching distribution found", "Connection", "Temporary failure", "NewConnectionError")


def module() -> ModuleType:
    """Return the script that builds it."""
    spec = importlib.util.spec_from_file_location("build", ROOT / "bundle" / "build.py")
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


build = module()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the archive."""
    try:
        made: Path = build.main(tmp_path_factory.mktemp("built"))
    except build.BuildError as error:
        if any(words in str(error) for words in INDEX):
            pytest.skip(f"DID NOT RUN: wheels cannot be had from the package index: {error}")
        raise
    return made


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Path:
    """Return the archive's content in a directory of its own."""
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    return folder


def install(
    folder: Path, *words: object, alone: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run install.sh of an unpacked archive, from somewhere else."""
    return subprocess.run(
        [*alone, "sh", str(folder / "install.sh"), *map(str, words)],
        cwd="/", capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_same_inputs_are_the_same_bytes(archive: Path, unpacked: Path) -> None:
    """Whatever the times, owners and modes of the files are that it is made from."""
    with tarfile.open(archive) as content:
        (time,) = {member.mtime for member in content}
        owners = {(member.uid, member.gid, member.uname) for member in content}
    assert owners == {(0, 0, "root")}
    for path in unpacked.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert build._packed(unpacked, int(time)) == archive.read_bytes()


def test_it_carries_what_a_site_needs(unpacked: Path) -> None:
    """Each file with its checksum, and both Pythons' wheels."""
    sums = dict(
        reversed(line.split("  ", 1)) for line in (unpacked / "SHA256SUMS").read_text().splitlines()
    )
    files = {str(p.relative_to(unpacked)): p for p in unpacked.rglob("*") if p.is_file()}
    del files["SHA256SUMS"]
    assert sums == {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in files.items()}
    assert {
        "zeek-scripts/__load__.zeek",
        "suricata-rules/identity-dicom.rules",
        "security-onion/pipelines/zeek.iomt_asset",
        "kibana/iomt_dashboards.ndjson",
        "systemd/wardwatch@.service",
        "feeds/snapshot.sh",
        "examples/site.yaml",
        "README.md",
    } <= set(files)
    for python in ("cp311", "cp312"):
        assert any("msgspec-" in name and f"-{python}-" in name for name in files)


def pythons() -> list[str]:
    """Return a Python of each kind that the archive is for, of those that are here."""
    found = {}
    for name in ("python3.11", "python3.12", sys.executable):
        told = subprocess.run(
            [name, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"],
            capture_output=True, text=True, check=False,
        ) if shutil.which(name) else None  # fmt: skip
        if told and told.returncode == 0:
            version, path = told.stdout.split()
            found.setdefault(version, path)
    return [found[version] for version in build.PYTHONS if version in found]


@pytest.mark.parametrize("python", pythons())
def test_it_installs_and_works_without_a_network(python: str, unpacked: Path) -> None:
    """Program, self-check, the example's logs and a feed's snapshot, all with no network at all."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("DID NOT RUN: network namespaces are not allowed here (needs root)")
    prefix, db = unpacked.parent / "prefix", unpacked.parent / "site.db"
    shutil.copytree(unpacked / "examples" / "advisories", unpacked / "feeds" / "snapshot")
    done = install(unpacked, "--prefix", prefix, "--python", python, "--db", db, alone=ALONE)
    assert done.returncode == 0, done.stderr
    assert f"{prefix}/bin/wardwatch securityonion plan" in done.stdout
    assert "csaf" in done.stdout.lower()

    def wardwatch(*words: str) -> str:
        done = subprocess.run(
            [*ALONE, prefix / "bin" / "wardwatch", *words],
            cwd=unpacked.parent, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert wardwatch("--version").split()[1] in unpacked.name
    assert "ok" in wardwatch("doctor", "--db", "site.db")
    wardwatch(
        "ingest", "--db", "site.db", "--site", "hospital", str(unpacked / "examples/hospital/wards")
    )
    assert "SIGMA Spectrum" in wardwatch("devices", "--db", "site.db", "--json")


def test_a_damaged_archive_installs_nothing(unpacked: Path) -> None:
    """The file is named, and the prefix is not even made."""
    wheel = next((unpacked / "wheels").glob("rich-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1])
    done = install(unpacked, "--prefix", unpacked.parent / "prefix")
    assert done.returncode == 1
    assert wheel.name in done.stderr
    assert "damaged" in done.stderr
    assert not (unpacked.parent / "prefix").exists()


def test_what_is_not_of_the_archive_is_not_installed(unpacked: Path) -> None:
    """As when a newer archive was unpacked over an older one."""
    (unpacked / "wheels" / "wardwatch-0.0.9-py3-none-any.whl").touch()
    done = install(unpacked, "--prefix", unpacked.parent / "prefix")
    assert done.returncode == 1
    assert "wardwatch-0.0.9-py3-none-any.whl is not of this archive" in done.stderr
    assert not (unpacked.parent / "prefix").exists()


@pytest.mark.parametrize(
    ("program", "says", "expected"),
    [
        ("uname", "case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac", "Linux on aarch64"),
        ("python3.9", "echo Python 3.9.25; exit 1", "python3.9: is no Python 3.11 or 3.12"),
    ],
)
def test_a_wrong_machine_is_told_so(program: str, says: str, expected: str, unpacked: Path) -> None:
    """In a sentence, before anything is changed."""
    folder = unpacked.parent / "bin"
    folder.mkdir()
    (folder / program).write_text(f"#!/bin/sh\n{says}\n")
    (folder / program).chmod(0o755)
    more = ["--python", program] if program.startswith("python") else []
    path = f"{folder}:{os.environ['PATH']}"
    done = install(unpacked, "--prefix", unpacked.parent / "prefix", *more, PATH=path)
    assert done.returncode == 1
    assert expected in done.stderr
    assert not (unpacked.parent / "prefix").exists()


def test_a_directory_of_somebody_else_is_left_alone(unpacked: Path) -> None:
    """It only installs into what is empty, or its own."""
    other = unpacked.parent / "other"
    other.mkdir()
    (other / "data").write_text("theirs")
    done = install(unpacked, "--prefix", other)
    assert done.returncode == 1
    assert "choose another --prefix" in done.stderr
    assert [path.name for path in other.iterdir()] == ["data"]


def test_a_snapshot_replaces_the_last_only_if_all_of_it_is_good(tmp_path: Path) -> None:
    """Taken from addresses, held against `feeds import`; else the last one stays."""
    if shutil.which("curl") is None:
        pytest.skip("DID NOT RUN: curl is not installed")
    feeds, advisories = tmp_path / "feeds", ROOT / "examples" / "advisories"
    shutil.copytree(ROOT / "bundle" / "feeds", feeds)
    program = tmp_path / "wardwatch"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m wardwatch.cli "$@"\n')
    program.chmod(0o755)
    good = f"kev.json file://{advisories}/known-exploited.json\n"

    def snapshot(addresses: str) -> subprocess.CompletedProcess[str]:
        (feeds / "addresses.txt").write_text(f"# a comment\n{addresses}")
        return subprocess.run(
            ["sh", feeds / "snapshot.sh"], capture_output=True, text=True, check=False,
            env=os.environ | {"WARDWATCH": str(program)},
        )  # fmt: skip

    first = snapshot(good)
    assert first.returncode == 0, first.stderr
    taken = feeds / "snapshot" / "kev.json"
    assert taken.read_bytes() == (advisories / "known-exploited.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(taken.read_bytes()[:500])
    for addresses in (
        f"{good}more.json file://{tmp_path}/absent.json\n",
        f"cut.json file://{tmp_path}/cut.json\n",
        "../kev.json file:///dev/null\n",
    ):
        assert snapshot(addresses).returncode == 1, addresses
        assert [path.name for path in taken.parent.iterdir()] == ["kev.json"]
        assert not list(feeds.glob(".snapshot.*"))
