"""What all tests share: claims in a line, and a database of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wardwatch.store import Store
from wardwatch_enrichment.model import Claim, Observation

Claiming = Callable[..., Claim]


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
