"""Makes the pictures of the README from what the commands print: `make pictures`.

The example site's database is that of `make demo`; the manager of Security Onion is the directory
laid out like one that the tests have, as none can run here.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text
from securityonion.manager import Manager

DOCS = Path(__file__).resolve().parent
WIDE = 160  # columns
SHOWN = 3  # lines below a heading, or that begin alike


def main(database: str, report: str) -> None:
    """Make all of them."""
    shot(Path(report))
    told = wardwatch("findings", "--db", database).splitlines()
    # The heading, its line, what is urgent; then the sums.
    picture("findings", "wardwatch findings", [*narrow(told[:16]), " …", *sums(told)])
    with TemporaryDirectory() as folder:
        manager = Manager(Path(folder))
        for verb in ("plan", "install", "verify"):
            words = ("securityonion", verb, "--site", "north")
            told = on_manager(manager, *words).splitlines()
            if verb != "install":
                picture(verb, f"wardwatch {' '.join(words)}", shortened(told))


def sums(told: list[str]) -> list[str]:
    """Return what stands below the table of findings."""
    return [line for line in told if re.match(r"\d+ findings|Note:", line)]


def narrow(table: list[str]) -> list[str]:
    """Leave out what is empty between the columns."""
    wide = range(max(map(len, table)))
    kept = [i for i in wide if any(line[i : i + 3].strip(" ─") for line in table)]
    return ["".join(line[i] for i in kept if i < len(line)) for line in table]


def cut(line: str) -> str:
    """Leave out what is beyond the edge, and show where that is in the midst of words."""
    return line[: WIDE - 1].rstrip() + ("…" if line[WIDE - 2 : WIDE].strip(" ─") else "")


def shortened(told: list[str]) -> list[str]:
    """Leave out what is more of the same, and say how many lines that were."""
    kept: list[str] = []
    alike = 0
    for line in [*told, ""]:
        same = line.startswith(("  file", "  call", "ok "))
        alike = alike + 1 if same else 0
        if alike <= SHOWN:
            kept.append(line)
        elif alike == SHOWN + 1:
            kept.append("")
        if alike > SHOWN:
            kept[-1] = f"          … and {alike - SHOWN} more"
    return kept


def wardwatch(*words: str, environment: dict[str, str] | None = None) -> str:
    """Return what a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "wardwatch.cli", *words],
        capture_output=True, text=True, check=True,
        env=environment or dict(os.environ),
    )  # fmt: skip
    return done.stdout


def on_manager(manager: Manager, *words: str) -> str:
    """Return what a command prints on the manager."""
    waits = ("--patience", "1") if "install" in words else ()
    root = ("--root", str(manager.root))
    return wardwatch(*words, *root, *waits, environment=manager.environment)


def picture(name: str, typed: str, told: list[str]) -> None:
    """Write lines as they look in a terminal."""
    told = [line if len(line) <= WIDE else cut(line) for line in told]
    wide = max(map(len, told))
    console = Console(record=True, width=wide, file=io.StringIO(), legacy_windows=False)
    console.print(Text("\n".join([f"$ {typed}", *told])), no_wrap=True, crop=False)
    svg = console.export_svg(title="", unique_id=name)
    svg = re.sub(
        r"@font-face \{.*?\}", "", svg, flags=re.DOTALL
    )  # nothing is fetched from anywhere
    svg = re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)
    (DOCS / f"{name}.svg").write_text(svg, encoding="utf-8")


def shot(report: Path) -> None:
    """Write the upper part of the report as a browser shows it."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("chromium is not installed, so the report cannot be pictured")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1440,1250",
         f"--screenshot={DOCS / 'report.png'}", report.resolve().as_uri()],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
