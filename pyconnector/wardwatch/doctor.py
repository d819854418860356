"""What is installed, reachable and missing, in sentences that say what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wardwatch import __version__
from wardwatch.config import Config
from wardwatch.outputs import elasticsearch
from wardwatch.outputs.elasticsearch_client import connect
from wardwatch.outputs.elasticsearch_settings import ElasticsearchError, ElasticsearchSettings
from wardwatch.store import Store, StoreError
from wardwatch_enrichment import oui

ZEEK_NEEDED = (8, 0)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `failed` is wrong; `absent` may be all right, depending on the machine."""

    part: str
    state: Literal["ok", "absent", "failed"]
    finding: str


def examine(db: Path, config: Config) -> Iterator[Check]:
    """Yield a finding for each part that Wardwatch works with."""
    yield Check("wardwatch", "ok", f"{__version__} on Python {sys.version.split()[0]}")
    yield _store(db)
    yield _registry()
    yield _zeek()
    yield _suricata()
    yield _elasticsearch(config.elasticsearch)


def _store(db: Path) -> Check:
    if not db.exists():
        return Check("database", "absent", f"{db}: made by the first `wardwatch ingest`")
    try:
        with Store(db, read_only=True) as store:
            devices, sites = store.device_count(), len(store.sites())
    except StoreError as error:
        return Check("database", "failed", str(error))
    return Check("database", "ok", f"{db}: {devices} devices, {sites} sites")


def _registry() -> Check:
    if blocks := oui.assignments():
        return Check("hardware addresses", "ok", f"{blocks} blocks of the IEEE's registry")
    finding = "the IEEE's registry was not there when this was built, so few makers are known"
    return Check("hardware addresses", "absent", f"{finding}; install ieee-data, then this again")


def _version(program: str, option: str) -> str | None:
    """Return the version that a program on PATH prints, None where there is no such program."""
    path = shutil.which(program)
    if path is None:
        return None
    printed = subprocess.run([path, option], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)?", printed.stdout + printed.stderr)
    return found[0] if found else "of unknown version"


def _zeek() -> Check:
    version = _version("zeek", "--version")
    if version is None:
        return Check("zeek", "absent", "not on PATH; needed on sensors only")
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < ZEEK_NEEDED:
        return Check("zeek", "failed", f"{version}; the scripts need 8.0 or newer")
    return Check("zeek", "ok", version)


def _suricata() -> Check:
    version = _version("suricata", "-V")
    if version is None:
        return Check("suricata", "absent", "not on PATH; needed on sensors only")
    return Check("suricata", "ok", version)


def _elasticsearch(settings: ElasticsearchSettings) -> Check:
    untouched = settings == ElasticsearchSettings()
    try:
        with connect(settings) as client:
            elasticsearch.check(client, settings.index)
    except ElasticsearchError as error:
        if untouched:
            return Check("elasticsearch", "absent", f"not set up ({error})")
        return Check("elasticsearch", "failed", str(error))
    return Check("elasticsearch", "ok", f"{settings.url}: {settings.index} is ready")
