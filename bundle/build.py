"""Builds the archive that installs where there is no internet: `make bundle`.

Same inputs, same bytes: what pip resolves to is named in SHA256SUMS, all else is the checkout's.
Times are SOURCE_DATE_EPOCH, or that of the last commit.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")  # Oracle Linux 9 has glibc 2.34
CONNECTOR = "pyconnector/wardwatch"
CARRIED = {  # in the archive: in the checkout
    "install.sh": "bundle/install.sh",
    "feeds": "bundle/feeds",
    "README.md": "README.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "LICENSE": "LICENSE",
    "docs": "docs",
    "examples": "examples",
    "kibana/README.md": "kibana/README.md",
    "zeek-scripts": "zeek-scripts",
    "suricata-rules": "suricata-rules",
    "security-onion": f"{CONNECTOR}/securityonion",
    "systemd": f"{CONNECTOR}/systemd",
}
LEFT_OUT = ("__pycache__", "*.py[co]")
PROGRAMS = ("*.sh",)


class BuildError(Exception):
    """The archive cannot be built; the message says why."""


def main(target: Path) -> Path:
    """Build the archive into a directory and return it."""
    known = runpy.run_path(str(ROOT / CONNECTOR / "__init__.py"))["__version__"]
    name = f"wardwatch-{known}-bundle"
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        content = Path(folder) / name
        content.mkdir()
        for inside, source in CARRIED.items():
            _carry(ROOT / source, content / inside)
        _wheels(content / "wheels")
        dashboards = content / "kibana" / "iomt_dashboards.ndjson"
        _run("-m", "wardwatch.cli", "kibana", "build", "--output", str(dashboards))
        _sums(content)
        archive = target / f"{name}.tar.gz"
        archive.write_bytes(_packed(content, _time()))
    return archive


def _carry(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if not source.is_dir():
        shutil.copyfile(source, target)
        return
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    if source.name == "securityonion":  # the wheel has the program; these are for who works by hand
        for module in target.rglob("*.py"):
            module.unlink()


def _wheels(folder: Path) -> None:
    """Fetch the wheels of all dependencies for each Python, and build our own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    platforms = [word for one in PLATFORMS for word in ("--platform", one)]
    for python in PYTHONS:
        _pip(
            "download", "--dest", str(folder), "--only-binary=:all:", *platforms,
            "--implementation", "cp", "--python-version", python, *project["dependencies"],
        )  # fmt: skip
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))


def _pip(*words: str) -> None:
    _run("-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def _run(*words: str) -> None:
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(_time())}
    command = [sys.executable, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        what = f"{' '.join(words[:5])} …: failed; the wheels come from the package index of pip"
        raise BuildError(f"{what}\n{done.stderr.strip()[-1500:]}")


def _time() -> int:
    """Return the time that all files get."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    words = ("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else 0


def _sums(content: Path) -> None:
    """Write what `sha256sum --check` reads, of all files but itself."""
    files = sorted(path for path in content.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(content)}\n"
        for path in files
    ]
    (content / "SHA256SUMS").write_text("".join(lines))


def _packed(content: Path, time: int) -> bytes:
    """Return the archive: sorted, of nobody, at one time."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=time) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted([content, *content.rglob("*")]):
            entry = archive.gettarinfo(str(path), str(path.relative_to(content.parent)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime = time
            program = path.is_dir() or any(path.match(one) for one in PROGRAMS)
            entry.mode = 0o755 if program else 0o644
            if path.is_dir():
                archive.addfile(entry)
                continue
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return packed.getvalue()


if __name__ == "__main__":
    try:
        made = main(Path(sys.argv[1] if len(sys.argv) > 1 else "build"))
    except BuildError as error:
        sys.exit(str(error))
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    sys.stdout.write(f"{digest}  {made} ({made.stat().st_size / 1e6:.1f} MB)\n")
