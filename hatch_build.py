"""What the build adds to the package: the IEEE's registry of hardware addresses, packed small.

It is taken from Debian's package ieee-data, installed or fetched with apt-get, which needs no root.
Where there is neither, the package is built without, and `wardwatch doctor` says so.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TABLE = "enrichment/wardwatch_enrichment/oui.txt.gz"
INSTALLED = Path("/usr/share/ieee-data")
REGISTRIES = ("oui.csv", "mam.csv", "oui36.csv", "iab.csv")  # blocks of 24, 28, 36 and 36 bits
NOBODY = (
    "IEEE Registration Authority",
    "Private",
)  # a block that is divided further, or kept secret
PATIENCE = 60  # seconds for apt-get, which may have no network
APT = ("apt-get", "-qq", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")


class RegistryHook(BuildHookInterface[Any]):
    """Packs the registry before the wheel, or the link of an editable install, is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Write the table and let it be part of the wheel."""
        table = Path(self.root) / TABLE
        with TemporaryDirectory() as folder:
            registry = INSTALLED if (INSTALLED / REGISTRIES[0]).exists() else fetch(Path(folder))
            if registry:
                table.write_bytes(pack(registry))
        if table.exists():
            build_data["artifacts"].append(f"/{TABLE}")
        else:
            self.app.display_warning(
                "built without the IEEE's registry of hardware addresses: neither is ieee-data "
                "installed, nor does apt-get have it"
            )


def fetch(folder: Path) -> Path | None:
    """Return where in a folder the registry was unpacked, None where it cannot be had."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    own_lists = ("-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache")
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    return (
        _run(folder, *APT, "download", "ieee-data")
        or (
            # No list of packages on this machine: fetch one, for this folder alone.
            _run(folder, *APT, *own_lists, "update", expect="lists/*_Packages*")
            and _run(folder, *APT, *own_lists, "download", "ieee-data")
        )
    ) and _run(
        folder,
        "dpkg-deb",
        "-x",
        *map(str, folder.glob("ieee-data_*.deb")),
        "unpacked",
        expect="unpacked/usr/share/ieee-data",
    )


def _run(folder: Path, *command: str, expect: str = "ieee-data_*.deb") -> Path | None:
    """Run a command in a folder and return what it made there, None where it did not."""
    try:
        subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next(folder.glob(expect), None)


def pack(registry: Path) -> bytes:
    """Return the registry as a line for each organisation: its name, a tab, its prefixes."""
    prefixes: defaultdict[str, list[str]] = defaultdict(list)
    for name in REGISTRIES:
        path = registry / name
        if not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                prefixes[" ".join(row["Organization Name"].split())].append(
                    row["Assignment"].lower()
                )
    lines = [
        f"{name}\t{' '.join(sorted(prefixes[name]))}\n"
        for name in sorted(prefixes)
        if name not in NOBODY
    ]
    return gzip.compress("".join(lines).encode(), mtime=0)
