"""What all tests share: claims in a line, and a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from asset_rows import CT

from wardwatch.store import Store
from wardwatch_enrichment.model import Claim, Observation

Claiming = Callable[..., Claim]
Run = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let goldens be written anew: `pytest --accept`, then read the diff."""
    parser.addoption("--accept", action="store_true", help="write the expected files anew")


@pytest.fixture
def accept(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be written instead of compared."""
    return bool(request.config.getoption("--accept"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty database."""
    return Store(tmp_path / "wardwatch.db")


@pytest.fixture
def claim() -> Claiming:
    """Return a function that makes a claim: host, field, value, and what else matters."""

    def make(
        host: str,
        field: str,
        value: str,
        *,
        ts: float = 1000.0,
        last: float | None = None,
        subject: str | None = None,
        mac: str | None = None,
        uid: str | None = "C1",
        log: str = "iomt_asset",
        site: str = "here",
    ) -> Claim:
        first = Observation(
            ts=ts,
            site=site,
            sensor="s1",
            log=log,
            uid=uid,
            host=host,
            field=field,
            value=value,
            subject=subject,
            mac=mac,
            line=f"{host} {field} {value}",
        )
        return Claim(first=first, last_seen=ts if last is None else last)

    return make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command in an empty directory."""

    def running(*arguments: str, code: int = 0, **environment: str) -> object:
        done = subprocess.run(
            [sys.executable, "-m", "wardwatch.cli", *arguments],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return running  # type: ignore[return-value]


@pytest.fixture
def ct(tmp_path: Path, run: Run) -> Run:
    """Return the same, with one CT scanner in the database."""
    (tmp_path / "iomt_asset.log").write_text(CT)
    run("ingest", "iomt_asset.log")
    return run
